package rehearsal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/controller/rehearsal"
	"muster/inventory"
)

const sized = `
name: sized
sizes: [1, 60]
estate:
  workstations_per_site: 15
  sites:
    - {code: A}
    - {code: B}
    - {code: C, workstations: 4}
timeline:
  - {at: 1m, do: cut-link, site: A}
  - {at: 2m, do: crash, workstations: [A-01]}
expect:
  - {cause: site-link-down, site: A, not_at: [1]}
  - {cause: host-or-link, site: A, only_at: [1]}
never:
  - {cause: lan-segment}
  - {cause: site-power-cut, only_at: [60]}
`

func parseAt(t *testing.T, text string, size int) rehearsal.Rehearsal {
	t.Helper()
	r, err := rehearsal.ParseAt("test.yaml", strings.NewReader(text), size)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestASizeIsGivenToTheSitesThatAFileIsAbout(t *testing.T) {
	t.Parallel()
	for size, want := range map[int][]int{0: {15, 15, 4}, 1: {1, 1, 4}, 6: {6, 6, 4}, 60: {60, 15, 4}} {
		var got []int
		for _, s := range parseAt(t, sized, size).Estate.Sites {
			got = append(got, s.Workstations)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("at %d the sites have otherwise many: the cut one gets the size, a bystander no more than it has, a listed one its own (-want +got):\n%s", size, diff)
		}
	}
}

func TestAnExpectationMayHoldAtSomeSizesOnly(t *testing.T) {
	t.Parallel()
	for size, want := range map[int][]inventory.Cause{
		0: {inventory.CauseSiteLinkDown}, 1: {inventory.CauseMachineOrLink}, 60: {inventory.CauseSiteLinkDown},
	} {
		var got []inventory.Cause
		r := parseAt(t, sized, size)
		for _, e := range r.Expect {
			got = append(got, e.Cause)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("at %d (-want +got):\n%s", size, diff)
		}
		if never := 1 + size/60; len(r.Never) != never {
			t.Errorf("at %d there are %d causes that never may be shown, want %d", size, len(r.Never), never)
		}
	}
}

func TestAFileSaysAtWhichSizesItHasAMeaning(t *testing.T) {
	t.Parallel()
	r := parseAt(t, sized, 0)
	for size, want := range map[int]bool{0: true, 1: true, 6: false, 60: true} {
		if r.MeantFor(size) != want {
			t.Errorf("meant for %d: %t", size, !want)
		}
	}
	plain := parseAt(t, "name: plain\ntimeline: [{at: 1m, do: cut-link, site: S001}]\n", 0)
	if plain.MeantFor(6) {
		t.Error("a file that says nothing of sizes is meant as it is, and for 6 too")
	}
}

func TestAMachineThatASizeLeavesOutIsAnUnknownWord(t *testing.T) {
	t.Parallel()
	_, err := rehearsal.ParseAt("x.yaml", strings.NewReader("name: x\ntimeline: [{at: 1m, do: crash, workstations: [S001-04]}]\n"), 2)
	if err == nil || !strings.Contains(err.Error(), "x.yaml:2:") || !strings.Contains(err.Error(), "S001-01 to S001-02") {
		t.Errorf("got %v", err)
	}
}

// TestEveryShippedRehearsalIsReadAtItsSizes loads each file at each size that it
// names.
func TestEveryShippedRehearsalIsReadAtItsSizes(t *testing.T) {
	t.Parallel()
	sizes := 0
	for file, text := range shipped(t) {
		for _, size := range parseAt(t, text, 0).Sizes {
			sizes++
			r, err := rehearsal.ParseAt(file, strings.NewReader(text), size)
			if err != nil {
				t.Error(err)
			}
			if len(r.Script().Steps) == 0 {
				t.Errorf("%s does nothing at size %d", file, size)
			}
		}
	}
	if sizes < 200 {
		t.Errorf("all files together name %d sizes", sizes)
	}
}
