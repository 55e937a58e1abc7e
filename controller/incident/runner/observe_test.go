package runner

import (
	"context"
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// said is what is in the runner's queue.
func said(d *drill) []inventory.Evidence { return d.runner.queue.take() }

func TestWhatIsObservedBecomesEvidenceWithItsTimes(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 2, Seed: 1})
	said(d) // that the controller started
	now := d.world.Now()
	site, id := "S001", d.world.Site("S001").Machines[0].ID
	addr := netip.MustParseAddr("10.1.0.7")
	r := d.runner
	member := mesh.Member{Name: id + ".abcde", Workstation: id, Tags: mesh.Tags{Uplink: "ok"}}
	r.Observed(mesh.Observation{Site: site, Workstation: id, Target: addr, At: now.Add(-800 * time.Millisecond), Kind: mesh.ObserveSweep, Missed: true})
	r.Observed(mesh.Observation{Target: addr, At: now, Kind: mesh.ObserveOwnGateway, RTT: time.Millisecond})
	r.Member(mesh.MemberEvent{Kind: mesh.MemberJoin, Site: site, Workstation: id, Member: member, At: now})
	r.Member(mesh.MemberEvent{Kind: mesh.MemberJoin, Site: site, At: now, Member: mesh.Member{Name: "controller", Controller: true}})
	r.Member(mesh.MemberEvent{Kind: mesh.SiteReach, Site: site, Reach: inventory.ReachSilent, At: now})
	r.Member(mesh.MemberEvent{Kind: mesh.MemberLeaveReason, Site: site, Workstation: id, Reason: inventory.LeaveSleep, At: now})
	r.Member(mesh.MemberEvent{Kind: mesh.MemberFail, Site: site, Workstation: id, Member: mesh.Member{Name: id + ".older", Workstation: id}, At: now})
	r.Member(mesh.MemberEvent{Kind: mesh.MemberFail, Site: site, Workstation: id, Member: member, At: now})
	r.Conflict(id, now)
	want := []inventory.Evidence{
		{At: now.Add(-800 * time.Millisecond), LearntAt: now, Kind: inventory.EvidenceSweep, Site: site, Workstation: id, Target: addr},
		{At: now, Kind: inventory.EvidenceOwnGate, Target: addr, OK: true, RTT: time.Millisecond},
		{At: now, Kind: inventory.EvidenceTag, Site: site, Workstation: id, Uplink: "ok"},
		{At: now, Kind: inventory.EvidenceMember, Site: site, Workstation: id, Member: inventory.MemberJoined},
		{At: now, Kind: inventory.EvidenceReach, Site: site, Reach: inventory.ReachSilent},
		{At: now, Kind: inventory.EvidenceLeave, Site: site, Workstation: id, Reason: inventory.LeaveSleep},
		{At: now, Kind: inventory.EvidenceMember, Site: site, Workstation: id, Member: inventory.MemberFailed},
		{At: now, Kind: inventory.EvidenceClone, Site: site, Workstation: id},
	}
	if diff := cmp.Diff(want, said(d), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAReportIsASignOfLifeWithItsJournalAndProbesInTheControllersTime(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 2, Seed: 1})
	said(d)
	now := d.world.Now()
	id := d.world.Site("S002").Machines[0].ID
	record := wire.JournalRecord{
		N: 7, Run: "run-1", Boot: "boot-1", BootClock: 50 * time.Minute, Kind: wire.RecordTick, PacketAge: 90 * time.Second, AckAge: wire.Never,
		Gateway: wire.Yes, Peers: 3, PeersKnown: 5, Carrier: wire.Yes, Addr: netip.MustParseAddr("10.2.0.7"), Power: wire.PowerMains,
	}
	probe := inventory.ProbeResult{Kind: inventory.ProbeHTTP, Why: inventory.ProbeRota, Service: "email", Target: "https://mail.example.org/", BootClock: 59 * time.Minute}
	accepted := intake.Accepted{
		Workstation: id, Via: "w99999999", ReceivedAt: now, ReadAt: now.Add(-time.Second),
		Report: wire.Report{
			Workstation: id, Boot: "boot-1", BootClock: time.Hour, Journal: []wire.JournalRecord{record}, Probes: []inventory.ProbeResult{probe},
		},
		Journal: []inventory.JournalRow{{Boot: "boot-1", BootClock: record.BootClock, At: now.Add(-10 * time.Minute), Kind: "tick"}},
	}
	d.runner.Accepted(accepted)
	got := said(d)
	if len(got) != 3 {
		t.Fatalf("it became %d pieces: %v", len(got), got)
	}
	if p := got[0]; p.Kind != inventory.EvidenceReport || p.Site != "S002" || p.Via != "w99999999" || p.Boot != "boot-1" || !p.At.Equal(now) {
		t.Errorf("the report is %+v", p)
	}
	entry := got[1].Entry
	if got[1].Kind != inventory.EvidenceEntry || !got[1].At.Equal(now.Add(-10*time.Minute)) || !got[1].LearntAt.Equal(now) ||
		entry.HeardAge != 90*time.Second || entry.AckAge >= 0 || entry.Gateway != "yes" || entry.Peers != 3 || !entry.AddrPresent || entry.Power != "mains" {
		t.Errorf("the journal record is %+v, %+v", got[1], entry)
	}
	if p := got[2]; p.Kind != inventory.EvidenceProbe || p.Probe.Service != "email" || p.OK || !p.At.Equal(now.Add(-time.Minute-time.Second)) {
		t.Errorf("the probe is %+v", p)
	}
}

