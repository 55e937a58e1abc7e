package mesh

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestUnheardMemberIsToldAgainLessAndLess(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		times int
		after time.Duration
		again bool
	}{
		{0, 0, true},
		{1, 59 * time.Second, false},
		{1, time.Minute, true},
		{3, 3 * time.Minute, false},
		{3, 4 * time.Minute, true},
		{100, 59 * time.Minute, false},
		{100, time.Hour, true},
	} {
		if got := (told{at: at, times: c.times}).again(at.Add(c.after)); got != c.again {
			t.Errorf("told %d times, %s ago: again %v", c.times, c.after, got)
		}
	}
}

func TestOnlyMembersThatThinkTheyAreHeardAreToldOtherwise(t *testing.T) {
	for uplink, want := range map[string]bool{
		UplinkOK: true, UplinkUnknown: true, UplinkRelayed: false, UplinkTimeout: false, UplinkStall: false, UplinkLost: false,
	} {
		if got := mayBeUnheard(Member{State: StateAlive, Tags: Tags{Uplink: uplink}}); got != want {
			t.Errorf("uplink %q: %v", uplink, got)
		}
	}
	if mayBeUnheard(Member{State: StateFailed}) {
		t.Error("a failed member was to be told")
	}
}

func TestNoticeIsBorneByThoseWhoAnsweredLast(t *testing.T) {
	missed := time.Unix(1_800_000_000, 0)
	seenAt := map[string]time.Time{
		"a": missed.Add(-time.Second), "b": missed.Add(2 * time.Millisecond), "c": missed.Add(9 * time.Millisecond),
		"d": missed.Add(5 * time.Millisecond), "e": missed.Add(time.Second),
	}
	var members []Member
	for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
		members = append(members, Member{Name: name, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 1)})
	}
	got := bearers(members, seenAt, "e", missed)
	if want := []netip.AddrPort{members[2].Addr, members[3].Addr}; !slices.Equal(got, want) {
		t.Errorf("borne by %v, want %v", got, want)
	}
	if got := bearers(members[:1], seenAt, "e", missed); len(got) != 0 {
		t.Errorf("borne by %v at a silent site", got)
	}
}

func TestNoticeCountsOnceAndOnlyOnceAMinute(t *testing.T) {
	var ear unheardEar
	now := time.Unix(1_800_000_000, 0)
	for i, c := range []struct {
		number uint64
		after  time.Duration
		want   bool
	}{
		{7, 0, true}, {7, 0, false}, {8, 30 * time.Second, false}, {7, 2 * time.Minute, false}, {8, 2 * time.Minute, false}, {9, 2 * time.Minute, true},
	} {
		if got := ear.take(c.number, now.Add(c.after)); got != c.want {
			t.Errorf("notice %d, number %d after %s: %v", i, c.number, c.after, got)
		}
	}
}
