package incident_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

// few is a site of a handful of machines, whose evidence a test writes piece by
// piece.
type few struct {
	e       *incident.Engine
	start   time.Time
	changes []inventory.IncidentChange
	asks    []incident.Ask
}

func newFew(expected int) *few {
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	estate := incident.Estate{Services: []inventory.Service{{Name: "email"}}}
	for _, code := range []string{"S001", "S002", "S003"} {
		estate.Sites = append(estate.Sites, incident.SiteFacts{Site: inventory.Site{Code: code}, Expected: expected, HasRouter: true})
	}
	f := &few{e: incident.New(incident.DefaultRules(), estate, start), start: start}
	f.e.SetBaselines(map[string]incident.Baseline{"S001": usualLink()})
	return f
}

// usualLink is 20 ms with little about it, on Monday mornings.
func usualLink() incident.Baseline {
	var past []inventory.Evidence
	for _, monday := range []int{2, 9, 16} {
		for n := range 120 {
			at := time.Date(2026, 11, monday, 9, 30, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
			past = append(past, inventory.Evidence{At: at, Kind: inventory.EvidenceLink, Site: "S001", OK: true, RTT: 20 * time.Millisecond, Jitter: time.Millisecond})
		}
	}
	return incident.BuildBaseline(past, time.UTC)
}

// at takes pieces up, each at an instant after the start.
func (f *few) at(after time.Duration, pieces ...inventory.Evidence) {
	now := f.start.Add(after)
	for i := range pieces {
		pieces[i].At = now
		if pieces[i].Site == "" {
			pieces[i].Site = "S001"
		}
	}
	out := f.e.Step(now, pieces)
	f.changes, f.asks = append(f.changes, out.Changes...), append(f.asks, out.Asks...)
}

// shown are the causes of incidents that are no presence, in order.
func (f *few) shown() (causes []inventory.Cause) {
	for _, c := range f.changes {
		if cause := c.Incident.Cause; !cause.Presence() && !slices.Contains(causes, cause) {
			causes = append(causes, cause)
		}
	}
	return causes
}

func ping(who string, ok bool, rtt time.Duration) inventory.Evidence {
	return inventory.Evidence{Kind: inventory.EvidenceSweep, Workstation: who, OK: ok, RTT: rtt}
}

func burst(who string, ok bool) inventory.Evidence {
	return inventory.Evidence{Kind: inventory.EvidenceBurstPing, Workstation: who, OK: ok, RTT: 20 * time.Millisecond}
}

func port(who string, refused bool) inventory.Evidence {
	e := inventory.Evidence{Kind: inventory.EvidenceBurstTCP, Workstation: who, OK: true}
	if refused {
		e.Error = string(inventory.ProbeRefused)
	}
	return e
}

func router() inventory.Evidence {
	return inventory.Evidence{Kind: inventory.EvidenceRouter, OK: true, RTT: 20 * time.Millisecond}
}

// TestTheOnlyMachinesAgentIsMissedWithoutNeighbours kills the agent of a site's
// only machine, which refuses connections: no gossip can tell.
func TestTheOnlyMachinesAgentIsMissedWithoutNeighbours(t *testing.T) {
	t.Parallel()
	f := newFew(1)
	f.at(0, ping("w1", true, 20*time.Millisecond), router())
	for n := range 20 {
		after := time.Minute + time.Duration(n)*time.Second
		f.at(after, burst("w1", false))
		f.at(after+100*time.Millisecond, port("w1", true), router())
	}
	if got := f.shown(); !slices.Equal(got, []inventory.Cause{inventory.CauseAgentFault}) {
		t.Fatalf("after 20 s it is called %v, want an agent's fault", got)
	}
	if g := f.changes[len(f.changes)-1].Incident.Grade; g != inventory.GradeInferred {
		t.Errorf("by one observer's word it is %s", g)
	}
	// It starts: its report comes a moment before its first answer over UDP.
	f.at(3*time.Minute, inventory.Evidence{Kind: inventory.EvidenceReport, Workstation: "w1", OK: true, Boot: "b2"})
	f.at(3*time.Minute+50*time.Millisecond, burst("w1", true))
	if got := f.shown(); slices.Contains(got, inventory.CauseSiteFirewall) {
		t.Errorf("an agent that starts is called %v", got)
	}
}

// TestOneOfTwoIsMissedBeforeItsNeighbourSaysSo crashes one of two machines, and
// nobody's gossip comes.
func TestOneOfTwoIsMissedBeforeItsNeighbourSaysSo(t *testing.T) {
	t.Parallel()
	f := newFew(2)
	f.sweep(3, 2, func(int, int) (bool, time.Duration) { return true, 20 * time.Millisecond })
	for n := range 8 {
		after := 3*time.Minute + time.Duration(n)*time.Second
		f.at(after, burst("w0", false), burst("w1", true))
	}
	if n := len(f.changes); n == 0 || f.changes[n-1].Incident.Cause != inventory.CauseWorkstationSilent || len(f.shown()) > 0 {
		t.Errorf("after 8 s there are %d changes, the causes %v", n, f.shown())
	}
}

// sweep asks machines in turn for some minutes, and the router once a minute.
func (f *few) sweep(minutes, machines int, answer func(who, n int) (bool, time.Duration)) {
	for n := range minutes * 30 {
		after := time.Duration(n) * 2 * time.Second
		who := n % machines
		name := fmt.Sprintf("w%d", who)
		ok, rtt := answer(who, n)
		f.at(after, ping(name, ok, rtt))
		if !ok { // the burst behind it finds the machine alive
			f.at(after+500*time.Millisecond, burst(name, true))
		}
		if n%30 == 0 {
			f.at(after+time.Second, router())
		}
	}
}

func TestASlowMachineIsNoSlowLinkWhileTheRouterIsAsFastAsEver(t *testing.T) {
	t.Parallel()
	f := newFew(1)
	f.sweep(12, 1, func(_, n int) (bool, time.Duration) {
		if n < 60 {
			return true, 20 * time.Millisecond
		}
		return true, 240 * time.Millisecond
	})
	if got := f.shown(); len(got) > 0 {
		t.Errorf("one starved machine is called %v", got)
	}
}

func TestLossOfOneMachineIsNoLossOfTheLink(t *testing.T) {
	t.Parallel()
	for loses, want := range map[string][]inventory.Cause{"one": nil, "both": {inventory.CauseLinkDegraded}} {
		f := newFew(2)
		f.sweep(12, 2, func(who, n int) (bool, time.Duration) {
			return n < 60 || n/2%3 > 0 || loses == "one" && who == 1, 20 * time.Millisecond
		})
		if got := f.shown(); !slices.Equal(got, want) {
			t.Errorf("where %s of two machines loses packets it is called %v, want %v", loses, got, want)
		}
	}
}

func probed(site, who string, kind inventory.ProbeKind, fails inventory.ProbeError) inventory.Evidence {
	p := &inventory.ProbeResult{Service: "email", Kind: kind, OK: fails == "", Error: fails, ConnectMillis: 20}
	if p.OK {
		p.FirstByteMillis = 20
	}
	return inventory.Evidence{Kind: inventory.EvidenceProbe, Site: site, Workstation: who, OK: p.OK, Probe: p}
}

// TestPacketsThatPassDoNotMakeAServiceWell lets a service stall everywhere while
// packets of any size pass on the way to it.
func TestPacketsThatPassDoNotMakeAServiceWell(t *testing.T) {
	t.Parallel()
	f := newFew(1)
	for n, site := range []string{"S001", "S002", "S003"} {
		f.at(time.Duration(n)*time.Second, probed(site, "w-"+site, inventory.ProbeHTTP, ""))
	}
	for n := range 3 {
		for k, site := range []string{"S001", "S002", "S003"} {
			after := 10*time.Minute + time.Duration(n)*time.Minute + time.Duration(k)*time.Second
			f.at(after, probed(site, "w-"+site, inventory.ProbeHTTP, inventory.ProbeTimeout))
			f.at(after+10*time.Second, probed(site, "w-"+site, inventory.ProbeMTU, ""))
		}
	}
	if got := f.shown(); !slices.Contains(got, inventory.CauseServiceOutage) {
		t.Errorf("it is called %v", got)
	}
}

// TestAServiceThatStallsAwaitsTheSizeOfPackets holds back a site's service outage
// until it is known that large packets pass; where they do not it is the path's.
func TestAServiceThatStallsAwaitsTheSizeOfPackets(t *testing.T) {
	t.Parallel()
	for size, want := range map[inventory.ProbeError]inventory.Cause{"": inventory.CauseServiceOutage, inventory.ProbePathMTU: inventory.CauseSiteMTU} {
		f := newFew(2)
		for n, site := range []string{"S001", "S002", "S003"} {
			f.at(time.Duration(n)*time.Second, probed(site, "w-"+site, inventory.ProbeHTTP, ""))
		}
		f.at(10*time.Minute, probed("S001", "w0", inventory.ProbeHTTP, inventory.ProbeTimeout))
		f.at(10*time.Minute+10*time.Second, probed("S001", "w1", inventory.ProbeHTTP, inventory.ProbeTimeout))
		for n := range 20 {
			f.at(10*time.Minute+time.Duration(n+11)*time.Second, probed("S002", "w-S002", inventory.ProbeHTTP, ""))
		}
		if got := f.shown(); len(got) > 0 {
			t.Fatalf("before the size is known it is called %v", got)
		}
		for n := range 20 {
			for _, who := range []string{"w0", "w1"} {
				f.at(11*time.Minute+time.Duration(n)*time.Second, probed("S001", who, inventory.ProbeMTU, size))
			}
		}
		if got := f.shown(); !slices.Equal(got, []inventory.Cause{want}) {
			t.Errorf("with %q of large packets it is called %v, want %s", size, got, want)
		}
	}
}
