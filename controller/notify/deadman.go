package notify

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Pinger asks an outside address every minute. That address calls somebody when
// it hears nothing any more: a controller that is dead cannot.
type Pinger struct {
	URL    string
	Every  time.Duration // a minute where zero
	Client *http.Client
	Now    func() time.Time
	Log    *slog.Logger
	// Alive says whether the controller does its work; a ping is sent only then.
	Alive func() error

	mu     sync.Mutex
	health Health
}

// Run pings until ctx ends.
func (p *Pinger) Run(ctx context.Context) {
	ticker := time.NewTicker(cmp.Or(p.Every, time.Minute))
	defer ticker.Stop()
	for {
		err := p.ping(ctx)
		if ctx.Err() != nil {
			return
		}
		p.mu.Lock()
		before := p.health
		p.health = p.health.after(p.Now(), err)
		p.mu.Unlock()
		if err != nil && before.FailingSince.IsZero() {
			p.Log.Warn("the dead man's address does not hear us", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (p *Pinger) ping(ctx context.Context) error {
	if p.Alive != nil {
		if err := p.Alive(); err != nil {
			return fmt.Errorf("not pinged: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return fmt.Errorf("cannot ping: %w", err)
	}
	response, err := p.Client.Do(request)
	if err != nil {
		return fmt.Errorf("cannot ping: %w", err)
	}
	defer response.Body.Close() // read already
	return answer(response)
}

// Health is how the last pings went.
func (p *Pinger) Health() Health {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.health
}
