package runner

import (
	"slices"
	"sync"
	"time"

	"muster/controller/intake"
	"muster/inventory/wire"
)

// Journals are asked for in the controller's time and sent by boot clock, so each
// workstation's last few boots are remembered with the instant at which their
// clocks stood at zero.
const (
	rememberedBoots = 4
	// A span that was asked for and did not come is asked for again, so often.
	askAgainAfter = 2 * time.Minute
	mostAsks      = 4
	// A span is widened by this much: clocks drift.
	askMargin = 15 * time.Second
)

// journals knows which pieces of which journals are still wanted.
type journals struct {
	mu    sync.Mutex // guards of
	of    map[string]*journal
	clock func() time.Time
}

type journal struct {
	boots []boot // newest last
	wants []want
}

type boot struct {
	id   string
	zero time.Time
}

// want is a span of a journal, asked for piece by piece: one boot at a time.
type want struct {
	from, to time.Time
	asked    map[string]asked // by boot
}

type asked struct {
	at    time.Time
	times int
	done  bool
}

func newJournals(clock func() time.Time) *journals {
	return &journals{of: map[string]*journal{}, clock: clock}
}

func (j *journals) journal(workstation string) *journal {
	if j.of[workstation] == nil {
		j.of[workstation] = &journal{}
	}
	return j.of[workstation]
}

// heard learns boots from a report, and which wants it answers.
func (j *journals) heard(a intake.Accepted) {
	j.mu.Lock()
	defer j.mu.Unlock()
	of := j.journal(a.Workstation)
	for _, row := range slices.Backward(a.Journal) { // newest first as they travel
		of.boot(row.Boot, row.At.Add(-row.BootClock))
	}
	of.boot(a.Report.Boot, a.ReadAt.Add(-a.Report.BootClock))
	for i := range of.wants {
		w := &of.wants[i]
		for _, row := range a.Journal {
			if asked, ok := w.asked[row.Boot]; ok && string(wire.RecordTick) == row.Kind && !row.At.Before(w.from) && !row.At.After(w.to) {
				asked.done = true
				w.asked[row.Boot] = asked
			}
		}
	}
	of.wants = slices.DeleteFunc(of.wants, func(w want) bool { return j.clock().Sub(w.to) > keepWantsFor })
}

// keepWantsFor is how long a span is worth asking for: after that no verdict waits
// for it (docs/design.md: open to revision for 72 h).
const keepWantsFor = 72 * time.Hour

func (of *journal) boot(id string, zero time.Time) {
	for i := range of.boots {
		if of.boots[i].id == id {
			of.boots[i].zero = zero
			return
		}
	}
	of.boots = append(of.boots, boot{id, zero})
	slices.SortStableFunc(of.boots, func(a, b boot) int { return a.zero.Compare(b.zero) })
	if len(of.boots) > rememberedBoots {
		of.boots = of.boots[1:]
	}
}

// want notes that a workstation's journal from one instant to another is wanted. A
// span within one that is wanted already is that one.
func (j *journals) want(workstation string, from, to time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	of := j.journal(workstation)
	for i := range of.wants {
		w := &of.wants[i]
		if from.After(w.to) || to.Before(w.from) {
			continue
		}
		if to.Sub(w.to) > askMargin || w.from.Sub(from) > askMargin {
			w.asked = map[string]asked{} // it has grown: ask anew
		}
		w.from, w.to = earlier(w.from, from), later(w.to, to)
		return
	}
	of.wants = append(of.wants, want{from: from, to: to, asked: map[string]asked{}})
}

// WantJournal is the piece of its journal that a workstation should send with its
// next report, or nil. It is asked at each report and never waits.
func (r *Runner) WantJournal(workstation string) *wire.JournalSpan {
	return r.journals.next(workstation)
}

// next is the piece that a workstation should send with its next report; nil where
// nothing is wanted of it, or nothing that its journal can hold.
func (j *journals) next(workstation string) *wire.JournalSpan {
	j.mu.Lock()
	defer j.mu.Unlock()
	of := j.of[workstation]
	if of == nil {
		return nil
	}
	now := j.clock()
	for i := range of.wants {
		for n, b := range of.boots {
			w := &of.wants[i]
			ended := now
			if n+1 < len(of.boots) {
				ended = of.boots[n+1].zero
			}
			from, to := later(w.from.Add(-askMargin), b.zero), earlier(w.to.Add(askMargin), ended)
			was := w.asked[b.id]
			if !to.After(from) || was.done || was.times >= mostAsks || was.times > 0 && now.Sub(was.at) < askAgainAfter {
				continue
			}
			w.asked[b.id] = asked{at: now, times: was.times + 1}
			return &wire.JournalSpan{Boot: b.id, From: from.Sub(b.zero), To: to.Sub(b.zero)}
		}
	}
	return nil
}

// boots is how many boots of a workstation are remembered.
func (j *journals) boots(workstation string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if of := j.of[workstation]; of != nil {
		return len(of.boots)
	}
	return 0
}

// remember notes boots that were read from disk.
func (j *journals) remember(workstation, id string, zero time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.journal(workstation).boot(id, zero)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
