package rehearsal_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/rehearsal"
	"muster/inventory"
)

var update = flag.Bool("update", false, "write the golden files anew")

var began = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// told is one incident, said step by step.
type told struct {
	incident inventory.Incident
	changes  []inventory.IncidentChange
}

func incident(id string, scope inventory.Scope) *told {
	return &told{incident: inventory.Incident{ID: id, Scope: scope}}
}

func (t *told) say(step inventory.IncidentStep, after time.Duration, cause inventory.Cause, grade inventory.Grade, confidence float64) *told {
	at := began.Add(after)
	i := &t.incident
	switch step { //nolint:exhaustive // the others change the verdict alone
	case inventory.IncidentDetected:
		i.State, i.DetectedAt, i.StartedAt = inventory.IncidentPending, at, at
	case inventory.IncidentOpened:
		i.State, i.OpenedAt = inventory.IncidentOpen, at
	case inventory.IncidentEnded:
		i.State, i.ResolvedAt = inventory.IncidentResolved, at
	case inventory.IncidentCleared:
		i.State, i.ResolvedAt = inventory.IncidentBlip, at
	}
	if n := len(i.Verdicts); n == 0 || i.Verdicts[n-1].Cause != cause || i.Verdicts[n-1].Grade != grade {
		i.Verdicts = append(i.Verdicts[:n:n], inventory.Verdict{At: at, Cause: cause, Grade: grade, Confidence: confidence, Reason: "because"})
	}
	i.Cause, i.Grade, i.Confidence = cause, grade, confidence
	t.changes = append(t.changes, inventory.IncidentChange{Step: step, At: at, Incident: *i})
	return t
}

// goodRun is the example as it should go.
func goodRun() *told {
	return incident("i00000001", inventory.Scope{Site: "S003"}).
		say(inventory.IncidentDetected, 302*time.Second, inventory.CauseUnknown, inventory.GradeInferred, 0.3).
		say(inventory.IncidentRevised, 304*time.Second, inventory.CauseLinkOrPower, inventory.GradeInferred, 0.7).
		say(inventory.IncidentOpened, 327*time.Second, inventory.CauseLinkOrPower, inventory.GradeInferred, 0.7).
		say(inventory.IncidentEnded, 723*time.Second, inventory.CauseLinkOrPower, inventory.GradeInferred, 0.7).
		say(inventory.IncidentRevised, 750*time.Second, inventory.CauseSiteLinkDown, inventory.GradeProven, 0.97)
}

func seen(all ...*told) rehearsal.Seen {
	s := rehearsal.Seen{Took: 1500 * time.Millisecond}
	for _, one := range all {
		s.Changes = append(s.Changes, one.changes...)
	}
	return s
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is otherwise (-update writes it anew):\n%s", path, diff)
	}
}

func TestAGoodRunPassesAndPrintsAsGolden(t *testing.T) {
	run := seen(goodRun())
	for n := range 15 {
		member := rehearsal.WorkstationName("S003", n)
		run.Members = append(run.Members, rehearsal.MemberSeen{At: began.Add(time.Duration(330+n) * time.Second), Site: "S003", Member: member, Failed: true})
		for minute := range 14 {
			at := time.Duration(minute)*time.Minute + time.Duration(n)*4*time.Second
			run.Scrapes = append(run.Scrapes, rehearsal.Scrape{
				At: began.Add(at), Site: "S003", Workstation: member, OK: at < 5*time.Minute || at >= 12*time.Minute,
			})
		}
	}
	s := rehearsal.Judge(parse(t, example), run)
	if !s.Passed {
		t.Errorf("it failed: %v %v", s.Missed, s.Unexpected)
	}
	asJSON, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "good.json", append(asJSON, '\n'))
	var table bytes.Buffer
	if err := rehearsal.Table(&table, []rehearsal.Sheet{s}); err != nil {
		t.Fatal(err)
	}
	golden(t, "good.txt", table.Bytes())
}

