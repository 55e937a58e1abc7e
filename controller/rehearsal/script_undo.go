package rehearsal

import (
	"cmp"
	"slices"
	"time"
)

// undo writes the line that ends what earlier ones began: the named opposite, or
// the same line with heal.
func (w *writer) undo(f Fault) {
	switch {
	case f.Do == PowerRestore || f.Do == PowerCut:
		w.powerRestore(f)
	case f.Do == Boot || f.Do == Wake:
		w.raise(f, f.Do, w.taken(f, w.raisable(f.Do)))
	case f.Heal && (f.Do == Shutdown || f.Do == Crash || f.Do == KillAgent):
		w.raise(f, Boot, w.takenBefore(f))
	case f.Heal && f.Do == Sleep:
		w.raise(f, Wake, w.takenBefore(f))
	case f.Do == HealLink:
		w.step(f.At, HealLink, false, []string{f.Site}, nil)
		w.end(f.At, func(e Episode) bool { return HealLink.Undoes(e.Fault.Do) && slices.Contains(e.Sites, f.Site) })
	case f.Do == FlapLink || f.Do == CutLink:
		w.step(f.At, HealLink, false, []string{f.Site}, nil)
		w.end(f.At, like(f))
	default:
		w.undoLike(f)
	}
}

// undoLike undoes what the same line did before: to the same sites and machines.
func (w *writer) undoLike(f Fault) {
	for _, e := range w.out.Episodes {
		if e.Until >= 0 || !like(f)(e) {
			continue
		}
		if len(e.Workstations) > 0 {
			w.spread(f.At, f.Over, f.Do, true, e.Workstations)
		} else {
			w.step(f.At, f.Do, true, e.Sites, nil)
		}
	}
	w.end(f.At, like(f))
}

// like matches episodes of the same verb and subject.
func like(f Fault) func(Episode) bool {
	return func(e Episode) bool {
		b := e.Fault
		return b.Do == f.Do && b.At <= f.At && (f.Site == "" || b.Site == f.Site) && (f.Carrier == "" || b.Carrier == f.Carrier) &&
			(f.Exchange == "" || b.Exchange == f.Exchange) && (f.Service == "" || b.Service == f.Service) &&
			(len(f.Workstations) == 0 || slices.Equal(b.Workstations, f.Workstations))
	}
}

func (w *writer) end(at time.Duration, which func(Episode) bool) {
	for i, e := range w.out.Episodes {
		if (e.Until < 0 || e.Until > at) && which(e) {
			w.out.Episodes[i].Until = at
		}
	}
}

// raisable says whom boot and wake can happen to.
func (w *writer) raisable(do Verb) func(condition) bool {
	return func(c condition) bool {
		return do == Wake && c == asleep || do == Boot && (c == off || c == agentless)
	}
}

// takenBefore are the workstations that the same line took.
func (w *writer) takenBefore(f Fault) []string {
	for _, e := range slices.Backward(w.out.Episodes) {
		if like(f)(e) {
			return e.Workstations
		}
	}
	return nil
}

func (w *writer) raise(f Fault, do Verb, names []string) {
	w.spread(f.At, f.Over, do, false, names)
	for _, name := range names {
		w.conditions[name] = up
	}
	w.end(f.At, func(e Episode) bool {
		undone := do.Undoes(e.Fault.Do)
		return undone && slices.ContainsFunc(e.Workstations, func(name string) bool { return slices.Contains(names, name) })
	})
}

// powerCut turns a site's machines off but for those on batteries: the share
// that the line says, or the laptops.
func (w *writer) powerCut(f Fault) {
	site, _ := w.r.Estate.Site(f.Site)
	alive := slices.DeleteFunc(w.everyone(f), func(name string) bool { return w.conditions[name] != up })
	var staying []string
	switch {
	case f.Battery == 0:
	case f.Battery > 0:
		staying = w.some(alive, share(f.Battery, len(alive)))
	default:
		staying = append(staying, alive[max(len(alive)-site.LaptopCount(), 0):]...)
	}
	down := slices.DeleteFunc(slices.Clone(alive), func(name string) bool { return slices.Contains(staying, name) })
	for _, name := range down {
		w.conditions[name] = off
	}
	// Workstations are those that go down; the stage finds the others at the site.
	w.step(f.At, PowerCut, false, []string{f.Site}, down)
	w.begin(f, []string{f.Site}, down, -1)
}

// powerRestore brings routers and switches back at once, and machines over some
// minutes.
func (w *writer) powerRestore(f Fault) {
	over := cmp.Or(f.Over, restoreOver)
	w.step(f.At, PowerRestore, false, []string{f.Site}, nil)
	for i, e := range w.out.Episodes {
		if e.Fault.Do != PowerCut || e.Fault.Site != f.Site || e.Until >= 0 {
			continue
		}
		back := e.Workstations
		if f.Boot < 1 {
			back = w.some(back, share(f.Boot, len(back)))
		}
		first := len(w.out.Steps)
		w.spread(f.At, over, Boot, false, back)
		for _, name := range back {
			w.conditions[name] = up
		}
		var at []time.Duration
		for _, s := range w.out.Steps[first:] {
			at = append(at, s.At)
		}
		slices.Sort(at)
		w.out.Episodes[i].Until, w.out.Episodes[i].Back = f.At, f.At
		if len(at) > 0 {
			w.out.Episodes[i].Back = at[min(1, len(at)-1)]
		}
	}
}
