package app

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/agent/report"
	"muster/inventory"
	"muster/inventory/wire"
)

func TestEdgesNameWhatChanged(t *testing.T) {
	before := wire.JournalRecord{Gateway: wire.Yes, Carrier: wire.Yes, Power: wire.PowerMains}
	after := wire.JournalRecord{Gateway: wire.No, Carrier: wire.Yes, Power: wire.PowerBattery}
	if got := edges(before, after, "ok", "lost"); got != "gateway no, power battery, uplink lost" {
		t.Errorf("edges are %q", got)
	}
	if got := edges(before, before, "", ""); got != "" {
		t.Errorf("nothing changed, and edges are %q", got)
	}
}

func TestAMachineIsCutOffWhenTheControllerIsSilentOrOutOfReach(t *testing.T) {
	tests := map[string]struct {
		age     time.Duration
		peers   int
		failing bool
		want    bool
	}{
		"heard":                     {10 * time.Second, 14, false, false},
		"silent":                    {50 * time.Second, 14, false, true},
		"large pool, swept seldom":  {2 * time.Minute, 60, false, false},
		"large pool, silent":        {4 * time.Minute, 60, false, true},
		"no pool":                   {wire.Never, 0, false, false},
		"no pool, reports fail":     {wire.Never, 0, true, true},
		"heard, but reports do not": {time.Second, 14, true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := cutOff(wire.JournalRecord{PacketAge: test.age, PeersKnown: test.peers}, test.failing); got != test.want {
				t.Errorf("cut off is %v", got)
			}
		})
	}
}

func TestAnOutageIsOwedFromALittleBeforeIt(t *testing.T) {
	at := func(clock, age time.Duration) wire.JournalRecord {
		return wire.JournalRecord{Boot: "boot", BootClock: clock, PacketAge: age, AckAge: wire.Never}
	}
	var o outage
	var owed *wire.JournalSpan
	if o, owed = o.step(at(time.Hour, time.Minute), true); owed != nil || !o.open {
		t.Fatalf("at its beginning %v is owed", owed)
	}
	if o, owed = o.step(at(time.Hour+time.Minute, 2*time.Minute), true); owed != nil {
		t.Fatalf("within it %v is owed", owed)
	}
	_, owed = o.step(at(time.Hour+2*time.Minute, time.Second), false)
	want := &wire.JournalSpan{Boot: "boot", From: 57 * time.Minute, To: 62 * time.Minute}
	if diff := cmp.Diff(want, owed); diff != "" {
		t.Error(diff)
	}
	if span := spanBefore("boot", time.Hour, 48*time.Hour); span.From != 42*time.Hour {
		t.Errorf("of a long outage travels unasked what is after %s", span.From)
	}
}

func TestTheEndOfABootThatStoppedWithoutAWordIsOwed(t *testing.T) {
	last := wire.JournalRecord{Boot: "old", BootClock: time.Hour, PacketAge: 5 * time.Second, AckAge: time.Minute, PeersKnown: 14, Kind: wire.RecordTick}
	with := func(change func(*wire.JournalRecord)) wire.JournalRecord {
		r := last
		change(&r)
		return r
	}
	tests := map[string]struct {
		found wire.JournalRecord
		boot  string
		want  *wire.JournalSpan
	}{
		"power cut": {last, "new", &wire.JournalSpan{Boot: "old", From: time.Hour - 5*time.Second - 2*time.Minute, To: time.Hour}},
		"shutdown":  {with(func(r *wire.JournalRecord) { r.Kind = wire.RecordLeave }), "new", nil},
		"shutdown while cut off": {
			with(func(r *wire.JournalRecord) {
				r.Kind, r.PacketAge, r.AckAge = wire.RecordLeave, 10*time.Minute, 10*time.Minute
			}), "new",
			&wire.JournalSpan{Boot: "old", From: 48 * time.Minute, To: time.Hour},
		},
		"agent restarted": {last, "old", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, owedAtStart(test.found, test.boot)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKindIsSaidOrJudgedByTheChassis(t *testing.T) {
	tests := map[string]struct {
		said inventory.AssetKind
		hw   inventory.Hardware
		want inventory.AssetKind
	}{
		"laptop":   {"", inventory.Hardware{Chassis: inventory.Known("Convertible")}, inventory.AssetLaptop},
		"desktop":  {"", inventory.Hardware{Chassis: inventory.Known("Mini PC")}, inventory.AssetDesktop},
		"unknown":  {"", inventory.Hardware{}, inventory.AssetDesktop},
		"battery":  {"", inventory.Hardware{Battery: inventory.Known(inventory.Battery{Present: true})}, inventory.AssetLaptop},
		"as it is": {inventory.AssetDesktop, inventory.Hardware{Chassis: inventory.Known("Laptop")}, inventory.AssetDesktop},
	}
	for name, test := range tests {
		if got := kindOf(test.said, test.hw); got != test.want {
			t.Errorf("%s is taken for a %s", name, got)
		}
	}
}

func TestTheDigestNamesWhatIsWrong(t *testing.T) {
	h := inventory.Health{
		Disks:          inventory.Known([]inventory.DiskHealth{{TotalBytes: 100, FreeBytes: 3}}),
		RestartPending: inventory.Known(true), ClockSynced: inventory.Known(false),
		Protection: inventory.Known([]inventory.Protection{{Name: "x", Enabled: inventory.Known(false)}}),
	}
	if got := digestOf(h); got != "disk,restart-pending,clock,protection" {
		t.Errorf("digest is %q", got)
	}
	if got := digestOf(inventory.Health{}); got != "" {
		t.Errorf("of nothing known the digest is %q", got)
	}
}

func TestRefusedEnrolmentsAreTriedSeldom(t *testing.T) {
	refused := &wire.Problem{Type: wire.ProblemToken, Status: 403}
	if wait := enrolWait(refused, 1, 0); wait != enrolRefused/2 {
		t.Errorf("after a refusal %s", wait)
	}
	if wait := enrolWait(errors.New("no way"), 1, 0); wait != time.Second {
		t.Errorf("after a first failure %s", wait)
	}
	if wait := enrolWait(&report.RetryLater{Problem: &wire.Problem{Status: 503}, After: 3 * time.Minute}, 1, 0.999); wait < 2*time.Minute {
		t.Errorf("asked to wait three minutes, it waits %s", wait)
	}
	for failures := 1; failures < 100; failures++ {
		if wait := enrolWait(errors.New("no way"), failures, 0.999); wait > enrolLatest {
			t.Fatalf("after %d failures %s", failures, wait)
		}
	}
}
