package incident_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"muster/inventory"
)

// TestWhatWasMissedWhileTheControllerWasCutOffIsNoFirewall lets a site that had half
// come back from its carrier's outage go with the controller's own network, and
// reports arrive before the next ping.
func TestWhatWasMissedWhileTheControllerWasCutOffIsNoFirewall(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		scenario{
			lasts: 20 * mins, opts: options{Seed: seed, Sites: 8, Carriers: []string{"northnet", "southnet"}}, play: func(w *world) {
				for i, s := range w.Sites() {
					if i%2 == 0 {
						w.At(3*mins, func() { w.CutLink(s) })
						w.At(3*mins+30*sec, func() { w.HealLink(s) })
					}
				}
				w.At(3*mins+30*sec+time.Duration(seed+5)*400*time.Millisecond, func() { w.NetworkDown() })
				w.At(4*mins+30*sec, func() { w.NetworkBack() })
			},
			want: []want{
				{cause: inventory.CauseSharedCarrier, carrier: "northnet", from: 3 * mins, detected: 15 * sec},
				{cause: inventory.CauseControllerNetwork, from: 3*mins + 30*sec, heals: 4*mins + 30*sec, resolved: mins},
			},
			never: []inventory.Cause{inventory.CauseSiteFirewall},
		}.report(t)
	}
}

// TestWhatWasMissedInAnOutageIsNoFirewall lets gossip tell that a site is back, and a
// report come before anything was asked over UDP again.
func TestWhatWasMissedInAnOutageIsNoFirewall(t *testing.T) {
	t.Parallel()
	r := newRoom()
	r.step(r.all(inventory.EvidenceSweep, true)...)
	r.wait(5 * time.Second)
	for range 10 {
		r.silent()
		r.wait(2 * time.Second)
	}
	for i := range 3 {
		r.step(inventory.Evidence{Kind: inventory.EvidenceMember, Workstation: fmt.Sprintf("w%d", i), Member: inventory.MemberJoined})
	}
	r.wait(50 * time.Second)
	for range 10 {
		r.wait(time.Second)
		r.step(inventory.Evidence{Kind: inventory.EvidenceReport, Workstation: "w5", OK: true})
	}
	if slices.Contains(r.causes(), inventory.CauseSiteFirewall) {
		t.Errorf("it is called %v", r.causes())
	}
}

// TestGossipOfASegmentThatIsMendedAccusesNobody lets both sides of a switch that was
// down tell of each other's death when it is over.
func TestGossipOfASegmentThatIsMendedAccusesNobody(t *testing.T) {
	t.Parallel()
	scenario{
		lasts: 15 * mins, opts: options{Seed: 21}, play: func(w *world) {
			s := w.Site("S001")
			w.At(3*mins, func() { w.SwitchDown(s.Machines[:6]) })
			w.At(5*mins, func() { w.SwitchBack(s.Machines[:6]) })
			w.At(5*mins+25*sec, func() { w.Accuse(s.Machines[4:8]...) })
		},
		want: []want{{cause: inventory.CauseLANSegment, site: "S001", from: 3 * mins, detected: mins, heals: 5 * mins, resolved: 15 * sec}},
	}.report(t)
}

// TestAMachineThatConnectedAnewTakesItsFailedProbeBack has a site's machines stall,
// one of them probe the path and find large packets lost, and all of them connect
// again.
func TestAMachineThatConnectedAnewTakesItsFailedProbeBack(t *testing.T) {
	t.Parallel()
	r := newRoom()
	r.step(r.all(inventory.EvidenceSweep, true)...)
	tags := func(uplink string) (pieces []inventory.Evidence) {
		for i := range 4 {
			pieces = append(pieces, inventory.Evidence{Kind: inventory.EvidenceTag, Workstation: fmt.Sprintf("w%d", i), Uplink: uplink})
		}
		return pieces
	}
	on := func(d time.Duration) {
		for until := r.now.Add(d); r.now.Before(until); r.wait(2 * time.Second) {
			r.step(r.all(inventory.EvidenceSweep, true)...)
		}
	}
	on(5 * time.Minute)
	r.step(tags("tls-stall")...)
	on(20 * time.Second)
	r.step(inventory.Evidence{Kind: inventory.EvidenceProbe, Workstation: "w1", Probe: &inventory.ProbeResult{
		Kind: inventory.ProbeMTU, Why: inventory.ProbeElected, Target: "controller", Error: inventory.ProbePathMTU,
	}})
	on(20 * time.Second)
	last := func() inventory.IncidentChange { return r.changes[len(r.changes)-1] }
	if !slices.Contains(r.causes(), inventory.CauseSiteMTU) || last().Step != inventory.IncidentOpened {
		t.Fatalf("it is called %v, %s", r.causes(), last().Step)
	}
	r.step(tags("ok")...)
	on(10 * time.Second)
	if last().Step != inventory.IncidentEnded {
		t.Errorf("after everybody connected anew the newest step is %s", last().Step)
	}
}

// TestAMachineThatTheControllerReachedProvesNoCut reads journals whose last records
// of the outage lie just before and just after the half minute that proves hearing.
func TestAMachineThatTheControllerReachedProvesNoCut(t *testing.T) {
	t.Parallel()
	for _, reached := range []bool{true, false} {
		r := newRoom()
		r.step(append(r.all(inventory.EvidenceSweep, true), inventory.Evidence{Kind: inventory.EvidenceReference, Target: outside, OK: true})...)
		r.wait(time.Second)
		onset := r.now
		for r.now.Sub(onset) < 52*time.Second {
			r.silent()
			r.step(inventory.Evidence{Kind: inventory.EvidenceReference, Target: outside, OK: true})
			r.wait(2 * time.Second)
		}
		r.step(r.all(inventory.EvidenceSweep, true)...)
		r.wait(time.Second)
		var journals []inventory.Evidence
		for i := range 7 {
			for n, after := range []time.Duration{-10 * time.Second, 9 * time.Second, 19 * time.Second, 29 * time.Second} {
				heard := time.Second
				if !reached && after > 0 {
					heard += after
				}
				journals = append(journals, inventory.Evidence{
					At: onset.Add(after), LearntAt: r.now, Kind: inventory.EvidenceEntry, Site: "S001", Workstation: fmt.Sprintf("w%d", i),
					Entry: &inventory.JournalEntry{
						N: uint64(n + 1), Boot: "b", BootClock: time.Hour + after, Kind: "tick", HeardAge: heard, AckAge: heard,
						Gateway: "yes", Carrier: "yes", Power: "mains", Peers: 6, PeersKnown: 6, AddrPresent: true,
					},
				})
			}
		}
		r.changes = append(r.changes, r.e.Step(r.now, journals).Changes...)
		for range 60 {
			r.wait(time.Second)
			r.step(r.all(inventory.EvidenceSweep, true)...)
		}
		if got := slices.Contains(r.causes(), inventory.CauseSiteLinkDown); got == reached {
			t.Errorf("with the controller reaching the machines %t it is called a cut %t: %v", reached, got, r.causes())
		}
	}
}
