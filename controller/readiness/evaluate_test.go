package readiness_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

func worked(t testing.TB) *readiness.Gate {
	t.Helper()
	return load(t, "testdata/site-go-live.yaml")
}

func load(t testing.TB, file string) *readiness.Gate {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g, err := readiness.LoadGate(file, src)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func london(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(inventory.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// monday is a Monday at 10:00 in London, at a site that opens at 08:00.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// ready is a site at which the worked gate is ready: two desks, three services,
// three people.
func ready(t testing.TB) *readiness.Facts {
	t.Helper()
	f := &readiness.Facts{Site: inventory.Site{Code: "S003", Name: "Mill", Hours: "Mon-Fri 08:00-18:00"}, Zone: london(t)}
	for _, desk := range []string{"A1", "A2"} {
		f.Positions = append(f.Positions, readiness.PositionRow{
			Key: desk, Code: desk, InScope: true, Swap: readiness.SwapPart{State: inventory.SwapVerified, Verified: true, Done: true},
		})
		for _, service := range []string{"email", "files", "records"} {
			id := "w0000000" + desk[1:]
			f.Access = append(f.Access, readiness.AccessRow{
				Key: id + "/" + service, At: monday.Add(-10 * time.Minute), Service: service, Class: "standard", Workstation: id,
				Reachable: inventory.Known(true), P95Millis: inventory.Known(120.0),
			})
		}
	}
	for _, number := range []string{"1001", "1002", "1003"} {
		f.Staff = append(f.Staff, readiness.StaffRow{
			Key: number, At: monday.Add(-24 * time.Hour), Number: number, Role: "librarian",
			Training: map[string]readiness.TrainingPart{"records-basic": {Complete: true, Needed: true, On: "2026-10-01"}},
		})
	}
	return f
}

func TestWorkedGateIsReadyWhereEverythingPasses(t *testing.T) {
	e := worked(t).Evaluate(ready(t), readiness.Settled{}, monday)
	if e.Verdict != inventory.VerdictReady || len(e.Blockers) != 0 || e.Site != "S003" || e.Gate != "site-go-live" || e.GateVersion == "" {
		t.Errorf("%+v", e)
	}
}

func TestABlockerSaysWhatWasMeasuredAgainstWhat(t *testing.T) {
	f := ready(t)
	f.Access[2].P95Millis = inventory.Known(1240.0)
	f.Access[3].Reachable = inventory.Unknown[bool]("nobody probed it yet")
	f.Access[4].At = monday.AddDate(0, 0, -3)
	f.Positions[1].Swap = readiness.SwapPart{State: inventory.SwapSwapped, Done: true, Missing: []string{"the new machine was not heard from this site"}}
	f.Staff[0].Training["records-basic"] = readiness.TrainingPart{Needed: true}
	e := worked(t).Evaluate(f, readiness.Settled{}, monday)
	want := map[string][2]string{
		"S003/site-go-live/swapped/A2": {
			"position.swap.verified is false (swapped: the new machine was not heard from this site)", "position.swap.verified",
		},
		"S003/site-go-live/records-reachable/w00000001/records": {"access.p95_ms is 1240, wanted access.p95_ms < 800", "access.p95_ms < 800"},
		"S003/site-go-live/records-reachable/w00000002/email":   {"reachable: nobody probed it yet", "a measurement of what is unknown"},
		"S003/site-go-live/records-reachable/w00000002/files": {
			"last measured 2026-11-20 10:00 GMT, longer ago than 45m of the site's open hours; it passed then", "a new measurement",
		},
		"S003/site-go-live/trained/1001": {`staff.training["records-basic"].complete is false (never completed)`, `staff.training["records-basic"].complete`},
	}
	if len(e.Blockers) != len(want) || e.Verdict != inventory.VerdictBlocked {
		t.Errorf("%s with %d blockers", e.Verdict, len(e.Blockers))
	}
	for _, b := range e.Blockers {
		if w := want[b.ID]; b.Reason != w[0] || b.Clears != w[1] || b.Owner == "" || !b.Since.Equal(monday) {
			t.Errorf("%s: %q, clears %q; want %q", b.ID, b.Reason, b.Clears, w)
		}
	}
}

// one is a gate of one criterion over access.
func one(t *testing.T, rest string) *readiness.Gate {
	t.Helper()
	g, err := readiness.LoadGate("one.yaml", []byte("gate: one\ncriteria:\n  - id: it\n    over: access\n"+rest))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestUnknownHoldsOnlyWhereThePredicateNeedsIt(t *testing.T) {
	row := readiness.AccessRow{Key: "a", Service: "email", Reachable: inventory.Unknown[bool]("never probed")}
	for pass, want := range map[string]inventory.Standing{
		"access.reachable": inventory.StandingUnknown,
		"access.reachable || access.service == 'email'":       inventory.StandingPass,
		"access.service == 'email' || access.reachable":       inventory.StandingPass,
		"access.reachable && access.service == 'files'":       inventory.StandingFail,
		"access.reachable && access.service == 'email'":       inventory.StandingUnknown,
		"!access.reachable":                                   inventory.StandingUnknown,
		"access.p95_ms < 800":                                 inventory.StandingUnknown,
		"has(access.p95_ms) && access.p95_ms < 800":           inventory.StandingFail,
		"!has(access.p95_ms) || access.p95_ms < 800":          inventory.StandingPass,
		"access.p95_ms / 0.0 > 1.0":                           inventory.StandingUnknown,
		"[access].exists(a, a.service == 'email')":            inventory.StandingPass,
		"[access].exists(a, a.reachable)":                     inventory.StandingUnknown,
		"1 / size(access.error) > 0":                          inventory.StandingUnknown,
		"(access.reachable ? 1 : 2) == 1":                     inventory.StandingUnknown,
		"access.service in ['email'] == true":                 inventory.StandingPass,
		"access.service.startsWith('em') && access != access": inventory.StandingFail,
	} {
		g := one(t, "    pass: "+quoted(pass)+"\n")
		e := g.Evaluate(&readiness.Facts{Access: []readiness.AccessRow{row}}, readiness.Settled{}, monday)
		if got := standingOf(e.Criteria[0]); got != want {
			t.Errorf("%s: %s, want %s", pass, got, want)
		}
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// standingOf is the standing of the only row.
func standingOf(r inventory.CriterionResult) inventory.Standing {
	switch {
	case r.Pass > 0:
		return inventory.StandingPass
	case r.Fail > 0:
		return inventory.StandingFail
	case r.Stale > 0:
		return inventory.StandingStale
	case r.Waived > 0:
		return inventory.StandingWaived
	default:
		return inventory.StandingUnknown
	}
}

func TestARowOfWhichNobodyKnowsWhetherItCountsIsCounted(t *testing.T) {
	g := one(t, "    where: access.reachable\n    pass: access.service == 'email'\n")
	f := &readiness.Facts{Access: []readiness.AccessRow{{Key: "a", Service: "email", Reachable: inventory.Unknown[bool]("never probed")}}}
	e := g.Evaluate(f, readiness.Settled{}, monday)
	if r := e.Criteria[0]; r.InScope != 1 || r.Unknown != 1 || e.Verdict != inventory.VerdictUndecided {
		t.Errorf("%+v", e)
	}
	if want := "whether it is in scope is not known: reachable: never probed"; e.Blockers[0].Reason != want {
		t.Errorf("%q, want %q", e.Blockers[0].Reason, want)
	}
}

func TestAnEmptyScopeIsUndecidedAndSaysSo(t *testing.T) {
	for _, rest := range []string{"    pass: access.reachable\n", "    where: access.service == 'fax'\n    pass: access.reachable\n    need: {min_count: 1}\n", "    pass: access.reachable\n    unknown: exclude\n"} {
		e := one(t, rest).Evaluate(&readiness.Facts{Site: inventory.Site{Code: "S1"}}, readiness.Settled{}, monday)
		if e.Verdict != inventory.VerdictUndecided || !strings.Contains(e.Criteria[0].Reason, "nothing is in scope") || len(e.Blockers) != 1 || e.Blockers[0].ID != "S1/one/it" {
			t.Errorf("%s: %+v", rest, e)
		}
	}
	e := one(t, "    pass: access.reachable\n    unknown: exclude\n").Evaluate(&readiness.Facts{Access: []readiness.AccessRow{{Key: "a"}}}, readiness.Settled{}, monday)
	if e.Verdict != inventory.VerdictUndecided || !strings.Contains(e.Criteria[0].Reason, "all 1 in scope are unknown") {
		t.Errorf("all left out: %+v", e)
	}
}

func TestUnknownIsHeldFailedOrLeftOut(t *testing.T) {
	rows := []readiness.AccessRow{
		{Key: "a", Workstation: "w1", Reachable: inventory.Known(true)},
		{Key: "b", Workstation: "w2", Reachable: inventory.Unknown[bool]("never probed")},
	}
	for rule, want := range map[string]inventory.ReadyVerdict{
		"hold": inventory.VerdictUndecided, "fail": inventory.VerdictBlocked, "exclude": inventory.VerdictReady,
	} {
		e := one(t, "    pass: access.reachable\n    unknown: "+rule+"\n").Evaluate(&readiness.Facts{Access: rows}, readiness.Settled{}, monday)
		r := e.Criteria[0]
		if e.Verdict != want || r.Unknown != 1 || r.Pass != 1 || r.InScope != 2 {
			t.Errorf("%s: %s %+v, want %s", rule, e.Verdict, r, want)
		}
	}
}

func TestTwoIndependentWorkstationsAreNeededForEachService(t *testing.T) {
	g := one(t, "    pass: access.reachable\n    need: {min_workstations: 2}\n")
	row := func(workstation, service string, reachable bool) readiness.AccessRow {
		return readiness.AccessRow{Key: workstation + service, Workstation: workstation, Service: service, Reachable: inventory.Known(reachable)}
	}
	for name, c := range map[string]struct {
		rows []readiness.AccessRow
		want inventory.ReadyVerdict
	}{
		"two of three each":   {[]readiness.AccessRow{row("w1", "email", true), row("w2", "email", true), row("w3", "email", false), row("w1", "files", true), row("w3", "files", true)}, inventory.VerdictReady},
		"one service has one": {[]readiness.AccessRow{row("w1", "email", true), row("w2", "email", true), row("w1", "files", true), row("w2", "files", false)}, inventory.VerdictBlocked},
		"the site has one":    {[]readiness.AccessRow{row("w1", "email", true)}, inventory.VerdictReady},
		"and it fails":        {[]readiness.AccessRow{row("w1", "email", false)}, inventory.VerdictBlocked},
	} {
		if e := g.Evaluate(&readiness.Facts{Access: c.rows}, readiness.Settled{}, monday); e.Verdict != c.want {
			t.Errorf("%s: %s %+v, want %s", name, e.Verdict, e.Criteria[0], c.want)
		}
	}
}

func TestAWaiverLetsARowOrACriterionPassUntilItsDay(t *testing.T) {
	f := ready(t)
	f.Positions[0].Swap.Verified = false
	give := func(subject string, until inventory.Date) readiness.Settled {
		return readiness.Settled{Waivers: []inventory.Waiver{{
			ID: "v1", Site: "S003", Gate: "site-go-live", Criterion: "swapped", Subject: subject, Owner: "j.hall", Reason: "the store closes", Until: until, At: monday.AddDate(0, 0, -7),
		}}}
	}
	for name, c := range map[string]struct {
		settled readiness.Settled
		want    inventory.ReadyVerdict
		waived  int
	}{
		"none":            {readiness.Settled{}, inventory.VerdictBlocked, 0},
		"the row":         {give("A1", "2026-11-23"), inventory.VerdictReady, 1},
		"another row":     {give("A2", "2026-11-23"), inventory.VerdictBlocked, 0},
		"the whole":       {give("", "2026-11-23"), inventory.VerdictReady, 1},
		"until yesterday": {give("A1", "2026-11-22"), inventory.VerdictBlocked, 0},
	} {
		e := worked(t).Evaluate(f, c.settled, monday)
		if e.Verdict != c.want || e.Criteria[0].Waived != c.waived {
			t.Errorf("%s: %s, %d waived", name, e.Verdict, e.Criteria[0].Waived)
		}
	}
}

func TestTheListOfBlockersIsBoundedAndCountsTheRest(t *testing.T) {
	var rows []readiness.AccessRow
	for i := range 500 {
		rows = append(rows, readiness.AccessRow{Key: strconv.Itoa(i), Reachable: inventory.Known(false)})
	}
	e := one(t, "    pass: access.reachable\n").Evaluate(&readiness.Facts{Access: rows}, readiness.Settled{}, monday)
	if len(e.Blockers) != readiness.MaxBlockersOfCriterion || len(e.Blockers)+e.MoreBlockers != 500 {
		t.Errorf("%d and %d more", len(e.Blockers), e.MoreBlockers)
	}
}

func TestBlockersKeepTheirSinceAndWhatPeopleSettled(t *testing.T) {
	f := ready(t)
	f.Positions[0].Swap.Verified = false
	first := worked(t).Evaluate(f, readiness.Settled{}, monday)
	id := first.Blockers[0].ID
	later := worked(t).Evaluate(f, readiness.Settled{
		Before: &first, Care: map[string]inventory.BlockerCare{id: {ID: id, Owner: "a.reed", Due: "2026-11-30", Note: "parts ordered"}},
	}, monday.Add(20*time.Minute))
	if b := later.Blockers[0]; !b.Since.Equal(monday) || b.Owner != "a.reed" || b.Due != "2026-11-30" || b.Note != "parts ordered" {
		t.Errorf("%+v", b)
	}
}
