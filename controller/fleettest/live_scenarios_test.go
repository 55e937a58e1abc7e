//go:build linux

package fleettest_test

import (
	"slices"
	"time"

	"muster/controller/fleettest/lab"
	"muster/inventory"
)

// liveScenario is one scenario of docs/rehearsals.md, on real links. Those with a
// site take turns on it; those without one take the whole county.
type liveScenario struct {
	name    string
	site    string
	allowed []inventory.Cause
	play    func(x *trial, s *lab.Site)
}

// liveScenarios are those that are played, in the order of their turns.
func liveScenarios() []liveScenario {
	outage := func(proven inventory.Cause) []inventory.Cause {
		return []inventory.Cause{inventory.CauseLinkOrPower, proven}
	}
	one := func(causes ...inventory.Cause) []inventory.Cause { return causes }
	return []liveScenario{
		{"02 crash", "S001", one(inventory.CauseWorkstationSilent, inventory.CauseWorkstationCrashed), playCrash},
		{"05 five o'clock", "S002", nil, playFiveOClock},
		{"13 access switch", "S003", one(inventory.CauseLANSegment), playSwitch},
		{"20 clean cut", "S004", outage(inventory.CauseSiteLinkDown), playCut},
		{"23 flapping link", "S005", outage(inventory.CauseSiteLinkDown), playFlap},
		{"24 power cut", "S006", outage(inventory.CauseSitePowerCut), playPowerCut},
		{"31 loss", "S007", one(inventory.CauseLinkDegraded), playLoss},
		{"35 dropped one way", "S001", outage(inventory.CauseAsymmetricPartition), playOneWay},
		{"36 MTU black hole", "S002", one(inventory.CauseSiteMTU), playMTU},
		{"39 a service down everywhere", "", one(inventory.CauseServiceOutage), playService},
		{"45 router dies", "S008", outage(inventory.CauseSiteRouterDown), playRouter},
		{"40 carrier", "*", one(inventory.CauseLinkOrPower, inventory.CauseSharedCarrier), playCarrier},
		{"42 controller's network", "*", one(inventory.CauseControllerNetwork), playControllerNetwork},
	}
}

func ofSite(code string) func(inventory.Scope) bool {
	return func(s inventory.Scope) bool { return s.Site == code && s.Workstation == "" && s.Service == "" }
}

// stayDown is how long a fault lasts after somebody was told: a minute in all, so
// that journals have something to tell.
const stayDown = 25 * time.Second

// outage plays a fault that silences a whole site, from the cut to the proof.
func (x *trial) outage(s *lab.Site, cause inventory.Cause, fail, heal func()) {
	x.onset()
	at := time.Now()
	fail()
	i, ok := x.opened(at, ofSite(s.Code), inventory.CauseLinkOrPower)
	x.Pass(stayDown)
	healed := time.Now()
	heal()
	if ok {
		x.ended(i.ID, healed, cause, inventory.GradeProven)
	}
}

func playCut(x *trial, s *lab.Site) { x.outage(s, inventory.CauseSiteLinkDown, s.Cut, s.Heal) }
func playRouter(x *trial, s *lab.Site) {
	x.outage(s, inventory.CauseSiteRouterDown, s.RouterDown, s.RouterUp)
}

func playOneWay(x *trial, s *lab.Site) {
	x.outage(s, inventory.CauseAsymmetricPartition, func() { s.Lose(lab.ToController, 100) }, func() { s.Lose(lab.ToController, 0) })
}

func playPowerCut(x *trial, s *lab.Site) {
	x.outage(s, inventory.CauseSitePowerCut, func() {
		s.RouterDown()
		s.Unplug(s.Workstations...)
		for _, w := range s.Workstations {
			x.Kill(w.Namespace)
		}
	}, func() {
		s.Plug(s.Workstations...)
		s.RouterUp()
		for _, w := range s.Workstations {
			x.Boot(w, x.tokens[s.Code])
			x.Pass(2 * time.Second)
		}
	})
}

func playCrash(x *trial, s *lab.Site) {
	w := s.Workstations[0]
	id := x.Status(w).Workstation
	of := func(cause inventory.Cause) func(inventory.Incident) bool {
		return func(i inventory.Incident) bool { return i.Scope.Workstation == id && i.Cause == cause }
	}
	at := time.Now()
	s.Unplug(w)
	x.Kill(w.Namespace)
	if i, ok := x.await("the machine is silent", of(inventory.CauseWorkstationSilent)); ok {
		x.logf("%s silent: detected %.1f s after the crash: %s", i.ID, i.DetectedAt.Sub(at).Seconds(), i.Reason())
	}
	x.await("the machine is taken for silent", func(i inventory.Incident) bool {
		return of(inventory.CauseWorkstationSilent)(i) && i.State == inventory.IncidentOpen
	})
	x.Pass(5 * time.Second)
	s.Plug(w)
	booted := time.Now()
	x.Boot(w, x.tokens[s.Code])
	if i, ok := x.await("it had crashed", of(inventory.CauseWorkstationCrashed)); ok {
		x.logf("%s crashed: %s, known %.1f s after the boot: %s", i.ID, i.Grade, i.Verdicts[len(i.Verdicts)-1].At.Sub(booted).Seconds(), i.Reason())
	}
}

