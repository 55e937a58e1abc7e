package intake_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
)

func TestAcknowledgedReportIsStoredAndToldOnce(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	r := m.report()
	m.clock += 10 * time.Minute // it waited for ten minutes before it was sent
	reply := m.accept(r)
	if reply.Seq != r.Seq || reply.Repeat || reply.Settings != nil || reply.Wire != wire.Spoken() {
		t.Errorf("reply %+v", reply)
	}
	a := <-g.accepted
	if a.Workstation != m.id || a.Report.Seq != r.Seq || a.Addr.String() != "127.0.0.1" || a.Via != "" {
		t.Errorf("told %+v", a)
	}
	if waited := a.ReceivedAt.Sub(a.ReadAt); waited != 10*time.Minute {
		t.Errorf("dated %v before it came, want 10m", waited)
	}
	rows, err := g.store.ReportsAfter(t.Context(), 0, 10)
	if err != nil || len(rows) != 1 || rows[0].Workstation != m.id || rows[0].Seq != r.Seq {
		t.Errorf("stored %+v, %v", rows, err)
	}
	if again := m.accept(r); !again.Repeat || again.Seq != r.Seq {
		t.Errorf("the same report again: %+v, want a repeat", again)
	}
	if len(g.accepted) != 0 || g.stored() != 1 {
		t.Error("a repeat was counted again")
	}
}

