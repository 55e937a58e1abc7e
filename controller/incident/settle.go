package incident

import (
	"cmp"
	"slices"
	"time"

	"muster/inventory"
)

// settle reads what journals say of troubles that are over, until nothing is
// awaited any more.
func (e *Engine) settle(now time.Time) {
	var kept []*trouble
	for _, t := range e.settling {
		s := e.sites[t.Incident.Scope.Site]
		if now.Sub(t.EndedAt) <= 2*unobservedAfter || s != nil && s.news {
			e.settleOne(t, now)
		}
		if e.awaits(t, now) {
			kept = append(kept, t)
			continue
		}
		t.Incident.SettledAt = now
		e.say(t, inventory.IncidentTouched, now, false)
	}
	e.settling = kept
	for _, s := range e.order {
		s.news = false
	}
	if len(e.settling) > maxSettling {
		e.settling = slices.Delete(e.settling, 0, len(e.settling)-maxSettling)
	}
}

func (e *Engine) settleOne(t *trouble, now time.Time) {
	switch {
	case t.Whole:
		e.askFor(t, now)
		e.prove(t, now)
	case t.Incident.Scope.Workstation != "" && t.Key == machineKey(t.Incident.Scope.Workstation):
		e.askFor(t, now)
		e.proveSingle(t, now)
	}
}

// awaits reports whether evidence may still revise a trouble that is over.
func (e *Engine) awaits(t *trouble, now time.Time) bool {
	over := now.Sub(t.EndedAt)
	switch {
	case over > e.rules.SettleFor:
		return false
	case t.Whole:
		return true
	case t.Incident.Scope.Workstation != "":
		return over <= time.Hour
	default:
		return over <= e.rules.FlapFor
	}
}

// askFor asks for the journals of a trouble that are still missing.
func (e *Engine) askFor(t *trouble, now time.Time) {
	over := now.Sub(t.ClearAt)
	if over > unobservedAfter || len(t.Spans) == 0 {
		return
	}
	from, to := t.Spans[0].From.Add(-2*time.Minute), t.ClearAt.Add(time.Minute)
	for _, id := range t.Members {
		m := e.machines[id]
		if m == nil || m.lifeAt().Before(t.ClearAt) {
			continue
		}
		voted := m.read(t, &e.rules).ballot != ballotNone
		if voted && (t.Incident.Flaps == 0 || t.Incident.Grade == inventory.GradeProven) {
			continue
		}
		e.askOnce(Ask{Kind: AskJournal, Site: t.Incident.Scope.Site, Workstation: id, From: from, To: to}, now)
		if over >= e.rules.ReportAfter && over <= 4*e.rules.AskEvery {
			e.ask(Ask{Kind: AskReport, Site: t.Incident.Scope.Site, Workstation: id}, now)
		}
	}
}

// askAhead asks for what the journals hold of the onset while the site is still
// silent: each machine finds the question with its first report. One that comes
// back with a new boot does not know that it was cut off, and would else be asked
// with its second, minutes later.
func (e *Engine) askAhead(t *trouble, now time.Time) {
	for _, id := range t.Members {
		e.askOnce(Ask{Kind: AskJournal, Site: t.Incident.Scope.Site, Workstation: id, From: t.Spans[0].From.Add(-2 * time.Minute), To: now}, now)
	}
}

// askJournals asks a site's machines what they hear of each other.
func (e *Engine) askJournals(s *site, now time.Time) {
	key := Ask{Kind: AskJournal, Site: s.code}
	if now.Sub(e.asked[key]) < e.rules.AskEvery {
		return
	}
	e.asked[key] = now
	e.out.Asks = append(e.out.Asks, Ask{Kind: AskJournal, Site: s.code, From: now.Add(-time.Minute), To: now})
}

// ask asks, and not again for a while.
func (e *Engine) ask(a Ask, now time.Time) { e.askEvery(a, e.rules.AskEvery, now) }

// askOnce asks for what takes its time to come.
func (e *Engine) askOnce(a Ask, now time.Time) { e.askEvery(a, 4*e.rules.AskEvery, now) }

func (e *Engine) askEvery(a Ask, every time.Duration, now time.Time) {
	if now.Sub(e.asked[a]) < every {
		return
	}
	e.asked[a] = now
	e.out.Asks = append(e.out.Asks, a)
}

// prune forgets what does not matter any more.
func (e *Engine) prune(now time.Time) {
	for key, t := range e.recent {
		if now.Sub(t.EndedAt) > e.rules.FlapFor {
			delete(e.recent, key)
		}
	}
	for a, at := range e.asked {
		if now.Sub(at) > 10*e.rules.AskEvery {
			delete(e.asked, a)
		}
	}
	for name, at := range e.serviceClear {
		if now.Sub(at) > 2*staleProbes*e.rules.ProbeEvery {
			delete(e.serviceClear, name)
		}
	}
	for _, key := range sortedKeys(e.troubles) {
		t := e.troubles[key]
		if code := t.Incident.Scope.Site; code != "" && e.sites[code] == nil && t.ClearAt.IsZero() {
			e.well(key, now)
		}
	}
	e.stalls = slices.DeleteFunc(e.stalls, func(s span) bool { return now.Sub(s.To) > time.Hour })
	if now.Sub(e.sweptAt) >= time.Hour {
		e.sweptAt = now
		e.forgetOld(now)
	}
}

// forgetOld drops machines that were not heard for a month, and journals that no
// trouble waits for.
func (e *Engine) forgetOld(now time.Time) {
	for id, m := range e.machines {
		m.entries = slices.DeleteFunc(m.entries, func(x entry) bool { return now.Sub(x.At) > e.rules.SettleFor })
		newest := newer(newer(m.lifeAt(), m.lastMiss()), newer(m.reasonAt, m.cloneAt))
		if now.Sub(newest) < 30*24*time.Hour || e.troubles[m.key] != nil {
			continue
		}
		s := m.site
		s.machines = slices.DeleteFunc(s.machines, func(x *machine) bool { return x == m })
		delete(e.machines, id)
		delete(e.suspects, m)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func sortedIDs(m map[*machine]bool) []string {
	ids := make([]string, 0, len(m))
	for x := range m {
		ids = append(ids, x.id)
	}
	slices.SortFunc(ids, cmp.Compare[string])
	return ids
}
