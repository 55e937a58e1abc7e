package incident

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// Restore makes the engine that Snapshot described. Bytes that it did not write
// are an error, never a panic; nothing opens or ends because time has passed in
// between until something is observed again.
func Restore(rules Rules, estate Estate, snapshot []byte, now time.Time, options ...Option) (*Engine, error) {
	if len(snapshot) > MaxSnapshot {
		return nil, fmt.Errorf("cannot read the incidents' state: %d bytes, the limit is %d", len(snapshot), MaxSnapshot)
	}
	var f saved
	if err := json.Unmarshal(snapshot, &f); err != nil {
		return nil, fmt.Errorf("cannot read the incidents' state: %w", err)
	}
	if f.Version != snapshotVersion {
		return nil, fmt.Errorf("cannot read the incidents' state: version %d, this controller reads %d", f.Version, snapshotVersion)
	}
	e := New(rules, estate, now, options...)
	if err := e.restore(&f); err != nil {
		return nil, fmt.Errorf("cannot read the incidents' state: %w", err)
	}
	e.startedAt = now
	return e, nil
}

func (e *Engine) restore(f *saved) error {
	if len(f.Machines) > maxMachines || len(f.References) > 64 || len(f.Settling) > maxSettling {
		return fmt.Errorf("%d machines, %d references, %d settling incidents: too many", len(f.Machines), len(f.References), len(f.Settling))
	}
	e.ownGate, e.lagAt = f.OwnGate, f.LagAt
	e.stalls, e.blinds = bounded(f.Stalls, 16), bounded(f.Blinds, maxOutages)
	for target, g := range f.References {
		addr, err := netip.ParseAddr(target)
		if err != nil {
			return fmt.Errorf("reference %.60q is no address", target)
		}
		e.references[addr] = &g
	}
	maps.Copy(e.serviceClear, f.Clear)
	for i := range f.Machines {
		e.restoreMachine(&f.Machines[i])
	}
	for i := range f.Sites {
		e.restoreSite(&f.Sites[i])
	}
	return e.restoreTroubles(f)
}

func (e *Engine) restoreMachine(f *savedMachine) {
	s := e.sites[f.Site]
	if s == nil || e.machines[f.ID] != nil {
		return // its site left the register
	}
	m := e.machine(f.ID, s)
	if m == nil {
		return
	}
	m.addr, m.heardAt, m.tcpAt, m.refusedAt, m.reportAt, m.joinedAt = f.Addr, f.Heard, f.TCP, f.Refused, f.Report, f.Joined
	m.failedAt, m.leftAt, m.reason, m.reasonAt, m.toldAt, m.movedAt, m.backAt = f.Failed, f.Left, f.Reason, f.Why, f.Told, f.Moved, f.Back
	m.uplink, m.tagAt, m.uplinkAt, m.boot, m.bootAt, m.was, m.cloneAt = f.Uplink, f.Tag, f.Since, f.Boot, f.BootAt, f.Was, f.Clone
	for _, at := range f.Misses {
		m.misses = m.misses.add(at)
	}
	for _, at := range f.Accused {
		m.accused = m.accused.add(at)
	}
	m.entries = f.Entries
	slices.SortFunc(m.entries, compareEntries)
	if len(m.entries) > maxEntriesRaw {
		m.compact(&e.rules)
	}
	m.stops = f.Stops[:min(len(f.Stops), maxStops)]
	slices.SortFunc(m.stops, compareStops)
	if !m.cloneAt.IsZero() {
		e.suspects[m] = true
	}
}

func (e *Engine) restoreSite(f *savedSite) {
	s := e.sites[f.Code]
	if s == nil {
		return
	}
	s.answerAt, s.udpAt, s.reach, s.reachAt, s.silentAt = f.Answer, f.UDP, f.Reach, f.ReachAt, f.SilentAt
	s.tcp, s.router, s.gateway, s.failing, s.againAt = f.TCP, f.Router, f.Gateway, f.Failing, f.AgainAt
	s.outages = f.Outages[:min(len(f.Outages), maxOutages)]
	for name, facts := range f.Services {
		if facts != nil && len(s.services) < maxServices {
			kept := &serviceFacts{Passed: facts.Passed}
			for _, r := range facts.Results {
				kept.note(r)
			}
			s.services[name] = kept
		}
	}
	for _, m := range f.Minutes {
		s.quality.keep(m)
		s.quality.judged = newer(s.quality.judged, m.At)
	}
	if q := f.Silent; q != nil {
		s.silence = silence{active: true, since: q.Since, router: q.Router, into: q.Into, firstLife: q.First}
		for _, id := range q.Members {
			if m := e.machines[id]; m != nil {
				s.silence.members = append(s.silence.members, m)
			}
		}
	}
}

func (e *Engine) restoreTroubles(f *saved) error {
	check := func(t *trouble) error {
		switch {
		case t == nil || t.Key == "" || t.Incident.ID == "":
			return fmt.Errorf("an incident without key or id")
		case !t.Incident.Cause.Valid() || len(t.Incident.Verdicts) == 0:
			return fmt.Errorf("incident %.20s has the cause %.40q and %d verdicts", t.Incident.ID, t.Incident.Cause, len(t.Incident.Verdicts))
		}
		if len(t.Spans) == 0 {
			t.Spans = []span{{From: t.Onset}}
		}
		if t.Before != nil && len(t.Before.Spans) == 0 {
			t.Before.Spans = t.Spans[:1]
		}
		if t.Before != nil && (t.Before.Key != t.Key || t.Before.Incident.ID != t.Incident.ID || t.Before.EndedAt.IsZero()) {
			return fmt.Errorf("incident %.20s came back as another", t.Incident.ID)
		}
		return nil
	}
	for _, t := range f.Settling {
		if err := check(t); err != nil {
			return err
		}
		e.settling = append(e.settling, t)
	}
	for _, t := range f.Live {
		if err := check(t); err != nil {
			return err
		}
		e.troubles[t.Key] = t
	}
	for _, t := range f.Recent {
		if err := check(t); err != nil {
			return err
		}
		// One that settles too is one and the same.
		if i := slices.IndexFunc(e.settling, func(x *trouble) bool { return x.Incident.ID == t.Incident.ID }); i >= 0 {
			t = e.settling[i]
		}
		e.recent[t.Key] = t
	}
	for _, s := range e.order { // a wider trouble that was not saved holds nobody
		if s.silence.into != "" && e.troubles[s.silence.into] == nil {
			s.silence.into = ""
		}
	}
	return nil
}
