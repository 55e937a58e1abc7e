package incident_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/incident"
	"muster/inventory"
)

var writeThresholds = flag.Bool("thresholds", false, "play every scenario with each threshold a fifth lower and higher, and write which turn")

var thresholdsLongest = flag.Duration("thresholds-longest", 30*time.Minute, "of the scenarios that -thresholds plays")

var thresholdsOf = flag.String("thresholds-of", "", "the numbers that -thresholds plays, apart by commas; the others' lines stay. Empty: all")

const thresholdsFile = "testdata/thresholds.txt"

// tweak sets one number of the rules to a share of itself; ok is false where that
// changes nothing.
func tweak(r *incident.Rules, field string, share float64) (ok bool) {
	v := reflect.ValueOf(r).Elem().FieldByName(field)
	switch v.Kind() {
	case reflect.Float64:
		v.SetFloat(v.Float() * share)
	case reflect.Int, reflect.Int64:
		was := v.Int()
		now := int64(float64(was)*share + 0.5)
		if now == was && share < 1 {
			now--
		} else if now == was {
			now++
		}
		v.SetInt(now)
	default:
		return false
	}
	return true
}

func thresholds() (names []string) {
	for f := range reflect.TypeFor[incident.Rules]().Fields() {
		if f.Type.Kind() != reflect.Slice { // severities conclude nothing
			names = append(names, f.Name)
		}
	}
	return names
}

// TestThresholdsFileNamesEveryThreshold keeps testdata/thresholds.txt, which says
// which scenarios turn when a number changes by a fifth, in step with the rules. It
// is written anew by
//
//	go test ./controller/incident -run Thresholds -args -thresholds
func TestThresholdsFileNamesEveryThreshold(t *testing.T) {
	t.Parallel()
	if *writeThresholds {
		rewriteThresholds(t)
	}
	b, err := os.ReadFile(thresholdsFile)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(b)) {
		if name, _, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(line, "#") && !slices.Contains(listed, name) {
			listed = append(listed, name)
		}
	}
	if diff := cmp.Diff(thresholds(), listed); diff != "" {
		t.Errorf("rules and %s differ (-rules +file); run with -args -thresholds:\n%s", thresholdsFile, diff)
	}
}

// TestASpoiledRuleTurnsItsScenario shows that the scenarios hang on the rules.
func TestASpoiledRuleTurnsItsScenario(t *testing.T) {
	t.Parallel()
	for _, s := range linkScenarios() {
		if s.n != 20 {
			continue
		}
		s.opts.Seed = 4
		rules := incident.DefaultRules()
		rules.CutShare = -1
		if faults := s.judge(s.run(rules)); len(faults) == 0 {
			t.Error("a link cut is proven although no share of reboots is allowed")
		}
	}
}

func rewriteThresholds(t *testing.T) {
	var tapes []tape
	list := slices.DeleteFunc(scenarios(), func(s scenario) bool {
		return s.lasts > *thresholdsLongest
	})
	for i := range list {
		list[i].opts.Seed = 4
		if list[i].opts.Sites == 0 { // small ones: there are 130 changes to play
			list[i].opts.Sites, list[i].opts.PerSite = 4, 6
		}
		tapes = append(tapes, record(list[i], 500*time.Millisecond))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Which scenarios of at most %s turn when a number of the rules is a fifth lower (-) or higher (+);\n# whole numbers change by one at least. On one recorded tape each: what the engine asks for\n# in between stays as it was. Written by -args -thresholds.\n", *thresholdsLongest)
	kept := keptThresholds(t)
	for _, name := range thresholds() {
		if lines, known := kept[name]; known {
			out.WriteString(lines)
			continue
		}
		for _, share := range []float64{0.8, 1.2} {
			rules := incident.DefaultRules()
			if !tweak(&rules, name, share) {
				continue
			}
			var turned []string
			for i, s := range list {
				if s.step != nil {
					continue // it changes engines on the way
				}
				if len(s.judge(tapes[i].play(rules, nil))) > 0 {
					turned = append(turned, fmt.Sprint(s.n))
				}
			}
			sign := "-"
			if share > 1 {
				sign = "+"
			}
			fmt.Fprintf(&out, "%s %s: %s\n", name, sign, strings.Join(turned, " "))
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(thresholdsFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// keptThresholds are the lines of the numbers that are not played again, by name.
func keptThresholds(t *testing.T) map[string]string {
	t.Helper()
	kept := map[string]string{}
	if *thresholdsOf == "" {
		return kept
	}
	b, err := os.ReadFile(thresholdsFile)
	if err != nil {
		t.Fatal(err)
	}
	again := strings.Split(*thresholdsOf, ",")
	for line := range strings.Lines(string(b)) {
		if name, _, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(line, "#") && !slices.Contains(again, name) {
			kept[name] += line
		}
	}
	return kept
}

// TestGradesKeepToTheirConfidence holds the tables against design's bounds.
func TestGradesKeepToTheirConfidence(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		if s.n != 13 && s.n != 25 && s.n != 39 {
			continue
		}
		s.opts.Seed = 6
		for _, i := range s.run(incident.DefaultRules()).byID {
			for _, v := range i.Verdicts {
				top := map[inventory.Grade]float64{inventory.GradeInferred: 0.7, inventory.GradeCorroborated: 0.899, inventory.GradeProven: 1}[v.Grade]
				if v.Confidence > top || v.Confidence <= 0 {
					t.Errorf("%s is %s with confidence %.2f", v.Cause, v.Grade, v.Confidence)
				}
			}
		}
	}
}
