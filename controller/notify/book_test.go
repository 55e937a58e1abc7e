package notify

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

var (
	netteam = Target{Sink: "mail", Address: "net@example.org"}
	boss    = Target{Sink: "mail", Address: "boss@example.org"}
	ops     = Target{Sink: "ops"}
)

func plan(routes ...Route) Plan { return Plan{Routes: routes, Zone: time.UTC} }

func step(s inventory.IncidentStep, change func(*inventory.Incident)) inventory.IncidentChange {
	i := cut().Incident
	if change != nil {
		change(&i)
	}
	return inventory.IncidentChange{Step: s, Incident: i}
}

func hear(b *Book, p Plan, c inventory.IncidentChange, at time.Time) []string {
	f := cut()
	f.Incident = c.Incident
	return shortly(b.Heard(c, f, p, at))
}

// shortly is each delivery as kind and target.
func shortly(deliveries []inventory.Delivery) []string {
	out := []string{}
	for _, d := range deliveries {
		out = append(out, string(d.Kind)+" "+d.Sink+" "+d.Address)
	}
	return out
}

func want(t *testing.T, what string, got []string, wanted ...string) {
	t.Helper()
	if wanted == nil {
		wanted = []string{}
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestOneOpeningOneUpdateOneEnd(t *testing.T) {
	b, p := NewBook(), plan(Route{To: []Target{netteam, ops}})
	want(t, "pending", hear(b, p, step(inventory.IncidentDetected, nil), monday))
	want(t, "opened", hear(b, p, step(inventory.IncidentOpened, nil), monday), "opening mail net@example.org", "opening ops ")
	want(t, "opened again", hear(b, p, step(inventory.IncidentOpened, nil), monday))
	want(t, "revised, same people", hear(b, p, step(inventory.IncidentRevised, nil), monday))
	recall := step(inventory.IncidentRevised, nil)
	recall.Recall = true
	want(t, "revised, other people", hear(b, p, recall, monday), "update mail net@example.org", "update ops ")
	want(t, "revised once more", hear(b, p, recall, monday))
	want(t, "ended", hear(b, p, step(inventory.IncidentEnded, nil), monday), "end mail net@example.org", "end ops ")
	want(t, "ended again", hear(b, p, step(inventory.IncidentEnded, nil), monday))
}

func TestABlipAndAPresenceTellNobody(t *testing.T) {
	b, p := NewBook(), plan(Route{To: []Target{netteam}})
	want(t, "detected", hear(b, p, step(inventory.IncidentDetected, nil), monday))
	want(t, "cleared", hear(b, p, step(inventory.IncidentCleared, nil), monday))
	want(t, "ended", hear(b, p, step(inventory.IncidentEnded, nil), monday))
}

func TestTheNextPersonHearsWhenNobodyAcknowledges(t *testing.T) {
	p := plan(Route{To: []Target{netteam}, Escalate: []Rung{
		{After: Duration(15 * time.Minute), To: []Target{boss}}, {After: Duration(30 * time.Minute), To: []Target{netteam, ops}},
	}})
	known := func(string) (Facts, bool) { return cut(), true }
	b := NewBook()
	hear(b, p, step(inventory.IncidentOpened, nil), monday)
	want(t, "early", shortly(b.Tick(monday.Add(14*time.Minute), p, known)))
	want(t, "first rung", shortly(b.Tick(monday.Add(15*time.Minute), p, known)), "escalation mail boss@example.org")
	want(t, "only once", shortly(b.Tick(monday.Add(16*time.Minute), p, known)))
	want(t, "second rung skips who knows", shortly(b.Tick(monday.Add(31*time.Minute), p, known)), "escalation ops ")
	want(t, "everyone who heard hears the end", hear(b, p, step(inventory.IncidentEnded, nil), monday),
		"end mail net@example.org", "end mail boss@example.org", "end ops ")

	b = NewBook()
	hear(b, p, step(inventory.IncidentOpened, nil), monday)
	hear(b, p, step(inventory.IncidentTouched, func(i *inventory.Incident) { i.AcknowledgedAt = monday }), monday)
	want(t, "acknowledged", shortly(b.Tick(monday.Add(time.Hour), p, known)))
}

func TestRoutesGoBySiteCarrierSeverityCauseAndHours(t *testing.T) {
	shut := false
	at := func(m Match) []Route {
		return []Route{{Name: "narrow", Match: m, To: []Target{boss}}, {Name: "rest", To: []Target{netteam}}}
	}
	for name, c := range map[string]struct {
		match Match
		taken bool
	}{
		"site":           {Match{Sites: []string{"S003"}}, true},
		"other site":     {Match{Sites: []string{"S004"}}, false},
		"carrier":        {Match{Carriers: []string{"northnet"}}, true},
		"other carrier":  {Match{Carriers: []string{"southnet"}}, false},
		"severity":       {Match{Severity: []inventory.Severity{inventory.SeverityMajor}}, true},
		"other severity": {Match{Severity: []inventory.Severity{inventory.SeverityMinor}}, false},
		"cause":          {Match{Causes: []inventory.Cause{inventory.CauseSiteLinkDown}}, true},
		"hours":          {Match{Hours: "Mon-Fri 08:00-18:00"}, true},
		"out of hours":   {Match{Hours: "Sat-Sun 08:00-18:00"}, false},
		"site is shut":   {Match{SiteOpen: &shut}, false},
	} {
		taken := pick(at(c.match), cut().Incident, []string{"northnet"}, monday)
		if len(taken) != 1 || (taken[0].Name == "narrow") != c.taken {
			t.Errorf("%s: took %+v", name, taken)
		}
	}
	both := []Route{{To: []Target{boss}, Continue: true}, {To: []Target{netteam}}}
	if taken := pick(both, cut().Incident, nil, monday); len(taken) != 2 {
		t.Errorf("continue takes %d routes", len(taken))
	}
	nobody := []Route{{Match: Match{Sites: []string{"S999"}}, To: []Target{boss}}}
	if taken := pick(nobody, cut().Incident, nil, monday); len(taken) != 1 {
		t.Error("an incident that no route matches is told to nobody")
	}
}

func TestADigestGathersUntilItsHour(t *testing.T) {
	p := plan(Route{To: []Target{netteam}, Digest: true})
	p.Digest = DigestTimes{At: "08:00", Days: []string{"Mon", "Tue"}}
	b := NewBook()
	b.Tick(monday, p, nil)
	want(t, "opened", hear(b, p, step(inventory.IncidentOpened, nil), monday))
	want(t, "opened", hear(b, p, step(inventory.IncidentOpened, func(i *inventory.Incident) { i.ID = "i00000002" }), monday))
	want(t, "at night", shortly(b.Tick(monday.Add(12*time.Hour), p, nil)))
	got := b.Tick(monday.Add(22*time.Hour), p, nil)
	want(t, "Tuesday at eight", shortly(got), "digest mail net@example.org")
	if got[0].Title != "Muster: 2 incidents since the last digest" {
		t.Errorf("title %q", got[0].Title)
	}
	want(t, "once", shortly(b.Tick(monday.Add(23*time.Hour), p, nil)))
	want(t, "Wednesday has none", shortly(b.Tick(monday.Add(46*time.Hour), p, nil)))
}

func TestWhatWasMissedOverARestartIsToldOnce(t *testing.T) {
	p := plan(Route{To: []Target{netteam}})
	b := NewBook()
	open := cut().Incident
	missed := b.Missing([]inventory.Incident{open})
	if len(missed) != 1 || missed[0].Step != inventory.IncidentOpened {
		t.Fatalf("missed %+v", missed)
	}
	hear(b, p, missed[0], monday)
	// The book as it is read back after a restart.
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	b = NewBook()
	if err := json.Unmarshal(text, b); err != nil {
		t.Fatal(err)
	}
	if missed := b.Missing([]inventory.Incident{open}); len(missed) != 0 {
		t.Errorf("told again: %+v", missed)
	}
	open.State = inventory.IncidentResolved
	if missed := b.Missing([]inventory.Incident{open}); len(missed) != 1 || missed[0].Step != inventory.IncidentEnded {
		t.Errorf("the end was missed: %+v", missed)
	}
}

// TestNoOrderOfStepsTellsTwice draws random histories.
func TestNoOrderOfStepsTellsTwice(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	steps := []inventory.IncidentStep{
		inventory.IncidentDetected, inventory.IncidentOpened, inventory.IncidentRevised, inventory.IncidentWidened, inventory.IncidentCleared,
		inventory.IncidentEnded, inventory.IncidentReopened, inventory.IncidentTouched,
	}
	p := plan(Route{To: []Target{netteam, ops}, Escalate: []Rung{{After: Duration(time.Minute), To: []Target{boss}}}})
	for range 500 {
		b := NewBook()
		ids := map[string]bool{}
		openings := map[string]int{}
		take := func(deliveries []inventory.Delivery) {
			for _, d := range deliveries {
				if d.Kind != inventory.DeliverEnd && ids[d.ID] {
					t.Fatalf("%s twice", d.ID)
				}
				ids[d.ID] = true
				if d.Kind == inventory.DeliverOpening {
					openings[d.Incident+d.Sink+d.Address]++
				}
			}
		}
		at := monday
		for range 30 {
			at = at.Add(time.Duration(dice.IntN(90)) * time.Second)
			c := step(steps[dice.IntN(len(steps))], nil)
			c.Recall = dice.IntN(2) == 0
			take(b.Heard(c, cut(), p, at))
			take(b.Tick(at, p, func(string) (Facts, bool) { return cut(), true }))
		}
		for key, n := range openings {
			if n > 1 {
				t.Fatalf("%d openings to %s", n, key)
			}
		}
	}
}