func TestRelayedReportKeepsNoAddress(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	body, err := json.Marshal(m.report())
	if err != nil {
		t.Fatal(err)
	}
	h := m.headers()
	h[wire.HeaderVia] = "w0000abcd"
	if a := m.send(m.request(wire.ReportPath, body, h)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := <-g.accepted; got.Via != "w0000abcd" || got.Addr.IsValid() {
		t.Errorf("told via %q, address %v", got.Via, got.Addr)
	}
	h[wire.HeaderVia] = "<script>"
	m.send(m.request(wire.ReportPath, body, h)).refused(t, 400, wire.ProblemBody, wire.HeaderVia)
}

func TestSettingsTravelOnlyWhenTheyChanged(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	r := m.report()
	r.SettingsVersion = "s0"
	if reply := m.accept(r); reply.Settings == nil || reply.Settings.Version != "s1" {
		t.Errorf("settings %+v, want version s1", reply.Settings)
	}
	if reply := m.accept(m.report()); reply.Settings != nil {
		t.Errorf("settings came again: %+v", reply.Settings)
	}
}

func TestJournalRecordsAreDatedAndStored(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	r := m.report()
	wrong := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range 3 {
		r.Journal = append(r.Journal, wire.JournalRecord{
			N: uint64(n + 1), Run: m.run, Boot: m.boot, BootClock: m.clock - time.Duration(n)*time.Minute, Wall: wrong,
			Kind: wire.RecordTick, Gateway: wire.Yes, Carrier: wire.Yes, Power: wire.PowerMains,
		})
	}
	m.accept(r)
	a := <-g.accepted
	rows, err := g.store.JournalRecords(t.Context(), m.id, a.ReceivedAt.Add(-time.Hour), a.ReceivedAt.Add(time.Hour))
	if err != nil || len(rows) != 3 {
		t.Fatalf("stored %d records, %v", len(rows), err)
	}
	if got := a.ReceivedAt.Sub(rows[0].At); got.Round(time.Second) != 2*time.Minute {
		t.Errorf("the oldest is dated %v before the report came, want 2m", got)
	}
}

// withHardware fills a report with a hardware list.
func withHardware(t *testing.T, r wire.Report, model string) wire.Report {
	t.Helper()
	r.Hardware = &inventory.Hardware{Maker: inventory.Known("Dell"), Model: inventory.Known(model)}
	hash, _, err := wire.HashList(r.Hardware)
	if err != nil {
		t.Fatal(err)
	}
	r.Hashes.Hardware = hash
	return r
}

func software(t *testing.T, names ...string) (wire.Software, string) {
	t.Helper()
	var programs []inventory.Program
	for _, name := range names {
		programs = append(programs, inventory.Program{Name: name, Version: "1"})
	}
	s := wire.SoftwareOf(programs)
	hash, _, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return s, hash
}

func TestListsTravelWholeOnceAndAreAskedForWhenTheyDiffer(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	r := m.report()
	r.Hashes = wire.Hashes{Hardware: "aaaa", Software: "bbbb"}
	if diff := cmp.Diff([]wire.List{wire.ListHardware, wire.ListSoftware}, m.accept(r).Want); diff != "" {
		t.Errorf("lists that are not there: %s", diff)
	}
	r = withHardware(t, m.report(), "OptiPlex 7010")
	hash := r.Hashes.Hardware
	if want := m.accept(r).Want; want != nil {
		t.Errorf("wants %v though it was sent", want)
	}
	r = m.report()
	r.Hashes.Hardware = hash
	if want := m.accept(r).Want; want != nil {
		t.Errorf("wants %v though it is stored", want)
	}
	lists, err := g.store.Lists(t.Context(), m.id)
	if err != nil || lists.Hardware == nil || lists.Hardware.Model.Or("") != "OptiPlex 7010" {
		t.Errorf("stored %+v, %v", lists.Hardware, err)
	}
}

func TestListThatIsNotWhatItIsCalledIsRefused(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	r := withHardware(t, m.report(), "OptiPlex 7010")
	r.Hashes.Hardware = strings.Repeat("0", 32)
	m.postReport(r).refused(t, 400, wire.ProblemBody, "hardware", m.id, r.Hashes.Hardware)
	r = m.report()
	s, _ := software(t, "Word")
	delta := wire.Software{}.DeltaTo(s, "")
	r.Software, r.Hashes.Software = &delta, strings.Repeat("1", 32)
	m.postReport(r).refused(t, 400, wire.ProblemBody, "software", r.Hashes.Software)
	if g.stored() != 0 {
		t.Error("a refused report was stored")
	}
}

func TestSoftwareDeltaIsAppliedToTheStoredList(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	send := func(from wire.Software, base string, to wire.Software, hash string) []wire.List {
		r := m.report()
		delta := from.DeltaTo(to, base)
		r.Software, r.Hashes.Software = &delta, hash
		return m.accept(r).Want
	}
	stored := func() []string {
		lists, err := g.store.Lists(t.Context(), m.id)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range lists.Software {
			names = append(names, p.Name)
		}
		return names
	}
	one, h1 := software(t, "Word", "Acrobat", "Chrome")
	two, h2 := software(t, "Word", "Chrome", "Framework")
	if want := send(wire.Software{}, "", one, h1); want != nil {
		t.Errorf("whole list: wants %v", want)
	}
	g.ahead(time.Minute)
	if want := send(one, h1, two, h2); want != nil {
		t.Errorf("delta: wants %v", want)
	}
	if diff := cmp.Diff([]string{"Chrome", "Framework", "Word"}, stored()); diff != "" {
		t.Error(diff)
	}
	g.ahead(time.Minute)
	three, h3 := software(t, "Word")
	for name, base := range map[string]string{"a base that is not stored": h1, "a base that never was": "ffff"} {
		if diff := cmp.Diff([]wire.List{wire.ListSoftware}, send(one, base, three, h3)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	wrong := wire.SoftwareDelta{Base: h2, Removed: []inventory.Program{{Name: "Acrobat", Version: "1"}}}
	r := m.report()
	r.Software, r.Hashes.Software = &wrong, h3
	if diff := cmp.Diff([]wire.List{wire.ListSoftware}, m.accept(r).Want); diff != "" {
		t.Errorf("a delta that does not fit: %s", diff)
	}
	if diff := cmp.Diff([]string{"Chrome", "Framework", "Word"}, stored()); diff != "" {
		t.Errorf("a wrong delta changed the list: %s", diff)
	}
	if want := send(wire.Software{}, "", three, h3); want != nil {
		t.Errorf("whole list again: wants %v", want)
	}
	if diff := cmp.Diff([]string{"Word"}, stored()); diff != "" {
		t.Error(diff)
	}
}

func TestSoftwareThatCannotBeReadIsUnknownWithItsReason(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	s := wire.SoftwareUnknown("access denied to the package database")
	hash, _, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r := m.report()
	delta := wire.Software{}.DeltaTo(s, "")
	r.Software, r.Hashes.Software = &delta, hash
	if want := m.accept(r).Want; want != nil {
		t.Errorf("wants %v", want)
	}
	lists, err := g.store.Lists(t.Context(), m.id)
	if err != nil || lists.SoftwareUnknown != "access denied to the package database" || lists.Software != nil {
		t.Errorf("stored %v %q, %v", lists.Software, lists.SoftwareUnknown, err)
	}
}

func TestBacklogComesNewestFirstAndItsOldListsAreNotWanted(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	old := m.report()
	old.Hashes.Hardware = "0000"
	m.accept(withHardware(t, m.report(), "OptiPlex 7010"))
	if want := m.accept(old).Want; want != nil {
		t.Errorf("an older report wants %v", want)
	}
	if g.stored() != 2 {
		t.Errorf("%d reports are stored, want 2", g.stored())
	}
}

func TestNewControllerKnowsListsAndRepeatsOfTheOldOne(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	first := withHardware(t, m.report(), "OptiPlex 7010")
	m.accept(first)
	next := newRig(t, func(h *rig, o *intake.Options) {
		h.authority, h.store = g.authority, g.store
		o.Authority, o.Store = g.authority, g.store
	})
	m.rig = next
	m.dial()
	if reply := m.accept(first); !reply.Repeat || reply.Want != nil {
		t.Errorf("reply %+v, want a repeat that wants nothing", reply)
	}
	r := m.report()
	r.Hashes = first.Hashes
	if want := m.accept(r).Want; want != nil {
		t.Errorf("wants %v though it is stored", want)
	}
	if g.stored() != 2 {
		t.Errorf("%d reports are stored, want 2", g.stored())
	}
}
