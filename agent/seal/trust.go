package seal

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ServerName is the one name under which agents know a controller, whatever
// address they dial.
const ServerName = "controller.muster"

// ErrForeign is wrapped when the other side is not the pinned controller: a
// controller set up anew, or another one.
var ErrForeign = errors.New("not this organisation's controller")

// Trust verifies a controller: its certificate is for ServerName and stands
// under the CA with the given pin. Dates are ignored: the controller checks
// dates, so a machine whose clock is years off is not locked out. Many agents of
// one process may share a Trust; it is safe for concurrent use.
type Trust struct {
	mu    sync.Mutex // guards roots
	roots map[string]*x509.Certificate
}

// NewTrust returns a Trust that has seen no CA yet.
func NewTrust() *Trust { return &Trust{roots: make(map[string]*x509.Certificate)} }

// Verifier returns a function for tls.Config.VerifyConnection, which also sees
// resumed sessions. known is the CA from the seal, or nil before enrolment, when
// the controller must send it along.
func (t *Trust) Verifier(pin string, known []byte) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return fmt.Errorf("%w: it shows no certificate", ErrForeign)
		}
		root, err := t.root(pin, known, state.PeerCertificates)
		if err != nil {
			return err
		}
		return verify(state.PeerCertificates, root)
	}
}

func verify(peer []*x509.Certificate, root *x509.Certificate) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root)
	at := root.NotBefore
	for i, c := range peer {
		if c.NotBefore.After(at) {
			at = c.NotBefore
		}
		if i > 0 {
			between.AddCert(c)
		}
	}
	_, err := peer[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, DNSName: ServerName,
		// The first moment at which the whole chain had begun.
		CurrentTime: at.Add(time.Second),
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return nil
}

// root finds the pinned CA and keeps one copy for all agents.
func (t *Trust) root(pin string, known []byte, peer []*x509.Certificate) (*x509.Certificate, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.roots[pin]; c != nil {
		return c, nil
	}
	ders := [][]byte{known}
	for _, c := range peer {
		ders = append(ders, c.Raw)
	}
	c, err := pinned(ders, pin)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	t.roots[pin] = c
	return c, nil
}

// pinned finds the CA certificate whose SHA-256 is pin.
func pinned(ders [][]byte, pin string) (*x509.Certificate, error) {
	for _, der := range ders {
		sum := sha256.Sum256(der)
		if hex.EncodeToString(sum[:]) != pin {
			continue
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if !c.IsCA {
			return nil, errors.New("the pinned certificate is no CA")
		}
		return c, nil
	}
	return nil, fmt.Errorf("it does not stand under the CA %.16s…", pin)
}
