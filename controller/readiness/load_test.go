package readiness_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/controller/readiness"
)

func TestEveryProblemOfAFileIsNamedWithItsLineAndWhatIsKnown(t *testing.T) {
	src := `gate: Site Go Live
scope: siet
criteriax: []
criteria:
  - id: swapped
    over: positions
    where: position.in_scop
    pass: position.swap.verfied && position.room < 3
    fresh: yesterday
    need: {min_percent: 120, min_people: 2}
    unknown: ignore
  - id: swapped
    over: desks
    pass: 'true'
  - id: reach
    over: access
    pass: |
      access.reachable &&
        access.p95 < 800
  - id: link
    over: links
    pass: link.carrier
    need: {min_workstations: 2}
    clears: "{link.name} is up"
  - over: staff
signoff: {role: "", weakened_by: {fail_for: never}}
tests:
  - {name: a, given: ../secret.yaml, expect: {nothing: pass, verdict: green}}
`
	_, err := readiness.LoadGate("bad.yaml", []byte(src))
	problems, ok := errors.AsType[readiness.Problems](err)
	if !ok {
		t.Fatal(err)
	}
	for _, want := range []string{
		`bad.yaml:1: gate: "Site Go Live" is not a name`,
		`bad.yaml:2: scope: "siet" is not known, did you mean "site"?; known: site, wave, programme`,
		`bad.yaml:3: unknown word "criteriax", did you mean "criteria"?; known in a gate: gate, title`,
		`bad.yaml:7:20: where: position has no field "in_scop", did you mean "in_scope"?; known: asset, class, code`,
		`bad.yaml:8:24: pass: swap has no field "verfied", did you mean "verified"?; known: checks, declared, done`,
		`bad.yaml:8:50: pass: < cannot be used on (string, int)`,
		`bad.yaml:9: fresh: cannot read "yesterday"`,
		`bad.yaml:10: min_percent: "120" is not a number from 0 to 100`,
		`bad.yaml:10: unknown word "min_people"; known in need: min_percent, min_count, min_workstations`,
		`bad.yaml:11: unknown: "ignore" is not known; known: hold, fail, exclude`,
		`bad.yaml:12: id: "swapped" is there twice, first in line 5`,
		`bad.yaml:13: over: "desks" is not known; known: positions, workstations`,
		`bad.yaml:19:15: pass: access has no field "p95", did you mean "p95_ms"?`,
		`bad.yaml:22:11: pass: it gives string, want true or false`,
		`bad.yaml:23: min_workstations: no workstation is behind links`,
		`bad.yaml:24: clears: {link.name} is no field of a row; known of link: available_ratio`,
		`bad.yaml:25: id: missing`,
		`bad.yaml:25: pass: missing: what must hold of each staff`,
		`bad.yaml:26: signoff: role: missing`,
		`bad.yaml:26: fail_for: "never" is not a duration`,
		`bad.yaml:28: given: "../secret.yaml" leaves the gate's folder`,
		`bad.yaml:28: unknown word "nothing"`,
		`bad.yaml:28: verdict: "green" is not known; known: ready, blocked, undecided`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
	last := 0
	for _, p := range problems {
		if p.Line < last {
			t.Errorf("out of order: %s", p)
		}
		last = p.Line
	}
}

func TestFilesThatAreNoGatesAreRefused(t *testing.T) {
	for src, want := range map[string]string{
		"":                                  "x.yaml:1: the file is empty",
		"- a\n":                             "x.yaml:1: a gate: want words and values",
		"gate: a\n---\ngate: b\n":           "x.yaml:1: more than one document",
		"gate: [a\n":                        "x.yaml:1: did not find expected",
		"gate: a\n":                         "criteria: there are none",
		"gate: &a b\ncriteria: [*a]\n":      "anchors and aliases are not used here",
		strings.Repeat("# long\n", 100_000): "the limit is 262144",
		"gate: a\ncriteria:\n  - {id: x, over: site, pass: \"" + strings.Repeat("a", 3000) + "\"}\n":       "x.yaml:3",
		"gate: a\ncriteria:\n  - {id: x, over: sites, pass: 'true'}\n":                                     `"sites" is not known`,
		"gate: a\nscope: wave\ncriteria:\n  - {id: x, over: access, pass: 'true'}\n":                       "known: milestones, sites",
		"gate: a\nkeep_live: true\nsignoff: {role: x}\ncriteria:\n  - {id: x, over: site, pass: 'true'}\n": "a keep-live gate is not signed",
		"gate: a\ncriteria:\n  - {id: x, over: site, pass: 'true', need: {}}\n":                            "so everything would pass",
		"gate: a\ncriteria:\n  - {id: x, over: site, pass: 'positions'}\n":                                 `x.yaml:3:`,
		"gate: a\ncriteria:\n  - {id: x, over: site, pass: 'site.name == '}\n":                             "it cannot be read",
	} {
		_, err := readiness.LoadGate("x.yaml", []byte(src))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, want %s", src, err, want)
		}
	}
}