// playFiveOClock switches a whole site off, as its people do, one after the other,
// and looks for a while. What is found wrong is found by unexpected.
func playFiveOClock(x *trial, s *lab.Site) {
	for _, w := range s.Workstations {
		x.PowerOff(w)
		s.Unplug(w)
		x.Pass(4 * time.Second)
	}
	x.until("all are off", func() bool {
		n, _ := x.counts(s.Code)
		return n.Off == len(s.Workstations) || n.Present+n.Stranger == 0
	})
	x.Pass(45 * time.Second)
	all, _ := x.seen.incidents()
	for _, i := range all {
		if i.Takes(s.Code) && !i.DetectedAt.Before(x.began) && !i.Cause.Presence() {
			x.errorf("people went home, and it was called %s: %s", i.Cause, i.Reason())
			x.claim(i.ID)
		}
	}
	for _, w := range s.Workstations {
		s.Plug(w)
		x.Boot(w, x.tokens[s.Code])
	}
	x.untilWhole(s.Code)
}

func playSwitch(x *trial, s *lab.Site) {
	behind := s.Workstations[:len(s.Workstations)*4/10]
	at := time.Now()
	s.Unplug(behind...)
	i, ok := x.opened(at, ofSite(s.Code), inventory.CauseLANSegment)
	healed := time.Now()
	s.Plug(behind...)
	if ok {
		x.ended(i.ID, healed, inventory.CauseLANSegment, "")
	}
	x.untilWhole(s.Code)
}

// playFlap takes the link down for half of every 45 seconds. The first spell ends
// before anybody is told.
func playFlap(x *trial, s *lab.Site) {
	const half = 22500 * time.Millisecond
	x.onset()
	at := time.Now()
	var healed time.Time
	for range 4 {
		s.Cut()
		x.Pass(half)
		s.Heal()
		healed = time.Now()
		x.Pass(half)
	}
	i, ok := x.await("the flapping link is one incident", func(i inventory.Incident) bool {
		return ofSite(s.Code)(i.Scope) && (i.State == inventory.IncidentOpen || i.State == inventory.IncidentResolved)
	})
	if !ok {
		return
	}
	x.logf("%s began %.1f s after the first cut, detected %.1f s, came back %d times", i.ID, i.StartedAt.Sub(at).Seconds(), i.DetectedAt.Sub(at).Seconds(), i.Flaps)
	x.ended(i.ID, healed, inventory.CauseSiteLinkDown, "")
	all, _ := x.seen.incidents()
	for _, other := range all {
		if ofSite(s.Code)(other.Scope) && other.ID != i.ID && !other.DetectedAt.Before(at) && other.State != inventory.IncidentBlip && other.Into != i.ID {
			x.errorf("one flapping link made %s (%s, %s) beside %s", other.ID, other.Cause, other.State, i.ID)
			x.claim(other.ID)
		}
	}
}

// playLoss loses one packet in five, each way.
func playLoss(x *trial, s *lab.Site) {
	both := func(percent int) {
		s.Lose(lab.ToController, percent)
		s.Lose(lab.ToSite, percent)
	}
	at := time.Now()
	both(20)
	i, ok := x.opened(at, ofSite(s.Code), inventory.CauseLinkDegraded)
	healed := time.Now()
	both(0)
	if ok {
		x.ended(i.ID, healed, inventory.CauseLinkDegraded, "")
	}
}

// playMTU lets large packets vanish, and then somebody switches on two machines:
// what is exchanged at the start is large.
func playMTU(x *trial, s *lab.Site) {
	at := time.Now()
	s.Narrow(1300)
	for _, w := range s.Workstations[:2] {
		x.PowerOff(w)
		x.Boot(w, x.tokens[s.Code])
	}
	i, ok := x.opened(at, ofSite(s.Code), inventory.CauseSiteMTU)
	healed := time.Now()
	s.Narrow(1500)
	if ok {
		x.ended(i.ID, healed, inventory.CauseSiteMTU, "")
	}
	x.untilWhole(s.Code)
}

// playService stops a service. That it is back is told by the rota of each site and
// with the next quiet report, which takes minutes and is not waited for.
func playService(x *trial, _ *lab.Site) {
	at := time.Now()
	x.stopService("records")
	x.opened(at, func(s inventory.Scope) bool { return s.Service == "records" }, inventory.CauseServiceOutage)
	if err := x.startService("records"); err != nil {
		x.errorf("%v", err)
	}
}

// playCarrier cuts all but one of a carrier's sites.
func playCarrier(x *trial, _ *lab.Site) {
	var cut []string
	for _, s := range liveSites() {
		if s.carrier == "northnet" {
			cut = append(cut, s.code)
		}
	}
	cut = cut[:len(cut)-1]
	at := time.Now()
	for _, code := range cut {
		x.sites[code].Cut()
	}
	i, ok := x.opened(at, func(s inventory.Scope) bool { return s.Carrier == "northnet" }, inventory.CauseSharedCarrier)
	if ok && !slices.Equal(i.Scope.Sites, cut) {
		x.errorf("it takes %v, cut were %v", i.Scope.Sites, cut)
	}
	healed := time.Now()
	for _, code := range cut {
		x.sites[code].Heal()
	}
	if ok {
		x.ended(i.ID, healed, inventory.CauseSharedCarrier, "")
	}
}

func playControllerNetwork(x *trial, _ *lab.Site) {
	at := time.Now()
	x.ControllerCut()
	i, ok := x.opened(at, func(s inventory.Scope) bool { return s.Controller }, inventory.CauseControllerNetwork)
	x.Pass(stayDown)
	healed := time.Now()
	x.ControllerHeal()
	if ok {
		x.ended(i.ID, healed, inventory.CauseControllerNetwork, "")
	}
}
