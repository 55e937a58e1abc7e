package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// addrsTried bounds how many of a name's addresses are tried.
const addrsTried = 3

// phases is how long the parts of a probe took, over all its redirects. A dial
// that nobody waits for any more still adds to it.
type phases struct {
	mu                           sync.Mutex // guards what follows
	dns, connect, tls, firstByte time.Duration
}

// since adds what has passed to one of the phases.
func (t *phases) since(began time.Time, part *time.Duration) {
	took := time.Since(began)
	t.mu.Lock()
	defer t.mu.Unlock()
	*part += took
}

// forget begins anew.
func (t *phases) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dns, t.connect, t.tls, t.firstByte = 0, 0, 0, 0
}

// resolve turns a name into addresses, IPv4 first: every site has it.
func (p *Prober) resolve(ctx context.Context, resolver, name string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{addr}, nil
	}
	var addrs []netip.Addr
	var err error
	if resolver == "" {
		addrs, err = p.opts.Lookup(ctx, name)
	} else {
		addrs, err = p.ask(ctx, resolver, name)
	}
	if err != nil {
		if _, ok := errors.AsType[*net.DNSError](err); !ok { // ctx ended, or the seam's own words
			err = &net.DNSError{Err: err.Error(), Name: name, IsTimeout: true}
		}
		return nil, err
	}
	var four, six []netip.Addr
	for _, addr := range addrs {
		if addr = addr.Unmap(); addr.Is4() {
			four = append(four, addr)
		} else {
			six = append(six, addr)
		}
	}
	both := append(four, six...)
	if len(both) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return both[:min(len(both), addrsTried)], nil
}

// connect resolves and connects, and notes how long both took. The first of
// several addresses has half of the time.
func (p *Prober) connect(ctx context.Context, resolver, name string, port uint16, took *phases) (net.Conn, error) {
	began := time.Now()
	addrs, err := p.resolve(ctx, resolver, name)
	took.since(began, &took.dns)
	if err != nil {
		return nil, err
	}
	began = time.Now()
	defer func() { took.since(began, &took.connect) }()
	var first error
	for i, addr := range addrs {
		conn, err := p.dial(ctx, netip.AddrPortFrom(addr, port), len(addrs)-i)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

func (p *Prober) dial(ctx context.Context, to netip.AddrPort, left int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	conn, err := p.opts.Dial(ctx, "tcp", to.String())
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s: %w", to, err)
	}
	return conn, nil
}
