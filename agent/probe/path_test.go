package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// path is a made-up way to a target: hops, a largest packet, answers that get
// lost, and whether routers say anything.
type path struct {
	hops    int
	bytes   int  // the largest packet; zero: any
	says    bool // that a packet is too large
	mute    bool // routers never answer
	dead    bool // nothing answers
	closed  bool // no echo can be sent
	lose    map[int]bool
	rtt     func(n int) time.Duration
	mu      sync.Mutex // guards sent
	sent    int
	largest int
}

func (p *path) Echo(ctx context.Context, e Echo) (Reply, error) {
	if p.closed {
		return Reply{}, errors.ErrUnsupported
	}
	p.mu.Lock()
	n := p.sent
	p.sent++
	p.largest = max(p.largest, e.Bytes)
	p.mu.Unlock()
	rtt := 20 * time.Millisecond
	if p.rtt != nil {
		rtt = p.rtt(n)
	}
	tooLarge := p.bytes > 0 && e.Bytes > p.bytes && e.Whole
	short := e.TTL > 0 && e.TTL < p.hops
	if p.dead || p.lose[n] || tooLarge && !p.says || short && p.mute {
		<-ctx.Done()
		return Reply{}, ctx.Err()
	}
	timer := time.NewTimer(rtt)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
	switch {
	case tooLarge:
		return Reply{From: netip.MustParseAddr("10.0.0.1"), RTT: rtt, TooLarge: true}, nil
	case short:
		return Reply{From: netip.AddrFrom4([4]byte{10, 0, 0, byte(e.TTL)}), RTT: rtt}, nil
	default:
		return Reply{From: e.To, RTT: rtt, Reached: true}, nil
	}
}

func along(p *path, kind inventory.ProbeKind, count int) inventory.ProbeResult {
	return New(Options{Echoer: p}).Probe(context.Background(), wire.ProbeSpec{
		Kind: kind, Why: inventory.ProbeElected, Target: "192.0.2.9", Count: count,
	})
}

func TestAWindowAccountsForLossRoundTripAndJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &path{
			lose: map[int]bool{3: true, 7: true},
			rtt:  func(n int) time.Duration { return time.Duration(10+n%2*4) * time.Millisecond },
		}
		r := along(p, inventory.ProbePing, 10)
		want(t, r, "")
		if r.Sent != 10 || r.Lost != 2 || r.MinMillis != 10 || r.MaxMillis != 14 || r.MedianMillis != 10 || r.P95Millis != 14 {
			t.Errorf("the window says %+v", r)
		}
		if r.JitterMillis < 2 || r.JitterMillis > 4 {
			t.Errorf("jitter is %g ms", r.JitterMillis)
		}
		dead := along(&path{dead: true}, inventory.ProbePing, 10)
		want(t, dead, inventory.ProbeTimeout, "none of 10")
		if dead.Sent != 10 || dead.Lost != 10 || dead.TotalMillis > 4000 {
			t.Errorf("a dead path says %+v", dead)
		}
	})
}

func TestAWindowOfOneAnswerHasNoJitter(t *testing.T) {
	var r inventory.ProbeResult
	account(&r, []time.Duration{-1, 7 * time.Millisecond})
	if r.Sent != 2 || r.Lost != 1 || r.MinMillis != 7 || r.MaxMillis != 7 || r.P95Millis != 7 || r.JitterMillis != 0 {
		t.Errorf("the window says %+v", r)
	}
}

func TestPacketSizesAreFoundWhetherRoutersSpeakOrNot(t *testing.T) {
	for name, test := range map[string]struct {
		path  *path
		class inventory.ProbeError
		bytes int
	}{
		"whole":          {&path{}, "", 1500},
		"tunnel, said":   {&path{bytes: 1400, says: true}, inventory.ProbePathMTU, 1400},
		"tunnel, unsaid": {&path{bytes: 1380}, inventory.ProbePathMTU, 1360},
		"lost once":      {&path{lose: map[int]bool{0: true}}, "", 1500},
		"dead":           {&path{dead: true}, inventory.ProbeTimeout, 0},
		"tiny":           {&path{bytes: 500}, inventory.ProbePathMTU, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{Echoer: test.path}).Probe(t.Context(), wire.ProbeSpec{
					Kind: inventory.ProbeMTU, Why: inventory.ProbeElected, Target: "192.0.2.9", Timeout: 30,
				})
				want(t, r, test.class)
				if r.MTUBytes != test.bytes {
					t.Errorf("packets of %d bytes pass, want %d", r.MTUBytes, test.bytes)
				}
			})
		})
	}
}

