package forecast_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/readiness/calendar"
	"muster/controller/readiness/forecast"
	"muster/inventory"
)

const today inventory.Date = "2026-11-23"

// county is a programme half way: four crews, about 13 swaps a day for 60 days.
func county() (forecast.History, forecast.Plan) {
	cal := calendar.New(nil, nil)
	r := rand.New(rand.NewPCG(4, 4))
	var h forecast.History
	for _, day := range cal.Since("2026-08-31", "2026-11-20") {
		for crew := range 4 {
			h.Done = append(h.Done, forecast.DayCount{Day: day, Crew: fmt.Sprint(crew), Count: r.IntN(7)})
		}
		if r.IntN(10) == 0 {
			h.Scope = append(h.Scope, forecast.DayCount{Day: day, Count: r.IntN(20)})
		}
	}
	p := forecast.Plan{
		Programme: "REFRESH", Target: "2027-03-31", Done: 720, Left: 900,
		Waves: []forecast.WavePlan{
			{Code: "W1", Done: 500},
			{Code: "W2", Done: 220, Left: 180, Crews: 3, GoLive: "2026-12-18"},
			{Code: "W3", Left: 400, NotBefore: "2027-01-11", GoLive: "2027-02-26"},
			{Code: "W4", Left: 300},
		},
	}
	for i := range 3 {
		g := forecast.GatePlan{Code: fmt.Sprintf("gate-%d", i), Done: 60, Left: 40}
		for _, day := range cal.Since("2026-08-31", "2026-11-20") {
			g.History = append(g.History, forecast.DayCount{Day: day, Count: r.IntN(3)})
		}
		p.Gates = append(p.Gates, g)
	}
	return h, p
}

func run(h forecast.History, p forecast.Plan) inventory.Forecast { return runTrials(h, p, 2000) }

func runTrials(h forecast.History, p forecast.Plan, trials int) inventory.Forecast {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	return forecast.Run(h, p, calendar.New(nil, nil), today, forecast.Options{Seed: 7, Trials: trials, At: at})
}

func TestTheSameBasisGivesTheSameOdds(t *testing.T) {
	a, b := run(county()), run(county())
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	want := inventory.ForecastBasis{
		Seed: 7, Trials: 2000, From: "2026-09-01", To: "2026-11-20", WorkingDays: 59, Crews: 4, Done: 720, Left: 900,
		ScopeAdded: a.Basis.ScopeAdded, MadeAt: a.Basis.MadeAt,
	}
	if diff := cmp.Diff(want, a.Basis); diff != "" {
		t.Error(diff)
	}
}

