package demo_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/controller/demo"
	"muster/controller/store"
)

// screen is what a person sees.
type screen struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write implements io.Writer.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// String implements fmt.Stringer.
func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// within waits until is.
func within(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); !is(); <-tick.C {
		if time.Since(begun) > limit {
			t.Fatalf("after %s it is still not so: %s", limit, what)
		}
	}
}

// wake runs a county of six sites until everyone is there, interrupts it, and
// returns what it said and how long the end took.
func wake(t *testing.T, data string) (said string, took time.Duration) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &screen{}
	ended := make(chan error, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Options{
			Sites: 6, Workstations: 30, Listen: "127.0.0.1:0", Data: data, Version: "test", Out: out, Log: slog.New(slog.DiscardHandler),
		})
	}()
	within(t, time.Minute, "the county is awake: "+out.String(), func() bool { return strings.Contains(out.String(), "Awake:") })
	begun := time.Now()
	interrupt()
	if err := <-ended; err != nil {
		t.Errorf("an interrupt is called a failure: %v", err)
	}
	return out.String(), time.Since(begun)
}

// TestCountyWakesStopsAtOnceAndComesBack interrupts a county and runs it again
// in the same folder.
func TestCountyWakesStopsAtOnceAndComesBack(t *testing.T) {
	data := filepath.Join(t.TempDir(), "county")
	before := runtime.NumGoroutine()
	first, took := wake(t, data)
	t.Logf("an interrupt took %.1f s", took.Seconds())
	if took > 5*time.Second {
		t.Errorf("an interrupt took %s, want 5 s at most", took)
	}
	leftNothing(t, first, before)
	ids := enrolled(t, data)
	if len(ids) != 31 {
		t.Errorf("%d workstations enrolled, want 30 and this machine", len(ids))
	}
	second, took := wake(t, data)
	if took > 5*time.Second {
		t.Errorf("the second interrupt took %s, want 5 s at most", took)
	}
	if !strings.Contains(second, "Awake: 30 of 30 workstations present") {
		t.Errorf("the second run said:\n%s", second)
	}
	leftNothing(t, second, before)
	again := enrolled(t, data)
	for id := range ids {
		if !again[id] {
			t.Errorf("workstation %s did not come back", id)
		}
	}
	if len(again) != len(ids) {
		t.Errorf("%d workstations are enrolled after the second run, %d after the first", len(again), len(ids))
	}
	err := demo.Run(t.Context(), demo.Options{
		Sites: 7, Workstations: 30, Listen: "127.0.0.1:0", Data: data, Version: "test", Out: &screen{}, Log: slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), "it holds a county of 6 sites") {
		t.Errorf("another county in the same folder: %v", err)
	}
}

var opened = regexp.MustCompile(`Open   http://(\S+)/`)

// leftNothing wants the page shut and every goroutine ended. Goodbyes that take
// too long are not waited for: they end with the program, or soon by themselves.
func leftNothing(t *testing.T, said string, before int) {
	t.Helper()
	page := opened.FindStringSubmatch(said)
	if page == nil {
		t.Fatalf("no page was named:\n%s", said)
	}
	if conn, err := net.Dial("tcp", page[1]); err == nil {
		_ = conn.Close()
		t.Errorf("%s is still open", page[1])
	}
	begun := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > before {
		if time.Since(begun) > 20*time.Second {
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1) // a buffer does not fail
			t.Fatalf("%d goroutines are left, %d were there before:\n%s", runtime.NumGoroutine(), before, stacks.String())
		}
		<-tick.C
	}
}

// enrolled is the workstations in a demo's folder.
func enrolled(t *testing.T, data string) map[string]bool {
	t.Helper()
	db, err := store.OpenExisting(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(data, "muster.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all, err := db.AllWorkstations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, w := range all {
		ids[w.ID] = true
	}
	return ids
}

// TestDemoEndsByItself gives it less time than it needs to wake.
func TestDemoEndsByItself(t *testing.T) {
	out := &screen{}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	err := demo.Run(ctx, demo.Options{
		Sites: 6, Workstations: 30, Listen: "127.0.0.1:0", For: 1500 * time.Millisecond, Version: "test", Out: out, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Errorf("a demo that ends by itself failed: %v", err)
	}
	if ctx.Err() != nil {
		t.Error("it did not end by itself")
	}
	if !opened.MatchString(out.String()) {
		t.Errorf("it named no page:\n%s", out)
	}
}