func TestTracesEndAtTheTargetAndAreBoundedInTime(t *testing.T) {
	for name, test := range map[string]struct {
		path   *path
		class  inventory.ProbeError
		hops   int
		within float64
	}{
		"eight hops":        {&path{hops: 8}, "", 8, 100},
		"muted routers":     {&path{hops: 8, mute: true}, "", 8, 4100},
		"nobody, for ever":  {&path{hops: 99, mute: true}, inventory.ProbeTimeout, 0, 12_100},
		"routers for ever":  {&path{hops: 99}, inventory.ProbeTimeout, 30, 700},
		"no echo from here": {&path{closed: true}, inventory.ProbeUnreachable, 0, 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{Echoer: test.path}).Probe(t.Context(), wire.ProbeSpec{
					Kind: inventory.ProbeTrace, Why: inventory.ProbeAsked, Target: "192.0.2.9", Timeout: 30,
				})
				want(t, r, test.class)
				if len(r.Hops) != test.hops || r.TotalMillis > test.within {
					t.Errorf("%d hops in %g ms, want %d within %g: %+v", len(r.Hops), r.TotalMillis, test.hops, test.within, r.Hops)
				}
			})
		})
	}
}

func TestATimeoutBoundsATraceToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Echoer: &path{hops: 99, mute: true}}).Probe(t.Context(), wire.ProbeSpec{
			Kind: inventory.ProbeTrace, Why: inventory.ProbeAsked, Target: "192.0.2.9", Timeout: 3,
		})
		if want(t, r, inventory.ProbeTimeout); r.TotalMillis > 3001 {
			t.Errorf("it took %g ms", r.TotalMillis)
		}
	})
}

func TestATCPConnectionStandsInWhereNoEchoCanBeSent(t *testing.T) {
	w := newTown()
	w.ports["443"] = "127.0.0.1:1" // refuses, which is an answer
	p := w.prober(nil)
	p.opts.Echoer = &path{closed: true}
	r := p.Probe(t.Context(), wire.ProbeSpec{Kind: inventory.ProbePing, Why: inventory.ProbeElected, Target: "192.0.2.9", Count: 3, Timeout: 30})
	if want(t, r, "", "stands in"); r.Sent != 3 || r.Lost != 0 || r.MaxMillis <= 0 {
		t.Errorf("the window says %+v", r)
	}
	none := p.Probe(t.Context(), wire.ProbeSpec{Kind: inventory.ProbeMTU, Why: inventory.ProbeElected, Target: "192.0.2.9", Timeout: 30})
	want(t, none, inventory.ProbeUnreachable, "names no TCP port")
}

// Over TCP a path that loses large packets shows as an exchange that stalls, where
// one of small packets does not: here by a server that answers from the second
// connection on.
func TestPacketSizesAreFoundByTCPWhereNoEchoCanBeSent(t *testing.T) {
	if _, err := smallDialer(smallSegments); err != nil {
		if runtime.GOOS == "windows" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	serve := func(stalls int32) string {
		var asked atomic.Int32
		return raw(t, func(conn net.Conn, ended <-chan struct{}) {
			if asked.Add(1) <= stalls {
				<-ended
				return
			}
			_, _ = conn.Read(make([]byte, 8192))
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		})
	}
	for name, test := range map[string]struct {
		stalls int32
		class  inventory.ProbeError
	}{
		"whole":      {0, ""},
		"black hole": {1, inventory.ProbePathMTU},
		"dead":       {9, inventory.ProbeTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := New(Options{Echoer: &path{closed: true}})
			timeout := wire.Seconds(30)
			if test.class != "" {
				timeout = 4
			}
			want(t, p.Probe(t.Context(), wire.ProbeSpec{
				Kind: inventory.ProbeMTU, Why: inventory.ProbeConfirm, Target: "http://" + serve(test.stalls) + "/", Timeout: timeout,
			}), test.class)
		})
	}
}
