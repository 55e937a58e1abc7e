package readiness_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/readiness"
	"muster/inventory"
)

// luck makes facts that may say anything.
type luck struct{ *rand.Rand }

func (l luck) flag() inventory.Fact[bool] {
	if l.IntN(4) == 0 {
		return inventory.Unknown[bool]("not measured")
	}
	return inventory.Known(l.IntN(3) > 0)
}

func (l luck) number(most float64) inventory.Fact[float64] {
	if l.IntN(4) == 0 {
		return inventory.Unknown[float64]("not measured")
	}
	return inventory.Known(l.Float64() * most)
}

func (l luck) whole(most int) inventory.Fact[int] {
	if l.IntN(4) == 0 {
		return inventory.Unknown[int]("not measured")
	}
	return inventory.Known(l.IntN(most))
}

// at is a moment within two weeks before now, or none.
func (l luck) at(now time.Time) time.Time {
	if l.IntN(5) == 0 {
		return time.Time{}
	}
	return now.Add(-time.Duration(l.IntN(14*24*60)) * time.Minute)
}

func (l luck) workstation(i int, now time.Time) readiness.WorkstationRow {
	list := inventory.Unknown[[]string]("no baseline")
	if l.IntN(3) > 0 {
		list = inventory.Known(slices.Repeat([]string{"a program"}, l.IntN(2)))
	}
	w := readiness.WorkstationRow{
		Key: fmt.Sprint("w", i), ID: fmt.Sprint("w", i), At: l.at(now), Present: l.flag(), SiteOK: l.flag(), Conflict: l.IntN(9) == 0,
		OS:         readiness.OSPart{Family: inventory.Known("windows"), Build: l.whole(30_000), PatchedDays: l.whole(30)},
		Software:   readiness.SoftwarePart{Missing: list, Old: list, Surplus: list},
		Protection: l.flag(), ProtectionFresh: l.flag(), Firewall: l.flag(),
	}
	w.Windows11.Result = []readiness.CheckResult{readiness.Capable, readiness.NotCapable, readiness.Undetermined, ""}[l.IntN(4)]
	return w
}

func (l luck) facts(t testing.TB, site string, now time.Time) *readiness.Facts {
	f := &readiness.Facts{Site: inventory.Site{Code: site, Hours: inventory.Hours([]string{"", "Mon-Fri 08:00-18:00", "Tue,Thu 09:00-12:30; Sat 10:00-16:00"}[l.IntN(3)])}, Zone: london(t)}
	f.SiteRow = readiness.SiteRow{Key: site, Code: site, OpenIncidents: l.whole(2)}
	for i := range l.IntN(12) {
		f.Workstations = append(f.Workstations, l.workstation(i, now))
		p := readiness.PositionRow{Key: fmt.Sprint("p", i), Code: fmt.Sprint("p", i), InScope: l.IntN(5) > 0, At: time.Time{}}
		p.Swap = readiness.SwapPart{Verified: l.IntN(3) > 0, Done: l.IntN(3) > 0, Checks: map[string]bool{}}
		if l.IntN(2) == 0 {
			p.Swap.Checks["signed-in"] = l.IntN(3) > 0
		}
		if l.IntN(3) > 0 {
			p.Workstation = &f.Workstations[i]
		}
		f.Positions = append(f.Positions, p)
		for _, service := range []string{"email", "records", "fax"} {
			f.Access = append(f.Access, readiness.AccessRow{
				Key: fmt.Sprint("w", i, "/", service), Service: service, Workstation: fmt.Sprint("w", i), At: l.at(now), Reachable: l.flag(), P95Millis: l.number(1200),
			})
		}
		training := map[string]readiness.TrainingPart{}
		if l.IntN(4) > 0 {
			training["records-basic"] = readiness.TrainingPart{Complete: l.IntN(3) > 0, Needed: l.IntN(4) > 0}
		}
		f.Staff = append(f.Staff, readiness.StaffRow{Key: fmt.Sprint(1000 + i), Number: fmt.Sprint(1000 + i), At: l.at(now), Training: training})
	}
	for i := range l.IntN(3) {
		f.Links = append(f.Links, readiness.LinkRow{
			Key: fmt.Sprint("c", i), Circuit: fmt.Sprint("c", i), Role: []inventory.LinkRole{inventory.LinkPrimary, inventory.LinkBackup}[i%2], At: l.at(now), Up: l.flag(),
			LossRatio: l.number(0.02), RTTMillis: l.number(150), Available: l.number(1),
		})
		f.Milestones = append(f.Milestones, readiness.MilestoneRow{Key: fmt.Sprint("m", i), Code: fmt.Sprint("m", i), Done: l.IntN(2) == 0, Reconciled: l.IntN(2) == 0, Expected: l.IntN(1000), Rejected: l.IntN(10)})
	}
	return f
}

