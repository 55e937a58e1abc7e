package fleettest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	agent "muster/agent/app"
	"muster/controller/rehearsal"
	"muster/mesh/fabric"
)

// Rehearse plays a rehearsal on real agents in a bubble of its own and returns
// what was seen. A file of evidence is replayed on the pure engine.
func Rehearse(t *testing.T, r rehearsal.Rehearsal, log *slog.Logger) rehearsal.Seen {
	t.Helper()
	began := time.Now()
	if len(r.Evidence) > 0 {
		seen := rehearsal.Replay(r)
		seen.Took = time.Since(began)
		return seen
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	dir := t.TempDir()
	var seen rehearsal.Seen
	synctest.Test(t, func(t *testing.T) {
		advance(r.Start.Add(-rehearsal.SettleFor - bootWithin))
		s := &Stage{
			t: t, r: r, dir: dir, log: log, fabric: fabric.New(r.Seed), shared: agent.NewShared(),
			tokens: map[string]string{}, names: map[string]string{}, ended: make(chan struct{}),
		}
		s.world = &world{stage: s, mtu: map[string]int{}}
		defer s.close()
		if err := s.play(); err != nil {
			s.fail("%v", err)
		}
		seen = s.seen()
	})
	seen.Took = time.Since(began)
	return seen
}

// advance moves the bubble's clock, which begins in 2000: before anything is made
// that a leap of years would wake.
func advance(to time.Time) {
	timer := time.NewTimer(time.Until(to))
	<-timer.C
}

func (s *Stage) play() error {
	if err := s.build(); err != nil {
		return err
	}
	s.beginWatching()
	if err := rehearsal.Play(context.Background(), s, s.r.Script(), s.r.Start); err != nil {
		return err
	}
	s.wait(time.Until(s.r.Start.Add(s.r.For)))
	return nil
}

// seen gathers what came to light.
func (s *Stage) seen() rehearsal.Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := rehearsal.Seen{Names: s.names, Ended: time.Now(), Broken: s.failures}
	for _, c := range s.changes {
		if !c.At.Before(s.r.Start) {
			seen.Changes = append(seen.Changes, c)
			continue
		}
		if c.Incident.Live() && !c.Incident.Cause.Presence() {
			seen.Broken = append(seen.Broken, fmt.Sprintf("before the start: %s at %v", c.Incident.Cause, c.Incident.Scope))
		}
	}
	s.watch.mu.Lock()
	seen.Members, seen.Scrapes = append([]rehearsal.MemberSeen{}, s.watch.members...), append([]rehearsal.Scrape{}, s.watch.scrapes...)
	s.watch.mu.Unlock()
	return seen
}
