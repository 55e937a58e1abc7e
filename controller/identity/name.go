package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"math/bits"
)

// NewWorkstationID is a random id.
func NewWorkstationID() string { return "w" + randomText() }

// WorkstationIDOf is the id that an enrolment with csr's key gets: the same
// each time, so that a machine whose answer was lost asks again and finds the
// install that it made. 36⁸ ids are too few to rule out that two keys meet;
// the caller checks whose an id is before it trusts it.
func WorkstationIDOf(csr *x509.CertificateRequest) string {
	sum := sha256.Sum256(csr.RawSubjectPublicKeyInfo)
	return "w" + text(binary.BigEndian.Uint64(sum[:8]))
}

// randomText is eight random characters of 0–9, a–z.
func randomText() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return text(binary.BigEndian.Uint64(b[:]))
}

// text writes n as eight characters, n × 36⁸ / 2⁶⁴ in base 36: every text is
// equally likely within one part in six million.
func text(n uint64) string {
	const alphabet, ids = "0123456789abcdefghijklmnopqrstuvwxyz", 36 * 36 * 36 * 36 * 36 * 36 * 36 * 36
	n, _ = bits.Mul64(n, ids)
	b := make([]byte, 8)
	for i := range b {
		b[len(b)-1-i] = alphabet[n%36]
		n /= 36
	}
	return string(b)
}
