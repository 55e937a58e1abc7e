package report

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
	"muster/inventory/wire"
)

// bubble runs a test on fake time with a desk that is stopped at its end.
func bubble(t *testing.T, run func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		defer func() { d.stop() }()
		run(t, d)
	})
}

// pass lets fake time go by and everything in it happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestFirstReportCarriesEverythingAndLaterOnesOnlyWhatChanged(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(time.Second)
		first := d.controller.taken()
		if len(first) != 1 || first[0].Hardware == nil || first[0].Firmware == nil || first[0].OS == nil ||
			first[0].Software == nil || first[0].Network == nil || first[0].Health == nil {
			t.Fatalf("the first report is %+v", first)
		}
		pass(30 * time.Minute)
		all := d.controller.taken()
		if len(all) < 6 || len(all) > 8 {
			t.Errorf("%d reports in half an hour in which nothing changed", len(all))
		}
		for _, r := range all[1:] {
			if r.Hardware != nil || r.Software != nil || r.Network != nil || len(r.Journal) != 0 {
				t.Errorf("report %d carries again what is known: %+v", r.Seq, r)
			}
		}
		d.machine.mu.Lock()
		defer d.machine.mu.Unlock()
		if d.machine.reads != 1 {
			t.Errorf("hardware was read %d times", d.machine.reads)
		}
	})
}

// TestADayOfQuietIsAFewSmallReports lets health waver below its thresholds.
func TestADayOfQuietIsAFewSmallReports(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(time.Minute)
		d.machine.set(func(m *machine) {
			m.health.Disks = inventory.Known([]inventory.DiskHealth{{Mount: "/", TotalBytes: 1 << 40, FreeBytes: 1 << 39}})
		})
		pass(10 * time.Minute)
		before := len(d.controller.taken())
		for i := range 24 * 60 {
			pass(time.Minute)
			d.machine.set(func(m *machine) {
				m.health.MemoryUsedRatio = inventory.Known(0.4 + 0.1*float64(i%3))
				m.health.LoadRatio = inventory.Known(0.3 * float64(i%4))
				m.health.AgentCPUSeconds = inventory.Known(float64(i))
				m.health.UptimeSeconds = inventory.Known(int64(60 * i))
			})
		}
		all := d.controller.taken()[before:]
		if len(all) < 280 || len(all) > 320 {
			t.Errorf("%d reports in a day in which nothing changed", len(all))
		}
		bare, sum := 0, 0
		for i, r := range all {
			body := len(d.controller.bodies[r.Seq])
			sum += body
			if r.Health == nil && r.Network == nil && r.Hashes == (wire.Hashes{}) {
				bare++
				if body > 400 {
					t.Errorf("report %d has nothing to say and %d bytes", r.Seq, body)
				}
			}
			// The controller looks for the last of each in twenty reports.
			if i >= 20 && !slices.ContainsFunc(all[i-19:i+1], func(r wire.Report) bool { return r.Health != nil && r.Network != nil }) {
				t.Fatalf("twenty reports up to %d hold no health", r.Seq)
			}
		}
		if bare*10 < len(all)*9 {
			t.Errorf("of %d reports %d have nothing to say", len(all), bare)
		}
	})
}

func TestAChangeTravelsWithinAMinuteAndNoiseDoesNot(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(4 * time.Minute)
		before := len(d.controller.taken())
		d.machine.set(func(m *machine) { m.health.MemoryUsedRatio = inventory.Known(0.5) })
		pass(25 * time.Second)
		if n := len(d.controller.taken()); n != before {
			t.Errorf("%d reports for noise", n-before)
		}
		d.machine.set(func(m *machine) { m.health.RestartPending = inventory.Known(true) })
		pass(25 * time.Second)
		if n := len(d.controller.taken()); n != before+1 {
			t.Errorf("%d reports for a change", n-before)
		}
		for i := range 20 { // flapping
			d.machine.set(func(m *machine) { m.health.RestartPending = inventory.Known(i%2 == 0) })
			pass(30 * time.Second)
		}
		if n := len(d.controller.taken()); n > before+12 {
			t.Errorf("%d reports in ten minutes of flapping", n-before)
		}
	})
}

