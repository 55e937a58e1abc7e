package collect

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// patience bounds calls into the system that may never come back: a statfs on a
// dying disk, a COM call. Such a call cannot be cancelled, so it is left behind;
// but never more than one of a name at a time, so at most a handful of goroutines
// wait however long the machine stays broken, and each ends when its call does.
type patience struct {
	mu   sync.Mutex // guards busy
	busy map[string]time.Time
}

func (p *patience) begin(name string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if since, ok := p.busy[name]; ok {
		return fmt.Errorf("%s has not answered for %s", name, now.Sub(since).Round(time.Second))
	}
	if p.busy == nil {
		p.busy = make(map[string]time.Time)
	}
	p.busy[name] = now
	return nil
}

func (p *patience) end(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, name)
}

type answer[T any] struct {
	value T
	err   error
}

// within runs call and returns its answer, or an error when it takes longer than
// limit, ctx ends, or an earlier call of that name is still out.
func within[T any](ctx context.Context, p *patience, name string, limit time.Duration, call func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if err := p.begin(name, time.Now()); err != nil {
		return none, err
	}
	answered := make(chan answer[T], 1)
	go func() {
		defer p.end(name)
		v, err := call()
		answered <- answer[T]{v, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-answered:
		return a.value, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-timer.C:
		return none, fmt.Errorf("%s did not answer within %s", name, limit)
	}
}
