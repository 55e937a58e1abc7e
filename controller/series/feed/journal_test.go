package feed_test

import (
	"net/netip"
	"testing"
	"time"

	"muster/controller/series/feed"
	"muster/inventory/wire"
)

func TestAJournalSpeaksForTheLinkOnlyWhereItKnows(t *testing.T) {
	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	well := wire.JournalRecord{
		Kind: wire.RecordTick, PacketAge: 5 * time.Minute, AckAge: wire.Never, Gateway: wire.Yes, Carrier: wire.Yes, Peers: 4, PeersKnown: 4,
		Addr: netip.MustParseAddr("10.1.0.10"),
	}
	with := func(change func(*wire.JournalRecord)) wire.JournalRecord {
		r := well
		change(&r)
		return r
	}
	up, down := 1.0, 0.0
	for _, c := range []struct {
		name   string
		record wire.JournalRecord
		want   *float64
		at     time.Time
	}{
		{"an answer from outside", with(func(r *wire.JournalRecord) { r.Outside = wire.Yes }), &up, monday},
		{"no answer, gateway and neighbours there", with(func(r *wire.JournalRecord) { r.Outside = wire.No }), &down, monday},
		{"no answer and no gateway", with(func(r *wire.JournalRecord) { r.Outside, r.Gateway = wire.No, wire.No }), nil, monday},
		{"no answer and no neighbour", with(func(r *wire.JournalRecord) { r.Outside, r.Peers = wire.No, 0 }), nil, monday},
		{"no answer and no cable", with(func(r *wire.JournalRecord) { r.Outside, r.Carrier = wire.No, wire.No }), nil, monday},
		{"the controller a moment before", with(func(r *wire.JournalRecord) { r.PacketAge = 4 * time.Second }), &up, monday.Add(-4 * time.Second)},
		{"the controller long before", well, nil, monday},
		{"never the controller", with(func(r *wire.JournalRecord) { r.PacketAge = wire.Never }), nil, monday},
		{"written elsewhere", with(func(r *wire.JournalRecord) { r.Outside, r.Addr = wire.Yes, netip.Addr{} }), nil, monday},
		{"a word of a later agent", with(func(r *wire.JournalRecord) { r.Outside, r.PacketAge = "perhaps", wire.Never }), nil, monday},
	} {
		got := feed.Journal("S001", "w00000001", []time.Time{monday}, []wire.JournalRecord{c.record})
		switch {
		case c.want == nil && len(got) > 0:
			t.Errorf("%s: %+v, want nothing", c.name, got)
		case c.want != nil && (len(got) != 1 || got[0].Value != *c.want || !got[0].At.Equal(c.at)):
			t.Errorf("%s: %+v, want %v at %s", c.name, got, *c.want, c.at)
		}
	}
	if got := feed.Journal("", "w00000001", []time.Time{monday}, []wire.JournalRecord{with(func(r *wire.JournalRecord) { r.Outside = wire.Yes })}); len(got) > 0 {
		t.Errorf("a machine of no site speaks for one: %+v", got)
	}
}
