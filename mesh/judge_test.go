package mesh

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func TestMissTimerFollowsASlowLinkAndKeepsItsBounds(t *testing.T) {
	for _, c := range []struct {
		name string
		rtts []time.Duration
		want func(time.Duration) bool
	}{
		{"nothing known", nil, func(d time.Duration) bool { return d == missAtLeast }},
		{"a quick link", repeat(20*time.Millisecond, 50), func(d time.Duration) bool { return d == missAtLeast }},
		{"a steady satellite", repeat(700*time.Millisecond, 80), func(d time.Duration) bool { return d == missAtLeast }},
		{"a very slow one", repeat(1100*time.Millisecond, 80), func(d time.Duration) bool { return d > time.Second && d < 1300*time.Millisecond }},
		{"a wild one", append(repeat(2*time.Second, 20), repeat(100*time.Millisecond, 2)...), func(d time.Duration) bool { return d == missAtMost }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var link timing
			for _, rtt := range c.rtts {
				link = link.next(rtt)
			}
			if got := link.missAfter(); !c.want(got) {
				t.Errorf("missAfter() = %s with usual %s, spread %s", got, link.usual, link.spread)
			}
		})
	}
}

func repeat(d time.Duration, n int) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = d
	}
	return out
}

func agents(n int, state State) []Member {
	var out []Member
	for i := range n {
		out = append(out, Member{Name: fmt.Sprintf("w%08d.run", i), Workstation: fmt.Sprintf("w%08d", i), State: state})
	}
	return out
}

func TestBurstAsksEveryMemberTwelveTimesInAllAndEndsSoon(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 12, 15, 16, 61, 200} {
		members := agents(n, StateAlive)
		plan := planBurst(members, members[n-1].Name)
		asked := map[string]int{}
		pings := 0
		for _, round := range plan.rounds {
			for _, m := range round {
				asked[m.Name]++
				pings++
			}
		}
		switch {
		case len(asked) != n:
			t.Errorf("%d members: %d of them asked", n, len(asked))
		case pings != max(12, n):
			t.Errorf("%d members: %d pings", n, pings)
		case plan.rounds[0][0].Name != members[n-1].Name:
			t.Errorf("%d members: the missed one is not asked first", n)
		case len(plan.rounds[0]) > 2:
			t.Errorf("%d members: %d asked at once at first", n, len(plan.rounds[0]))
		}
		// A sweep every 2 s, its miss, the rounds and the last round's miss.
		if worst := 2*time.Second + 2*missAtLeast + time.Duration(len(plan.rounds))*plan.every; worst > 5*time.Second {
			t.Errorf("%d members: a dead link may take %s", n, worst)
		}
	}
	if plan := planBurst(nil, ""); len(plan.rounds) != 0 {
		t.Error("a burst of nobody has rounds")
	}
}

func TestBurstHasSeenEnoughAtTwoMembers(t *testing.T) {
	answered := func(n int) map[string]bool {
		out := map[string]bool{}
		for i := range n {
			out[fmt.Sprint(i)] = true
		}
		return out
	}
	for _, c := range []struct {
		found          burstFound
		enough, silent bool
	}{
		{burstFound{members: 15, answered: answered(0)}, false, true},
		{burstFound{members: 15, answered: answered(1)}, false, false},
		{burstFound{members: 15, answered: answered(2)}, true, false},
		{burstFound{members: 1, answered: answered(1)}, true, false},
		{burstFound{members: 15, answered: answered(0), tcp: 1}, false, false},
	} {
		if c.found.enough() != c.enough || c.found.silent() != c.silent {
			t.Errorf("%+v: enough %t, silent %t", c.found, c.found.enough(), c.found.silent())
		}
	}
}

