package readiness_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

var signers = readiness.Signers{Owner: "r.lane", Deputies: []string{"p.webb"}}

func evaluation(id string, verdict inventory.ReadyVerdict) inventory.Evaluation {
	return inventory.Evaluation{ID: id, Site: "S003", Gate: "site-go-live", Verdict: verdict, AsOf: monday, Criteria: []inventory.CriterionResult{
		{ID: "swapped", InScope: 2, Pass: 2, Verdict: inventory.VerdictReady}, {ID: "trained", InScope: 3, Pass: 3, Verdict: verdict},
	}}
}

func TestASignOffIsAskedForSignedAndWithdrawn(t *testing.T) {
	ready := evaluation("e1", inventory.VerdictReady)
	s, events, err := readiness.AskSignOff(inventory.SignOff{}, ready, "k.moss", monday)
	if err != nil || s.State != inventory.SignOffRequested || s.Version != 1 || len(events) != 1 || events[0].Kind != inventory.EventSignOffRequested ||
		events[0].Subject.Key != "S003/site-go-live" || events[0].Author != "k.moss" || !strings.Contains(string(events[0].Body), `"requested"`) {
		t.Fatalf("%+v %+v %v", s, events, err)
	}
	if _, _, err := readiness.AskSignOff(s, ready, "k.moss", monday); err == nil {
		t.Error("asked twice")
	}
	s, _, err = readiness.Sign(s, ready, signers, readiness.Signature{By: "p.webb", Seen: "e1"}, monday)
	if err != nil || !s.Holds() || s.For != "r.lane" || s.Evaluation != "e1" || s.Version != 2 {
		t.Fatalf("%+v %v", s, err)
	}
	if _, _, err := readiness.Withdraw(s, "r.lane", " ", monday); err == nil {
		t.Error("withdrawn without a reason")
	}
	s, events, err = readiness.Withdraw(s, "r.lane", "the roof leaks", monday)
	if err != nil || s.State != inventory.SignOffWithdrawn || events[0].Kind != inventory.EventSignOffWithdrawn {
		t.Fatalf("%+v %v", s, err)
	}
	if _, _, err := readiness.AskSignOff(s, ready, "k.moss", monday); err != nil {
		t.Error(err)
	}
}

