package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// maxFindings bounds the lines of evidence of one incident.
const maxFindings = 60

// findings are the lines of evidence for and against the present verdict, as it
// stands now, oldest first.
func (e *Engine) findings(t *trouble) []inventory.Finding {
	var fs []inventory.Finding
	switch scope := t.Incident.Scope; {
	case scope.Controller:
		fs = e.controllerFindings(t)
	case len(scope.Sites) > 0 && scope.Service == "":
		fs = e.sharedFindings(t)
	case isServiceKey(t.Key):
		fs = e.serviceFindings(t)
	case scope.Workstation != "":
		fs = e.machineFindings(t, e.machines[scope.Workstation])
	case scope.Site != "":
		fs = e.siteFindings(t, e.sites[scope.Site])
	}
	slices.SortStableFunc(fs, func(a, b inventory.Finding) int { return a.At.Compare(b.At) })
	if len(fs) > maxFindings {
		fs = fs[:maxFindings]
	}
	return fs
}

// siteFindings say what was asked of a site and what came back.
func (e *Engine) siteFindings(t *trouble, s *site) (fs []inventory.Finding) {
	if s == nil {
		return nil
	}
	line := func(at time.Time, pro bool, kind inventory.EvidenceKind, n int, format string, args ...any) {
		if !at.IsZero() {
			fs = append(fs, inventory.Finding{At: at, For: pro, Kind: kind, Site: s.code, Text: fmt.Sprintf(format, args...), Count: n})
		}
	}
	pings, silent := 0, 0
	for _, id := range t.Members {
		if m := e.machines[id]; m != nil && len(m.misses) > 0 {
			pings += len(m.misses)
			silent++
		}
	}
	if pings > 0 {
		line(t.Onset, true, inventory.EvidenceBurstPing, pings, "%s of %d asked over UDP gave no answer", count(silent, "machine"), len(t.Members))
	}
	if last := s.answerAt; !last.IsZero() {
		line(last, last.Before(t.Onset), inventory.EvidenceSweep, 0, "the last answer of the site came at %s", s.clock(last))
	}
	if s.tcp.Run > 0 && s.tcp.Miss.After(t.Onset) {
		line(s.tcp.First, true, inventory.EvidenceBurstTCP, s.tcp.Run, "TCP connections were not answered")
	}
	for kind, g := range map[inventory.EvidenceKind]gauge{inventory.EvidenceRouter: s.router, inventory.EvidenceGateway: s.gateway} {
		switch {
		case g.OK.After(t.Onset):
			pro := deskOf(t.Incident.Cause) != deskCarrier
			line(g.OK, pro, kind, 0, "the %s answers", kind)
		case !g.OK.IsZero() && g.Miss.After(t.Onset):
			line(g.First, true, kind, g.Run, "the %s does not answer; it did until %s", kind, s.clock(g.OK))
		case g.OK.IsZero() && !g.Miss.IsZero():
			line(g.Miss, false, kind, g.Run, "the %s has never answered: its silence says nothing", kind)
		}
	}
	if !e.referencesOK().IsZero() && e.referencesOK().After(t.Onset) {
		line(e.referencesOK(), true, inventory.EvidenceReference, 0, "references outside answer: the controller's own network works")
	}
	fs = append(fs, e.voteFindings(t, s)...)
	if n := len(s.quality.closed); n > 0 && strings.HasPrefix(t.Key, "quality:") {
		m := s.quality.closed[n-1]
		line(m.At, true, inventory.EvidenceLink, m.N, "the newest minute: %.0f ms, jitter %.0f ms, %.0f %% lost",
			float64(m.RTT)/1e6, float64(m.Jitter)/1e6, 100*m.Loss)
	}
	return fs
}

// voteFindings are the journals' lines, alike ones together.
func (e *Engine) voteFindings(t *trouble, s *site) (fs []inventory.Finding) {
	if !t.Whole || t.ClearAt.IsZero() {
		return nil
	}
	lines := make(map[string]int)
	for _, id := range t.Members {
		m := e.machines[id]
		if m == nil {
			continue
		}
		v := m.read(t, &e.rules)
		switch v.ballot {
		case ballotRebooted:
			lines["rebooted without a clean stop, the last record near the onset"]++
		case ballotAcross:
			lines["ran on: "+v.words()]++
		case ballotAway:
			lines["has no vote: stopped cleanly, or its journal of then is lost"]++
		case ballotNone:
		}
	}
	for _, text := range sortedKeys(lines) {
		pro := !strings.HasPrefix(text, "has no vote")
		fs = append(fs, inventory.Finding{
			At: t.ClearAt, LearntAt: e.now, For: pro, Kind: inventory.EvidenceEntry, Site: s.code,
			Text: "journals of " + count(lines[text], "machine") + ": " + text, Count: lines[text],
		})
	}
	return fs
}

