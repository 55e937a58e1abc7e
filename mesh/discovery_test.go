package mesh

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func noShuffle(int, func(i, j int)) {}

func TestNeighbourhoodIsTheOwnSubnetWithoutSelf(t *testing.T) {
	self := netip.MustParseAddr("10.1.2.77")
	around := neighbourhood(self, noShuffle)
	if len(around) != 253 || around[0] != netip.MustParseAddr("10.1.2.1") || around[252] != netip.MustParseAddr("10.1.2.254") {
		t.Errorf("%d addresses from %s to %s", len(around), around[0], around[len(around)-1])
	}
	for _, a := range around {
		if a == self {
			t.Error("asks itself")
		}
	}
	if around := neighbourhood(netip.MustParseAddr("fd00::1"), noShuffle); around != nil {
		t.Errorf("%d addresses of IPv6", len(around))
	}
}

func TestAskingAroundStartsLateAndGrowsSeldom(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var d discoverySchedule
	var at []time.Duration
	for s := range 3600 {
		var due bool
		if d, due = d.step(now.Add(time.Duration(s)*time.Second), 0, 5, false); due {
			at = append(at, time.Duration(s)*time.Second)
		}
	}
	want := []time.Duration{10 * time.Second, 70 * time.Second, 190 * time.Second, 430 * time.Second, 910 * time.Second, 1870 * time.Second, 2830 * time.Second}
	if len(at) != len(want) {
		t.Fatalf("asks at %v, want %v", at, want)
	}
	for i := range want {
		if at[i] != want[i] {
			t.Fatalf("asks at %v, want %v", at, want)
		}
	}
}

func TestNobodyIsAskedWhileThePoolIsWhole(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		live, remembered int
		controller, ask  bool
	}{
		"controller alive":        {0, 14, true, false},
		"all but the controller":  {14, 14, false, false},
		"half of those known":     {7, 14, false, false},
		"a small part":            {2, 14, false, true},
		"nobody":                  {0, 14, false, true},
		"nobody was ever known":   {0, 0, false, true},
		"one, nobody else known":  {1, 1, false, false},
		"a part, and a controler": {1, 14, true, false},
	} {
		var d discoverySchedule
		d, _ = d.step(now, c.live, c.remembered, c.controller)
		if _, due := d.step(now.Add(discoveryAfter), c.live, c.remembered, c.controller); due != c.ask {
			t.Errorf("%s: asks %v", name, due)
		}
	}
}

func TestAskingAroundIsSlowEnoughForARPInspection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		q := newQuestion(netip.MustParseAddrPort("10.1.2.77:7946"))
		var sent []time.Duration
		askAround(t.Context(), q, neighbourhood(q.asker.Addr(), noShuffle), func(netip.AddrPort, []byte) {
			sent = append(sent, time.Since(start))
		}, func() bool { return false })
		for i := 4; i < len(sent); i++ {
			if sent[i]-sent[i-4] < time.Second {
				t.Fatalf("five questions within %s", sent[i]-sent[i-4])
			}
		}
		if len(sent) != 253 {
			t.Errorf("%d were asked", len(sent))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		n := 0
		askAround(ctx, q, neighbourhood(q.asker.Addr(), noShuffle), func(netip.AddrPort, []byte) { n++ }, func() bool { return false })
		if n > 5 {
			t.Errorf("%d asked within a second", n)
		}
	})
}

func TestOnlyTheAnswerToTheQuestionBeingAskedCounts(t *testing.T) {
	self := netip.MustParseAddrPort("10.1.2.77:7946")
	q := newQuestion(self)
	from := netip.MustParseAddrPort("10.1.2.3:7946")
	other := newQuestion(self)
	stay := &tenure{}
	if stay.note(Direct{From: from, Body: q.encode()}) {
		t.Error("an answer counts while nothing is asked")
	}
	stay.beginAsking(&q)
	if stay.note(Direct{From: from, Body: other.encode()}) {
		t.Error("an answer to another question counts")
	}
	if !stay.note(Direct{From: from, Body: q.encode()}) || stay.note(Direct{From: from, Body: q.encode()}) {
		t.Error("an answer must count, and once")
	}
}

func FuzzQuestion(f *testing.F) {
	f.Add(newQuestion(netip.MustParseAddrPort("10.1.2.77:7946")).encode())
	f.Add(newQuestion(netip.MustParseAddrPort("[fd00::1]:7946")).encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := decodeQuestion(b)
		if err != nil {
			return
		}
		if string(q.encode()) != string(b) {
			t.Fatalf("%x is read as %v and written as %x", b, q, q.encode())
		}
	})
}