func TestSoftwareTravelsAsADifference(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(time.Minute)
		d.machine.set(func(m *machine) { m.programs[0].Version = "131" })
		pass(70 * time.Minute)
		var deltas []*wire.SoftwareDelta
		for _, r := range d.controller.taken() {
			if r.Software != nil {
				deltas = append(deltas, r.Software)
			}
		}
		if len(deltas) != 2 || deltas[1].Base == "" {
			t.Fatalf("deltas are %+v", deltas)
		}
		want := &wire.SoftwareDelta{
			Base: deltas[1].Base, Added: []inventory.Program{{Name: "Firefox", Version: "131"}},
			Removed: []inventory.Program{{Name: "Firefox", Version: "130"}},
		}
		if diff := cmp.Diff(want, deltas[1]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSoftwareBaseOutlivesARestart(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(time.Minute)
		d.stop()
		d.machine.set(func(m *machine) { m.programs = m.programs[:1] })
		d.start()
		pass(time.Minute)
		last := d.controller.taken()[1]
		if last.Software == nil || last.Software.Base == "" || len(last.Software.Removed) != 1 || last.Hardware != nil {
			t.Errorf("after a restart came %+v", last)
		}
		if len(d.controller.runs) != 1 {
			t.Errorf("runs are %v", d.controller.runs)
		}
	})
}

func TestBatteryChargeIsNoChangeOfHardware(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(time.Minute)
		d.machine.set(func(m *machine) {
			m.hardware.Battery = inventory.Known(inventory.Battery{Present: true, ChargePercent: 20, OnMains: true})
		})
		pass(3 * time.Hour)
		for _, r := range d.controller.taken()[1:] {
			if r.Hardware != nil || r.Hashes != (wire.Hashes{}) && r.Hashes.Hardware != d.controller.taken()[0].Hashes.Hardware {
				t.Fatalf("report %d carries hardware again", r.Seq)
			}
		}
		d.machine.set(func(m *machine) { m.hardware.MemoryBytes = inventory.Known(int64(16 << 30)) })
		pass(3 * time.Hour)
		carried := 0
		for _, r := range d.controller.taken()[1:] {
			if r.Hardware != nil {
				carried++
			}
		}
		if carried != 1 {
			t.Errorf("more memory was carried %d times", carried)
		}
	})
}

func TestAnUnacknowledgedReportIsSentAgainWithTheSameBody(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(time.Minute)
		d.controller.set(func(c *controller) { c.swallow = true })
		pass(10 * time.Minute)
		d.stop() // and across a restart
		d.machine.set(func(m *machine) { m.boot = "boot-two" })
		d.start()
		pass(5 * time.Minute)
		d.controller.set(func(c *controller) { c.swallow = false })
		pass(2 * time.Minute)
		all := d.controller.taken()
		if d.controller.repeats < 3 || len(all) < 3 {
			t.Fatalf("%d repeats, %d reports", d.controller.repeats, len(all))
		}
		seen := map[uint64]bool{}
		for _, r := range all {
			if seen[r.Seq] {
				t.Errorf("number %d was used twice", r.Seq)
			}
			seen[r.Seq] = true
		}
		if all[len(all)-1].Boot != "boot-two" {
			t.Errorf("the last report is of %s", all[len(all)-1].Boot)
		}
	})
}

func TestRetriesBackOffAndANudgeShortensTheWait(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		d.controller.set(func(c *controller) { c.refuse = errNoWay })
		pass(time.Hour)
		if d.controller.posts < 55 || d.controller.posts > 130 {
			t.Errorf("%d tries in an hour", d.controller.posts)
		}
		d.controller.set(func(c *controller) { c.refuse = nil })
		pass(3 * time.Second)
		d.reporter.Nudge()
		pass(3 * time.Second)
		if len(d.controller.taken()) == 0 {
			t.Error("nothing came after the nudge")
		}
	})
}

func TestOwedJournalTravelsNewestFirstInPieces(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(time.Minute)
		d.write("boot-old", 0, 500)
		d.reporter.Owe(wire.JournalSpan{Boot: "boot-old", From: 20 * time.Second, To: 5000 * time.Second})
		pass(2 * time.Minute)
		var numbers []uint64
		biggest := 0
		for _, r := range d.controller.taken() {
			biggest = max(biggest, len(r.Journal))
			for _, record := range r.Journal {
				numbers = append(numbers, record.N)
			}
		}
		if len(numbers) != 498 || biggest > maxOwedRecords {
			t.Fatalf("%d records came, %d at once", len(numbers), biggest)
		}
		for i := 1; i < len(numbers); i++ {
			if numbers[i] != numbers[i-1]-1 {
				t.Fatalf("after record %d came %d", numbers[i-1], numbers[i])
			}
		}
	})
}

func TestEventsOfTheJournalTravelOnce(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		edge := tick("boot-one", time.Second)
		edge.Kind, edge.Reason = wire.RecordEdge, "gateway lost"
		_, _ = d.journal.Append(edge)
		pass(20 * time.Minute)
		_, _ = d.journal.Append(edge)
		pass(20 * time.Minute)
		count := 0
		for _, r := range d.controller.taken() {
			count += len(r.Journal)
		}
		if count != 2 {
			t.Errorf("%d records came", count)
		}
	})
}

