package intake

import (
	"fmt"
	"testing"
	"time"
)

// teller makes what reports say: each boot's clock began an hour before the
// boot's first report, unless set otherwise.
type teller struct {
	lives Lives
	now   time.Time
	zeros map[string]time.Time
}

func newTeller() *teller { return &teller{now: noon, zeros: map[string]time.Time{}} }

// says lets a life be heard after a while, by a post that was under way for some
// of it.
func (tl *teller) says(after time.Duration, life Life, underWay time.Duration) LifeVerdict {
	tl.now = tl.now.Add(after)
	if _, ok := tl.zeros[life.Boot]; !ok {
		tl.zeros[life.Boot] = tl.now.Add(-time.Hour)
	}
	var verdict LifeVerdict
	tl.lives, verdict = tl.lives.Step(Posted{
		Life: life, Clock: tl.now.Add(-underWay).Sub(tl.zeros[life.Boot]), ReceivedAt: tl.now,
	})
	return verdict
}

type telling struct {
	after    time.Duration
	life     Life
	underWay time.Duration
	refuse   bool
	began    bool
}

func TestTwoMachinesOnOneIdentityAreRefused(t *testing.T) {
	one, two := Life{"run-a", "boot-a", "p-one"}, Life{"run-a", "boot-b", "p-two"}
	beside := Life{"run-a", "boot-a", "p-beside"} // a copied folder, on one boot
	old, copied := Life{Run: "run-a", Boot: "boot-a"}, Life{Run: "run-a", Boot: "boot-b"}
	const m, h = time.Minute, time.Hour
	for name, tellings := range map[string][]telling{
		"one machine that restarts is one machine": {
			{0, one, 0, false, false},
			{m, one, 0, false, false},
			{m, beside, 0, false, false},
			{m, Life{"run-a", "boot-c", "p-3"}, 0, false, false},
			{m, Life{"run-b", "boot-c", "p-4"}, 0, false, false},
			{m, Life{"run-b", "boot-d", "p-5"}, 0, false, false},
		},
		"on one boot the third report tells": {
			{0, one, 0, false, false}, {m, beside, 0, false, false}, {m, one, 0, true, true}, {m, one, 0, true, false}, {m, beside, 0, true, false},
		},
		"on two boots the first that both have said twice": {
			{0, one, 0, false, false}, {m, two, 0, false, false}, {m, one, 0, false, false}, {m, two, 0, true, true}, {m, one, 0, true, false},
		},
		"on two boots sooner where the clocks are known": {
			{0, one, 0, false, false}, {m, one, 0, false, false}, {m, two, 0, false, false}, {m, two, 0, false, false}, {m, one, 0, true, true},
		},
		"a boot that comes back under another process": {
			{0, one, 0, false, false}, {m, one, 0, false, false}, {m, two, 0, false, false}, {m, two, 0, false, false}, {m, beside, 0, true, true},
		},
		"agents that do not name their process": {
			{0, old, 0, false, false},
			{m, old, 0, false, false},
			{m, old, 0, false, false},
			{m, copied, 0, false, false},
			{m, copied, 0, false, false},
			{m, copied, 0, false, false},
			{m, old, 0, true, true},
		},
		"an agent that learns to name its process": {
			{0, old, 0, false, false}, {m, one, 0, false, false}, {m, old, 0, false, false}, {m, beside, 0, false, false}, {m, beside, 0, false, false},
		},
		"a post of the process before was still under way": {
			{0, one, 0, false, false}, {m, beside, 0, false, false}, {3 * m, one, 4 * m, false, false}, {m, beside, 0, false, false},
		},
		"a post of the boot before was still under way": {
			{0, one, 0, false, false}, {m, one, 0, false, false}, {m, two, 0, false, false}, {10 * m, one, 11 * m, false, false}, {m, two, 0, false, false},
		},
		"a post of a process that was never heard was under way": {
			{0, one, 0, false, false},
			{m, beside, 0, false, false},
			{m, Life{"run-a", "boot-a", "p-ghost"}, 90 * time.Second, false, false},
			{m, beside, 0, false, false},
			{m, beside, 0, false, false},
		},
		"a post of a boot that was never heard was under way": {
			{0, one, 0, false, false}, {m, one, 0, false, false}, {m, two, 0, false, false}, {m, one, 0, false, false}, {5 * m, one, 0, false, false},
		},
		"the conflict ends when one has been silent for three hours": {
			{0, one, 0, false, false},
			{m, beside, 0, false, false},
			{m, one, 0, true, true},
			{179 * m, one, 0, true, false},
			{m, one, 0, false, false},
			{h, beside, 0, true, true},
		},
		"two that come back when they are told to are still two": {
			{0, one, 0, false, false},
			{m, beside, 0, false, false},
			{m, one, 0, true, true},
			{70 * m, beside, 0, true, false},
			{2 * m, one, 0, true, false},
			{70 * m, beside, 0, true, false},
			{70 * m, one, 0, true, false},
			{70 * m, beside, 0, true, false},
		},
		"a restart in the middle does not end it": {
			{0, one, 0, false, false},
			{m, beside, 0, false, false},
			{m, one, 0, true, true},
			{m, Life{"run-a", "boot-e", "p-9"}, 0, true, false},
			{m, beside, 0, true, false},
		},
		"an agent that names neither is judged by its run, and slowly": {
			{0, Life{Run: "run-a"}, 0, false, false},
			{m, Life{Run: "run-b"}, 0, false, false},
			{m, Life{Run: "run-a"}, 0, false, false},
			{20 * m, Life{Run: "run-a"}, 0, true, true},
		},
		"machines that cannot name their boot share none": {
			{0, Life{"run-a", "unknown-boot", "p-1"}, 0, false, false},
			{m, Life{"run-a", "unknown-boot", "p-2"}, 0, false, false},
			{m, Life{"run-a", "boot-b", "p-3"}, 0, false, false},
			{m, Life{"run-a", "unknown-boot", "p-4"}, 0, false, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tl := newTeller()
			for i, s := range tellings {
				if v := tl.says(s.after, s.life, s.underWay); v.Refuse != s.refuse || v.Began != s.began {
					t.Fatalf("telling %d (%v): %+v, want refuse %v, began %v", i, s.life, v, s.refuse, s.began)
				}
			}
		})
	}
}