func TestNobodySignsWhatTheyDidNotSeeOrMayNot(t *testing.T) {
	asked := inventory.SignOff{State: inventory.SignOffRequested}
	condition := []inventory.Condition{{Text: "a second screen", Owner: "it"}}
	for name, c := range map[string]struct {
		verdict inventory.ReadyVerdict
		who     readiness.Signers
		sig     readiness.Signature
		want    string
		is      error
	}{
		"a stranger":                      {inventory.VerdictReady, signers, readiness.Signature{By: "x", Seen: "e1"}, "want r.lane or p.webb", readiness.ErrNotSigner},
		"a site without an owner":         {inventory.VerdictReady, readiness.Signers{}, readiness.Signature{By: "x", Seen: "e1"}, "no owner yet", readiness.ErrNotSigner},
		"nobody":                          {inventory.VerdictReady, signers, readiness.Signature{Seen: "e1"}, "nobody is named", readiness.ErrNotSigner},
		"an older evaluation":             {inventory.VerdictReady, signers, readiness.Signature{By: "r.lane", Seen: "e0"}, "look again", readiness.ErrMoved},
		"a blocked gate":                  {inventory.VerdictBlocked, signers, readiness.Signature{By: "r.lane", Seen: "e1", Reason: "go"}, "it is blocked", nil},
		"an undecided one without reason": {inventory.VerdictUndecided, signers, readiness.Signature{By: "r.lane", Seen: "e1"}, "say why", nil},
		"a condition without an owner":    {inventory.VerdictReady, signers, readiness.Signature{By: "r.lane", Seen: "e1", Conditions: []inventory.Condition{{Text: "x"}}}, "needs a text and an owner", nil},
		"a blocked one with conditions":   {inventory.VerdictBlocked, signers, readiness.Signature{By: "r.lane", Seen: "e1", Conditions: condition}, "", nil},
		"an undecided one with a reason":  {inventory.VerdictUndecided, signers, readiness.Signature{By: "r.lane", Seen: "e1", Reason: "seen by myself"}, "", nil},
	} {
		s, _, err := readiness.Sign(asked, evaluation("e1", c.verdict), c.who, c.sig, monday)
		if c.want == "" && (err != nil || !s.Holds()) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := readiness.Decline(asked, evaluation("e1", inventory.VerdictReady), signers, readiness.Signature{By: "r.lane"}, monday); err == nil {
		t.Error("declined without a reason")
	}
	if s, events, err := readiness.Decline(asked, evaluation("e1", inventory.VerdictReady), signers, readiness.Signature{By: "r.lane", Reason: "not before May"}, monday); err != nil ||
		s.State != inventory.SignOffDeclined || events[0].Kind != inventory.EventSignOffDeclined {
		t.Errorf("%+v %v", s, err)
	}
}

func TestConditionsAreBlockersUntilEachIsMet(t *testing.T) {
	g, f := worked(t), ready(t)
	e := g.Evaluate(f, readiness.Settled{}, monday)
	e.ID = "e1"
	s, _, err := readiness.Sign(inventory.SignOff{}, e, signers, readiness.Signature{
		By: "r.lane", Seen: "e1", Conditions: []inventory.Condition{{Text: "a second screen", Owner: "it", Due: "2026-11-30"}, {Text: "a ramp", Owner: "estates"}},
	}, monday)
	if err != nil || s.State != inventory.SignOffConditions {
		t.Fatal(err)
	}
	e = g.Evaluate(f, readiness.Settled{SignOff: &s}, monday)
	if e.Verdict != inventory.VerdictBlocked || len(e.Blockers) != 2 || e.Blockers[0].ID != "S003/site-go-live/sign-off/1" || e.Blockers[0].Owner != "it" || e.Blockers[0].Due != "2026-11-30" {
		t.Errorf("%s %+v", e.Verdict, e.Blockers)
	}
	for _, n := range []int{0, 3} {
		if _, _, err := readiness.MeetCondition(s, n, "it", monday); err == nil {
			t.Errorf("condition %d is met", n)
		}
	}
	before := s
	if s, _, err = readiness.MeetCondition(s, 1, "it", monday); err != nil || s.State != inventory.SignOffConditions || !before.Conditions[0].MetAt.IsZero() {
		t.Fatalf("%+v %v", s, err)
	}
	if _, _, err := readiness.MeetCondition(s, 1, "it", monday); err == nil {
		t.Error("met twice")
	}
	if s, _, err = readiness.MeetCondition(s, 2, "estates", monday); err != nil || s.State != inventory.SignOffSigned {
		t.Fatalf("%+v %v", s, err)
	}
	if e = g.Evaluate(f, readiness.Settled{SignOff: &s}, monday); e.Verdict != inventory.VerdictReady {
		t.Errorf("%s %+v", e.Verdict, e.Blockers)
	}
}

func TestASignOffWeakensOnlyByACriterionThatFailsLongEnough(t *testing.T) {
	g, f := worked(t), ready(t)
	opening := readiness.NewOpening(f.Site.Hours, f.Zone)
	signed := g.Evaluate(f, readiness.Settled{}, monday)
	s := inventory.SignOff{Site: "S003", Gate: "site-go-live", State: inventory.SignOffSigned, Version: 2}
	fail := func(f *readiness.Facts) { f.Positions[0].Swap.Verified = false }
	unknown := func(f *readiness.Facts) { f.Staff[0].Training, f.Staff[1].Training = nil, nil }
	for name, c := range map[string]struct {
		change func(*readiness.Facts)
		after  time.Duration
		weak   bool
	}{
		"nothing, for days":           {func(*readiness.Facts) {}, 72 * time.Hour, false},
		"stale, for days":             {func(*readiness.Facts) {}, 240 * time.Hour, false},
		"unknown, for days":           {unknown, 72 * time.Hour, false},
		"failing for two hours":       {fail, 2 * time.Hour, false},
		"failing for a little longer": {fail, 2*time.Hour + time.Minute, true},
	} {
		f := ready(t)
		c.change(f)
		failing := map[string]time.Time{}
		var e inventory.Evaluation
		for _, now := range []time.Time{monday, monday.Add(c.after)} {
			e = g.Evaluate(f, readiness.Settled{}, now)
			failing = readiness.FailingSince(failing, e)
		}
		next, events, weak := readiness.WeakenSignOff(s, &signed, e, *g.SignOff, failing, opening, monday.Add(c.after))
		if weak != c.weak {
			t.Errorf("%s: weakened %v; %v", name, weak, failing)
		}
		if weak && (next.State != inventory.SignOffWeakened || next.Version != 3 || len(events) != 1 || !slices.ContainsFunc(next.Changed, func(line string) bool {
			return line == "swapped: ready (2 pass of 2) → blocked (1 pass, 1 fail of 2)"
		})) {
			t.Errorf("%s: %+v", name, next)
		}
	}
}

func TestACriterionThatFailedWhenItWasSignedWeakensNothing(t *testing.T) {
	g, f := worked(t), ready(t)
	f.Positions[0].Swap.Verified = false
	signed := g.Evaluate(f, readiness.Settled{}, monday)
	failing := readiness.FailingSince(nil, signed)
	later := g.Evaluate(f, readiness.Settled{}, monday.Add(6*time.Hour))
	failing = readiness.FailingSince(failing, later)
	s := inventory.SignOff{Site: "S003", Gate: "site-go-live", State: inventory.SignOffConditions}
	if _, _, weak := readiness.WeakenSignOff(s, &signed, later, *g.SignOff, failing, readiness.NewOpening(f.Site.Hours, f.Zone), monday.Add(6*time.Hour)); weak {
		t.Error("weakened by what the signer saw")
	}
}

func TestAFridayEveningsFailureDoesNotWeakenOverTheWeekend(t *testing.T) {
	g, f := worked(t), ready(t)
	signed := g.Evaluate(f, readiness.Settled{}, monday)
	f.Positions[0].Swap.Verified = false
	s := inventory.SignOff{Site: "S003", Gate: "site-go-live", State: inventory.SignOffSigned}
	opening := readiness.NewOpening(f.Site.Hours, f.Zone)
	failing := map[string]time.Time{}
	for _, at := range []string{"2026-11-27 17:30", "2026-11-28 12:00", "2026-11-30 07:59", "2026-11-30 09:00"} {
		now := instant(t, at)
		e := g.Evaluate(f, readiness.Settled{}, now)
		failing = readiness.FailingSince(failing, e)
		if _, _, weak := readiness.WeakenSignOff(s, &signed, e, *g.SignOff, failing, opening, now); weak {
			t.Errorf("weakened at %s, after half an open hour and one more", at)
		}
	}
	now := instant(t, "2026-11-30 10:00")
	e := g.Evaluate(f, readiness.Settled{}, now)
	if _, _, weak := readiness.WeakenSignOff(s, &signed, e, *g.SignOff, readiness.FailingSince(failing, e), opening, now); !weak {
		t.Error("two and a half open hours did not weaken it")
	}
}

func TestAWaiverIsGivenEndedAndExpires(t *testing.T) {
	g := worked(t)
	good := inventory.Waiver{ID: "v1", Site: "S003", Gate: "site-go-live", Criterion: "swapped", Owner: "j.hall", Reason: "closes in May", Until: "2026-12-01", By: "k.moss"}
	w, events, err := readiness.GiveWaiver(g, good, "2026-11-23", monday)
	if err != nil || w.Version != 1 || !w.At.Equal(monday) || events[0].Kind != inventory.EventWaiverGiven || events[0].Subject.Key != "v1" {
		t.Fatalf("%+v %v", w, err)
	}
	for want, spoil := range map[string]func(*inventory.Waiver){
		"known: swapped, records-reachable": func(w *inventory.Waiver) { w.Criterion = "x" },
		"needs an owner":                    func(w *inventory.Waiver) { w.Owner = " " },
		"needs a reason":                    func(w *inventory.Waiver) { w.Reason = "" },
		"needs an expiry":                   func(w *inventory.Waiver) { w.Until = "" },
		"is over":                           func(w *inventory.Waiver) { w.Until = "2026-11-22" },
		"further off than 366 days":         func(w *inventory.Waiver) { w.Until = "2028-01-01" },
		"not of":                            func(w *inventory.Waiver) { w.Gate = "other" },
	} {
		bad := good
		spoil(&bad)
		if _, _, err := readiness.GiveWaiver(g, bad, "2026-11-23", monday); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if soon := readiness.AboutToExpire([]inventory.Waiver{w}, "2026-11-23", 7, monday); len(soon) != 0 {
		t.Error("it expires in eight days")
	}
	if soon := readiness.AboutToExpire([]inventory.Waiver{w}, "2026-11-24", 7, monday); len(soon) != 1 {
		t.Error("it expires in seven days")
	}
	if _, _, expired := readiness.ExpireWaiver(w, "2026-12-01", monday); expired {
		t.Error("expired on its last day")
	}
	if next, events, expired := readiness.ExpireWaiver(w, "2026-12-02", monday.AddDate(0, 0, 9)); !expired || next.EndedAt.IsZero() || events[0].Author != readiness.AuthorMuster {
		t.Error("did not expire")
	}
	ended, _, err := readiness.EndWaiver(w, "k.moss", monday)
	if err != nil || readiness.WaiverHolds(ended, "2026-11-23", monday.Add(time.Second)) {
		t.Error("holds after its end")
	}
	if _, _, err := readiness.EndWaiver(ended, "k.moss", monday); err == nil {
		t.Error("ended twice")
	}
}

func TestABlockersOwnerIsRemindedAndThenOthersAreTold(t *testing.T) {
	b := inventory.Blocker{ID: "S003/g/c/r", Since: monday}
	p := readiness.DefaultPatience()
	day := func(n int) time.Time { return monday.AddDate(0, 0, n) }
	var care inventory.BlockerCare
	var got []string
	for n := range 40 {
		nudge, next := readiness.NudgeFor(b, care, p, day(n))
		if nudge == readiness.NudgeNone {
			if !next.After(day(n)) {
				t.Fatalf("day %d: nothing is due, and the next thing at %s", n, next)
			}
			continue
		}
		got = append(got, string(nudge)+" "+day(n).Format("01-02"))
		care, _ = readiness.Nudged(care, b, nudge, day(n))
	}
	want := []string{"remind 11-30", "escalate 12-07", "remind 12-08", "remind 12-15", "remind 12-22", "remind 12-29"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestANewOwnerOrDateOfABlockerIsRemindedAfresh(t *testing.T) {
	b := inventory.Blocker{ID: "S003/g/c/r", Since: monday, Owner: "it"}
	owner, due, note := "a.reed", inventory.Date("2026-12-10"), "parts ordered"
	care := inventory.BlockerCare{ID: b.ID, Since: monday, RemindedAt: monday.AddDate(0, 0, 7), EscalatedAt: monday.AddDate(0, 0, 14), Version: 3}
	next, events, err := readiness.Care(care, b, readiness.CareChange{Owner: &owner, Due: &due, Note: &note, By: "k.moss"}, monday.AddDate(0, 0, 15))
	if err != nil || next.Owner != owner || next.Due != due || next.Note != note || !next.RemindedAt.IsZero() || !next.EscalatedAt.IsZero() || next.Version != 4 || len(events) != 1 {
		t.Fatalf("%+v %v", next, err)
	}
	if nudge, at := readiness.NudgeFor(b, next, readiness.DefaultPatience(), monday.AddDate(0, 0, 15)); nudge != readiness.NudgeRemind { // 8 December is two days before
		t.Errorf("%q, next at %s", nudge, at)
	}
	empty, bad := " ", inventory.Date("soon")
	for _, change := range []readiness.CareChange{{By: "x"}, {Owner: &empty}, {Due: &bad}} {
		if _, _, err := readiness.Care(care, b, change, monday); err == nil {
			t.Errorf("%+v", change)
		}
	}
}
