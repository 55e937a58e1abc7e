package inventory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func crew(n int) []string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf("w%08d", i*7919)
	}
	return members
}

var rotaDay = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestEveryMemberComesToTheSameAnswerAndExactlyOneHasTheTurn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for slot := range int64(500) {
		members := crew(15)
		whose := RotaTurn("MILL", "email", slot, members)
		if !slices.Contains(members, whose) {
			t.Fatalf("slot %d belongs to %q", slot, whose)
		}
		rng.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		if again := RotaTurn("MILL", "email", slot, append(members, members[0])); again != whose {
			t.Fatalf("slot %d belongs to %s, and to %s for whoever lists the members otherwise", slot, whose, again)
		}
	}
	if RotaTurn("MILL", "email", 1, nil) != "" || len(RotaElected("MILL", nil, 2)) != 0 {
		t.Error("somebody of nobody has a turn")
	}
}

func TestTurnsAreShared(t *testing.T) {
	const slots = 15_000
	for _, services := range [][]string{{"email"}, {"email", "files", "records"}} {
		share := map[string]int{}
		for slot := range int64(slots) {
			for _, service := range services {
				share[RotaTurn("MILL", service, slot, crew(15))]++
			}
		}
		fair := slots * len(services) / 15
		for member, n := range share {
			if n < fair*8/10 || n > fair*12/10 {
				t.Errorf("%s has %d of %d turns, a fair share is %d", member, n, slots*len(services), fair)
			}
		}
		if len(share) != 15 {
			t.Errorf("%d of 15 take turns", len(share))
		}
	}
}

func TestOnlyTheTurnsOfAMemberThatLeavesMove(t *testing.T) {
	members := crew(15)
	gone := members[4]
	left := slices.Delete(slices.Clone(members), 4, 5)
	for slot := range int64(2000) {
		before, after := RotaTurn("MILL", "email", slot, members), RotaTurn("MILL", "email", slot, left)
		if before != gone && after != before {
			t.Fatalf("slot %d moved from %s to %s, and %s left", slot, before, after, gone)
		}
		if after == gone {
			t.Fatalf("slot %d belongs to %s, who left", slot, gone)
		}
	}
}

func TestTwoAreElectedUntilOneLeaves(t *testing.T) {
	for site := range 200 {
		code, members := fmt.Sprintf("S%03d", site), crew(15)
		elected := RotaElected(code, members, 2)
		if len(elected) != 2 || elected[0] == elected[1] {
			t.Fatalf("%s elects %v", code, elected)
		}
		for i, m := range members {
			now := RotaElected(code, slices.Delete(slices.Clone(members), i, i+1), 2)
			stayed := slices.DeleteFunc(slices.Clone(elected), func(e string) bool { return e == m })
			for _, e := range stayed {
				if !slices.Contains(now, e) {
					t.Fatalf("%s: %s left and %s is not elected any more: %v, then %v", code, m, e, elected, now)
				}
			}
			if len(now) != 2 {
				t.Fatalf("%s elects %v of fourteen", code, now)
			}
		}
	}
	if got := RotaElected("S001", crew(1), 2); len(got) != 1 {
		t.Errorf("one machine elects %v", got)
	}
}

func TestEachSlotHasItsMomentWithin(t *testing.T) {
	every := 15 * time.Minute
	seen := map[time.Duration]int{}
	for i := range 2000 {
		now := rotaDay.Add(time.Duration(i) * 97 * time.Second)
		slot, at := RotaSlot("MILL", "email", every, now)
		begins := time.Unix(0, slot*int64(every)).UTC()
		if now.Before(begins) || !now.Before(begins.Add(every)) {
			t.Fatalf("%s is not in slot %d, which begins at %s", now, slot, begins)
		}
		if at.Before(begins) || !at.Before(begins.Add(every*9/10)) {
			t.Fatalf("slot %d has its moment at %s", slot, at)
		}
		seen[at.Sub(begins)/time.Minute]++
	}
	if len(seen) < 12 {
		t.Errorf("the moments lie in %d different minutes", len(seen))
	}
	moments := map[time.Duration]int{}
	for site := range 130 {
		_, at := RotaSlot(fmt.Sprintf("S%03d", site), "email", every, rotaDay)
		moments[at.Sub(rotaDay).Round(10*time.Second)]++
	}
	for at, n := range moments {
		if n > 10 {
			t.Errorf("%d of 130 sites ask one service within ten seconds of %s", n, at)
		}
	}
	if slot, at := RotaSlot("MILL", "email", every, time.Unix(-1, 0)); slot != -1 || at.After(time.Unix(0, 0)) {
		t.Errorf("a clock before 1970 leads to slot %d at %s", slot, at)
	}
}
