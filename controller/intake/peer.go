package intake

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"muster/controller/identity"
)

// Certificates whose check is remembered: that of a signature takes 70 µs, a
// tenth of a report's whole cost.
const maxPeers = 100_000

// peer is the workstation at the other end of a connection.
type peer struct {
	workstation string
	serial      string
	notAfter    time.Time
}

// peerCache remembers whose certificates were found to be good. Dates and
// revocation are checked anew each time.
type peerCache struct {
	authority Authority
	most      int

	mu    sync.RWMutex // guards known
	known map[[sha256.Size]byte]peer
}

func newPeerCache(authority Authority, most int) *peerCache {
	return &peerCache{authority: authority, most: most, known: make(map[[sha256.Size]byte]peer)}
}

func (c *peerCache) check(chain []*x509.Certificate, now time.Time) (peer, error) {
	if len(chain) == 0 {
		return peer{}, identity.ErrNoCertificate
	}
	name := sha256.Sum256(chain[0].Raw)
	c.mu.RLock()
	p, ok := c.known[name]
	c.mu.RUnlock()
	if ok && !now.After(p.notAfter) {
		return p, nil
	}
	workstation, serial, _, err := c.authority.Check(chain)
	if err != nil {
		return peer{}, err
	}
	p = peer{workstation, serial, chain[0].NotAfter}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= c.most {
		clear(c.known) // dearer for a moment, and never out of bounds
	}
	c.known[name] = p
	return p, nil
}

// peerOf says which workstation sent r, by its certificate.
func (i *Intake) peerOf(r *http.Request) (peer, *problem) {
	if r.TLS == nil {
		return peer{}, problemf(reasonCert, "%s needs TLS with the workstation's certificate", r.URL.Path)
	}
	p, err := i.peers.check(r.TLS.PeerCertificates, i.now())
	switch {
	case errors.Is(err, identity.ErrNoCertificate):
		return peer{}, problemf(reasonCert, "%s needs the workstation's certificate, and none was shown: enrol first", r.URL.Path)
	case err != nil:
		return peer{}, problemf(reasonCert, "%s", err)
	case i.revoked.holds(p.serial):
		return peer{}, problemf(reasonRevoked, "certificate %s of %s was revoked: enrol anew", p.serial, p.workstation)
	}
	return p, nil
}

// sourceOf is the address at the other end of the connection.
func sourceOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
