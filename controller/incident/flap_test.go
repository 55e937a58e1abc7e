package incident_test

import (
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// TestAnotherFaultWithinMinutesIsAnotherIncident lets a switch come back and then
// something else fail at the same site.
func TestAnotherFaultWithinMinutesIsAnotherIncident(t *testing.T) {
	t.Parallel()
	segment := want{cause: inventory.CauseLANSegment, site: "S003", from: 3 * mins, detected: 30 * sec}
	router := func(from time.Duration) want {
		return want{
			cause: inventory.CauseSiteRouterDown, live: inventory.CauseLinkOrPower, site: "S003", from: from, detected: 5 * sec, caused: 15 * sec,
			heals: 12 * mins, resolved: mins, grade: inventory.GradeProven,
		}
	}
	for _, s := range []scenario{
		{name: "the router dies 6 s after the switch is back", lasts: 16 * mins, play: func(w *world) {
			switchOut(w, w.Site("S003").Machines[:5], 3*mins, 7*mins)
			routerDead(w, 7*mins+6*sec, 12*mins)
		}, want: []want{segment, router(7*mins + 6*sec)}},
		{name: "the router dies two minutes after", lasts: 16 * mins, play: func(w *world) {
			switchOut(w, w.Site("S003").Machines[:5], 3*mins, 7*mins)
			routerDead(w, 9*mins, 12*mins)
		}, want: []want{segment, router(9 * mins)}},
		{name: "the router dies after a switch that flapped", lasts: 16 * mins, play: func(w *world) {
			switchOut(w, w.Site("S003").Machines[:5], 3*mins, 5*mins)
			switchOut(w, w.Site("S003").Machines[:5], 6*mins, 8*mins)
			routerDead(w, 8*mins+25*sec, 12*mins)
		}, want: []want{segment, router(8*mins + 25*sec)}},
		{name: "another switch dies", lasts: 16 * mins, play: func(w *world) {
			switchOut(w, w.Site("S003").Machines[:5], 3*mins, 5*mins)
			switchOut(w, w.Site("S003").Machines[5:10], 6*mins, 9*mins)
		}, want: []want{segment, {cause: inventory.CauseLANSegment, site: "S003", from: 6 * mins, detected: 30 * sec}}},
	} {
		playWithSeeds(t, s)
	}
}

// TestAFaultThatComesBackWithinMinutesIsOneIncident lets the same come again.
func TestAFaultThatComesBackWithinMinutesIsOneIncident(t *testing.T) {
	t.Parallel()
	for _, s := range []scenario{
		{name: "the same switch", lasts: 14 * mins, play: func(w *world) {
			switchOut(w, w.Site("S003").Machines[:5], 3*mins, 5*mins)
			switchOut(w, w.Site("S003").Machines[:5], 6*mins, 8*mins)
		}, want: []want{{cause: inventory.CauseLANSegment, site: "S003", from: 3 * mins, detected: 30 * sec}}},
		{name: "the same router", lasts: 16 * mins, play: func(w *world) {
			routerDead(w, 3*mins, 5*mins)
			routerDead(w, 8*mins, 10*mins)
		}, want: []want{{cause: inventory.CauseSiteRouterDown, live: inventory.CauseLinkOrPower, site: "S003", from: 3 * mins, detected: 5 * sec}}},
	} {
		playWithSeeds(t, s)
	}
}

// TestWhatFallsSilentInTheControllersFirstMinuteIsNamedWhenItIsOver restarts the
// controller and then lets something fail.
func TestWhatFallsSilentInTheControllersFirstMinuteIsNamedWhenItIsOver(t *testing.T) {
	t.Parallel()
	const restart, fault = 5 * mins, 5*mins + 20*sec
	soon := restart + mins + 5*sec - fault
	for _, s := range []scenario{
		{name: "a machine crashes", lasts: 12 * mins, play: func(w *world) {
			w.At(fault, func() { w.Crash(w.Site("S003").Machines[4]) })
		}, want: []want{{cause: inventory.CauseWorkstationSilent, machine: "w-S003-05", from: fault, detected: soon, caused: soon}}},
		{name: "a switch dies", lasts: 12 * mins, play: func(w *world) {
			switchOut(w, w.Site("S003").Machines[:5], fault, 9*mins)
		}, want: []want{{cause: inventory.CauseLANSegment, site: "S003", from: fault, detected: soon, caused: soon, heals: 9 * mins, resolved: mins}}},
		{name: "nothing fails for long", lasts: 12 * mins, play: func(w *world) {
			switchOut(w, w.Site("S003").Machines[:5], fault, fault+30*sec)
		}, never: []inventory.Cause{inventory.CauseLANSegment, inventory.CauseWorkstationSilent}},
	} {
		s.step = restartAt(restart)
		playWithSeeds(t, s)
	}
}

func switchOut(w *world, ms []*evidencetest.Machine, from, until time.Duration) {
	w.At(from, func() { w.SwitchDown(ms) })
	w.At(until, func() { w.SwitchBack(ms) })
}

func routerDead(w *world, from, until time.Duration) {
	w.At(from, func() { w.RouterDown(w.Site("S003")) })
	w.At(until, func() { w.RouterBack(w.Site("S003")) })
}

func playWithSeeds(t *testing.T, s scenario) {
	t.Helper()
	t.Run(s.name, func(t *testing.T) {
		for seed := range uint64(3) {
			s.opts.Seed = 60 + seed
			s.report(t)
		}
	})
}

// TestAFaultThatCameBackSaysWhenItWasThere plays a router that dies twice: what lies
// between is nobody's down time.
func TestAFaultThatCameBackSaysWhenItWasThere(t *testing.T) {
	t.Parallel()
	s := scenario{lasts: 16 * mins, play: func(w *world) {
		routerDead(w, 3*mins, 5*mins)
		routerDead(w, 8*mins, 10*mins)
	}}
	o := s.run(incident.DefaultRules())
	i, ok := find(o, want{cause: inventory.CauseSiteRouterDown, site: "S003"}, nil)
	if !ok {
		t.Fatalf("no incident, but %v", o.byID)
	}
	if len(i.Spells) != 2 || !i.Spells[0].From.Equal(i.StartedAt) || !i.Spells[1].To.Equal(i.ResolvedAt) {
		t.Fatalf("spells %v of %s to %s", i.Spells, i.StartedAt, i.ResolvedAt)
	}
	for n, spell := range i.Spells {
		if got := spell.For(); got < 110*time.Second || got > 135*time.Second {
			t.Errorf("spell %d is %s long, the fault was there for two minutes", n, got)
		}
	}
}
