package intake

import (
	"math"
	"sync"
	"time"
)

// Addresses whose rate is remembered; more share one allowance.
const maxSources = 10_000

// bucket is a token bucket: it holds up to burst tokens and gains rate a second.
// The zero bucket is full.
type bucket struct {
	spent float64
	at    time.Time
}

// take takes one token, or says after how long there will be one.
func (b *bucket) take(rate, burst float64, now time.Time) (wait time.Duration) {
	b.settle(rate, now)
	if b.spent+1 > burst {
		return time.Duration(math.Ceil((b.spent + 1 - burst) / rate * float64(time.Second)))
	}
	b.spent++
	return 0
}

// empty says after how long there will be a token, without taking one.
func (b *bucket) empty(rate, burst float64, now time.Time) (wait time.Duration) {
	b.settle(rate, now)
	if b.spent+1 > burst {
		return time.Duration(math.Ceil((b.spent + 1 - burst) / rate * float64(time.Second)))
	}
	return 0
}

func (b *bucket) settle(rate float64, now time.Time) {
	if since := now.Sub(b.at).Seconds(); since > 0 {
		b.spent = max(b.spent-since*rate, 0)
		b.at = now
	}
}

// limiter is a bounded set of buckets.
type limiter[K comparable] struct {
	rate, burst float64
	most        int

	mu      sync.Mutex // guards what follows
	buckets map[K]*bucket
	rest    bucket    // of every key beyond most
	sweptAt time.Time // when full buckets were last forgotten
}

func newLimiter[K comparable](rate, burst float64, most int) *limiter[K] {
	return &limiter[K]{rate: rate, burst: burst, most: most, buckets: make(map[K]*bucket)}
}

func (l *limiter[K]) take(key K, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(key, now).take(l.rate, l.burst, now)
}

func (l *limiter[K]) empty(key K, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	if !ok {
		return 0
	}
	return b.empty(l.rate, l.burst, now)
}

// of returns the key's bucket. Where there are too many it forgets those that
// are full again, which are no different from new ones.
func (l *limiter[K]) of(key K, now time.Time) *bucket {
	if b, ok := l.buckets[key]; ok {
		return b
	}
	if len(l.buckets) >= l.most && now.Sub(l.sweptAt) >= time.Second {
		l.sweptAt = now
		for k, b := range l.buckets {
			if b.settle(l.rate, now); b.spent == 0 {
				delete(l.buckets, k)
			}
		}
	}
	if len(l.buckets) >= l.most {
		return &l.rest
	}
	b := &bucket{at: now}
	l.buckets[key] = b
	return b
}
