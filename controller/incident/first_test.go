package incident_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

// room is one site of seven machines, fed piece by piece.
type room struct {
	e       *incident.Engine
	now     time.Time
	changes []inventory.IncidentChange
	asks    []incident.Ask
}

var outside = netip.MustParseAddr("192.0.2.1")

func newRoom() *room {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	estate := incident.Estate{References: 1, Sites: []incident.SiteFacts{{
		Site: inventory.Site{Code: "S001"}, Expected: 7, HasRouter: true,
	}}}
	return &room{e: incident.New(incident.DefaultRules(), estate, now), now: now}
}

func (r *room) step(pieces ...inventory.Evidence) {
	for i := range pieces {
		pieces[i].At = r.now
		if pieces[i].Workstation != "" || pieces[i].Kind == inventory.EvidenceReach {
			pieces[i].Site = "S001"
		}
	}
	out := r.e.Step(r.now, pieces)
	r.changes, r.asks = append(r.changes, out.Changes...), append(r.asks, out.Asks...)
}

func (r *room) all(kind inventory.EvidenceKind, ok bool) (pieces []inventory.Evidence) {
	for i := range 7 {
		pieces = append(pieces, inventory.Evidence{Kind: kind, Workstation: fmt.Sprintf("w%d", i), OK: ok, RTT: 20 * time.Millisecond})
	}
	return pieces
}

func (r *room) wait(d time.Duration) { r.now = r.now.Add(d) }

// silent lets every machine miss a burst.
func (r *room) silent() {
	r.step(r.all(inventory.EvidenceBurstPing, false)...)
	r.wait(100 * time.Millisecond)
	r.step(append(r.all(inventory.EvidenceBurstPing, false), inventory.Evidence{Kind: inventory.EvidenceReach, Reach: inventory.ReachSilent})...)
}

func (r *room) causes() (causes []inventory.Cause) {
	for _, c := range r.changes {
		causes = append(causes, c.Incident.Cause)
	}
	return causes
}

func TestNoCauseIsNamedBeforeTheReferencesHadTheirSay(t *testing.T) {
	t.Parallel()
	for _, answers := range []bool{true, false} {
		r := newRoom()
		r.step(append(r.all(inventory.EvidenceSweep, true), inventory.Evidence{Kind: inventory.EvidenceReference, Target: outside, OK: true})...)
		r.wait(5 * time.Second)
		r.silent()
		if got := r.causes(); !slices.Equal(got, []inventory.Cause{inventory.CauseUnknown}) {
			t.Fatalf("at first it is called %v, want unknown", got)
		}
		if !slices.ContainsFunc(r.asks, func(a incident.Ask) bool { return a.Kind == incident.AskReferences }) {
			t.Error("the references are not asked")
		}
		wait := 100 * time.Millisecond
		if !answers {
			wait = 4 * time.Second
		}
		r.wait(wait)
		r.step(inventory.Evidence{Kind: inventory.EvidenceReference, Target: outside, OK: answers})
		got := r.causes()
		if last := got[len(got)-1]; answers && last != inventory.CauseLinkOrPower || last == inventory.CauseUnknown {
			t.Errorf("with the reference answering %t it is called %v", answers, got)
		}
	}
}

// TestOnlyMachinesThatHadTimeToHearNeighboursSayThatTheyHearFew lets three machines
// say twice that they heard a few of twenty neighbours.
func TestOnlyMachinesThatHadTimeToHearNeighboursSayThatTheyHearFew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		peers int
		up    time.Duration
		back  bool // a neighbour pair has just come back
		want  bool
	}{
		{"as many as can be asked in time", 6, time.Hour, false, false},
		{"cut from half of them", 3, time.Hour, false, true},
		{"just up", 3, 40 * time.Second, false, false},
		{"the neighbours are just back", 3, time.Hour, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRoom()
			r.step(r.all(inventory.EvidenceSweep, true)...)
			r.wait(10 * time.Minute)
			if test.back {
				for i := 5; i < 7; i++ {
					r.step(inventory.Evidence{Kind: inventory.EvidenceMember, Workstation: fmt.Sprintf("w%d", i), Member: inventory.MemberFailed})
				}
				r.wait(time.Second)
			}
			for n := range uint64(3) {
				r.step(r.all(inventory.EvidenceSweep, true)...)
				for i := range 3 {
					r.step(inventory.Evidence{Kind: inventory.EvidenceEntry, Workstation: fmt.Sprintf("w%d", i), Entry: &inventory.JournalEntry{
						N: n + 1, Boot: "b", BootClock: test.up + time.Duration(n)*time.Second, Kind: "tick", Gateway: "yes", Carrier: "yes",
						Power: "mains", Peers: test.peers, PeersKnown: 20, AddrPresent: true,
					}})
				}
				r.wait(time.Second)
			}
			r.step(r.all(inventory.EvidenceSweep, true)...)
			if got := slices.Contains(r.causes(), inventory.CauseLANSegment); got != test.want {
				t.Errorf("lan-segment is concluded: %t, want %t (%v)", got, test.want, r.causes())
			}
		})
	}
}

// TestAMinuteThatASilenceTouchedIsNoMinuteOfTheLink cuts a site for half a minute.
func TestAMinuteThatASilenceTouchedIsNoMinuteOfTheLink(t *testing.T) {
	t.Parallel()
	r := newRoom()
	var minutes []time.Time
	sweep := func(ok bool, times int) {
		for range times {
			pieces := r.all(inventory.EvidenceSweep, ok)
			if !ok {
				pieces = append(pieces, inventory.Evidence{Kind: inventory.EvidenceReach, Reach: inventory.ReachSilent})
			}
			for i := range pieces {
				pieces[i].At, pieces[i].Site = r.now, "S001"
			}
			for _, m := range r.e.Step(r.now, pieces).Minutes {
				minutes = append(minutes, m.At)
			}
			r.wait(1500 * time.Millisecond)
		}
	}
	begun := r.now
	sweep(true, 60)  // until 1:30
	sweep(false, 20) // until 2:00
	sweep(true, 160) // until 6:00
	for _, at := range minutes {
		if n := int(at.Sub(begun) / time.Minute); n == 1 || n == 2 {
			t.Errorf("minute %d counts although the silence touched it or its echo did", n)
		}
	}
	if len(minutes) < 2 {
		t.Errorf("only %d minutes count", len(minutes))
	}
}
