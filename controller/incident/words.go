package incident

import (
	"fmt"
	"strings"
	"time"
)

// clock shows an instant as people at the site read it.
func (s *site) clock(t time.Time) string { return t.In(s.zone).Format("15:04:05") }

// count writes a number of things.
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// names lists a few machines.
func names(ms []*machine) string {
	const most = 4
	var b strings.Builder
	for i, m := range ms {
		if i == most && len(ms) > most+1 {
			fmt.Fprintf(&b, " and %d more", len(ms)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(m.id)
	}
	return b.String()
}

func (sc *scene) routerWords() string {
	switch {
	case sc.router:
		return "its router answers"
	case sc.routerTold:
		return "its router is silent too"
	case sc.s.facts.HasRouter || sc.s.facts.HasGateway:
		return "its router has never answered, which says nothing"
	default:
		return "no router is known there to ask"
	}
}

func sayDeaf(sc *scene) string {
	return fmt.Sprintf("%s has answered nothing over UDP since %s, while TCP passed as late as %s: something drops UDP between the site and the controller.",
		sc.s.code, sc.s.clock(sc.deafSince), sc.s.clock(sc.deafTCP))
}

func sayAlone(sc *scene) string {
	return fmt.Sprintf("The only workstation that was on at %s has been silent since %s, and %s: the machine or the link.",
		sc.s.code, sc.s.clock(sc.since), sc.routerWords())
}

func sayPowerOrLAN(sc *scene) string {
	return fmt.Sprintf("All %s of %s have been silent since %s while %s: the link works; power or the LAN there does not.",
		count(len(sc.live), "workstation"), sc.s.code, sc.s.clock(sc.since), sc.routerWords())
}

func sayLinkOrPower(sc *scene) string {
	slow := ""
	if sc.s.facts.Site.Direct() {
		slow = " It reports once a minute and has no gossip, so it may be up to two minutes longer, and what is inside the site cannot be seen."
	}
	if sc.routerTold {
		return fmt.Sprintf("All %s and the router of %s have been silent since %s: the link, its router or the power.%s",
			count(len(sc.live), "workstation"), sc.s.code, sc.s.clock(sc.since), slow)
	}
	return fmt.Sprintf("All %s of %s have been silent since %s; %s: the link, its router or the power.%s",
		count(len(sc.live), "workstation"), sc.s.code, sc.s.clock(sc.since), sc.routerWords(), slow)
}

func sayLost(sc *scene) string {
	how := "together"
	if sc.slow {
		how = "one after the other"
	}
	return fmt.Sprintf("%s of %s (%s) fell silent %s from %s on and gave no reason, while %s: a switch or segment inside the site.",
		count(len(sc.lost), "workstation"), sc.s.code, names(sc.lost), how, sc.s.clock(sc.lostAt), others(sc.answered))
}

func others(n int) string {
	if n == 1 {
		return "1 other answers"
	}
	return fmt.Sprintf("%d others answer", n)
}

func sayPeerless(sc *scene) string {
	last := sc.peerless[0].lastEntry()
	return fmt.Sprintf("%s of %s (%s) answer the controller and hear few of their neighbours (%s: %d of %d): the LAN is split inside the site.",
		count(len(sc.peerless), "workstation"), sc.s.code, names(sc.peerless), sc.peerless[0].id, last.Peers, last.Known)
}

func sayAccused(sc *scene) string {
	return fmt.Sprintf("%s of %s (%s) are called failed by neighbours and answer the controller: the LAN is split inside the site.",
		count(len(sc.accused), "workstation"), sc.s.code, names(sc.accused))
}

func sayStalled(sc *scene) string {
	if len(sc.stalled) == 0 {
		return fmt.Sprintf("At %s small packets pass and large ones do not: the path's MTU shrank and nobody says so.", sc.s.code)
	}
	return fmt.Sprintf("%s of %s answer small packets and cannot finish a TLS handshake since %s: large packets are lost on the way (MTU).",
		count(len(sc.stalled), "workstation"), sc.s.code, sc.s.clock(sc.stalledAt))
}

func sayShut(sc *scene) string {
	return fmt.Sprintf("%s of %s answer over UDP and say since %s that they cannot connect to the controller (%s): something blocks TCP on the way.",
		count(len(sc.shut), "workstation"), sc.s.code, sc.s.clock(sc.shutAt), sc.shut[0].uplink)
}