func (l luck) settled(gates []*readiness.Gate, site string, now time.Time) func(gate string) readiness.Settled {
	var waivers []inventory.Waiver
	for range l.IntN(6) {
		g := gates[l.IntN(len(gates))]
		w := inventory.Waiver{
			Site: site, Gate: g.Name, Criterion: g.Criteria[l.IntN(len(g.Criteria))].ID, Owner: "j.hall", Reason: "so", At: now.AddDate(0, 0, -3),
			Until: inventory.DateOf(now.AddDate(0, 0, l.IntN(4)-1)),
		}
		if l.IntN(4) > 0 {
			w.Subject = []string{"p1", "w2", "w1/email", "1003", "m0", "c0"}[l.IntN(6)]
		}
		waivers = append(waivers, w)
	}
	return func(string) readiness.Settled { return readiness.Settled{Waivers: waivers} }
}

func sound(t *testing.T, e inventory.Evaluation) {
	t.Helper()
	verdict := inventory.VerdictReady
	for _, r := range e.Criteria {
		if r.Pass+r.Fail+r.Unknown+r.Stale+r.Waived != r.InScope {
			t.Errorf("%s/%s/%s: the five do not sum to the scope: %+v", e.Site, e.Gate, r.ID, r)
		}
		if r.Verdict == inventory.VerdictReady && r.Pass+r.Waived == 0 && r.Reason == "" {
			t.Errorf("%s/%s/%s is ready with nothing that passes", e.Site, e.Gate, r.ID)
		}
		if r.Verdict != inventory.VerdictReady && r.Reason == "" {
			t.Errorf("%s/%s/%s is %s without a reason", e.Site, e.Gate, r.ID, r.Verdict)
		}
		if r.Verdict == inventory.VerdictBlocked || verdict == inventory.VerdictReady {
			verdict = r.Verdict
		}
	}
	if e.Verdict != verdict {
		t.Errorf("%s/%s is %s, its criteria say %s", e.Site, e.Gate, e.Verdict, verdict)
	}
	if (e.Verdict == inventory.VerdictReady) != (len(e.Blockers)+e.MoreBlockers == 0) {
		t.Errorf("%s/%s is %s with %d blockers", e.Site, e.Gate, e.Verdict, len(e.Blockers)+e.MoreBlockers)
	}
	seen := map[string]bool{}
	for _, b := range e.Blockers {
		if seen[b.ID] || b.Reason == "" || b.Clears == "" || b.Owner == "" || b.Since.IsZero() {
			t.Errorf("blocker %+v", b)
		}
		seen[b.ID] = true
	}
}

func TestTheFiveStandingsSumToTheScopeWhateverTheFacts(t *testing.T) {
	gates := readyMade(t)
	for seed := range uint64(80) {
		l := luck{rand.New(rand.NewPCG(seed, 7))}
		now := monday.Add(time.Duration(l.IntN(7*24*60)) * time.Minute)
		f := l.facts(t, "S1", now)
		settled := l.settled(gates, "S1", now)
		for _, g := range gates {
			sound(t, g.Evaluate(f, settled(g.Name), now))
		}
	}
}

func TestOneChangedRowGivesWhatAWholeRoundGives(t *testing.T) {
	gates := readyMade(t)
	for seed := range uint64(12) {
		l := luck{rand.New(rand.NewPCG(seed, 11))}
		now := monday
		j := readiness.NewJudge(gates)
		j.Put(l.facts(t, "S1", now))
		for range 25 {
			now = now.Add(time.Duration(l.IntN(300)) * time.Minute)
			l.change(j, now)
			settled := l.settled(gates, "S1", now)
			for i, e := range j.Evaluate("S1", settled, now) {
				sound(t, e)
				whole := gates[i].Evaluate(j.Facts("S1"), settled(gates[i].Name), now)
				if diff := cmp.Diff(whole, e); diff != "" {
					t.Fatalf("seed %d, gate %s: %s", seed, gates[i].Name, diff)
				}
			}
		}
	}
}