// A seed that was recorded must give the same odds in years, whatever becomes
// of the library's own laws.
func TestARecordedForecastIsReproduced(t *testing.T) {
	f := run(county())
	got := fmt.Sprintf("%s %s %s %.4f %s", f.P50, f.P85, f.P95, f.ByTarget.Or(-1), f.Word)
	const want = "2027-03-09 2027-03-16 2027-03-22 0.9960 almost certain"
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDatesAreInOrderAndOnWorkingDays(t *testing.T) {
	f := run(county())
	cal := calendar.New(nil, nil)
	all := []inventory.Odds{f.Odds, f.Growing}
	for _, s := range append(f.Waves, f.Gates...) {
		if s.Left > 0 {
			all = append(all, s.Odds)
		}
	}
	for _, o := range all {
		if o.Refused != "" || o.P50 > o.P85 || o.P85 > o.P95 || o.P50 <= today {
			t.Errorf("odds %+v", o)
		}
		for _, day := range []inventory.Date{o.P50, o.P85, o.P95} {
			if !cal.Working(day) {
				t.Errorf("%s is no working day", day)
			}
		}
	}
	if f.Growing.P85 <= f.P85 {
		t.Errorf("the scope grows, and yet it is done by %s instead of %s", f.Growing.P85, f.P85)
	}
	if f.Waves[0].Word != "done" || f.Waves[2].P50 < "2027-01-11" {
		t.Errorf("waves %+v", f.Waves)
	}
}

func TestAShortOrEmptyHistoryIsRefusedWithTheReason(t *testing.T) {
	h, p := county()
	short := forecast.History{Done: h.Done[len(h.Done)-9*4:]}
	if f := run(short, p); !strings.Contains(f.Refused, "9 working days of history, 10 are needed") || f.P50.Set() || f.ByTarget.Known() {
		t.Errorf("%+v", f.Odds)
	}
	if f := run(forecast.History{}, p); !strings.Contains(f.Refused, "0 working days") {
		t.Errorf("%+v", f.Odds)
	}
	for i := range h.Done {
		h.Done[i].Count = 0
	}
	f := run(h, p)
	if !strings.Contains(f.Refused, "no swap was verified in 59 working days") || f.Waves[1].Refused == "" || f.Growing.Refused == "" {
		t.Errorf("%+v", f.Odds)
	}
	if f.Gates[0].Refused != "" {
		t.Errorf("a gate has its own history: %+v", f.Gates[0])
	}
}

func TestNobodysDayIsLeftOut(t *testing.T) {
	cal := calendar.New(nil, nil)
	var busy, idle forecast.History
	for i, day := range cal.Since("2026-10-05", "2026-11-20") {
		if i%2 == 0 { // every other day brings nothing, and nobody writes a 0
			busy.Done = append(busy.Done, forecast.DayCount{Day: day, Crew: "a", Count: 10})
			idle.Done = append(idle.Done, forecast.DayCount{Day: day, Crew: "a", Count: 10})
		} else {
			idle.Done = append(idle.Done, forecast.DayCount{Day: day, Crew: "a"})
		}
	}
	p := forecast.Plan{Left: 300}
	if a, b := run(busy, p), run(idle, p); a.P85 != b.P85 {
		t.Errorf("days without an entry are left out: %s against %s", a.P85, b.P85)
	}
}

func TestACrewWithoutAVerifiedSwapOnTheLastDayIsStillAtWork(t *testing.T) {
	var h forecast.History
	for i, day := range calendar.New(nil, nil).Since("2026-10-05", "2026-11-20") { // two crews, each verifies every other day
		h.Done = append(h.Done, forecast.DayCount{Day: day, Crew: fmt.Sprint(i % 2), Count: 10})
	}
	f := run(h, forecast.Plan{Left: 100})
	if f.Basis.Crews != 2 || f.P50 != "2026-12-07" {
		t.Errorf("%d crews, done by %s; two crews with ten a day take ten days", f.Basis.Crews, f.P50)
	}
}

func TestWhatIsDoneIsDoneToday(t *testing.T) {
	h, _ := county()
	f := run(h, forecast.Plan{Done: 1000, Target: "2027-01-01"})
	if f.P95 != today || f.Word != "done" || f.ByTarget.Or(0) != 1 {
		t.Errorf("%+v", f.Odds)
	}
}

func TestAPaceThatNeverEndsIsRefused(t *testing.T) {
	h, _ := county()
	if f := runTrials(h, forecast.Plan{Left: 10_000_000}, 100); !strings.Contains(f.Refused, "not done within ten years") {
		t.Errorf("%+v", f.Odds)
	}
	h.Scope = nil
	for _, d := range h.Done {
		h.Scope = append(h.Scope, forecast.DayCount{Day: d.Day, Count: 40})
	}
	f := runTrials(h, forecast.Plan{Left: 900}, 100)
	if f.Refused != "" || f.Growing.Refused == "" {
		t.Errorf("the scope grows faster than it is done: %+v, growing %+v", f.Odds, f.Growing)
	}
}

func whatIf(t *testing.T, p forecast.Plan, texts ...string) forecast.Plan {
	t.Helper()
	changes, err := forecast.ParseChanges(texts)
	if err != nil {
		t.Fatal(err)
	}
	p, err = p.With(changes...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAWhatIfMovesTheDateTheWayItShould(t *testing.T) {
	h, p := county()
	base := run(h, p)
	for text, later := range map[string]int{
		"crews=8": -1, "crews=2": 1, "crews=8 from 2027-01-04": -1, "wave W3 not before 2027-06-01": 1, "wave W4 out": -1, "scope -200": -1,
		"wave W2 scope +300": 1, "freeze 2027-01-04/2027-02-01 audit": 1, "target 2026-12-01": 0, "waive gate gate-1": 0,
	} {
		f := run(h, whatIf(t, p, text))
		if got := strings.Compare(string(f.P85), string(base.P85)); got != later {
			t.Errorf("%s: %s, as it is %s", text, f.P85, base.P85)
		}
	}
	if f := run(h, whatIf(t, p, "target 2026-12-01")); f.ByTarget.Or(1) != 0 || f.Word != "a remote chance" {
		t.Errorf("an impossible target: %v, %s", f.ByTarget, f.Word)
	}
	if diff := cmp.Diff(base, run(h, p)); diff != "" {
		t.Errorf("a what-if changed the plan itself: %s", diff)
	}
}

func TestAGateHoldsItsWavesUntilItIsWaived(t *testing.T) {
	h, p := county()
	p.Gates[0].Left, p.Gates[0].Holds = 120, []string{"W4"}
	held := run(h, p)
	if held.Waves[3].P50 < held.Gates[0].P50 {
		t.Errorf("wave W4 is done by %s, its gate by %s", held.Waves[3].P50, held.Gates[0].P50)
	}
	free := run(h, whatIf(t, p, "waive gate gate-0"))
	if free.P85 >= held.P85 || free.Gates[0].Refused != "waived" {
		t.Errorf("waived: %s, held: %s; %+v", free.P85, held.P85, free.Gates[0])
	}
}

func TestAWaveOnHoldIsSaidToBeTakenForGranted(t *testing.T) {
	h, p := county()
	p.Waves[2].OnHold, p.Waves[2].NotBefore = "asbestos", ""
	f := run(h, p)
	if len(f.Basis.Assumes) != 1 || !strings.Contains(f.Basis.Assumes[0], "wave W3 is on hold (asbestos)") {
		t.Errorf("assumes %q", f.Basis.Assumes)
	}
	if f.Waves[2].P50 <= f.Waves[3].P50 {
		t.Errorf("W3 is on hold and done by %s, W4 by %s", f.Waves[2].P50, f.Waves[3].P50)
	}
}

func TestEveryFormOfAChangeIsReadAndWrittenAlike(t *testing.T) {
	for _, text := range forecast.Forms() {
		c, err := forecast.ParseChange(text)
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := forecast.ParseChange(c.String())
		if err != nil || again != c {
			t.Errorf("%q becomes %q: %v", text, c, err)
		}
	}
	for _, text := range []string{
		"", "crews", "crews=99999", "crews=6 from 2027-02-30", "wave w3 out", "wave W3 not before soon", "scope 12", "freeze 2027-01-04/2026-01-01",
		"hire more people", strings.Repeat("x", 300),
	} {
		if c, err := forecast.ParseChange(text); err == nil {
			t.Errorf("%q was read as %v", text, c)
		}
	}
}

func TestAChangeThatThePlanDoesNotHaveIsRefused(t *testing.T) {
	_, p := county()
	for text, why := range map[string]string{
		"wave W9 out": "no wave W9", "waive gate nope": "no gate nope", "scope -901": "only 900 are left", "wave W2 scope -181": "only 180", "crews=0": "nobody would be at work",
	} {
		c, err := forecast.ParseChange(text)
		if err == nil {
			_, err = p.With(c)
		}
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", text, err, why)
		}
	}
}

func TestEveryShareHasAWord(t *testing.T) {
	for share, word := range map[float64]string{1: "almost certain", 0.85: "highly likely", 0.6: "likely", 0.45: "a realistic possibility", 0.3: "unlikely", 0.15: "highly unlikely", 0: "a remote chance"} {
		if got := forecast.Word(share); got != word {
			t.Errorf("%.2f is %q, want %q", share, got, word)
		}
	}
}

// FuzzParseChange holds that what is read is written and read alike, and that a
// plan survives it.
func FuzzParseChange(f *testing.F) {
	for _, text := range forecast.Forms() {
		f.Add(text)
	}
	_, plan := county()
	f.Fuzz(func(t *testing.T, text string) {
		c, err := forecast.ParseChange(text)
		if err != nil {
			return
		}
		again, err := forecast.ParseChange(c.String())
		if err != nil || again != c {
			t.Fatalf("%q becomes %q: %v", text, c, err)
		}
		p, err := plan.With(c)
		if err != nil {
			return
		}
		for _, w := range p.Waves {
			if w.Left < 0 || p.Left < 0 {
				t.Fatalf("%q leaves %d of %d", text, w.Left, p.Left)
			}
		}
	})
}

func BenchmarkForecast10000Trials(b *testing.B) {
	h, p := county()
	cal := calendar.New(nil, nil)
	for b.Loop() {
		forecast.Run(h, p, cal, today, forecast.Options{Seed: 1})
	}
}
