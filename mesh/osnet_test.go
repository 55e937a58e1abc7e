package mesh

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"time"
)

func TestEchoAnswersOnLoopbackOrSaysThatItMayNot(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	err := OS{}.Echo(ctx, netip.Addr{}, netip.MustParseAddr("127.0.0.1"))
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("echo of 127.0.0.1: %v", err)
	}
	t.Logf("echo of 127.0.0.1: %v", err)
}

func TestReachableFallsBackToATCPPortThatRefuses(t *testing.T) {
	port, err := ListenPort(PortOptions{Network: silentEcho{}, Addr: netip.MustParseAddrPort("127.0.0.1:0"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	c := &Controller{o: ControllerOptions{Port: port}}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := c.reachable(ctx, netip.MustParseAddr("127.0.0.1")); err != nil {
		t.Errorf("127.0.0.1 refuses TCP port 7 and is not reachable: %v", err)
	}
}

// silentEcho is a system that lets nobody send ICMP.
type silentEcho struct{ OS }

func (silentEcho) Echo(context.Context, netip.Addr, netip.Addr) error { return errors.ErrUnsupported }
