package mesh

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"time"
)

// Refused is the Err of a TCP observation that was answered by a refusal: the
// machine is there, and nothing of ours listens on it.
const Refused = "refused"

// AskAll pings every member of a site once, beside the sweep, and tries the named
// workstation over UDP and TCP, though the pool takes it for gone. The answers are
// observations; it returns at once.
func (c *Controller) AskAll(code, workstation string) error {
	s, err := c.site(code)
	if err != nil {
		return fmt.Errorf("cannot ask the members of %s: %w", code, err)
	}
	members := s.pool.Members()
	s.mu.Lock()
	within := s.log.timing.missAfter()
	s.mu.Unlock()
	asked := s.current(sweepable(members))
	for _, m := range members {
		if workstation != "" && m.Workstation == workstation && m.State != StateLeft {
			c.start(func() { s.tryTCP(m, within) })
			if m.State != StateAlive {
				asked = append(asked, m)
			}
		}
	}
	for _, m := range asked {
		c.start(func() { s.ask(m, ObserveBurstPing, within) })
	}
	return nil
}

// tryTCP connects to a member and tells a refusal from a connection: both are
// answers. It reports whether there was one.
func (s *site) tryTCP(m Member, within time.Duration) bool {
	o := Observation{Site: s.pool.site, Member: m.Name, Workstation: m.Workstation, Target: m.Addr.Addr(), At: time.Now().UTC(), Kind: ObserveBurstTCP}
	ctx, cancel := context.WithTimeout(s.ctx, within)
	defer cancel()
	began := time.Now()
	err := s.c.dialOnce(ctx, m.Addr)
	if s.ctx.Err() != nil {
		return false
	}
	switch {
	case err == nil:
		o.RTT = time.Since(began)
	case errors.Is(err, syscall.ECONNREFUSED):
		o.RTT, o.Err = time.Since(began), Refused
	default:
		o.Missed = true
		if ctx.Err() == nil {
			o.Err = err.Error()
		}
	}
	s.c.o.Observe(o)
	return !o.Missed
}

func (c *Controller) dialOnce(ctx context.Context, to netip.AddrPort) error {
	conn, err := c.o.Port.dial(ctx, to)
	if err == nil {
		_ = conn.Close()
	}
	return err
}
