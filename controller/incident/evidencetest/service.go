package evidencetest

import (
	"time"

	"muster/inventory"
)

// outage is how a service fails: at one site, or at all.
type outage map[string]inventory.ProbeError

// FailService makes a service fail at a site, or everywhere when site is empty; the
// empty error heals it.
func (w *World) FailService(name, site string, class inventory.ProbeError) {
	if w.services[name] == nil {
		w.services[name] = outage{}
	}
	if class == "" {
		delete(w.services[name], site)
		return
	}
	w.services[name][site] = class
}

// rota probes a service from one of the site's machines, and from others when it
// fails.
func (w *World) rota(s *Site, name string) {
	var up []*Machine
	for _, m := range s.Machines {
		if m.live() {
			up = append(up, m)
		}
	}
	if len(up) == 0 {
		return
	}
	m := up[w.rng.IntN(len(up))]
	if ok, sent := w.probe(m, name, inventory.ProbeRota); sent && !ok {
		w.after(w.span(time.Second, 3*time.Second), func() { w.confirm(s, name, 2, m.ID) })
	}
}

// confirm probes from others; where there are none the same one again.
func (w *World) confirm(s *Site, name string, n int, but string) {
	if s == nil {
		return
	}
	asked := 0
	for _, i := range w.rng.Perm(len(s.Machines)) {
		if m := s.Machines[i]; asked < n && m.live() && (m.ID != but || len(s.Machines) == 1) {
			asked++
			w.after(w.span(500*time.Millisecond, 3*time.Second), func() { w.probe(m, name, inventory.ProbeConfirm) })
			if len(s.Machines) == 1 {
				w.after(12*time.Second, func() { w.probe(m, name, inventory.ProbeConfirm) })
			}
		}
	}
}

// probe makes one and reports it at once, where the way is open.
func (w *World) probe(m *Machine, name string, why inventory.ProbeWhy) (ok, sent bool) {
	s := m.Site
	if !m.live() || !s.path() || s.LoseBack || w.stalled {
		return false, false
	}
	p := &inventory.ProbeResult{Kind: inventory.ProbeHTTP, Why: why, Service: name, Target: "https://" + name, OK: true}
	class, bad := w.services[name][s.Code]
	if !bad {
		class, bad = w.services[name][""]
	}
	if s.SmallMTU {
		class, bad = inventory.ProbePathMTU, true
	}
	if bad {
		p.OK, p.Error = false, class
	}
	if s.SmallMTU {
		return p.OK, true // made, and not reported before the path heals
	}
	w.later(w.now.Add(2*time.Second), inventory.Evidence{At: w.now, Kind: inventory.EvidenceProbe, Site: s.Code, Workstation: m.ID, Probe: p})
	return p.OK, true
}
