package identity

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// MaxCSR bounds a signing request; one of a P-521 key has about 400 bytes.
const MaxCSR = 4096

// ErrCSR is wrapped by CheckCSR.
var ErrCSR = errors.New("unusable certificate request")

// CheckCSR parses a signing request (PKCS #10, DER) and holds it against its
// bounds: its size, an ECDSA key of 256 bits or more, and a signature that
// proves possession of that key.
func CheckCSR(der []byte) (*x509.CertificateRequest, error) {
	if len(der) == 0 || len(der) > MaxCSR {
		return nil, fmt.Errorf("%w: %d bytes, want 1 to %d", ErrCSR, len(der), MaxCSR)
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCSR, err) //nolint:errorlint // the parser's errors are no one's to match
	}
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: its key is %s, want ECDSA", ErrCSR, csr.PublicKeyAlgorithm)
	}
	if bits := key.Curve.Params().BitSize; bits < 256 {
		return nil, fmt.Errorf("%w: its key has %d bits, want P-256 or better", ErrCSR, bits)
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, fmt.Errorf("%w: its signature is not of its key", ErrCSR)
	}
	return csr, nil
}
