package programme_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/programme"
	"muster/controller/readiness"
	"muster/controller/refresh"
	"muster/inventory"
)

func TestReadinessAsOfADateIsWhatWasKnownThen(t *testing.T) {
	o := openOffice(t)
	o.open()
	before := o.clock()
	if v := o.site().Verdict; v != inventory.VerdictBlocked {
		t.Fatalf("two desks that were never swapped are %s", v)
	}
	o.pass(time.Hour)
	for _, p := range []string{"P1", "P2"} {
		o.apply(inventory.Position{Code: p + "X", Site: "S001"})
	}
	o.desk.RegisterChanged()
	o.settle()
	then, err := o.desk.ReadinessOf(t.Context(), "S001", before)
	if err != nil {
		t.Fatal(err)
	}
	if was, is := then.Criteria[0].InScope, o.site().Criteria[0].InScope; was != 2 || is != 4 {
		t.Errorf("in scope then %d, now %d; want 2 and 4", was, is)
	}
	c, err := o.desk.Changes(t.Context(), before, o.clock(), "")
	if err != nil || len(c.Gates) != 1 || !slices.ContainsFunc(c.Gates[0].Why, func(s string) bool { return strings.Contains(s, "swapped") }) {
		t.Errorf("what changed: %+v, %v", c, err)
	}
}

