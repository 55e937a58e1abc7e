package mesh

import (
	"net/netip"
	"testing"
	"time"
)

func TestOwnAddressIsTheOneThatRoutesToTheController(t *testing.T) {
	got, err := LocalAddrFor([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9")})
	if err != nil || got != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("towards 127.0.0.1 it is %v, %v", got, err)
	}
	if _, err := LocalAddrFor(nil); err == nil {
		t.Error("an address without a controller to route to")
	}
}

func TestNewAddressCountsOnlyOnceItHasStayed(t *testing.T) {
	office, wifi, vpn := netip.MustParseAddr("10.1.0.5"), netip.MustParseAddr("10.1.0.77"), netip.MustParseAddr("172.16.0.9")
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	type sighting struct {
		after   time.Duration
		seen    netip.Addr
		settled netip.Addr
		changed bool
	}
	for name, timeline := range map[string][]sighting{
		"the first settles at once": {{0, office, office, true}, {time.Second, office, office, false}},
		"a new one waits":           {{0, office, office, true}, {2 * time.Second, wifi, office, false}, {7 * time.Second, wifi, office, false}, {8 * time.Second, wifi, wifi, true}},
		"one that comes and goes":   {{0, office, office, true}, {2 * time.Second, vpn, office, false}, {5 * time.Second, office, office, false}, {9 * time.Second, vpn, office, false}},
		"no route keeps the old":    {{0, office, office, true}, {2 * time.Second, netip.Addr{}, office, false}, {time.Hour, netip.Addr{}, office, false}},
		"flapping between two":      {{0, office, office, true}, {2 * time.Second, wifi, office, false}, {4 * time.Second, vpn, office, false}, {9 * time.Second, wifi, office, false}, {12 * time.Second, vpn, office, false}},
	} {
		var d addrDwell
		for _, s := range timeline {
			var changed bool
			if d, changed = d.step(start.Add(s.after), s.seen, 6*time.Second); d.settled != s.settled || changed != s.changed {
				t.Errorf("%s: after %s with %s, settled %s, changed %v", name, s.after, s.seen, d.settled, changed)
			}
		}
	}
}
