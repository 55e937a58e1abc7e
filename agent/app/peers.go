package app

import "muster/inventory/wire"

const (
	// peersMost is how many neighbours a well machine has heard at any look: it asks
	// one every 3 s, and answers of the last 20 s count.
	peersMost = 6
	// peersFew of them, or of the neighbours known where they are fewer, is what a
	// machine hears that is cut from half of its LAN.
	peersFew = 0.7
	// peersLeast is how many must be known for the share to mean anything.
	peersLeast = 3
	// peersQuiet is after how many looks the agent had time to hear its neighbours:
	// neither a start nor the end of a sleep is news.
	peersQuiet = 6
	// peersLooks is how many looks in a row must agree: 30 s.
	peersLooks = 3
)

// peersWatch notices that the machine hears few of its neighbours, and that it
// hears them again. The LAN may be split although the controller hears everybody.
type peersWatch struct {
	seen int  // looks since the start, or since the machine slept
	few  bool // as last said
	run  int  // looks in a row that say otherwise
	news bool // the last look turned it
}

// step takes a look up and returns the word of an edge; empty means no news. A
// machine that has slept begins anew.
func (p *peersWatch) step(r wire.JournalRecord, resumed bool) string {
	p.news = false
	if p.seen++; resumed {
		p.seen = 1
	}
	few := r.PeersKnown >= peersLeast && float64(r.Peers) <= peersFew*float64(min(r.PeersKnown, peersMost))
	if p.seen <= peersQuiet || few == p.few {
		p.run = 0
		return ""
	}
	if p.run++; p.run < peersLooks {
		return ""
	}
	p.few, p.run, p.news = few, 0, true
	if few {
		return "peers few"
	}
	return "peers back"
}