func TestEverythingGoesOnAfterARestart(t *testing.T) {
	o := openOffice(t)
	o.open()
	ctx := t.Context()
	if _, err := o.desk.PlanSwaps(ctx, programme.PlanOrder{Site: "S001", Said: refresh.Said{By: "tess"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.desk.Waive(ctx, inventory.Waiver{Site: "S001", Gate: "go", Criterion: "swapped", Owner: "bo", Reason: "late kit", Until: "2026-12-01", By: "pat"}); err != nil {
		t.Fatal(err)
	}
	o.enrol("w00000009", "OLD1", "S001")
	o.live.set("w00000009", "S001", inventory.Present)
	o.desk.Accepted(accepted("w00000009", o.clock(), inventory.ProbeResult{Service: "email", OK: true, TotalMillis: 40}))
	o.settle()
	o.desk.Close()
	was := o.site()
	access := o.desk.Access("S001")
	if len(access) != 1 || access[0].Reached != 1 {
		t.Fatalf("access: %+v", access)
	}
	history, _, err := o.store.EvaluationsOf(ctx, "S001", "go", inventory.Page{})
	if err != nil {
		t.Fatal(err)
	}
	o.pass(time.Minute)
	o.open()
	is := o.site()
	if was.Verdict != inventory.VerdictReady || is.Verdict != was.Verdict || is.Swaps != was.Swaps || len(is.Waivers) != 1 {
		t.Errorf("before %s %+v, after %s %+v", was.Verdict, was.Swaps, is.Verdict, is.Swaps)
	}
	if diff := cmp.Diff(access, o.desk.Access("S001")); diff != "" {
		t.Errorf("the newest probes differ (-before +after):\n%s", diff)
	}
	again, _, err := o.store.EvaluationsOf(ctx, "S001", "go", inventory.Page{})
	if err != nil || len(again) != len(history) {
		t.Errorf("%d evaluations before, %d after a restart that changed nothing (%v)", len(history), len(again), err)
	}
}

func TestNothingIsAppendedWhileNothingChanges(t *testing.T) {
	o := openOffice(t)
	o.open()
	for range 30 {
		o.pass(24 * time.Hour)
		if err := o.desk.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	all, _, err := o.store.EvaluationsOf(t.Context(), "S001", "go", inventory.Page{})
	if err != nil || len(all) != 1 {
		t.Errorf("%d evaluations over thirty days in which nothing changed (%v)", len(all), err)
	}
}

// sign has the owner sign what the site shows now, waived.
func (o *office) sign() inventory.SignOff {
	o.t.Helper()
	ctx := o.t.Context()
	for _, c := range []string{"swapped", "trained"} {
		if _, err := o.desk.Waive(ctx, inventory.Waiver{Site: "S001", Gate: "go", Criterion: c, Owner: "bo", Reason: "agreed", Until: "2027-06-01", By: "pat"}); err != nil {
			o.t.Fatal(err)
		}
	}
	if _, err := o.desk.RequestSignOff(ctx, "S001", "go", "pat"); err != nil {
		o.t.Fatal(err)
	}
	seen, err := o.desk.Pin(ctx, "S001", "go")
	if err != nil {
		o.t.Fatal(err)
	}
	s, err := o.desk.Sign(ctx, "S001", "go", readiness.Signers{Owner: "olive"}, readiness.Signature{By: "olive", Seen: seen.ID})
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

func TestASignOffWeakensOnlyAfterACriterionFailedForItsDwellOfOpenHours(t *testing.T) {
	o := openOffice(t)
	o.open()
	if s := o.sign(); s.State != inventory.SignOffSigned || s.Evaluation == "" {
		t.Fatalf("signed: %+v", s)
	}
	o.incidents = []inventory.Incident{{ID: "i1", Cause: inventory.CauseSiteLinkDown, State: inventory.IncidentOpen, Scope: inventory.Scope{Site: "S001"}}}
	step := func(d time.Duration) inventory.SignOff {
		o.pass(d)
		o.desk.IncidentChanged(inventory.IncidentChange{Incident: o.incidents[0]})
		o.settle()
		s, err := o.desk.SignOff("S001", "go")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	step(time.Minute)
	if s := step(119 * time.Minute); !s.Holds() {
		t.Fatalf("after less than two hours it is %s", s.State)
	}
	s := step(3 * time.Minute)
	if s.State != inventory.SignOffWeakened || len(s.Changed) == 0 {
		t.Fatalf("after two open hours of failing it is %s: %q", s.State, s.Changed)
	}
	kinds := map[string]int{}
	for _, m := range o.told {
		kinds[m.Kind]++
	}
	if kinds[programme.MessageSign] != 1 || kinds[programme.MessageWeakened] != 1 {
		t.Errorf("people were told %v", kinds)
	}
}

func TestWhatWasSignedIsWhatWasSeen(t *testing.T) {
	o := openOffice(t)
	o.open()
	ctx := t.Context()
	seen, err := o.desk.Pin(ctx, "S001", "go")
	if err != nil {
		t.Fatal(err)
	}
	o.pass(time.Minute)
	o.apply(inventory.Position{Code: "P3", Site: "S001"})
	o.desk.RegisterChanged()
	o.settle()
	_, err = o.desk.Sign(ctx, "S001", "go", readiness.Signers{Owner: "olive"}, readiness.Signature{By: "olive", Seen: seen.ID, Conditions: []inventory.Condition{{Text: "x", Owner: "it"}}})
	if err == nil || !strings.Contains(err.Error(), "look again") {
		t.Errorf("signing what changed since is answered %v", err)
	}
}

func TestWhoNamesNoEvaluationSignsWhatWasAskedFor(t *testing.T) {
	o := openOffice(t)
	o.open()
	ctx := t.Context()
	asked, err := o.desk.RequestSignOff(ctx, "S001", "go", "pat")
	if err != nil {
		t.Fatal(err)
	}
	olive := readiness.Signers{Owner: "olive"}
	but := readiness.Signature{By: "olive", Conditions: []inventory.Condition{{Text: "x", Owner: "it"}}}
	s, err := o.desk.Sign(ctx, "S001", "go", olive, but)
	if err != nil || !s.Holds() {
		t.Fatalf("asked for %s: %+v, %v", asked.Evaluation, s, err)
	}
}

func TestABlockerKeepsItsSinceAndTheCareThatPeopleTook(t *testing.T) {
	o := openOffice(t)
	o.open()
	found := o.desk.Blockers(programme.BlockerFilter{Criterion: "swapped"})
	if len(found) != 2 || found[0].Owner != "it" {
		t.Fatalf("blockers: %+v", found)
	}
	owner, due := "tess", inventory.Date("2026-11-30")
	if _, err := o.desk.CareBlocker(t.Context(), found[0].ID, readiness.CareChange{Owner: &owner, Due: &due, By: "pat"}); err != nil {
		t.Fatal(err)
	}
	o.pass(48 * time.Hour)
	if err := o.desk.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	mine := o.desk.Blockers(programme.BlockerFilter{Owner: "tess"})
	if len(mine) != 1 || !mine[0].Since.Equal(monday) || mine[0].Due != due {
		t.Errorf("two days later: %+v", mine)
	}
}

func TestAProgrammeWithoutHistoryIsRefusedItsForecastWithTheReason(t *testing.T) {
	o := openOffice(t)
	o.open()
	f, err := o.desk.Forecast(t.Context(), "", nil)
	if err != nil || f.Refused == "" || f.Basis.Left != 2 {
		t.Fatalf("%+v, %v", f, err)
	}
	if _, err := o.desk.Forecast(t.Context(), "", []string{"crews=many"}); err == nil {
		t.Error("a change that cannot be read is played")
	}
	if _, err := o.desk.SaveWhatIf(t.Context(), "later", "", []string{"wave W1 not before 2027-02-01"}, "pat"); err != nil {
		t.Fatal(err)
	}
	c, err := o.desk.Compare(t.Context(), []string{"later"})
	if err != nil || len(c.Columns) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestASecondBaselineNeedsAReason(t *testing.T) {
	o := openOffice(t)
	o.open()
	first, err := o.desk.FreezeBaseline(t.Context(), "", "the board", "", "pat")
	if err != nil || first.Scope != 2 || first.Target != "2027-06-30" {
		t.Fatalf("%+v, %v", first, err)
	}
	if _, err := o.desk.FreezeBaseline(t.Context(), "", "the board", "", "pat"); err == nil {
		t.Error("it was frozen again without a reason")
	}
	second, err := o.desk.FreezeBaseline(t.Context(), "", "the board", "scope grew", "pat")
	if err != nil || second.Number != 2 {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestAnExportHoldsEverythingAndNoName(t *testing.T) {
	o := openOffice(t)
	o.open()
	if _, err := o.desk.PlanSwaps(t.Context(), programme.PlanOrder{Site: "S001", Said: refresh.Said{By: "tess"}}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := o.desk.Export(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"kind":"register"`, `"kind":"swap"`, `"kind":"evaluation"`, `"kind":"event"`, "1001"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the export has no %s", want)
		}
	}
	if strings.Contains(out.String(), "Secret") {
		t.Error("the export names a person")
	}
}

func TestADeskThatIsShutTakesNoAction(t *testing.T) {
	o := openOffice(t)
	o.open()
	o.desk.Close()
	o.desk.Close()
	if _, err := o.desk.PlanSwaps(t.Context(), programme.PlanOrder{Site: "S001", Said: refresh.Said{By: "tess"}}); err == nil {
		t.Error("it planned")
	}
	if err := o.desk.Start(t.Context()); err == nil {
		t.Error("it started again")
	}
}