// change puts one row of some kind, new or known.
func (l luck) change(j *readiness.Judge, now time.Time) {
	i := l.IntN(14)
	switch l.IntN(5) {
	case 0:
		readiness.PutRow(j, "S1", l.workstation(i, now))
	case 1:
		key := fmt.Sprint("w", i, "/email")
		readiness.PutRow(j, "S1", readiness.AccessRow{Key: key, Service: "email", Workstation: fmt.Sprint("w", i), At: now, Reachable: l.flag(), P95Millis: l.number(1200)})
	case 2:
		readiness.PutRow(j, "S1", readiness.PositionRow{Key: fmt.Sprint("p", i), Code: fmt.Sprint("p", i), InScope: true, Swap: readiness.SwapPart{Verified: l.IntN(2) == 0}})
	case 3:
		readiness.PutRow(j, "S1", readiness.SiteRow{Key: "S1", Code: "S1", OpenIncidents: l.whole(2)})
	default:
		readiness.PutRow(j, "S1", readiness.LinkRow{Key: "c0", Circuit: "c0", Role: inventory.LinkPrimary, At: now, Up: l.flag()})
	}
}

func TestThirtyNightsAndWeekendsChangeNoVerdictAndWeakenNoSignOff(t *testing.T) {
	gates := readyMade(t)
	facts := calm(t)
	j := readiness.NewJudge(gates)
	j.Put(facts)
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	verdicts, signOffs := map[string]inventory.ReadyVerdict{}, map[string]inventory.SignOff{}
	failing := map[string]map[string]time.Time{}
	opening := readiness.NewOpening(facts.Site.Hours, facts.Zone)
	changed, weakened, judged := 0, 0, 0
	for step := range 30 * 24 * 4 {
		now := start.Add(time.Duration(step) * 15 * time.Minute)
		if facts.Site.Hours.Open(now.In(facts.Zone)) {
			j.Put(measured(facts, now))
		}
		if step < 40 { // until somebody came in for the first time
			continue
		}
		for i, e := range j.Evaluate("S003", nil, now) {
			judged++
			if was, known := verdicts[e.Gate]; known && was != e.Verdict {
				changed++
				t.Errorf("%s: %s is %s, was %s: %v", now, e.Gate, e.Verdict, was, e.Blockers)
			}
			verdicts[e.Gate] = e.Verdict
			if _, signed := signOffs[e.Gate]; !signed {
				signOffs[e.Gate] = inventory.SignOff{Site: e.Site, Gate: e.Gate, State: inventory.SignOffSigned}
			}
			failing[e.Gate] = readiness.FailingSince(failing[e.Gate], e)
			rule := readiness.SignOffRule{}
			if gates[i].SignOff != nil {
				rule = *gates[i].SignOff
			}
			if _, _, weak := readiness.WeakenSignOff(signOffs[e.Gate], nil, e, rule, failing[e.Gate], opening, now); weak {
				weakened++
			}
		}
	}
	if changed != 0 || weakened != 0 || judged < 10_000 {
		t.Errorf("%d verdicts changed and %d sign-offs weakened in %d evaluations", changed, weakened, judged)
	}
	for gate, verdict := range verdicts {
		if verdict != inventory.VerdictReady {
			t.Errorf("%s was %s", gate, verdict)
		}
	}
}

// calm is a site at which every ready-made gate is ready once it is measured.
func calm(t *testing.T) *readiness.Facts {
	t.Helper()
	f := county(t, 1, 12)[0]
	f.Site = inventory.Site{Code: "S003", Hours: "Mon-Fri 08:00-18:00"}
	f.SiteRow.Key = "S003"
	for i := range f.Positions {
		f.Positions[i].Swap.Verified = true
		f.Workstations[i].Protection, f.Workstations[i].SiteOK = inventory.Known(true), inventory.Known(true)
		f.Workstations[i].OS.PatchedDays = inventory.Known(3)
	}
	for i := range f.Access {
		f.Access[i].Reachable = inventory.Known(true)
	}
	for i := range f.Staff {
		f.Staff[i].Training["records-basic"] = readiness.TrainingPart{Complete: true, Needed: true, On: "2026-10-01"}
	}
	for i := range f.Milestones {
		f.Milestones[i].Done = true
	}
	return f
}

// measured is the same site, measured anew at now.
func measured(f *readiness.Facts, now time.Time) *readiness.Facts {
	next := *f
	next.Workstations, next.Access = slices.Clone(f.Workstations), slices.Clone(f.Access)
	next.Staff, next.Links = slices.Clone(f.Staff), slices.Clone(f.Links)
	for i := range next.Workstations {
		next.Workstations[i].At = now
	}
	for i := range next.Access {
		next.Access[i].At = now
	}
	for i := range next.Staff {
		next.Staff[i].At = now
	}
	for i := range next.Links {
		next.Links[i].At = now
	}
	return &next
}
