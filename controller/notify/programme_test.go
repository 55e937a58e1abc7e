package notify_test

import (
	"testing"
	"time"

	"muster/controller/notify"
)

func programmePlan() notify.Plan {
	return notify.Plan{Zone: time.UTC, Programme: notify.ProgrammeConfig{Routes: []notify.ProgrammeRoute{
		{Name: "owners", Kinds: []string{notify.NoticeSign}, To: []notify.Target{{Sink: "mail", Address: "owner@example.org"}}},
		{Name: "all", To: []notify.Target{{Sink: "mail", Address: "desk@example.org"}}},
	}}}
}

func TestWhatWaitsForSomebodyIsToldAtOnceAndTheRestOnMonday(t *testing.T) {
	b, plan := notify.NewBook(), programmePlan()
	tuesday := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	b.Tick(tuesday, plan, nil) // the digest of Monday is over
	if out := b.Say(notify.Notice{ID: "s1", Kind: notify.NoticeSign, Title: "ready"}, plan, tuesday); len(out) != 2 {
		t.Errorf("a sign-off is told %d, want the owner and the desk", len(out))
	}
	for range 2 {
		if out := b.Say(notify.Notice{ID: "b1", Kind: notify.NoticeBlocker, Title: "3 blockers"}, plan, tuesday); len(out) != 0 {
			t.Errorf("a blocker is told at once: %+v", out)
		}
	}
	if out := b.Tick(tuesday.AddDate(0, 0, 5), plan, nil); len(out) != 0 {
		t.Errorf("on Sunday %d digests", len(out))
	}
	out := b.Tick(tuesday.AddDate(0, 0, 6), plan, nil)
	if len(out) != 1 || out[0].Body != "3 blockers" || out[0].Address != "desk@example.org" {
		t.Errorf("on Monday: %+v", out)
	}
}

func TestARouteOfTheProgrammeWithAnUnknownKindIsRefused(t *testing.T) {
	text := "sinks: [{name: hook, kind: webhook, url: 'http://example.org/'}]\nprogramme: {routes: [{kinds: [never], to: [{sink: hook}]}]}\n"
	if _, err := notify.ParseConfig("n.yaml", []byte(text)); err == nil {
		t.Error("it was taken")
	}
}
