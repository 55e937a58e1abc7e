package mesh

import (
	"net"
	"sync"
)

// borrowedTLS accepts a port's TLS connections until it is closed itself; the
// port's own listener stays open for the next borrower, such as the resident of
// a machine that has enrolled anew.
type borrowedTLS struct {
	of   *tlsListener
	once sync.Once
	done chan struct{}
}

func borrowTLS(p *Port) *borrowedTLS {
	return &borrowedTLS{of: p.tls, done: make(chan struct{})}
}

// Accept implements net.Listener.
func (b *borrowedTLS) Accept() (net.Conn, error) {
	select {
	case conn := <-b.of.conns:
		return conn, nil
	case <-b.of.done:
	case <-b.done:
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: b.of.addr, Err: net.ErrClosed}
}

// Close implements net.Listener.
func (b *borrowedTLS) Close() error {
	b.once.Do(func() { close(b.done) })
	return nil
}

// Addr implements net.Listener.
func (b *borrowedTLS) Addr() net.Addr { return b.of.addr }
