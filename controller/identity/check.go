package identity

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// MaxLapse is how long after its expiry a certificate can still be renewed:
// long leave and staged stock come back.
const MaxLapse = 400 * 24 * time.Hour

// Errors of Check and Renew.
var (
	ErrNoCertificate = errors.New("no client certificate")
	ErrForeign       = errors.New("certificate is not of this controller")
	ErrExpired       = errors.New("certificate has expired")
	ErrAnotherKey    = errors.New("another key")
)

// Check says whose certificate a TLS peer showed. TLS has proven that the peer
// holds the key; Check proves that this CA signed it for a workstation. With
// ErrExpired it still returns whose it was, for a renewal.
func (a *Authority) Check(peer []*x509.Certificate) (workstation, serial, keyHash string, err error) {
	if len(peer) == 0 {
		return "", "", "", ErrNoCertificate
	}
	leaf := peer[0]
	if err := leaf.CheckSignatureFrom(a.cert); err != nil {
		return "", "", "", fmt.Errorf("%w: issued by %.80q", ErrForeign, leaf.Issuer.CommonName)
	}
	workstation = leaf.Subject.CommonName
	if !inventory.ValidWorkstationID(workstation) || !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return "", "", "", fmt.Errorf("%w: %.80q is no workstation's", ErrForeign, workstation)
	}
	serial, keyHash = serialText(leaf.SerialNumber), hashKey(leaf.RawSubjectPublicKeyInfo)
	if now := a.now(); now.After(leaf.NotAfter) {
		return workstation, serial, keyHash, fmt.Errorf("%w: that of %s on %s, renew it",
			ErrExpired, workstation, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return workstation, serial, keyHash, nil
}

// Renew issues the successor of a certificate that a TLS peer showed, expired
// for at most MaxLapse, for the same key. Whether it was revoked, the caller
// asks the store first.
func (a *Authority) Renew(peer []*x509.Certificate, csrDER []byte) (workstation string, c Certificate, err error) {
	workstation, _, keyHash, err := a.Check(peer)
	if err != nil && !errors.Is(err, ErrExpired) {
		return "", Certificate{}, err
	}
	if lapsed := a.now().Sub(peer[0].NotAfter); lapsed > MaxLapse {
		return "", Certificate{}, fmt.Errorf("%w: that of %s %d days ago, more than %d: enrol anew",
			ErrExpired, workstation, int(lapsed.Hours()/24), int(MaxLapse.Hours()/24))
	}
	csr, err := CheckCSR(csrDER)
	if err != nil {
		return "", Certificate{}, err
	}
	if hashKey(csr.RawSubjectPublicKeyInfo) != keyHash {
		return "", Certificate{}, fmt.Errorf("%w than that of the certificate of %s: a renewal keeps its key", ErrAnotherKey, workstation)
	}
	c, err = a.Issue(csrDER, workstation)
	return workstation, c, err
}
