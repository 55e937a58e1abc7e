package probe

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// A window of pings: enough to see a loss of a tenth, in two seconds.
const (
	pingsDefault = 10
	pingEvery    = 200 * time.Millisecond
	pingPatience = time.Second // for the last answer; a county's worst satellite takes 0.8 s
	pingBytes    = 64          // of the whole packet
	// standInPort is connected to where no echo can be sent: an answer of either
	// kind, yes or no, is an answer.
	standInPort = 443
)

// Echo is one packet that asks for an answer.
type Echo struct {
	To    netip.Addr
	TTL   int  // zero: the system's
	Bytes int  // of the whole IP packet
	Whole bool // it must not be cut into fragments
}

// Reply is what came back.
type Reply struct {
	From     netip.Addr
	RTT      time.Duration
	Reached  bool // it came from the target itself
	TooLarge bool // it says that the packet does not fit
}

// Echoer sends one echo and waits for its reply until ctx ends. It wraps
// errors.ErrUnsupported where the system lets it send none.
type Echoer interface {
	Echo(ctx context.Context, e Echo) (Reply, error)
}

// window sends pings at an even pace and accounts for their answers.
func (p *Prober) window(ctx context.Context, target inventory.ProbeTarget, spec wire.ProbeSpec, r *inventory.ProbeResult) error {
	began := time.Now()
	addrs, err := p.resolve(ctx, spec.Resolver, target.Name)
	if target.Name != addrText(addrs) {
		r.DNSMillis = millis(time.Since(began))
	}
	if err != nil {
		return err
	}
	count := spec.Count
	if count <= 0 {
		count = pingsDefault
	}
	rtts, standIn, errs := p.pings(ctx, addrs[0], min(count, wire.MaxPings))
	account(r, rtts)
	if standIn {
		r.Detail = "ICMP is not open to this program: TCP port " + strconv.Itoa(standInPort) + " stands in"
	}
	if r.Lost < r.Sent {
		return nil
	}
	if class := classify(errs); errs != nil && class != inventory.ProbeTimeout && class != inventory.ProbeMalformed {
		return errs
	}
	return failed(inventory.ProbeTimeout, "none of %d pings was answered", r.Sent)
}

func addrText(addrs []netip.Addr) string {
	if len(addrs) == 0 {
		return ""
	}
	return addrs[0].String()
}

// pings sends count pings and returns each one's round trip, or a negative one.
// None waits for another: a lost one must not stretch the window.
func (p *Prober) pings(ctx context.Context, to netip.Addr, count int) (rtts []time.Duration, standIn bool, err error) {
	every := pingEvery
	if deadline, ok := ctx.Deadline(); ok {
		every = min(every, max(time.Until(deadline)-pingPatience, 0)/time.Duration(count))
	}
	rtts = make([]time.Duration, count)
	errs := make([]error, count)
	instead := make([]bool, count)
	var flying sync.WaitGroup
	defer flying.Wait()
	pace := time.NewTicker(max(every, time.Millisecond))
	defer pace.Stop()
	for i := range count {
		flying.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, pingPatience)
			defer cancel()
			rtts[i], instead[i], errs[i] = p.ping(ctx, to)
		})
		if i == count-1 {
			break
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			rtts, errs, instead = rtts[:i+1], errs[:i+1], instead[:i+1]
		}
		if ctx.Err() != nil {
			break
		}
	}
	flying.Wait()
	return rtts, slices.Contains(instead, true), errors.Join(errs...)
}

// ping is one round trip; a TCP connection stands in where no echo can be sent.
func (p *Prober) ping(ctx context.Context, to netip.Addr) (rtt time.Duration, standIn bool, err error) {
	reply, err := p.opts.Echoer.Echo(ctx, Echo{To: to, Bytes: pingBytes})
	switch {
	case err == nil && reply.Reached:
		return reply.RTT, false, nil
	case err == nil:
		return -1, false, failed(inventory.ProbeUnreachable, "%s says that there is no way", reply.From)
	case !errors.Is(err, errors.ErrUnsupported):
		return -1, false, err
	}
	began := time.Now()
	conn, err := p.opts.Dial(ctx, "tcp", netip.AddrPortFrom(to, standInPort).String())
	rtt = time.Since(began)
	switch {
	case err == nil:
		return rtt, true, conn.Close()
	case isErrno(err, errnosRefused):
		return rtt, true, nil
	default:
		return -1, true, err
	}
}

// account fills in loss, round trips and jitter: the mean difference between one
// answer and the next, which is what a voice call feels. Percentiles are by
// nearest rank. A negative round trip is a loss.
func account(r *inventory.ProbeResult, rtts []time.Duration) {
	r.Sent = len(rtts)
	answered := make([]time.Duration, 0, len(rtts))
	var moved time.Duration
	for _, rtt := range rtts {
		if rtt < 0 {
			r.Lost++
			continue
		}
		if n := len(answered); n > 0 {
			moved += (rtt - answered[n-1]).Abs()
		}
		answered = append(answered, rtt)
	}
	if len(answered) == 0 {
		return
	}
	if n := len(answered); n > 1 {
		r.JitterMillis = millis(moved / time.Duration(n-1))
	}
	slices.Sort(answered)
	rank := func(share float64) float64 {
		return millis(answered[max(int(math.Ceil(share*float64(len(answered))))-1, 0)])
	}
	r.MinMillis, r.MedianMillis, r.P95Millis, r.MaxMillis = millis(answered[0]), rank(0.5), rank(0.95), millis(answered[len(answered)-1])
}