func TestAWorkstationIsNotAskedByANameThatItHadBefore(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	home, away := netip.MustParseAddrPort("10.1.1.11:7946"), netip.MustParseAddrPort("10.1.1.99:7946")
	old := Member{Name: "w1.old", Workstation: "w1", State: StateAlive, Addr: home}
	renamed := Member{Name: "w1.new", Workstation: "w1", State: StateAlive, Addr: home}
	other := Member{Name: "w2.run", Workstation: "w2", State: StateAlive, Addr: netip.MustParseAddrPort("10.1.1.12:7946")}
	copied := Member{Name: "w1.copy", Workstation: "w1", State: StateAlive, Addr: away}
	all := []Member{old, renamed, other, copied}
	for name, test := range map[string]struct {
		seenAt map[string]time.Time
		want   []Member
	}{
		"nobody answered yet":           {nil, all},
		"the new name was not asked":    {map[string]time.Time{old.Name: at, other.Name: at}, all},
		"the new name answered":         {map[string]time.Time{old.Name: at, renamed.Name: at.Add(time.Minute)}, []Member{renamed, other, copied}},
		"another address is not a name": {map[string]time.Time{old.Name: at, copied.Name: at.Add(time.Minute)}, all},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, current(slices.Clone(all), test.seenAt), sameAddrs()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSweepAsksLivingAgentsInTurnAndTheFailedOnlyWhereNobodyLives(t *testing.T) {
	failed := agents(3, StateFailed)
	mixed := append(agents(2, StateAlive), failed[2], Member{Name: "c1", Controller: true, State: StateAlive}, Member{Name: "odd", State: StateAlive})
	if got := sweepable(mixed); len(got) != 2 {
		t.Errorf("sweepable: %d members, want the 2 living agents", len(got))
	}
	if got := sweepable(failed); len(got) != 3 {
		t.Errorf("sweepable: %d members, want the 3 failed ones", len(got))
	}
	if got := sweepable(agents(3, StateLeft)); len(got) != 0 {
		t.Errorf("sweepable: %d members that left", len(got))
	}
	last, seen := "", map[string]int{}
	for range 6 {
		last = turn(failed, last).Name
		seen[last]++
	}
	for _, m := range failed {
		if seen[m.Name] != 2 {
			t.Errorf("%s asked %d times in two rounds", m.Name, seen[m.Name])
		}
	}
}

func TestReachForgetsWhatIsOlderThanFiveMinutes(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	l := newReachLog(now)
	if r := l.reach(now); r.State != inventory.ReachUnknown || r.Loss.Known() || r.RTTMillis.Known() {
		t.Errorf("an empty log knows something: %+v", r)
	}
	for i := range 500 { // 1,000 s
		missed := i < 400 && i%2 == 0
		l.add(sample{at: now.Add(time.Duration(i) * 2 * time.Second), rtt: 30 * time.Millisecond, missed: missed})
	}
	if n := len(l.samples); n > 152 {
		t.Errorf("%d samples are kept of five minutes with 150", n)
	}
	end := now.Add(1000 * time.Second)
	r := l.reach(end)
	if loss, _ := r.Loss.Get(); loss < 0.1 || loss > 0.25 {
		t.Errorf("loss %.2f: of 150 samples the oldest 50 were missed by half", loss)
	}
	if rtt, _ := r.RTTMillis.Get(); rtt != 30 {
		t.Errorf("rtt %.1f ms", rtt)
	}
	if r := l.reach(end.Add(time.Hour)); r.Loss.Known() {
		t.Error("an hour later the log still knows the loss")
	}
	if !l.turnTo(inventory.ReachSilent, end) || l.turnTo(inventory.ReachSilent, end.Add(time.Second)) || l.since != end {
		t.Error("the state's beginning is not kept")
	}
}

func TestReachIsBoundedHoweverOftenIsAsked(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	l := newReachLog(now)
	for i := range 10_000 {
		l.add(sample{at: now.Add(time.Duration(i) * time.Millisecond), rtt: time.Millisecond})
	}
	if len(l.samples) != reachSamples {
		t.Errorf("%d samples, want %d", len(l.samples), reachSamples)
	}
}

func TestSweepComesRoundToEverybodyInTimeInAPoolOfUpToFiftyTwo(t *testing.T) {
	const usual = 1500 * time.Millisecond
	for members := range 2000 {
		pace := sweepPace(usual, members)
		if pace > usual || pace < sweepSoonest {
			t.Errorf("%d members: a sweep every %s", members, pace)
		}
		if members <= 17 && pace != usual {
			t.Errorf("%d members are asked every %s", members, pace)
		}
		if round := time.Duration(members) * pace; members <= 52 && round > sweepRound {
			t.Errorf("%d members: a round takes %s", members, round)
		}
	}
	if pace := sweepPace(100*time.Millisecond, 3); pace != 100*time.Millisecond {
		t.Errorf("what was set to 0.1 s is done every %s", pace)
	}
}

// TestNobodyIsAskedTwiceWhileAnotherWaits lets members come and go at random:
// between two questions to one, each other is asked once at most.
func TestNobodyIsAskedTwiceWhileAnotherWaits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	present := map[string]bool{}
	asked := map[string]map[string]bool{} // since each member's own turn
	last := ""
	for range 10_000 {
		name := fmt.Sprintf("w%08d.%05d", rng.IntN(40), rng.IntN(3))
		if rng.IntN(4) == 0 {
			present[name] = !present[name]
			delete(asked, name)
		}
		var members []Member
		for _, name := range slices.Sorted(maps.Keys(present)) {
			if present[name] {
				members = append(members, Member{Name: name})
			}
		}
		if len(members) == 0 {
			continue
		}
		m := turn(members, last)
		last = m.Name
		for _, other := range members {
			switch {
			case other.Name == m.Name:
				asked[m.Name] = map[string]bool{}
			case asked[other.Name] == nil:
				asked[other.Name] = map[string]bool{m.Name: true}
			case asked[other.Name][m.Name]:
				t.Fatalf("%s was asked twice while %s waited", m.Name, other.Name)
			default:
				asked[other.Name][m.Name] = true
			}
		}
	}
}
