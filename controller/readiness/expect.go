package readiness

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// expectVerdict is the key of the gate's verdict in a test's expectations.
const expectVerdict = "verdict"

// Expectation is what a test expects of a criterion, or of the gate: a word, or
// how many rows stand how.
type Expectation struct {
	Word   string // a standing, empty, or a verdict
	Counts map[inventory.Standing]int
}

// StandingEmpty is the word for a criterion with nothing in scope.
const StandingEmpty = "empty"

var standings = []inventory.Standing{
	inventory.StandingPass, inventory.StandingFail, inventory.StandingUnknown, inventory.StandingStale, inventory.StandingWaived,
}

var verdicts = []string{string(inventory.VerdictReady), string(inventory.VerdictBlocked), string(inventory.VerdictUndecided)}

// StandingOf is how a criterion stands as a whole, in one word: fail where it
// blocks, unknown or stale where that keeps it undecided, empty where nothing is
// in scope, waived where it is ready for a waiver alone, else pass.
func StandingOf(r inventory.CriterionResult) string {
	switch {
	case r.Verdict == inventory.VerdictBlocked:
		return string(inventory.StandingFail)
	case r.Verdict == inventory.VerdictReady && (r.Waived > 0 || r.InScope == 0):
		return string(inventory.StandingWaived)
	case r.Verdict == inventory.VerdictReady:
		return string(inventory.StandingPass)
	case r.InScope == 0:
		return StandingEmpty
	case r.Unknown > 0:
		return string(inventory.StandingUnknown)
	default:
		return string(inventory.StandingStale)
	}
}

func (l *loader) expect(m mapping, g *Gate, t *GateTest) {
	n := m.get("expect")
	if n == nil {
		l.add(m.node, "expect: missing: what each criterion comes to, and the verdict")
		return
	}
	known := []string{expectVerdict}
	for _, c := range g.Criteria {
		if c.ID != "" && !slices.Contains(known, c.ID) {
			known = append(known, c.ID)
		}
	}
	below := l.mapping(n, "expect", known...)
	for _, key := range slices.Sorted(maps.Keys(below.values)) {
		value := below.values[key]
		switch {
		case key == expectVerdict:
			t.Expect[key] = Expectation{Word: l.word(below, key, verdicts...)}
		case value.Kind == yaml.MappingNode:
			t.Expect[key] = Expectation{Counts: l.counts(value)}
		default:
			t.Expect[key] = Expectation{Word: l.word(below, key, append(standingWords(), StandingEmpty)...)}
		}
	}
}

func standingWords() []string {
	words := make([]string, len(standings))
	for i, s := range standings {
		words[i] = string(s)
	}
	return words
}

func (l *loader) counts(n *yaml.Node) map[inventory.Standing]int {
	m := l.mapping(n, "expect", standingWords()...)
	counts := map[inventory.Standing]int{}
	for key := range m.values {
		counts[inventory.Standing(key)] = int(l.number(m, key, 1_000_000))
	}
	return counts
}

// Check compares an evaluation with what a test expects and says each
// difference; none: the test holds.
func (t GateTest) Check(e inventory.Evaluation) []string {
	var wrong []string
	if want, ok := t.Expect[expectVerdict]; ok && want.Word != string(e.Verdict) {
		wrong = append(wrong, fmt.Sprintf("verdict: %s, want %s", e.Verdict, want.Word))
	}
	for _, r := range e.Criteria {
		want, ok := t.Expect[r.ID]
		if !ok {
			continue
		}
		got := StandingOf(r)
		if want.Word != "" && want.Word != got {
			wrong = append(wrong, fmt.Sprintf("%s: %s (%s), want %s", r.ID, got, countsOf(r), want.Word))
		}
		if want.Counts != nil && !sameCounts(want.Counts, r) {
			wrong = append(wrong, fmt.Sprintf("%s: %s, want %s", r.ID, countsOf(r), wanted(want.Counts)))
		}
	}
	return wrong
}

func sameCounts(want map[inventory.Standing]int, r inventory.CriterionResult) bool {
	return want[inventory.StandingPass] == r.Pass && want[inventory.StandingFail] == r.Fail && want[inventory.StandingUnknown] == r.Unknown &&
		want[inventory.StandingStale] == r.Stale && want[inventory.StandingWaived] == r.Waived
}

func countsOf(r inventory.CriterionResult) string {
	return wanted(map[inventory.Standing]int{
		inventory.StandingPass: r.Pass, inventory.StandingFail: r.Fail, inventory.StandingUnknown: r.Unknown,
		inventory.StandingStale: r.Stale, inventory.StandingWaived: r.Waived,
	})
}

func wanted(counts map[inventory.Standing]int) string {
	var parts []string
	for _, s := range standings {
		if n := counts[s]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+string(s))
		}
	}
	if len(parts) == 0 {
		return "nothing in scope"
	}
	return strings.Join(parts, ", ")
}
