package mesh

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Echoer is a Network that can also send an ICMP echo request.
type Echoer interface {
	// Echo returns once to has answered. It returns an error that wraps
	// errors.ErrUnsupported where the system does not let this process ask.
	Echo(ctx context.Context, from, to netip.Addr) error
}

// tcpEchoPort is asked where ICMP cannot be: a router that is there refuses it.
const tcpEchoPort = 7

// measure runs one measurement within its time, fills the observation in and
// reports it. It returns whether there was an answer; when ctx ends nothing is
// observed.
func (c *Controller) measure(ctx context.Context, o *Observation, within time.Duration, ask func(context.Context) error) bool {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	began := time.Now()
	err := ask(limited)
	took := time.Since(began)
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		o.Missed, o.Err = true, missReason(err)
	} else {
		o.RTT = took
	}
	c.o.Observe(*o)
	return err == nil
}

func missReason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "" // silence needs no words
	}
	return err.Error()
}

// connect opens a TCP connection and closes it. A refusal is an answer.
func (c *Controller) connect(ctx context.Context, to netip.AddrPort) error {
	conn, err := c.o.Port.dial(ctx, to)
	switch {
	case err == nil:
		_ = conn.Close()
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil
	case ctx.Err() != nil:
		return context.DeadlineExceeded
	default:
		return err
	}
}

// reachable asks an address by ICMP, or by TCP where ICMP is not allowed.
func (c *Controller) reachable(ctx context.Context, to netip.Addr) error {
	if echoer, can := c.o.Port.network.(Echoer); can {
		from := c.o.Port.addr.Addr()
		if from.IsUnspecified() {
			from = netip.Addr{}
		}
		if err := echoer.Echo(ctx, from, to); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return c.connect(ctx, netip.AddrPortFrom(to, tcpEchoPort))
}

// Outside addresses are asked every other sweep: they are other people's, and two
// that fail must be told from a site that fails within seconds.
const referenceSweeps = 2

// askReferences asks the references and the controller's own gateway, side by
// side: one that is silent must not hold up what the others say.
func (c *Controller) askReferences() {
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, target := range c.o.References {
		asking.Go(func() { c.askOften(target, ObserveReference, referenceSweeps*c.o.SweepEvery) })
	}
	if c.o.Gateway.IsValid() {
		asking.Go(func() { c.askOften(c.o.Gateway, ObserveOwnGateway, c.o.SweepEvery) })
	}
}

// AskReferences asks the references and the own gateway now, beside their turns.
// The answers are observations; it returns at once.
func (c *Controller) AskReferences() {
	for _, target := range c.o.References {
		c.start(func() { c.askOnce(target, ObserveReference) })
	}
	if c.o.Gateway.IsValid() {
		c.start(func() { c.askOnce(c.o.Gateway, ObserveOwnGateway) })
	}
}

// askOnce asks an address that belongs to no site.
func (c *Controller) askOnce(target netip.Addr, kind ObservationKind) {
	o := Observation{Target: target, At: time.Now().UTC(), Kind: kind}
	c.measure(c.closing, &o, missAtLeast, func(ctx context.Context) error { return c.reachable(ctx, target) })
}

// askOften asks an address that belongs to no site until the controller closes.
func (c *Controller) askOften(target netip.Addr, kind ObservationKind, every time.Duration) {
	for {
		c.askOnce(target, kind)
		if wait(c.closing, c.closing, every) != nil {
			return
		}
	}
}
