package fleettest

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"muster/controller/rehearsal"
	"muster/controller/stage"
)

// raiseWithin is how long everybody may take to be present.
const raiseWithin = 3 * time.Minute

// Rehearse plays a rehearsal on real agents in a bubble of its own and returns
// what was seen. A file of evidence is replayed on the pure engine.
func Rehearse(t *testing.T, r rehearsal.Rehearsal, log *slog.Logger) rehearsal.Seen {
	t.Helper()
	began := time.Now()
	var seen rehearsal.Seen
	if len(r.Evidence) > 0 {
		seen = rehearsal.Replay(r)
	} else {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) { seen = inBubble(t, r, dir, log) })
	}
	seen.Took = time.Since(began)
	return seen
}

// inBubble plays where the clock is the fleet's. It begins in 2000: what a leap of
// years would wake must not be there yet.
func inBubble(t *testing.T, r rehearsal.Rehearsal, dir string, log *slog.Logger) rehearsal.Seen {
	t.Helper()
	pass(time.Until(r.Start.Add(-rehearsal.SettleFor - raiseWithin)))
	s := stage.New(stage.Options{Rehearsal: r, Dir: dir, Log: log, Version: "test"})
	defer func() {
		s.Close(context.Background())
		pass(2 * time.Minute) // memberlist's probes outlive its shutdown by several intervals
	}()
	ctx, cancel := context.WithTimeout(context.Background(), raiseWithin)
	defer cancel()
	err := s.Raise(ctx)
	if err == nil {
		pass(time.Until(r.Start))
		err = s.Play(context.Background(), r.Start)
	}
	seen := s.Seen()
	if err != nil {
		seen.Broken = append(seen.Broken, err.Error())
	}
	return seen
}

// pass lets fleet time pass.
func pass(d time.Duration) { <-time.NewTimer(d).C }