func TestRecordsOfStopsAreDatedByTheControllersClock(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 2, Seed: 1})
	said(d)
	now := d.world.Now()
	wall := now.Add(10 * time.Minute) // the machine's clock is ten minutes fast
	id := d.world.Site("S001").Machines[0].ID
	stop := func(before time.Duration) inventory.Stop {
		return inventory.Stop{At: wall.Add(-before), Kind: inventory.StopUnclean, Source: "wtmp"}
	}
	d.runner.Accepted(intake.Accepted{Workstation: id, ReceivedAt: now, ReadAt: now, Report: wire.Report{
		Workstation: id, Boot: "boot-2", Wall: wall, Stops: []inventory.Stop{stop(3 * time.Minute)},
	}})
	got := said(d)
	if len(got) != 2 || got[1].Kind != inventory.EvidenceStop || !got[1].At.Equal(now.Add(-3*time.Minute)) || got[1].Stop.Source != "wtmp" {
		t.Errorf("it became %+v", got)
	}
}

func TestAMachineThatReportsFromAnotherSiteHasMoved(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 2, Seed: 1})
	said(d)
	now := d.world.Now()
	id := d.world.Site("S001").Machines[0].ID
	at := "S001"
	d.runner.o.SiteOf = func(string) string { return at }
	report := intake.Accepted{Workstation: id, ReceivedAt: now, ReadAt: now, Report: wire.Report{Workstation: id, Boot: "boot-1"}}
	d.runner.Accepted(report)
	at = "S002"
	d.runner.Accepted(report)
	d.runner.Accepted(report)
	var moves []inventory.Evidence
	for _, p := range said(d) {
		if p.Kind == inventory.EvidenceMoved {
			moves = append(moves, p)
		}
	}
	if len(moves) != 1 || moves[0].From != "S001" || moves[0].Site != "S002" {
		t.Errorf("the moves are %v", moves)
	}
}

func TestMembersAreReadAnewWhereEventsWereDropped(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 2, Seed: 1})
	said(d)
	a, b := d.world.Site("S001").Machines[0].ID, d.world.Site("S001").Machines[1].ID
	d.runner.o.Members = func(string) []inventory.PoolMember {
		return []inventory.PoolMember{
			{Name: "controller", Controller: true, State: "alive"},
			{Name: a + ".new", Workstation: a, State: "alive"},
			{Name: a + ".old", Workstation: a, State: "failed"},
			{Name: b + ".old", Workstation: b, State: "failed"},
		}
	}
	d.runner.alive("S001", b, b+".old")
	d.runner.Member(mesh.MemberEvent{Kind: mesh.MembersMissed, Site: "S001", At: d.world.Now()})
	got := map[string]inventory.MemberChange{}
	for _, p := range said(d) {
		got[p.Workstation] += p.Member
	}
	if diff := cmp.Diff(map[string]inventory.MemberChange{a: inventory.MemberJoined, b: inventory.MemberFailed}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// logged is a store with an intake log of its own.
type logged struct {
	Store

	log []inventory.LoggedReport
}

// LastReport implements Store.
func (l logged) LastReport(context.Context) (int64, error) { return int64(len(l.log)), nil }

// ReportsAfter implements Store; it gives two at a time.
func (l logged) ReportsAfter(_ context.Context, position int64, _ int) ([]inventory.LoggedReport, error) {
	rest := l.log[min(position, int64(len(l.log))):]
	return rest[:min(len(rest), 2)], nil
}

func TestReportsThatWereTakenAndNotJudgedAreJudgedAtTheStart(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 2, Seed: 1})
	now := d.world.Now()
	id := d.world.Site("S001").Machines[0].ID
	body, err := json.Marshal(wire.Report{
		Workstation: id, Boot: "boot-2", BootClock: time.Minute, Wall: now, Stops: []inventory.Stop{{At: now.Add(-time.Minute), Kind: inventory.StopUnclean}},
		Probes: []inventory.ProbeResult{{Kind: inventory.ProbeHTTP, Service: "email", BootClock: time.Minute}},
	})
	if err != nil {
		t.Fatal(err)
	}
	used := logged{Store: d.kept}
	for n := range 5 {
		used.log = append(used.log, inventory.LoggedReport{Position: int64(n + 1), ReportRow: inventory.ReportRow{
			Workstation: id, Boot: "boot-2", ReceivedAt: now, ReadAt: now, Body: body,
		}})
	}
	engine := incident.New(incident.DefaultRules(), d.world.Estate(), now)
	snapshot, err := engine.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.kept.KeepIncidents(t.Context(), nil, &inventory.EngineState{SavedAt: now, Position: 2, Body: snapshot}); err != nil {
		t.Fatal(err)
	}
	d.used = used
	d.start()
	kinds := map[inventory.EvidenceKind]int{}
	for _, p := range said(d) {
		kinds[p.Kind]++
	}
	want := map[inventory.EvidenceKind]int{inventory.EvidenceStart: 1, inventory.EvidenceReport: 3, inventory.EvidenceProbe: 3, inventory.EvidenceStop: 3}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if d.runner.journals.boots(id) != 1 {
		t.Error("the boot that the log names is not remembered")
	}
}