func TestWhatTheControllerWantsComesSoonAndWhole(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		d.controller.set(func(c *controller) {
			c.reply = func(r *wire.Reply) {
				r.Want = []wire.List{wire.ListSoftware, wire.ListHardware}
				r.WantJournal = &wire.JournalSpan{Boot: "boot-old", To: time.Minute}
			}
		})
		d.write("boot-old", 0, 4)
		pass(10 * time.Second)
		all := d.controller.taken()
		if len(all) != 2 || all[1].Hardware == nil || all[1].Software == nil || all[1].Software.Base != "" ||
			len(all[1].Software.Added) != 2 || len(all[1].Journal) != 4 {
			t.Fatalf("reports are %+v", all)
		}
	})
}

func TestRefusalsAreJudged(t *testing.T) {
	problem := func(kind string, status int) error { return &wire.Problem{Type: kind, Title: "no", Status: status} }
	tests := map[string]struct {
		err          error
		least, most  time.Duration
		drop, refuse bool
	}{
		"no way":            {errNoWay, time.Second, 2 * time.Second, false, false},
		"identity conflict": {problem(wire.ProblemIdentity, 409), time.Hour, 75 * time.Minute, false, true},
		"certificate":       {problem(wire.ProblemCert, 403), 10 * time.Minute, 15 * time.Minute, false, true},
		"version":           {problem(wire.ProblemVersion, 400), 10 * time.Minute, 15 * time.Minute, true, true},
		"body":              {problem(wire.ProblemBody, 400), time.Second, 2 * time.Second, true, true},
		"busy":              {problem(wire.ProblemBusy, 503), time.Second, 2 * time.Second, false, true},
		"busy, said when": {
			&RetryLater{Problem: &wire.Problem{Type: wire.ProblemBusy, Status: 503}, After: 40 * time.Second},
			40 * time.Second, 50 * time.Second, false, true,
		},
		"something else": {problem("", 404), 10 * time.Minute, 15 * time.Minute, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, jitter := range []float64{0, 0.5, 0.999} {
				v := judge(test.err, 1, jitter)
				if v.wait < test.least || v.wait > test.most || v.drop != test.drop || v.refused != test.refuse {
					t.Errorf("verdict is %+v", v)
				}
			}
		})
	}
}

func TestARefusedBodyIsGivenUpAndItsContentTravelsAnew(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		d.controller.set(func(c *controller) {
			c.refuse = &wire.Problem{Type: wire.ProblemBody, Title: "too large", Status: 413}
		})
		pass(time.Second)
		d.controller.set(func(c *controller) { c.refuse = nil })
		pass(5 * time.Second)
		all := d.controller.taken()
		if len(all) != 1 || all[0].Seq != 2 || all[0].Hardware == nil || all[0].Software == nil {
			t.Fatalf("reports are %+v", all)
		}
	})
}

func TestARefusalIsWaitedOutUntilResumed(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		d.controller.set(func(c *controller) {
			c.refuse = &wire.Problem{Type: wire.ProblemCert, Title: "expired", Status: 403}
		})
		pass(time.Second)
		d.controller.set(func(c *controller) { c.refuse = nil })
		d.reporter.Nudge()
		pass(time.Minute)
		if len(d.controller.taken()) != 0 {
			t.Fatal("a nudge ended the wait")
		}
		d.reporter.Resume()
		pass(time.Second)
		if len(d.controller.taken()) == 0 {
			t.Error("resuming did not end the wait")
		}
	})
}

func TestRetryWaitsDoubleToAMinuteWithSpread(t *testing.T) {
	for failures := 1; failures < 200; failures++ {
		low, high := retryAfter(failures, 0), retryAfter(failures, 0.999)
		if low < time.Second || high > time.Minute || high < low {
			t.Fatalf("after %d failures between %s and %s", failures, low, high)
		}
	}
	if retryAfter(1, 0) != time.Second || retryAfter(50, 0) != 30*time.Second {
		t.Error("the waits are not those of the doc")
	}
}

func TestOwedSpansMergeAndAreBounded(t *testing.T) {
	var p progress
	p.owe(wire.JournalSpan{Boot: "a", From: 10, To: 20})
	p.owe(wire.JournalSpan{Boot: "b", From: 0, To: 5})
	p.owe(wire.JournalSpan{Boot: "a", From: 15, To: 40})
	p.owe(wire.JournalSpan{Boot: "a", From: 50, To: 40})
	if diff := cmp.Diff([]wire.JournalSpan{{Boot: "b", To: 5}, {Boot: "a", From: 10, To: 40}}, p.Owed); diff != "" {
		t.Error(diff)
	}
	for i := range 30 {
		p.owe(wire.JournalSpan{Boot: "c", From: time.Duration(i * 10), To: time.Duration(i*10 + 1)})
	}
	if len(p.Owed) != maxOwed {
		t.Errorf("%d spans are owed", len(p.Owed))
	}
}
