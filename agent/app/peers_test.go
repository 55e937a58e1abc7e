package app

import (
	"testing"

	"muster/inventory/wire"
)

func TestHearingFewNeighboursIsSaidOnceAfterThreeLooksAndAgainWhenTheyAreBack(t *testing.T) {
	t.Parallel()
	var p peersWatch
	for i, look := range []struct {
		peers, known int
		resumed      bool
		want         string
	}{
		{0, 14, false, ""}, // it starts
		{2, 14, false, ""},
		{3, 14, false, ""},
		{3, 14, false, ""},
		{4, 14, false, ""},
		{4, 14, false, ""},
		{4, 14, false, ""},
		{3, 14, false, ""},
		{6, 14, false, ""}, // chance: it begins anew
		{3, 14, false, ""},
		{4, 14, false, ""},
		{2, 14, false, "peers few"},
		{3, 14, false, ""},
		{6, 14, false, ""},
		{7, 14, false, ""},
		{6, 14, false, "peers back"},
		{0, 14, true, ""}, // it slept
		{0, 14, false, ""},
		{0, 14, false, ""},
		{0, 14, false, ""},
		{0, 2, false, ""}, // of two neighbours nothing follows
		{0, 2, false, ""},
		{0, 2, false, ""},
		{0, 2, false, ""},
		{0, 2, false, ""},
	} {
		got := p.step(wire.JournalRecord{Peers: look.peers, PeersKnown: look.known}, look.resumed)
		if got != look.want || p.news != (got != "") {
			t.Errorf("look %d says %q (news %t), want %q", i, got, p.news, look.want)
		}
	}
}
