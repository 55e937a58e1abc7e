package sla_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/sla"
	"muster/inventory"
)

var (
	monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	day    = inventory.Span{From: monday, To: monday.Add(24 * time.Hour)}
	mill   = inventory.Link{Circuit: "NN-001", Site: "S001", Carrier: "northnet"}
	later  = monday.Add(48 * time.Hour)
)

func at(hour, minute int) time.Time {
	return monday.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// facts is a link that was observed all day.
func facts(outages ...sla.Outage) sla.Facts {
	return sla.Facts{Link: mill, Zone: time.UTC, Outages: outages, Observed: []inventory.Span{day}}
}

func outage(from, to time.Time, whose sla.Attribution) sla.Outage {
	return sla.Outage{Incident: "i00000001", From: from, To: to, Attribution: whose}
}

func TestTheFourKindsOfTimeAlwaysSumToThePeriod(t *testing.T) {
	dice := rand.New(rand.NewPCG(7, 7))
	moment := func() time.Time { return monday.Add(time.Duration(dice.IntN(60*60*60)) * time.Second) }
	spans := func(n int) []inventory.Span {
		var out []inventory.Span
		for range n {
			from := moment()
			out = append(out, inventory.Span{From: from, To: from.Add(time.Duration(dice.IntN(20_000)) * time.Second)})
		}
		return out
	}
	for range 2000 {
		f := sla.Facts{Link: mill, Zone: time.UTC, Observed: spans(dice.IntN(6))}
		for i, s := range spans(dice.IntN(6)) {
			whose := []sla.Attribution{sla.Carrier, sla.Ours, sla.Unattributed}[dice.IntN(3)]
			f.Outages = append(f.Outages, sla.Outage{Incident: "i", Spell: i, From: s.From, To: s.To, Attribution: whose, Void: dice.IntN(5) == 0})
		}
		for _, s := range spans(dice.IntN(3)) {
			f.Windows = append(f.Windows, inventory.Window{From: s.From, To: s.To, Theirs: dice.IntN(2) == 0})
		}
		f.Terms = sla.Terms{TheirWindow: dice.IntN(2) == 0, OurWindows: dice.IntN(2) == 0}
		if dice.IntN(2) == 0 {
			f.Terms.Hours = "Mon-Fri 08:00-18:00"
		}
		f.Journals = spans(dice.IntN(6))
		period := inventory.Span{From: moment(), To: moment()}
		a := sla.Add(f, period, moment())
		if sum := a.UpFor + a.DownFor + a.ExcludedFor + a.NotObservedFor; sum != period.For() {
			t.Fatalf("up %s, down %s, excluded %s, not observed %s sum to %s, the period has %s", a.UpFor, a.DownFor, a.ExcludedFor, a.NotObservedFor, sum, period.For())
		}
		if sum := a.CarrierDownFor + a.OursDownFor + a.UnattributedDownFor; sum != a.DownFor {
			t.Fatalf("shares of the down time sum to %s, not to %s", sum, a.DownFor)
		}
		observed := time.Duration(0)
		for _, s := range inventory.JoinSpans(append(f.Observed, f.Journals...)) {
			if part, ok := s.Within(period); ok {
				observed += part.For()
			}
		}
		if a.UpFor > observed {
			t.Fatalf("up for %s of %s that were observed", a.UpFor, observed)
		}
		if a.UpByJournalsFor > a.UpFor {
			t.Fatalf("up for %s, of it by journals %s", a.UpFor, a.UpByJournalsFor)
		}
	}
}

func TestWhatNobodyObservedIsNotUp(t *testing.T) {
	f := facts()
	f.Observed = []inventory.Span{{From: at(8, 0), To: at(18, 0)}}
	a := sla.Add(f, day, later)
	if a.UpFor != 10*time.Hour || a.NotObservedFor != 14*time.Hour {
		t.Errorf("up %s, not observed %s; want 10h and 14h", a.UpFor, a.NotObservedFor)
	}
	if got, _ := a.Available.Get(); got != 1 {
		t.Errorf("available %v of what was observed, want 1", got)
	}
	if got, _ := a.AtWorst.Get(); got != 10.0/24 {
		t.Errorf("available %v at worst, want %v", got, 10.0/24)
	}
	f.Observed = nil
	if a := sla.Add(f, day, later); a.Available.Known() {
		t.Errorf("a link that nobody observed was available for %v", a.Available)
	}
}

func TestTimeOutsideServiceHoursAndInAllowedWindowsIsExcluded(t *testing.T) {
	f := facts(outage(at(7, 0), at(9, 0), sla.Carrier), outage(at(12, 0), at(13, 0), sla.Carrier))
	f.Terms = sla.Terms{Hours: "Mon-Fri 08:00-18:00", TheirWindow: true}
	f.Windows = []inventory.Window{
		{From: at(12, 30), To: at(14, 0), Theirs: true},
		{From: at(15, 0), To: at(16, 0)}, // ours: this contract counts it
	}
	a := sla.Add(f, day, later)
	if a.DownFor != 90*time.Minute || a.ExcludedFor != 14*time.Hour+90*time.Minute {
		t.Errorf("down %s, excluded %s; want 1h30m and 15h30m", a.DownFor, a.ExcludedFor)
	}
	if got := []time.Duration{a.Outages[0].DownFor, a.Outages[0].ExcludedFor, a.Outages[0].FixFor}; !cmp.Equal(got, []time.Duration{time.Hour, time.Hour, time.Hour}) {
		t.Errorf("the first outage is down, excluded, mended in %v; want an hour each", got)
	}
}

func TestOnlyProvenOutagesAreTheCarriers(t *testing.T) {
	incident := func(cause inventory.Cause, grade inventory.Grade) inventory.Incident {
		return inventory.Incident{
			ID: "i1", Cause: cause, Grade: grade, State: inventory.IncidentResolved, Scope: inventory.Scope{Site: "S001"},
			StartedAt: at(9, 0), ResolvedAt: at(10, 0),
		}
	}
	for _, c := range []struct {
		cause inventory.Cause
		grade inventory.Grade
		want  sla.Attribution
	}{
		{inventory.CauseSiteLinkDown, inventory.GradeProven, sla.Carrier},
		{inventory.CauseSiteLinkDown, inventory.GradeCorroborated, sla.Unattributed},
		{inventory.CauseLinkOrPower, inventory.GradeCorroborated, sla.Unattributed},
		{inventory.CauseSitePowerCut, inventory.GradeProven, sla.Ours},
		{inventory.CauseSiteRouterDown, inventory.GradeProven, sla.Ours},
		{inventory.CauseSitePowerCut, inventory.GradeInferred, sla.Unattributed},
	} {
		outages := sla.OutagesOf(mill, []inventory.Incident{incident(c.cause, c.grade)})
		if len(outages) != 1 || outages[0].Attribution != c.want {
			t.Errorf("%s %s: %+v, want one of %s", c.grade, c.cause, outages, c.want)
		}
	}
	for _, cause := range []inventory.Cause{inventory.CauseLinkDegraded, inventory.CauseSiteDNS, inventory.CauseWorkstationCrashed} {
		if outages := sla.OutagesOf(mill, []inventory.Incident{incident(cause, inventory.GradeProven)}); len(outages) != 0 {
			t.Errorf("%s counts as an outage of the link", cause)
		}
	}
}

func TestAFlappingLinkIsDownOnlyInItsSpells(t *testing.T) {
	outages := sla.OutagesOf(mill, []inventory.Incident{{
		ID: "i1", Cause: inventory.CauseSiteLinkDown, Grade: inventory.GradeProven, Scope: inventory.Scope{Site: "S001"}, StartedAt: at(9, 0), ResolvedAt: at(9, 4),
		Spells: []inventory.Span{{From: at(9, 0), To: at(9, 1)}, {From: at(9, 3), To: at(9, 4)}},
	}})
	if a := sla.Add(facts(outages...), day, later); a.DownFor != 2*time.Minute || len(a.Outages) != 2 {
		t.Errorf("down for %s in %d outages, want 2m in 2", a.DownFor, len(a.Outages))
	}
}

func TestAnOutageThatGoesOnCountsUpToNowAndTheRestIsNotObserved(t *testing.T) {
	a := sla.Add(facts(outage(at(20, 0), time.Time{}, sla.Carrier)), day, at(21, 0))
	if a.DownFor != time.Hour || a.UpFor != 20*time.Hour || a.NotObservedFor != 3*time.Hour {
		t.Errorf("down %s, up %s, not observed %s; want 1h, 20h, 3h", a.DownFor, a.UpFor, a.NotObservedFor)
	}
}

func TestACorrectionKeepsTheOriginalAndNeedsAReason(t *testing.T) {
	original := outage(at(9, 0), at(10, 0), sla.Carrier)
	c := sla.Correction{
		Number: 1, Outage: original.Key(), To: at(9, 30), Attribution: sla.Ours, Reason: "our electrician tripped the breaker",
		Author: "ann", At: later, Ticket: &sla.Ticket{Reference: "NN-77", OpenedAt: at(9, 5), ClosedAt: at(9, 40)},
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	got := sla.Corrected([]sla.Outage{original}, []sla.Correction{c})[0]
	if got.Original == nil || !got.Original.To.Equal(original.To) || got.Original.Attribution != sla.Carrier {
		t.Errorf("the original is lost: %+v", got.Original)
	}
	if !got.To.Equal(at(9, 30)) || got.Attribution != sla.Ours || got.Ticket.Reference != "NN-77" || len(got.Corrections) != 1 {
		t.Errorf("corrected to %+v", got)
	}
	c.Reason = ""
	if c.Validate() == nil {
		t.Error("a correction without a reason is taken")
	}
	c.Reason, c.To = "typing error", at(8, 0)
	if got := sla.Corrected([]sla.Outage{original}, []sla.Correction{c})[0]; !got.To.Equal(original.To) {
		t.Error("a correction turned the outage round")
	}
}

func TestAPromiseIsUndeterminedWhereTheUnobservedCouldTurnIt(t *testing.T) {
	terms := sla.Terms{Name: "gold", Available: 0.99}
	for _, c := range []struct {
		name     string
		outages  []sla.Outage
		observed []inventory.Span
		want     sla.Kept
	}{
		{"nothing happened", nil, []inventory.Span{day}, sla.KeptYes},
		{"the carrier broke it", []sla.Outage{outage(at(9, 0), at(10, 0), sla.Carrier)}, []inventory.Span{day}, sla.KeptNo},
		{"an hour is nobody's", []sla.Outage{outage(at(9, 0), at(10, 0), sla.Unattributed)}, []inventory.Span{day}, sla.KeptUnknown},
		{"an hour was ours", []sla.Outage{outage(at(9, 0), at(10, 0), sla.Ours)}, []inventory.Span{day}, sla.KeptYes},
		{"the night was not observed", nil, []inventory.Span{{From: at(6, 0), To: at(24, 0)}}, sla.KeptUnknown},
		{"nothing was observed", nil, nil, sla.KeptUnknown},
	} {
		f := facts(c.outages...)
		f.Terms, f.Observed = terms, c.observed
		if a := sla.Add(f, day, later); a.Promise != c.want {
			t.Errorf("%s: %s, want %s", c.name, a.Promise, c.want)
		}
	}
	if a := sla.Add(facts(), day, later); a.Promise != sla.KeptNone {
		t.Errorf("a link without terms: %s", a.Promise)
	}
}

func TestOverlappingOutagesCountOnceAndOursFirst(t *testing.T) {
	a := sla.Add(facts(
		outage(at(9, 0), at(11, 0), sla.Carrier), outage(at(10, 0), at(12, 0), sla.Ours), outage(at(8, 30), at(9, 30), sla.Unattributed),
	), day, later)
	want := []time.Duration{3*time.Hour + 30*time.Minute, time.Hour, 2 * time.Hour, 30 * time.Minute}
	if got := []time.Duration{a.DownFor, a.CarrierDownFor, a.OursDownFor, a.UnattributedDownFor}; !cmp.Equal(got, want) {
		t.Errorf("down, carrier, ours, nobody's: %v, want %v", got, want)
	}
}

func TestLossLeavesOutMinutesInWhichNothingAnswered(t *testing.T) {
	f := facts()
	f.Terms = sla.Terms{Name: "x", LossAtMost: 0.01, RTTAtMost: 30}
	f.Minutes = []sla.Minute{
		{At: at(9, 0), RTTMillis: 20, LossRatio: 0.01}, {At: at(9, 1), LossRatio: 1}, {At: at(9, 2), RTTMillis: 40, LossRatio: 0.01},
	}
	a := sla.Add(f, day, later)
	if a.Quality.LossRatio != 0.01 || a.Loss != sla.KeptYes || a.Latency != sla.KeptNo {
		t.Errorf("quality %+v, loss %s, latency %s", a.Quality, a.Loss, a.Latency)
	}
}

func TestACarriersSumIsTheSumOfItsLinks(t *testing.T) {
	one := sla.Add(facts(outage(at(9, 0), at(10, 0), sla.Carrier)), day, later)
	two := sla.Add(facts(), day, later)
	sums := sla.ByCarrier([]sla.Account{one, two})
	if len(sums) != 1 || sums[0].Links != 2 || sums[0].DownFor != time.Hour || sums[0].UpFor != 47*time.Hour || sums[0].Outages != 1 {
		t.Errorf("sums %+v", sums)
	}
	if got, _ := sums[0].OfCarrier.Get(); got != 47.0/48 {
		t.Errorf("of the carrier %v, want %v", got, 47.0/48)
	}
}
