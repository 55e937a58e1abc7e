package incident_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// want is one incident that a scenario must lead to.
type want struct {
	cause    inventory.Cause
	live     inventory.Cause // before healing; the same when empty
	site     string
	carrier  string
	exchange string
	service  string
	machine  string
	from     time.Duration
	detected time.Duration // within; zero: not asked
	caused   time.Duration
	resolved time.Duration // after heals; zero: not asked
	heals    time.Duration
	grade    inventory.Grade
	event    bool // it healed while pending
	silent   bool // presence, or over before anybody was called
}

// scenario is one of the rehearsals' scenarios, on drawn evidence.
type scenario struct {
	n     int
	name  string
	opts  evidencetest.Options
	lasts time.Duration
	play  func(w *evidencetest.World)
	want  []want
	never []inventory.Cause
	base  bool // with 28 days of history
	step  func(e **incident.Engine, w *evidencetest.World)
}

// outcome is what came of one.
type outcome struct {
	byID    map[string]inventory.Incident
	order   []string
	opened  map[string]int
	shown   map[inventory.Cause]bool
	opening int
	blind   bool
}

func (o *outcome) take(out incident.Outcome) {
	o.blind = o.blind || out.Blind
	for _, c := range out.Changes {
		if _, known := o.byID[c.Incident.ID]; !known {
			o.order = append(o.order, c.Incident.ID)
		}
		o.byID[c.Incident.ID] = c.Incident
		o.shown[c.Incident.Cause] = true
		if c.Step == inventory.IncidentOpened {
			o.opened[c.Incident.ID]++
			o.opening++
		}
	}
}

func counting() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("i%08d", n) }
}

// run plays a scenario with some rules.
func (s scenario) run(rules incident.Rules) *outcome {
	w := evidencetest.New(s.opts)
	e := incident.New(rules, w.Estate(), w.Start(), incident.WithIDs(counting()))
	if s.base {
		e.SetBaselines(w.Baselines(14))
	}
	s.play(w)
	o := &outcome{byID: map[string]inventory.Incident{}, opened: map[string]int{}, shown: map[inventory.Cause]bool{}}
	w.Run(s.lasts, func(now time.Time, evidence []inventory.Evidence) incident.Outcome {
		if s.step != nil {
			s.step(&e, w)
		}
		out := e.Step(now, evidence)
		o.take(out)
		return out
	})
	return o
}

// judge lists what is not as it should be.
func (s scenario) judge(o *outcome) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	start := s.opts.Start
	if start.IsZero() {
		start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	}
	taken := map[string]bool{}
	for _, x := range s.want {
		i, ok := find(o, x, taken)
		if !ok {
			fault("no incident for %+v", x)
			continue
		}
		taken[i.ID] = true
		from := start.Add(x.from)
		if got := i.DetectedAt.Sub(from); x.detected > 0 && got > x.detected {
			fault("%s detected after %s, want %s", i.Cause, got, x.detected)
		}
		if got, ok := firstRight(i, x); x.caused > 0 && (!ok || got.Sub(from) > x.caused) {
			fault("%s named after %s, want %s", i.Cause, got.Sub(from), x.caused)
		}
		if d := i.StartedAt.Sub(from); x.detected > 0 && (d < -10*time.Second || d > x.detected) {
			fault("%s started %s from the fault", i.Cause, d)
		}
		if x.resolved > 0 {
			if i.ResolvedAt.IsZero() {
				fault("%s is not resolved", i.Cause)
			} else if got := i.ResolvedAt.Sub(start.Add(x.heals)); got > x.resolved || got < -5*time.Second {
				fault("%s resolved %s after healing, want %s", i.Cause, got, x.resolved)
			}
		}
		if x.grade != "" && i.Grade != x.grade {
			fault("%s is %s, want %s: %s", i.Cause, i.Grade, x.grade, i.Verdicts[len(i.Verdicts)-1].Reason)
		}
		opens := 1
		if x.event || x.silent || x.cause.Presence() {
			opens = 0
		}
		if o.opened[i.ID] != opens {
			fault("%s was opened %d times, want %d", i.Cause, o.opened[i.ID], opens)
		}
	}
	for _, id := range o.order {
		i := o.byID[id]
		if !taken[id] && !i.Cause.Presence() && i.State != inventory.IncidentFolded && i.State != inventory.IncidentBlip {
			fault("unexpected %s %s %+v since %s: %s", i.State, i.Cause, i.Scope, i.StartedAt.Sub(start), i.Verdicts[len(i.Verdicts)-1].Reason)
		}
		for _, v := range i.Verdicts {
			if v.Reason == "" || v.Rule == "" || v.Confidence <= 0 || v.Grade == inventory.GradeInferred && v.Confidence > 0.7 || v.Grade == inventory.GradeCorroborated && v.Confidence >= 0.9 {
				fault("verdict %+v", v)
			}
		}
	}
	for _, cause := range s.never {
		if o.shown[cause] {
			fault("%s was shown", cause)
		}
	}
	return faults
}

// find is the incident for an expectation.
func find(o *outcome, x want, taken map[string]bool) (inventory.Incident, bool) {
	for _, id := range o.order {
		i := o.byID[id]
		if taken[id] || i.Cause != x.cause || i.State == inventory.IncidentFolded {
			continue
		}
		if (i.State == inventory.IncidentBlip) != x.event {
			continue
		}
		if x.site != "" && i.Scope.Site != x.site || x.carrier != i.Scope.Carrier || x.exchange != i.Scope.Exchange ||
			x.service != "" && x.service != i.Scope.Service || x.machine != "" && x.machine != i.Scope.Workstation {
			continue
		}
		return i, true
	}
	return inventory.Incident{}, false
}

func firstRight(i inventory.Incident, x want) (time.Time, bool) {
	n := slices.IndexFunc(i.Verdicts, func(v inventory.Verdict) bool { return v.Cause == x.cause || v.Cause == x.live })
	if n < 0 {
		return time.Time{}, false
	}
	return i.Verdicts[n].At, true
}

// report plays and fails the test with what is wrong.
func (s scenario) report(t *testing.T) {
	t.Helper()
	o := s.run(incident.DefaultRules())
	faults := s.judge(o)
	if len(faults) == 0 {
		return
	}
	for _, f := range faults {
		t.Error(f)
	}
	for _, id := range o.order {
		i := o.byID[id]
		if i.State == inventory.IncidentBlip && i.Cause.Presence() {
			continue
		}
		t.Logf("%s %s %s %+v %s–%s", id, i.State, i.Cause, i.Scope, i.StartedAt.Format("15:04:05"), i.ResolvedAt.Format("15:04:05"))
		for _, v := range i.Verdicts {
			t.Logf("   %s %s %s %.2f [%s] %s", v.At.Format("15:04:05.0"), v.Cause, v.Grade, v.Confidence, v.Rule, v.Reason)
		}
	}
}
