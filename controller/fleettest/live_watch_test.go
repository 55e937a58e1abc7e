//go:build linux

package fleettest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"muster/controller/fleettest/lab"
	"muster/inventory"
)

// told is one message that came in.
type told struct {
	at       time.Time
	kind     inventory.DeliveryKind
	incident string
	title    string
}

// liveHook is where notifications are posted.
type liveHook struct {
	mu  sync.Mutex // guards all
	all []told
}

func newLiveHook(t testing.TB, s *lab.Scene, addr netip.AddrPort) *liveHook {
	t.Helper()
	h := &liveHook{}
	serveUntilTheEnd(t, s, addr, h)
	return h
}

// serveUntilTheEnd answers beside the controller until the test ends.
func serveUntilTheEnd(tb testing.TB, s *lab.Scene, addr netip.AddrPort, h http.Handler) {
	tb.Helper()
	stop, err := serveIn(s, s.Controller(), addr, h)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(stop)
}

// serveIn answers inside a namespace until stop, which waits for the server's end.
func serveIn(s *lab.Scene, namespace string, addr netip.AddrPort, h http.Handler) (stop func(), err error) {
	listener, err := s.Listen(namespace, addr)
	if err != nil {
		return nil, fmt.Errorf("cannot serve on %s: %w", addr, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with Close, which says so
	return func() {
		_ = server.Close() // its listener ends with it
		serving.Wait()
	}, nil
}

// ServeHTTP implements http.Handler.
func (h *liveHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	var body struct {
		Kind     inventory.DeliveryKind `json:"kind"`
		Incident string                 `json:"incident"`
		Title    string                 `json:"title"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, told{at, body.Kind, body.Incident, body.Title})
}

// of are the messages of a kind about an incident.
func (h *liveHook) of(incident string, kind inventory.DeliveryKind) (found []told) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.all {
		if m.incident == incident && m.kind == kind {
			found = append(found, m)
		}
	}
	return found
}

// liveSeen is what the controller's API says of incidents, looked at each second.
type liveSeen struct {
	mu      sync.Mutex // guards what follows
	all     []inventory.Incident
	problem error
}

// watchLive looks until the test ends.
func watchLive(t testing.TB, s *lab.Scene) *liveSeen {
	t.Helper()
	w := &liveSeen{}
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			w.look(ctx, s)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	t.Cleanup(func() {
		stop()
		watching.Wait()
	})
	return w
}

func (w *liveSeen) look(ctx context.Context, s *lab.Scene) {
	out, err := s.Ask(ctx, "incident", "list", "--presence", "--json")
	var page struct {
		Items []inventory.Incident `json:"items"`
	}
	if err == nil {
		err = json.Unmarshal(out, &page)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problem = err
	if err == nil {
		w.all = page.Items
	}
}

// incidents are all that the controller tells of, and what is wrong with asking.
func (w *liveSeen) incidents() ([]inventory.Incident, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all, w.problem
}

func writeKept(file string, content []byte) error { return os.WriteFile(file, content, 0o600) }
