package runner

import (
	"encoding/json"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

func TestMinutesAndBaselinesOutliveARestart(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 4, Seed: 1})
	d.run(90 * time.Minute)
	if n := len(d.runner.minutes.of["S001"]); n < 18 || n > 24 {
		t.Fatalf("after 90 minutes %d minutes of the link are kept, want about one in %d", n, minuteOf)
	}
	d.runner.keepAll(t.Context())
	for _, code := range []string{"S001", "S002"} {
		if err := d.runner.rebuild(t.Context(), code); err != nil {
			t.Fatal(err)
		}
	}
	before := len(d.runner.minutes.of["S001"])
	d.start()
	if after := len(d.runner.minutes.of["S001"]); after != before {
		t.Errorf("%d minutes of today were kept, %d are back", before, after)
	}
	b := d.runner.minutes.held["C-S001"]
	if b == nil {
		t.Fatal("the baseline of the link is gone")
	}
	hour := b.Days[10] // it began at 10:00
	if hour.Minutes == 0 || hour.RTT <= 0 {
		t.Errorf("ten o'clock is %+v", hour)
	}
}

func TestAHistoryThatWasNotObservedHereIsKept(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 4, Seed: 1})
	var given incident.Baseline
	given.Days[3].RTT, given.Days[3].Minutes = 42*time.Millisecond, 60
	d.inLoop(func() error { return d.runner.SetBaselines(t.Context(), map[string]incident.Baseline{"C-S002": given}) })
	d.start()
	if got := d.runner.minutes.held["C-S002"]; got == nil || got.Days[3] != given.Days[3] {
		t.Errorf("after a restart it is %+v", got)
	}
}

func TestPagesOfMinutesHoldTheirOwnDay(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 1, PerSite: 3, Seed: 1, Start: time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC)})
	d.run(time.Hour)
	d.runner.keepAll(t.Context())
	for _, day := range []time.Time{time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)} {
		pages, err := d.kept.MinutesOf(t.Context(), day)
		if err != nil {
			t.Fatal(err)
		}
		var pieces []inventory.Evidence
		if err := json.Unmarshal(pages["S001"], &pieces); err != nil {
			t.Fatal(err)
		}
		if len(pieces) < 5 {
			t.Errorf("%s has %d minutes", day, len(pieces))
		}
		for _, p := range pieces {
			if !p.At.UTC().Truncate(24 * time.Hour).Equal(day) {
				t.Errorf("%s stands on the page of %s", p.At, day)
			}
		}
	}
}

// TestEvidenceOfALongOutageStaysWithinItsBounds plays an outage of an hour.
func TestEvidenceOfALongOutageStaysWithinItsBounds(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 6, Seed: 9})
	s := d.world.Site("S002")
	d.world.At(2*time.Minute, func() { d.world.CutLink(s) })
	d.run(time.Hour)
	d.runner.keepTrace(t.Context())
	evidence, err := d.kept.Evidence(t.Context(), d.one("S002").ID)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(evidence); n < 300 || n > 4000 {
		t.Errorf("%d pieces are kept", n)
	}
	t.Logf("%d pieces of an hour", len(evidence))
	for _, p := range evidence {
		if p.Site == "S001" {
			t.Fatalf("it holds evidence of a site that it is not about: %+v", p)
		}
	}
	for code, recent := range d.runner.trace.recent {
		if len(recent) > 2*beforeMost {
			t.Errorf("%d pieces of %q are remembered, the limit is %d", len(recent), code, beforeMost)
		}
	}
}
