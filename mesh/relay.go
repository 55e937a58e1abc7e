package mesh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Bounds of a Relay where its options leave them at zero.
const (
	relaySplices      = 16        // at the same time
	relayPerNeighbour = 3         // of them from one address
	relayBytesPerSec  = 256 << 10 // both ways, all splices together
	relayIdleFor      = 15 * time.Minute
	// RelayDialFor lets one SYN be lost. A neighbour whose own way is dropped too, and
	// which does not know yet, must not hold another up for longer.
	relayDialFor     = 2500 * time.Millisecond
	relayOpensPerSec = 2 // new splices, with a burst of relayOpensBurst
	relayOpensBurst  = 20
	relayChunk       = 4 << 10 // bytes copied at once; two buffers per splice
)

// RelayOptions says for whom a Relay works and within which bounds.
type RelayOptions struct {
	Listener    net.Listener                                // TLS connections on the agent's own port; the Relay closes it
	Neighbour   func(netip.Addr) bool                       // is this a live member of the own pool?
	Dial        func(ctx context.Context) (net.Conn, error) // to a known controller, directly
	Log         *slog.Logger
	MaxSplices  int           // 0: 16
	BytesPerSec int           // 0: 256 KiB/s for all together, both ways
	IdleFor     time.Duration // 0: 15 min; a report stream is silent for up to 5
}

// Relay lets neighbours reach the controller through this machine. It accepts
// TLS connections, dials a controller and copies bytes both ways; it holds no key
// and reads nothing, so TLS stays end to end. Strangers are refused: only live
// members of the own pool are served, and only towards known controllers.
type Relay struct {
	opts   RelayOptions
	bytes  *bucket
	opens  *bucket
	cancel context.CancelFunc
	done   sync.WaitGroup // the accept loop and every splice

	mu     sync.Mutex // guards what follows
	active map[netip.Addr]int
	total  int
	stats  RelayStats
}

// RelayStats counts what a Relay did since it was made.
type RelayStats struct {
	Spliced   uint64 // connections carried
	Strangers uint64 // refused: not a live member of the pool
	Busy      uint64 // refused: too many at once or too fast
	Failed    uint64 // no controller could be reached
	Bytes     uint64 // carried, both ways
	Active    int    // now
}

// NewRelay starts to serve. Close ends it.
func NewRelay(opts RelayOptions) (*Relay, error) {
	switch {
	case opts.Listener == nil, opts.Neighbour == nil, opts.Dial == nil, opts.Log == nil:
		return nil, errors.New("cannot relay: listener, neighbour, dial and log are all needed")
	case opts.MaxSplices < 0 || opts.BytesPerSec < 0 || opts.IdleFor < 0:
		return nil, fmt.Errorf("cannot relay: negative bound in %d splices, %d bytes/s, idle for %s", opts.MaxSplices, opts.BytesPerSec, opts.IdleFor)
	}
	opts.MaxSplices = orDefault(opts.MaxSplices, relaySplices)
	opts.BytesPerSec = orDefault(opts.BytesPerSec, relayBytesPerSec)
	opts.IdleFor = orDefault(opts.IdleFor, relayIdleFor)

	ctx, cancel := context.WithCancel(context.Background())
	now := time.Now()
	r := &Relay{
		opts:   opts,
		bytes:  newBucket(float64(opts.BytesPerSec), float64(opts.BytesPerSec), now),
		opens:  newBucket(relayOpensPerSec, relayOpensBurst, now),
		cancel: cancel,
		active: make(map[netip.Addr]int),
	}
	r.done.Go(func() { r.accept(ctx) })
	return r, nil
}

// Close refuses new connections, ends those that run, and waits for both.
func (r *Relay) Close() error {
	r.cancel()
	err := r.opts.Listener.Close()
	r.done.Wait()
	return err
}

// Stats returns what was done so far.
func (r *Relay) Stats() RelayStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	stats := r.stats
	stats.Active = r.total
	return stats
}

func (r *Relay) accept(ctx context.Context) {
	for {
		conn, err := r.opts.Listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
				return
			}
			// Out of file descriptors, say: try again, but not in a tight loop.
			if pause(ctx, 100*time.Millisecond) != nil {
				return
			}
			continue
		}
		from, ok := r.admit(conn)
		if !ok {
			_ = conn.Close() // refused
			continue
		}
		r.done.Go(func() {
			defer r.release(from)
			r.serve(ctx, conn)
		})
	}
}

// admit decides whether conn is served, and counts it if so.
func (r *Relay) admit(conn net.Conn) (netip.Addr, bool) {
	from := remoteAddr(conn)
	neighbour := r.opts.Neighbour(from)

	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !neighbour:
		r.stats.Strangers++
		return from, false
	case r.total >= r.opts.MaxSplices || r.active[from] >= relayPerNeighbour || !r.opens.allow(time.Now()):
		r.stats.Busy++
		return from, false
	}
	r.total++
	r.active[from]++
	return from, true
}

func (r *Relay) release(from netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total--
	if r.active[from]--; r.active[from] == 0 {
		delete(r.active, from)
	}
}

// serve carries one neighbour's connection to a controller and back.
func (r *Relay) serve(ctx context.Context, near net.Conn) {
	defer near.Close()
	dialCtx, cancel := context.WithTimeout(ctx, relayDialFor)
	far, err := r.opts.Dial(dialCtx)
	cancel()
	if err != nil {
		r.count(func(s *RelayStats) { s.Failed++ })
		r.opts.Log.DebugContext(ctx, "cannot relay for a neighbour", "from", near.RemoteAddr().String(), "error", err)
		return
	}
	defer far.Close()
	r.count(func(s *RelayStats) { s.Spliced++ })
	carried := splice(ctx, near, far, r.bytes, r.opts.IdleFor)
	r.count(func(s *RelayStats) { s.Bytes += carried })
}

func (r *Relay) count(change func(*RelayStats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.stats)
}

// remoteAddr is the address conn comes from; invalid where it is no IP address.
func remoteAddr(conn net.Conn) netip.Addr {
	addr, err := addrPortOf(conn.RemoteAddr())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().WithZone("")
}
