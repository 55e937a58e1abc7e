package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Alertmanager keeps a cluster of Alertmanagers told which incidents are open.
// It is no sink for deliveries: Alertmanager forgets an alert that is not said
// again, so the whole state is said again and again, to every one of the cluster.
type Alertmanager struct {
	Name   string
	URLs   []string
	Client *http.Client
	Now    func() time.Time

	mu     sync.Mutex
	alerts map[string]told // by incident
	health map[string]Health
	poke   chan struct{}
}

// Every half a minute all alerts are said again, and hold for five; a resolved
// one is repeated for a quarter of an hour, so that an Alertmanager that was away
// hears of its end.
const (
	amEvery   = 30 * time.Second
	amHolds   = 5 * time.Minute
	amRepeats = 15 * time.Minute
	amRetry   = 5 * time.Second
)

// NewAlertmanager returns one without alerts. Run keeps it told.
func NewAlertmanager(name string, urls []string, client *http.Client, now func() time.Time) *Alertmanager {
	return &Alertmanager{
		Name: name, URLs: urls, Client: client, Now: now,
		alerts: map[string]told{}, health: map[string]Health{}, poke: make(chan struct{}, 1),
	}
}

// Set takes an incident as it is now. Only open and resolved ones are alerts.
func (a *Alertmanager) Set(f Facts) {
	a.mu.Lock()
	before, known := a.alerts[f.Incident.ID]
	next, ok := toldOf(before, known, f, a.Now())
	if ok {
		a.alerts[f.Incident.ID] = next
	}
	a.mu.Unlock()
	if !ok {
		return
	}
	select {
	case a.poke <- struct{}{}:
	default:
	}
}

// Run keeps the cluster told until ctx ends. Each Alertmanager is told by a worker
// of its own, so that one that is away does not delay the others.
func (a *Alertmanager) Run(ctx context.Context) {
	var workers sync.WaitGroup
	pokes := make([]chan struct{}, len(a.URLs))
	for n, u := range a.URLs {
		pokes[n] = make(chan struct{}, 1)
		workers.Go(func() { a.keep(ctx, u, pokes[n]) })
	}
	for {
		select {
		case <-ctx.Done():
			workers.Wait()
			return
		case <-a.poke:
			for _, p := range pokes {
				select {
				case p <- struct{}{}:
				default:
				}
			}
		}
	}
}

func (a *Alertmanager) keep(ctx context.Context, base string, poke <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-poke:
		}
		err := a.say(ctx, base)
		a.note(base, err)
		if err != nil {
			timer.Reset(amRetry)
		} else {
			timer.Reset(amEvery)
		}
	}
}

// say posts every alert to one Alertmanager.
func (a *Alertmanager) say(ctx context.Context, base string) error {
	body, err := json.Marshal(a.state())
	if err != nil {
		return fmt.Errorf("cannot write alerts: %w", err)
	}
	where, err := url.JoinPath(base, "api/v2/alerts")
	if err != nil {
		return fmt.Errorf("cannot tell Alertmanager: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("cannot tell Alertmanager: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.Client.Do(request)
	if err != nil {
		return fmt.Errorf("cannot tell Alertmanager: %w", err)
	}
	defer response.Body.Close() // read already
	return answer(response)
}

// state is every alert as it is to be said now; what ended long ago is dropped.
func (a *Alertmanager) state() []alert {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.Now()
	out := make([]alert, 0, len(a.alerts))
	for _, id := range sortedKeys(a.alerts) {
		said := a.alerts[id].at(now)
		if len(said) == 0 {
			delete(a.alerts, id)
		}
		out = append(out, said...)
	}
	return out
}

func (a *Alertmanager) note(base string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && errors.Is(err, context.Canceled) {
		return
	}
	a.health[base] = a.health[base].after(a.Now(), err)
}

// Health is the worst of the cluster's.
func (a *Alertmanager) Health() Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	var worst Health
	for _, u := range a.URLs {
		if h := a.health[u]; worst.FailingSince.IsZero() && (worst == Health{} || !h.FailingSince.IsZero()) {
			worst = h
		}
	}
	return worst
}