func TestEachShortfallIsSaid(t *testing.T) {
	late := func(change func(*inventory.Incident)) rehearsal.Seen {
		run := goodRun()
		for i := range run.changes {
			change(&run.changes[i].Incident)
		}
		return seen(run)
	}
	crashed := incident("i00000002", inventory.Scope{Site: "S004", Workstation: "w1"}).
		say(inventory.IncidentDetected, 400*time.Second, inventory.CauseWorkstationCrashed, inventory.GradeProven, 0.95)
	paged := incident("i00000003", inventory.Scope{Site: "S005"}).
		say(inventory.IncidentDetected, 400*time.Second, inventory.CauseLANSegment, inventory.GradeInferred, 0.5).
		say(inventory.IncidentOpened, 430*time.Second, inventory.CauseLANSegment, inventory.GradeInferred, 0.5)
	slow := incident("i00000001", inventory.Scope{Site: "S003"}).
		say(inventory.IncidentDetected, 309*time.Second, inventory.CauseLANSegment, inventory.GradeInferred, 0.95).
		say(inventory.IncidentRevised, 330*time.Second, inventory.CauseLinkOrPower, inventory.GradeInferred, 0.7).
		say(inventory.IncidentEnded, 800*time.Second, inventory.CauseLinkOrPower, inventory.GradeInferred, 0.7)
	for name, one := range map[string]struct {
		run  rehearsal.Seen
		want []string
	}{
		"nothing":    {seen(), []string{"nothing of the kind"}},
		"slow":       {seen(slow), []string{"detected after 9s", "named right after 30s", "final verdict is link-or-power", "final grade is inferred", "resolved 1m20s after"}},
		"grade":      {late(func(i *inventory.Incident) { i.Grade = inventory.GradeCorroborated }), []string{"final grade is corroborated"}},
		"never":      {seen(goodRun(), crashed), []string{"workstation-crashed was shown at 6m40s"}},
		"others":     {seen(goodRun(), paged), []string{"2 openings were notified"}},
		"wrong site": {late(func(i *inventory.Incident) { i.Scope.Site = "S004" }), []string{"nothing of the kind"}},
	} {
		s := rehearsal.Judge(parse(t, example), one.run)
		text := strings.Join(s.Missed, "\n")
		if s.Passed {
			t.Errorf("%s: it passed", name)
		}
		for _, w := range one.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: want %q in:\n%s", name, w, text)
			}
		}
		if wrong := len(s.Wrong); name == "slow" && wrong != 1 || name == "never" && wrong != 1 || name == "grade" && wrong != 0 {
			t.Errorf("%s: %d wrong and confident", name, wrong)
		}
	}
}

func TestABlipIsAnEventAndPresenceNeverCounts(t *testing.T) {
	blip := incident("i00000001", inventory.Scope{Site: "S003"}).
		say(inventory.IncidentDetected, 302*time.Second, inventory.CauseLinkOrPower, inventory.GradeInferred, 0.6).
		say(inventory.IncidentCleared, 310*time.Second, inventory.CauseLinkOrPower, inventory.GradeInferred, 0.6)
	silent := incident("i00000002", inventory.Scope{Site: "S001", Workstation: "w2"}).
		say(inventory.IncidentDetected, 100*time.Second, inventory.CauseWorkstationSilent, inventory.GradeInferred, 0.6).
		say(inventory.IncidentRevised, 200*time.Second, inventory.CauseWorkstationOff, inventory.GradeInferred, 0.7)
	base := "name: blip\nfor: 8m\ntimeline:\n  - {at: 5m, do: cut-link, site: S003}\n  - {at: 308s, do: heal-link, site: S003}\n"
	for _, expect := range []string{
		"notifications: {at_most: 0}\n",
		"expect: [{cause: link-or-power, site: S003, detected_within: 5s}]\n",
		"expect: [{cause: site-link-down, site: S003, detected_within: 5s, cause_within: 15s}]\n",
	} {
		s := rehearsal.Judge(parse(t, base+expect), seen(blip, silent))
		if !s.Passed || len(s.Events) != 1 || len(s.Incidents) != 0 || len(s.Presence) != 1 {
			t.Errorf("%s: passed %t, %d events, %d incidents, %d presence: %v", expect, s.Passed, len(s.Events), len(s.Incidents), len(s.Presence), s.Missed)
		}
	}
	s := rehearsal.Judge(parse(t, base+"never: [{cause: workstation-off}]\n"), seen(blip, silent))
	if s.Passed {
		t.Error("never does not look at presence")
	}
}

