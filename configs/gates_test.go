package configs_test

import (
	"os"
	"path/filepath"
	"testing"

	"muster/controller/readiness"
	"muster/inventory"
)

// gates loads every gate of configs/gates.
func gates(t *testing.T) []*readiness.Gate {
	t.Helper()
	files, err := filepath.Glob("gates/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no gates", err)
	}
	var all []*readiness.Gate
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g, err := readiness.LoadGate(file, src)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	return all
}

func TestEveryGateHoldsItsOwnTests(t *testing.T) {
	for _, g := range gates(t) {
		if g.Title == "" || len(g.Tests) < 2 {
			t.Errorf("%s: no title, or too few tests", g.File)
		}
		for _, r := range g.Test(func(path string) ([]byte, error) { return os.ReadFile(filepath.Join("gates", path)) }) {
			for _, wrong := range r.Wrong {
				t.Errorf("%s:%d: %s: %s", g.File, r.Test.Line, r.Test.Name, wrong)
			}
		}
	}
}

func TestFixturesShowEachStandingOfEverySiteGate(t *testing.T) {
	for _, g := range gates(t) {
		seen := map[inventory.Standing]bool{}
		for _, test := range g.Tests {
			src, err := os.ReadFile(filepath.Join("gates", test.Given))
			if err != nil {
				t.Fatal(err)
			}
			x, err := readiness.LoadFixture(test.Given, src)
			if err != nil {
				t.Fatal(err)
			}
			for i := range x.Settled.Waivers {
				x.Settled.Waivers[i].Gate = g.Name
			}
			for _, r := range g.Evaluate(&x.Facts, x.Settled, x.Now).Criteria {
				for standing, n := range map[inventory.Standing]int{
					inventory.StandingPass: r.Pass, inventory.StandingFail: r.Fail, inventory.StandingUnknown: r.Unknown,
					inventory.StandingStale: r.Stale, inventory.StandingWaived: r.Waived,
				} {
					if n > 0 {
						seen[standing] = true
					}
				}
			}
		}
		want := 5
		if g.Scope != readiness.ScopeSite {
			want = 4 // what a wave counts is never stale: its sites' gates are
		}
		if len(seen) < want {
			t.Errorf("%s shows %v", g.File, seen)
		}
	}
}

func TestEverySoftwareBaselineLoads(t *testing.T) {
	files, err := filepath.Glob("software/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no baselines", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readiness.LoadSoftware(file, src); err != nil {
			t.Error(err)
		}
	}
}
