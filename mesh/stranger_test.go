package mesh

import (
	"net/netip"
	"testing"
	"time"
)

func TestStrangerIsMetWhenGossipHadItsTimeAndSeldom(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	friend, newcomer, other := netip.MustParseAddrPort("10.1.0.1:7946"), netip.MustParseAddrPort("10.1.0.2:7946"), netip.MustParseAddrPort("10.1.0.3:7946")
	list, reads := []netip.AddrPort{friend}, 0
	alive := func() []netip.AddrPort { reads++; return list }
	var s strangers
	hear := func(after time.Duration, from netip.AddrPort) bool { return s.hear(from, now.Add(after), alive) }

	for i := range 100 {
		if hear(time.Duration(i)*time.Second, friend) {
			t.Fatal("a friend is taken for a stranger")
		}
	}
	if reads != 1 {
		t.Errorf("the list was read %d times for a friend", reads)
	}
	if hear(100*time.Second, newcomer) || hear(101*time.Second, other) || hear(109*time.Second, newcomer) {
		t.Error("a newcomer is met before gossip had its time")
	}
	if hear(111*time.Second, other) {
		t.Error("two strangers at a time")
	}
	if !hear(111*time.Second, newcomer) {
		t.Error("one that gossip passed by is not met")
	}
	s.meet(newcomer, now.Add(111*time.Second))
	for i := range 50 { // it stays unknown: an address that nobody advertises
		if hear(112*time.Second+time.Duration(i)*10*time.Second, newcomer) {
			t.Fatalf("met again within ten minutes")
		}
	}
	if hear(620*time.Second, other) || !hear(631*time.Second, other) {
		t.Error("the other one is not met, or at once")
	}
	s.meet(other, now.Add(631*time.Second))
	if hear(720*time.Second, newcomer) || !hear(731*time.Second, newcomer) {
		t.Error("the first one is never met again, or at once")
	}
	s.meet(newcomer, now.Add(731*time.Second))
	third, fourth := netip.MustParseAddrPort("10.1.0.4:7946"), netip.MustParseAddrPort("10.1.0.5:7946")
	if hear(740*time.Second, third) || hear(755*time.Second, third) {
		t.Error("two are met within thirty seconds")
	}
	list = append(list, third)
	if hear(770*time.Second, third) || hear(771*time.Second, fourth) || s.last != fourth {
		t.Error("one that is known by now is taken for a stranger, or keeps the next one waiting")
	}
}

func TestSilentStrangerKeepsTheNextWaitingForThreeMinutesAtMost(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	forged, newcomer := netip.MustParseAddrPort("192.0.2.1:7946"), netip.MustParseAddrPort("10.1.0.2:7946")
	var s strangers
	s.hear(forged, now, func() []netip.AddrPort { return nil })
	for after := time.Second; ; after += 10 * time.Second {
		if s.hear(newcomer, now.Add(after), func() []netip.AddrPort { return nil }) {
			break
		}
		if after > strangerKept+time.Minute {
			t.Fatal("still waiting")
		}
	}
}