func TestAPredicateOverItsCostIsRefusedWithItsLineAndWhy(t *testing.T) {
	src := "gate: a\ncriteria:\n  - id: x\n    over: milestones\n    pass: milestone.waits.all(a, milestone.waits.all(b, milestone.waits.all(c, a + b != c)))\n"
	_, err := readiness.LoadGate("x.yaml", []byte(src))
	if err == nil || !strings.Contains(err.Error(), "x.yaml:5:") || !strings.Contains(err.Error(), "for one row, the limit is 5000") {
		t.Error(err)
	}
}

func TestAVersionIsTheHashOfTheFile(t *testing.T) {
	src, err := os.ReadFile("testdata/site-go-live.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := readiness.LoadGate("a.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	b, err := readiness.LoadGate("b.yaml", append(src, []byte("# one more word\n")...))
	if err != nil || a.Version == b.Version || len(a.Version) != 12 || a.Version != worked(t).Version {
		t.Errorf("%s, %s, %v", a.Version, b.Version, err)
	}
}

func TestTheWorkedGateHoldsItsTest(t *testing.T) {
	g := worked(t)
	for _, r := range g.Test(func(path string) ([]byte, error) { return os.ReadFile(filepath.Join("testdata", path)) }) {
		for _, wrong := range r.Wrong {
			t.Error(wrong)
		}
	}
	if len(g.Tests) != 1 || g.SignOff == nil || g.SignOff.FailFor.Hours() != 2 {
		t.Errorf("%+v", g)
	}
}

func TestAFixtureSaysWhatItCannotRead(t *testing.T) {
	for src, want := range map[string]string{
		"site: {code: S1}\n": "f.yaml:1: now: missing",
		"now: 2026-11-23T10:00:00Z\naccess:\n  - {workstation: w1, service: email, reachabel: true}\n": `f.yaml:3: unknown word "reachabel"; known: at, key, class`,
		"now: 2026-11-23T10:00:00Z\nstaff:\n  - {number: '1'}\n  - {number: '1'}\n":                    `f.yaml:4: staff: "1" is there twice, first in line 3`,
		"now: soon\n": `f.yaml:1: now: "soon" is not a moment`,
		"now: 2026-11-23T10:00:00Z\nworkstations:\n  - {id: w1, windows11: perhaps}\n":       "is none of capable",
		"now: 2026-11-23T10:00:00Z\nsite: {code: S1, hours: always}\n":                       "f.yaml:2: site: hours:",
		"now: 2026-11-23T10:00:00Z\nsite: {code: S1, rows: 3}\n":                             `unknown word "rows"`,
		"now: 2026-11-23T10:00:00Z\npeople: []\n":                                            `unknown word "people"`,
		"now: 2026-11-23T10:00:00Z\naccess: {a: b}\n":                                        "access: want a list",
		"now: 2026-11-23T10:00:00Z\nwaivers: [{criterion: x, until: 2026-11-23, who: me}]\n": `unknown word "who"`,
	} {
		_, err := readiness.LoadFixture("f.yaml", []byte(src))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", src, err, want)
		}
	}
}

func FuzzLoadGate(f *testing.F) {
	files, err := filepath.Glob("../../configs/gates/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/site-go-live.yaml") {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("gate: a\ncriteria: [{id: x, over: site, pass: '[site].map(s, s.code)[0] == \"a\"'}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		g, err := readiness.LoadGate("fuzz.yaml", src)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.yaml:") {
				t.Errorf("no file and line: %v", err)
			}
			return
		}
		e := g.Evaluate(ready(t), readiness.Settled{}, monday)
		sound(t, e)
		g.Explain(e, nil)
		if changes := readiness.DiffGates(g, g); len(changes) != 0 {
			t.Errorf("differs from itself: %v", changes)
		}
	})
}

func FuzzLoadFixture(f *testing.F) {
	files, err := filepath.Glob("../../configs/gates/fixtures/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	g := worked(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		x, err := readiness.LoadFixture("fuzz.yaml", src)
		if err == nil {
			sound(t, g.Evaluate(&x.Facts, x.Settled, x.Now))
		}
	})
}
