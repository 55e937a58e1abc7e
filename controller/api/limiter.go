package api

import (
	"net/netip"
	"sync"
	"time"
)

// A source may send ten wrong tokens at once and then one every six seconds.
const (
	wrongAtOnce = 10
	wrongEvery  = 6 * time.Second
	goodFor     = 10 * time.Minute
	maxSources  = 10_000
)

// limiter slows down guessing. The secrets are too long to be guessed; what it
// protects is the store and the log.
type limiter struct {
	now func() time.Time

	mu      sync.Mutex // guards the maps
	sources map[netip.Addr]bucket
	good    map[string]time.Time // hashes lately accepted, and until when they pass unlimited
}

// bucket holds how many wrong tokens were left at a moment.
type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, sources: map[netip.Addr]bucket{}, good: map[string]time.Time{}}
}

// allow reports whether a token from source may be looked up.
func (l *limiter) allow(source, hash string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if until, ok := l.good[hash]; ok && now.Before(until) {
		return true
	}
	b, ok := l.sources[sourceOf(source)]
	return !ok || refill(b, now).left >= 1
}

// wrong takes one from the source's bucket.
func (l *limiter) wrong(source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, addr := l.now(), sourceOf(source)
	b, ok := l.sources[addr]
	if !ok {
		if len(l.sources) >= maxSources {
			l.forget(now)
		}
		b = bucket{left: wrongAtOnce, at: now}
	}
	b = refill(b, now)
	b.left--
	l.sources[addr] = b
}

// right remembers a good token for a while.
func (l *limiter) right(hash string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.good) >= maxSources {
		clear(l.good)
	}
	l.good[hash] = l.now().Add(goodFor)
}

// forget drops the buckets that are full again, or all where none is.
func (l *limiter) forget(now time.Time) {
	for addr, b := range l.sources {
		if refill(b, now).left >= wrongAtOnce {
			delete(l.sources, addr)
		}
	}
	if len(l.sources) >= maxSources {
		clear(l.sources)
	}
}

func refill(b bucket, now time.Time) bucket {
	gained := float64(now.Sub(b.at)) / float64(wrongEvery)
	return bucket{left: min(b.left+gained, wrongAtOnce), at: now}
}

// sourceOf is the address that a bucket stands for: an IPv6 source is its /64,
// which one machine can use whole.
func sourceOf(remote string) netip.Addr {
	addr := addrOf(remote)
	if addr.Is6() {
		if prefix, err := addr.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return addr
}

func addrOf(remote string) netip.Addr {
	if pair, err := netip.ParseAddrPort(remote); err == nil {
		return pair.Addr().Unmap()
	}
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}
