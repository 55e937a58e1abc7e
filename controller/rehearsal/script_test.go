package rehearsal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/rehearsal"
)

func TestTheSameSeedTakesTheSameMachines(t *testing.T) {
	text := "name: x\nseed: 3\ntimeline:\n  - {at: 1m, do: crash, site: S002, share: 0.2, over: 30s}\n  - {at: 5m, do: crash, site: S002, share: 0.2, heal: true}\n"
	a, b := parse(t, text).Script(), parse(t, text).Script()
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	if n := len(a.Episodes[0].Workstations); n != 3 {
		t.Errorf("a fifth of fifteen is %d", n)
	}
	last := a.Steps[len(a.Steps)-1]
	if last.Do != rehearsal.Boot || !cmp.Equal(last.Workstations, a.Episodes[0].Workstations) {
		t.Errorf("healing does %s to %v", last.Do, last.Workstations)
	}
	other := parse(t, "name: x\nseed: 4\n"+text[len("name: x\nseed: 3\n"):]).Script()
	if cmp.Equal(a.Episodes[0].Workstations, other.Episodes[0].Workstations) {
		t.Error("another seed takes the same machines")
	}
}

func TestAFlapIsDownForHalfOfEachPeriod(t *testing.T) {
	s := parse(t, "name: x\ntimeline:\n  - {at: 1m, do: flap-link, site: S001, every: 40s, for: 100s}\n").Script()
	var got []string
	for _, step := range s.Steps {
		got = append(got, step.At.String()+" "+string(step.Do))
	}
	want := []string{"1m0s cut-link", "1m20s heal-link", "1m40s cut-link", "2m0s heal-link", "2m20s cut-link", "2m40s heal-link"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.Episodes[0].Until != 160*time.Second {
		t.Errorf("it ends at %s", s.Episodes[0].Until)
	}
}

func TestAPowerCutLeavesTheBatteriesAndComesBackOverMinutes(t *testing.T) {
	s := parse(t, "name: x\ntimeline:\n  - {at: 1m, do: power-cut, site: S001, battery: 0.4}\n  - {at: 9m, do: power-restore, site: S001, boot: 0.5}\n").Script()
	e := s.Episodes[0]
	if len(e.Workstations) != 9 || e.Until != 9*time.Minute || e.Back <= e.Until {
		t.Errorf("%d go down, restored at %s, second machine back at %s", len(e.Workstations), e.Until, e.Back)
	}
	boots, latest := 0, time.Duration(0)
	for _, step := range s.Steps {
		if step.Do == rehearsal.Boot {
			boots, latest = boots+1, max(latest, step.At)
		}
	}
	if boots != 5 || latest > 12*time.Minute {
		t.Errorf("%d boot, the last at %s", boots, latest)
	}
}

func TestACarrierTakesAShareOfItsSites(t *testing.T) {
	s := parse(t, "name: x\nestate: {sites: 11}\ntimeline:\n  - {at: 1m, do: carrier-down, carrier: carrier-1, share: 0.82}\n  - {at: 4m, do: carrier-down, carrier: carrier-1, heal: true}\n").Script()
	if n := len(s.Episodes[0].Sites); n != 9 || s.Episodes[0].Until != 4*time.Minute {
		t.Errorf("%d sites until %s", n, s.Episodes[0].Until)
	}
	if !s.Steps[1].Heal || !cmp.Equal(s.Steps[1].Sites, s.Steps[0].Sites) {
		t.Errorf("healing: %+v", s.Steps[1])
	}
}

func TestHistoryCountsDaysAndComesAgain(t *testing.T) {
	r := parse(t, "name: x\nbaseline: {days: 14}\nhistory:\n  - {at: 0d, do: saturate-link, site: S001, for: 30m, every: 1d}\n  - {at: -2d, do: cut-link, site: S002}\n")
	s := r.Past()
	if n := len(s.Episodes); n != 15 {
		t.Errorf("%d episodes", n)
	}
	for _, e := range s.Episodes {
		if e.Fault.Do == rehearsal.CutLink && e.From != 12*24*time.Hour {
			t.Errorf("two days before the start is %s", e.From)
		}
	}
}