func TestALiveVerdictIsRightOnlyUntilHealingAndOnlyWhereNothingTellsThemApart(t *testing.T) {
	run := func(cause inventory.Cause) rehearsal.Seen {
		return seen(incident("i00000001", inventory.Scope{Site: "S001"}).
			say(inventory.IncidentDetected, 62*time.Second, cause, inventory.GradeInferred, 0.7).
			say(inventory.IncidentOpened, 87*time.Second, cause, inventory.GradeInferred, 0.7))
	}
	file := func(fault, rest string) rehearsal.Rehearsal {
		return parse(t, "name: x\nfor: 9m\ntimeline:\n  - {at: 1m, do: "+fault+"}\n"+rest)
	}
	for _, one := range []struct {
		r      rehearsal.Rehearsal
		cause  inventory.Cause
		passes bool
	}{
		{file("power-cut, site: S001", "expect: [{cause: site-power-cut, site: S001, cause_within: 15s}]\n"), inventory.CauseLinkOrPower, true},
		{file("power-cut, site: S001, ups: router", "expect: [{cause: site-power-cut, site: S001, cause_within: 15s}]\n"), inventory.CauseLinkOrPower, false},
		{file("power-cut, site: S001, ups: router", "expect: [{cause: site-power-cut, site: S001, cause_within: 15s}]\n"), inventory.CausePowerOrLAN, true},
		{file("cut-link, site: S001", "expect: [{cause: site-link-down, site: S001, cause_within: 15s}]\n"), inventory.CauseMachineOrLink, false},
		{file("cut-link, site: S001", "  - {at: 4m, do: heal-link, site: S001}\nexpect: [{cause: site-link-down, site: S001, cause_within: 15s}]\n"), inventory.CauseLinkOrPower, false},
		{file("cut-link, site: S001", "estate: {sites: 2, workstations_per_site: 1}\nexpect: [{cause: site-link-down, site: S001, cause_within: 15s}]\n"), inventory.CauseMachineOrLink, true},
		{file("cut-link, site: S001", "expect: [{cause: site-link-down, site: S001, before_healing: host-or-link, cause_within: 15s}]\n"), inventory.CauseLinkOrPower, false},
	} {
		s := rehearsal.Judge(one.r, run(one.cause))
		if s.Passed != one.passes {
			t.Errorf("%s for %s: passed %t: %v", one.cause, one.r.Timeline[0].Do, s.Passed, s.Missed)
		}
	}
}

func TestAfterAPowerCutTimeCountsFromTheSecondMachineThatIsBack(t *testing.T) {
	r := parse(t, "name: x\nseed: 5\nfor: 20m\ntimeline:\n  - {at: 1m, do: power-cut, site: S001}\n  - {at: 9m, do: power-restore, site: S001}\nexpect: [{cause: site-power-cut, site: S001, resolved_within: 60s}]\n")
	back := r.Script().Episodes[0].Back
	for after, passes := range map[time.Duration]bool{59 * time.Second: true, 61 * time.Second: false} {
		run := incident("i00000001", inventory.Scope{Site: "S001"}).
			say(inventory.IncidentDetected, 62*time.Second, inventory.CauseSitePowerCut, inventory.GradeProven, 0.95).
			say(inventory.IncidentEnded, back+after, inventory.CauseSitePowerCut, inventory.GradeProven, 0.95)
		if s := rehearsal.Judge(r, seen(run)); s.Passed != passes {
			t.Errorf("resolved %s behind it: passed %t: %v", after, s.Passed, s.Missed)
		}
	}
}
