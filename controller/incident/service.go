package incident

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Bounds of what is kept of a site's services.
const (
	maxServices = 64 // of a site
	maxResults  = 16 // of one service at one site
	staleProbes = 3  // rounds of the rota after which a failure is not known any more
)

const servicePrefix = "service:"

// pathFacts is the name under which a site's own path is kept beside its services.
const pathFacts = ""

func isServiceKey(key string) bool { return strings.HasPrefix(key, servicePrefix) }

// result is one probe of a service.
type result struct {
	At    time.Time            `json:"at"`
	By    string               `json:"by,omitempty"`
	OK    bool                 `json:"ok,omitempty"`
	Error inventory.ProbeError `json:"error,omitempty"`
	Mute  bool                 `json:"mute,omitempty"` // it connected, and then nothing came
}

// serviceFacts is how a service looks from one site.
type serviceFacts struct {
	Passed  time.Time `json:"passed,omitzero"` // newest success
	Results []result  `json:"results,omitempty"`
}

// note keeps a result, in order, once.
func (f *serviceFacts) note(r result) {
	if r.OK {
		f.Passed = newer(f.Passed, r.At)
	}
	i, found := slices.BinarySearchFunc(f.Results, r, func(a, b result) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.By, b.By))
	})
	if found {
		return
	}
	f.Results = slices.Insert(f.Results, i, r)
	if len(f.Results) > maxResults {
		f.Results = slices.Delete(f.Results, 0, len(f.Results)-maxResults)
	}
}

// failures are the results since the newest success, and after from.
func (f *serviceFacts) failures(from time.Time) []result {
	var fs []result
	for _, r := range f.Results {
		if !r.OK && r.At.After(f.Passed) && r.At.After(from) {
			fs = append(fs, r)
		}
	}
	return fs
}

// narrowAt reports whether the path lost large packets around t, and does not any
// more; f is the path's.
func (f *serviceFacts) narrowAt(t time.Time, every time.Duration) bool {
	return f != nil && t.Before(f.Passed) && slices.ContainsFunc(f.Results, func(r result) bool {
		return !r.OK && r.At.Before(f.Passed) && r.At.Sub(t).Abs() < every
	})
}

// confirmed reports whether two machines saw it fail, or one did twice.
func confirmed(fs []result, r *Rules) bool {
	if len(fs) < 2 {
		return false
	}
	if slices.ContainsFunc(fs, func(x result) bool { return x.By != fs[0].By }) {
		return true
	}
	return fs[len(fs)-1].At.Sub(fs[0].At) >= r.FirewallFor
}

// class is the error that most of the failures share; the later one of equals.
func class(fs []result) inventory.ProbeError {
	n := make(map[inventory.ProbeError]int)
	var most inventory.ProbeError
	for _, f := range fs {
		if n[f.Error]++; n[f.Error] >= n[most] {
			most = f.Error
		}
	}
	return most
}

func observers(fs []result) int {
	by := make(map[string]bool)
	for _, f := range fs {
		by[f.By] = true
	}
	return len(by)
}

// observeProbe takes up a probe from a machine of the site; m is nil where it is
// not known which.
func (e *Engine) observeProbe(s *site, m *machine, ev *inventory.Evidence) bool {
	p := ev.Probe
	if p == nil || len(p.Service) > inventory.MaxText {
		return false
	}
	by := ""
	if m != nil {
		by = m.id
		if p.Error != inventory.ProbeNoPath {
			e.lifeByProbe(s, p, ev.At)
		}
	}
	if p.Service == "" && p.Kind != inventory.ProbeMTU {
		return true
	}
	if !p.OK && (p.Error == inventory.ProbeNoPath || p.Error == inventory.ProbeUnreachable) {
		return true // the machine has no way out: that says nothing of the service
	}
	name := p.Service
	if p.Kind == inventory.ProbeMTU {
		name = pathFacts // that packets of any size pass on the way to a service says nothing of the service
	}
	f := s.services[name]
	if f == nil {
		if len(s.services) >= maxServices {
			return false
		}
		f = &serviceFacts{}
		s.services[name] = f
	}
	mute := p.Error == inventory.ProbeTimeout && p.ConnectMillis > 0 && p.FirstByteMillis == 0
	f.note(result{At: ev.At, By: by, OK: p.OK, Error: p.Error, Mute: mute})
	if !p.OK {
		s.failing = true
		if p.Error == inventory.ProbePathMTU {
			s.dirty = true
		}
	} else if s.busy {
		s.dirty = true
	}
	return true
}

// lifeByProbe notes that a neighbour's probe of a machine was answered: the machine
// lives, whatever its agent does.
func (e *Engine) lifeByProbe(s *site, p *inventory.ProbeResult, at time.Time) {
	if p.Service != "" || p.Kind != inventory.ProbePing && p.Kind != inventory.ProbeTCP {
		return
	}
	if !p.OK && p.Error != inventory.ProbeRefused {
		return
	}
	for _, m := range s.machines {
		if !m.addr.IsValid() || m.addr.String() != p.Target && !strings.HasPrefix(p.Target, m.addr.String()+":") {
			continue
		}
		if p.Error == inventory.ProbeRefused {
			m.refusedAt = newer(m.refusedAt, at)
		} else {
			m.tcpAt = newer(m.tcpAt, at)
		}
		s.dirty = true
	}
}

// largeFailures are the probes of machines that lost large packets. A machine that
// has connected anew since sent large packets, and they came through: its next probe
// may be a quarter of an hour away.
func (sc *scene) largeFailures() (found []result) {
	for _, f := range sc.s.services {
		for _, r := range f.failures(sc.now.Add(-staleProbes * sc.r.ProbeEvery)) {
			m := sc.e.machines[r.By]
			if r.Error == inventory.ProbePathMTU && (m == nil || !m.connectedSince(r.At)) {
				found = append(found, r)
			}
		}
	}
	return found
}

// connectedSince reports whether the machine says that it made its way to the
// controller after t.
func (m *machine) connectedSince(t time.Time) bool {
	return (m.uplink == "ok" || m.uplink == "relayed") && m.uplinkAt.After(t)
}

// largeLost counts the machines that lose large packets by their own probes.
func (sc *scene) largeLost() int {
	return observers(sc.largeFailures())
}

func (sc *scene) largeSince() time.Time {
	since := sc.now
	for _, r := range sc.largeFailures() {
		since = older(since, r.At)
	}
	return since
}
