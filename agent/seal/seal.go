package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"muster/inventory"
)

// Seal is the identity of an install. Before enrolment it is a key alone: an
// answer that got lost on the way is asked for again with the same key.
type Seal struct {
	Workstation  string // empty: not enrolled
	Key          *ecdsa.PrivateKey
	Certificates [][]byte           // DER, leaf first, then the CA
	CA           string             // pin: SHA-256 of the CA certificate, lower-case hex
	Identity     inventory.Identity // of the hardware it was given for
	Review       string             // why a person must look before reports count

	leaf *x509.Certificate
}

type kept struct {
	Workstation  string             `json:"workstation,omitempty"`
	Key          []byte             `json:"key"` // PKCS #8
	Certificates [][]byte           `json:"certificates,omitempty"`
	CA           string             `json:"ca"`
	Identity     inventory.Identity `json:"identity"`
	Review       string             `json:"review,omitempty"`
}

// New makes a seal with a fresh P-256 key for the CA with the given pin.
func New(ca string, identity inventory.Identity) (Seal, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Seal{}, fmt.Errorf("cannot make a key: %w", err)
	}
	return Seal{Key: key, CA: ca, Identity: identity}, nil
}

// Enrolled reports whether there is a certificate.
func (s *Seal) Enrolled() bool { return s != nil && s.Workstation != "" && len(s.Certificates) > 0 }

// CSR is a signing request with the seal's key, DER. The controller ignores its
// subject.
func (s *Seal) CSR() ([]byte, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, s.Key)
	if err != nil {
		return nil, fmt.Errorf("cannot make a signing request: %w", err)
	}
	return der, nil
}

// WithCertificates returns the seal with new certificates, if they are for its
// key and stand under its CA.
func (s Seal) WithCertificates(ders [][]byte) (Seal, error) {
	if len(ders) < 2 {
		return s, errors.New("cannot take the certificate: it came without its CA")
	}
	leaf, err := x509.ParseCertificate(ders[0])
	if err != nil {
		return s, fmt.Errorf("cannot take the certificate: %w", err)
	}
	if !s.Key.PublicKey.Equal(leaf.PublicKey) {
		return s, errors.New("cannot take the certificate: it is for another key")
	}
	ca, err := pinned(ders[1:], s.CA)
	if err != nil {
		return s, fmt.Errorf("cannot take the certificate: %w", err)
	}
	if err := leaf.CheckSignatureFrom(ca); err != nil {
		return s, fmt.Errorf("cannot take the certificate: %w", err)
	}
	s.Certificates, s.leaf = [][]byte{leaf.Raw, ca.Raw}, leaf
	return s, nil
}

// TLS is the client certificate.
func (s *Seal) TLS() *tls.Certificate {
	return &tls.Certificate{Certificate: s.Certificates[:1], PrivateKey: s.Key}
}

// Until is when the certificate expires; zero before enrolment.
func (s *Seal) Until() time.Time {
	if s == nil || s.leaf == nil {
		return time.Time{}
	}
	return s.leaf.NotAfter
}

// RenewAt is two thirds into the certificate's life.
func (s *Seal) RenewAt() time.Time {
	if s == nil || s.leaf == nil {
		return time.Time{}
	}
	life := s.leaf.NotAfter.Sub(s.leaf.NotBefore)
	return s.leaf.NotBefore.Add(life * 2 / 3)
}

func (s Seal) encode() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(kept{
		Workstation: s.Workstation, Key: key, Certificates: s.Certificates,
		CA: s.CA, Identity: s.Identity, Review: s.Review,
	})
}

func decode(b []byte) (*Seal, error) {
	var k kept
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(k.Key)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key is a %T", parsed)
	}
	s := Seal{Key: key, CA: k.CA, Identity: k.Identity, Review: k.Review}
	if k.Workstation == "" {
		return &s, nil
	}
	if !inventory.ValidWorkstationID(k.Workstation) {
		return nil, fmt.Errorf("%.40q is no workstation id", k.Workstation)
	}
	s.Workstation = k.Workstation
	if s, err = s.WithCertificates(k.Certificates); err != nil {
		return nil, err
	}
	return &s, nil
}
