package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"testing"
)

// A request that is accepted is within its bounds and has a strong key.
func FuzzCheckCSR(f *testing.F) {
	for _, curve := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			f.Fatal(err)
		}
		csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(csr)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		csr, err := CheckCSR(der)
		if err != nil {
			if !errors.Is(err, ErrCSR) {
				t.Fatalf("got %v, want ErrCSR", err)
			}
			return
		}
		key, ok := csr.PublicKey.(*ecdsa.PublicKey)
		if !ok || key.Curve.Params().BitSize < 256 || len(der) > MaxCSR {
			t.Fatalf("a request out of bounds was accepted: %d bytes, %T", len(der), csr.PublicKey)
		}
	})
}