func (v vote) words() string {
	var saw []string
	say := func(when bool, text string) {
		if when {
			saw = append(saw, text)
		}
	}
	say(v.gateway, "gateway by ARP")
	say(v.noARP && !v.gateway, "no gateway")
	say(v.peers, "neighbours")
	say(v.heard, "the controller's packets")
	say(v.dark, "network gone")
	say(!v.battery.IsZero(), "mains to battery")
	if len(saw) == 0 {
		return "nothing more"
	}
	return strings.Join(saw, ", ")
}

func (e *Engine) referencesOK() (at time.Time) {
	for _, g := range e.references {
		at = newer(at, g.OK)
	}
	return at
}

func (e *Engine) controllerFindings(t *trouble) (fs []inventory.Finding) {
	for target, g := range e.references {
		at, pro, text := g.Miss, true, "does not answer"
		if g.OK.After(t.Onset) {
			at, pro, text = g.OK, false, "answers"
		}
		if !at.IsZero() {
			fs = append(fs, inventory.Finding{At: at, For: pro, Kind: inventory.EvidenceReference, Text: "reference " + target.String() + " " + text, Count: g.Run})
		}
	}
	for _, s := range e.stalls {
		if t.Key == overloadKey {
			fs = append(fs, inventory.Finding{At: s.From, For: true, Kind: inventory.EvidenceLag, Text: fmt.Sprintf("the controller's clock ticks came late until %s", s.To.UTC().Format("15:04:05Z"))})
		}
	}
	slices.SortFunc(fs, func(a, b inventory.Finding) int { return cmp.Compare(a.Text, b.Text) })
	return fs
}

func (e *Engine) sharedFindings(t *trouble) (fs []inventory.Finding) {
	for _, code := range t.Incident.Scope.Sites {
		s := e.sites[code]
		if s == nil {
			continue
		}
		at, text := s.answerAt, "answers again since "+s.clock(s.answerAt)
		if s.silence.active {
			at, text = s.silence.since, "silent since "+s.clock(s.silence.since)
		}
		fs = append(fs, inventory.Finding{At: at, For: true, Kind: inventory.EvidenceReach, Site: code, Text: code + " " + text})
	}
	return fs
}

func (e *Engine) serviceFindings(t *trouble) (fs []inventory.Finding) {
	codes := t.Incident.Scope.Sites
	if len(codes) == 0 {
		codes = []string{t.Incident.Scope.Site}
	}
	for _, code := range codes {
		s := e.sites[code]
		if s == nil {
			continue
		}
		for _, name := range sortedKeys(s.services) {
			if want := t.Incident.Scope.Service; want != "" && want != name {
				continue
			}
			if results := s.services[name].failures(t.Onset.Add(-time.Second)); len(results) > 0 {
				fs = append(fs, inventory.Finding{
					At: results[0].At, For: true, Kind: inventory.EvidenceProbe, Site: code, Workstation: results[0].By,
					Text: fmt.Sprintf("%s from %s: %s, seen by %s", name, code, class(results), count(observers(results), "machine")), Count: len(results),
				})
			}
		}
	}
	return fs
}

func (e *Engine) machineFindings(t *trouble, m *machine) (fs []inventory.Finding) {
	if m == nil {
		return nil
	}
	line := func(at time.Time, pro bool, kind inventory.EvidenceKind, n int, text string) {
		if !at.IsZero() {
			fs = append(fs, inventory.Finding{At: at, For: pro, Kind: kind, Site: m.site.code, Workstation: m.id, Text: text, Count: n})
		}
	}
	line(m.lifeAt(), m.lifeAt().Before(t.Onset), inventory.EvidenceSweep, 0, "last sign of life")
	if m.failedAt.After(t.Onset.Add(-time.Second)) {
		line(m.failedAt, true, inventory.EvidenceMember, 1, "its neighbours call it failed")
	}
	if n := len(m.misses); n > 0 {
		line(m.misses[0], true, inventory.EvidenceBurstPing, n, "the controller's own questions were not answered")
	}
	if m.refusedAt.After(t.Onset) {
		line(m.refusedAt, true, inventory.EvidenceBurstTCP, 1, "its port refuses connections: the machine runs")
	}
	if !m.cloneAt.IsZero() && t.Key == cloneKey(m.id) {
		line(m.cloneAt, true, inventory.EvidenceClone, 1, "two live runs under one identity")
	}
	return fs
}
