package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"

	"muster/inventory"
)

// A workstation's certificate lives for 30 days and is renewed at two thirds.
const certificateLife = 30 * 24 * time.Hour

// Certificates begin in the past, for verifiers whose clock is behind.
const backdate = time.Hour

// Certificate is one that was just issued.
type Certificate struct {
	DER      [][]byte // the leaf, then the CA
	Serial   string   // lower-case hex
	IssuedAt time.Time
	NotAfter time.Time
	KeyHash  string // SHA-256 of the public key's DER (SPKI), lower-case hex
}

// Kept is what the store remembers of the certificate.
func (c Certificate) Kept(workstation string) inventory.Certificate {
	return inventory.Certificate{
		Serial: c.Serial, Workstation: workstation, KeyHash: c.KeyHash, IssuedAt: c.IssuedAt, NotAfter: c.NotAfter,
	}
}

// Issue signs a certificate of 30 days for workstation with the key of a
// signing request. The request's subject and extensions are ignored.
func (a *Authority) Issue(csrDER []byte, workstation string) (Certificate, error) {
	if !inventory.ValidWorkstationID(workstation) {
		return Certificate{}, fmt.Errorf("cannot issue certificate: %.40q is no workstation id", workstation)
	}
	csr, err := CheckCSR(csrDER)
	if err != nil {
		return Certificate{}, err
	}
	now := a.now().UTC().Truncate(time.Second)
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: workstation},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(certificateLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, csr.PublicKey, a.key)
	if err != nil {
		return Certificate{}, fmt.Errorf("cannot sign certificate of %s: %w", workstation, err)
	}
	return Certificate{
		DER:      [][]byte{der, a.cert.Raw},
		Serial:   serialText(template.SerialNumber),
		IssuedAt: now,
		NotAfter: template.NotAfter,
		KeyHash:  hashKey(csr.RawSubjectPublicKeyInfo),
	}, nil
}

func serialText(serial *big.Int) string { return serial.Text(16) }

func hashKey(spki []byte) string {
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:])
}