func TestStepChangesNothingOfTheOldState(t *testing.T) {
	tl := newTeller()
	for i := range 12 {
		p := Posted{Life: Life{"run-a", "boot-a", fmt.Sprint("p-", i%3)}, Clock: time.Duration(i) * time.Minute, ReceivedAt: noon.Add(time.Duration(i) * time.Minute)}
		before := tl.lives
		next, first := before.Step(p)
		if again, second := before.Step(p); fmt.Sprint(again) != fmt.Sprint(next) || first != second {
			t.Fatalf("judging post %d twice differs", i)
		}
		tl.lives = next
	}
}

func TestTwoBodiesUnderOneNameAreAConflictOnce(t *testing.T) {
	tl := newTeller()
	tl.says(0, Life{"run-a", "boot-a", "p-1"}, 0)
	lives, first := tl.lives.Clash(noon)
	lives, second := lives.Clash(noon.Add(time.Minute))
	if !first.Began || !first.Refuse || !first.Record || second.Began || second.Record || !second.Refuse {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if _, third := lives.Clash(noon.Add(time.Hour)); third.Began || !third.Record {
		t.Errorf("an hour later %+v: it is not put on disk again", third)
	}
	tl.lives = lives
	if v := tl.says(2*time.Minute, Life{"run-a", "boot-a", "p-1"}, 0); !v.Refuse {
		t.Error("reports are taken again at once")
	}
	if v := tl.says(conflictHold, Life{"run-a", "boot-a", "p-1"}, 0); v.Refuse {
		t.Error("reports are refused for longer than the hold")
	}
}

func TestConflictOutlivesAStartOfTheController(t *testing.T) {
	life := Posted{Life: Life{"run-a", "boot-a", "p-1"}, ReceivedAt: noon}
	for name, tc := range map[string]struct {
		recorded time.Time
		refuse   bool
	}{
		"recorded just now":          {noon.Add(-time.Minute), true},
		"recorded three hours ago":   {noon.Add(-conflictHold), true}, // it may have gone on for an hour
		"recorded yesterday":         {noon.Add(-24 * time.Hour), false},
		"recorded by a wrong clock":  {noon.Add(time.Hour), true},
		"recorded before the backup": {noon.Add(-30 * 24 * time.Hour), false},
	} {
		if _, v := (Lives{}).Resume(tc.recorded, noon).Step(life); v.Refuse != tc.refuse || v.Began {
			t.Errorf("%s: %+v", name, v)
		}
	}
	lives := Lives{}.Resume(noon.Add(time.Hour), noon)
	life.ReceivedAt = noon.Add(conflictHold)
	if _, v := lives.Step(life); v.Refuse {
		t.Error("a wrong clock makes the hold longer")
	}
}

func TestRememberedLivesAreBoundedAndARestartLoopHidesNobody(t *testing.T) {
	tl := newTeller()
	original := Life{"run-a", "boot-a", "p-original"}
	tl.says(0, original, 0)
	tl.says(time.Minute, original, 0)
	for i := range 100 {
		if v := tl.says(10*time.Second, Life{"run-a", "boot-a", fmt.Sprint("p-", i)}, 0); v.Refuse {
			t.Fatal("a restart loop alone is called two machines")
		}
	}
	if len(tl.lives.past) != rememberedLives {
		t.Errorf("%d lives are remembered, want %d", len(tl.lives.past), rememberedLives)
	}
	if v := tl.says(time.Minute, original, 0); !v.Began {
		t.Error("the original speaks beside a restart loop and is not noticed")
	}
}
