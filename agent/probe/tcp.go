package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// tcp connects, and shakes hands where the target is a TLS one.
func (p *Prober) tcp(ctx context.Context, target inventory.ProbeTarget, spec wire.ProbeSpec, r *inventory.ProbeResult) error {
	var took phases
	defer func() { took.into(r) }()
	conn, err := p.connect(ctx, spec.Resolver, target.Name, target.Port, &took)
	if err != nil {
		return err
	}
	defer conn.Close() // nothing was written that could be lost
	if !target.Secure {
		return nil
	}
	began := time.Now()
	config := p.tls.Clone()
	config.ServerName, config.NextProtos = target.Name, nil
	err = tls.Client(conn, config).HandshakeContext(ctx)
	took.since(began, &took.tls)
	if err != nil {
		return handshake(ctx, err)
	}
	return nil
}

// handshake says what kept two sides from agreeing; a silence is no fault of TLS.
func handshake(ctx context.Context, err error) error {
	if ctx.Err() != nil || timedOut(err) {
		return failed(inventory.ProbeTimeout, "connected, but no answer to the TLS handshake: %w", err)
	}
	return failed(inventory.ProbeTLS, "cannot shake hands: %w", err)
}

func (t *phases) into(r *inventory.ProbeResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.DNSMillis, r.ConnectMillis, r.TLSMillis, r.FirstByteMillis = millis(t.dns), millis(t.connect), millis(t.tls), millis(t.firstByte)
}

// dns resolves a name and no more.
func (p *Prober) dns(ctx context.Context, target inventory.ProbeTarget, spec wire.ProbeSpec, r *inventory.ProbeResult) error {
	began := time.Now()
	addrs, err := p.resolve(ctx, spec.Resolver, target.Name)
	r.DNSMillis = millis(time.Since(began))
	if err != nil {
		return err
	}
	r.Detail = fmt.Sprint(addrs)
	return nil
}
