package importer

import (
	"fmt"
	"slices"
)

// maxRounds bounds how often rings are looked for: rejecting a milestone brings
// back what the register says of it, which may close another.
const maxRounds = 20

// checkOrder holds what milestones wait for against the milestones there will be,
// in whatever order the files name them. Rejecting one leaves those that wait for
// it waiting for what is not there.
func (p *planner) checkOrder(all []*pending[milestone], nouns []milestone) {
	o := newMilestoneOrder(p, all, nouns)
	o.settle(all)
	for round := range maxRounds + 1 {
		rings := ringsOf(o.after)
		var rejected []*pending[milestone]
		for _, w := range all {
			if next, ok := rings[w.entry.key]; !w.entry.bad && (ok || round == maxRounds && len(rings) > 0) {
				o.reject(w, fmt.Sprintf("waits for itself, by way of %s", shorten(next)))
				rejected = append(rejected, w)
			}
		}
		if len(rejected) == 0 {
			return
		}
		for _, w := range rejected {
			o.settle(o.waiting[w.entry.key])
		}
	}
}

// milestoneOrder is what each milestone waits for, as the files leave it.
type milestoneOrder struct {
	*planner
	after   map[string][]string              // by key; what is missing here is not there
	waiting map[string][]*pending[milestone] // by the key that they wait for
}

func newMilestoneOrder(p *planner, all []*pending[milestone], nouns []milestone) *milestoneOrder {
	o := &milestoneOrder{
		planner: p, after: make(map[string][]string, len(all)+len(nouns)), waiting: map[string][]*pending[milestone]{},
	}
	present := make(map[string]*milestone, len(all)+len(nouns))
	for i := range nouns {
		present[nouns[i].Code] = &nouns[i]
		o.after[nouns[i].Code] = nouns[i].After
	}
	for _, w := range all {
		if !w.entry.bad {
			present[w.entry.key] = &w.after
		}
	}
	written := newSpelling(present)
	for _, w := range all {
		if w.entry.bad {
			continue
		}
		w.after.After = slices.Clone(w.after.After)
		for i, code := range w.after.After {
			if known, ok := written.known(code); ok {
				code = known
			}
			w.after.After[i] = code
			o.waiting[code] = append(o.waiting[code], w)
		}
		o.after[w.entry.key] = w.after.After
	}
	return o
}

// settle rejects what waits for what is not there, and then what waited for that.
func (o *milestoneOrder) settle(queue []*pending[milestone]) {
	queue = slices.Clone(queue)
	for ; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		if w.entry.bad {
			continue
		}
		missing := slices.IndexFunc(w.after.After, func(code string) bool { _, there := o.after[code]; return !there })
		if missing >= 0 {
			o.reject(w, fmt.Sprintf("waits for %s: there is no such milestone", shorten(w.after.After[missing])))
			queue = append(queue, o.waiting[w.entry.key]...)
		}
	}
}

// reject puts a milestone back to what the register says of it.
func (o *milestoneOrder) reject(w *pending[milestone], why string) {
	w.entry.bad = true
	src := w.entry.sources[0]
	problem := Problem{Place: o.plan.Tables[src.table].place(src.line, 0), Value: shorten(w.entry.key), Why: why}
	if set, ok := w.setBy.of("after"); ok {
		src, problem = *set.source, set.cell.problem(&cellError{why: why})
	}
	o.planner.reject(src, problem)
	o.rejectRest(w.entry)
	if w.before == nil {
		delete(o.after, w.entry.key)
		return
	}
	o.after[w.entry.key] = w.before.After
}

// ringsOf is the keys that wait for themselves, each with one by way of which it
// does: those in a strongly connected part of more than one key (Tarjan, on a stack
// of its own: a chain may be as long as a file).
func ringsOf(after map[string][]string) map[string]string {
	r := ringSearch{after: after, number: map[string]int{}, low: map[string]int{}, on: map[string]bool{}, rings: map[string]string{}}
	for key := range after {
		if r.number[key] == 0 {
			r.search(key)
		}
	}
	return r.rings
}

type ringSearch struct {
	after       map[string][]string
	number, low map[string]int // from 1, in the order in which they were met
	on          map[string]bool
	stack       []string
	rings       map[string]string
}

// visit is a key whose ways are being followed.
type visit struct {
	key  string
	left []string
}

func (r *ringSearch) meet(key string) visit {
	r.number[key] = len(r.number) + 1
	r.low[key] = r.number[key]
	r.stack, r.on[key] = append(r.stack, key), true
	return visit{key, r.after[key]}
}

func (r *ringSearch) search(start string) {
	for path := []visit{r.meet(start)}; len(path) > 0; {
		last := &path[len(path)-1]
		if len(last.left) > 0 {
			next := last.left[0]
			last.left = last.left[1:]
			switch {
			case r.number[next] == 0:
				path = append(path, r.meet(next))
			case r.on[next]:
				r.low[last.key] = min(r.low[last.key], r.number[next])
			}
			continue
		}
		done := last.key
		path = path[:len(path)-1]
		if len(path) > 0 {
			up := path[len(path)-1].key
			r.low[up] = min(r.low[up], r.low[done])
		}
		if r.low[done] == r.number[done] {
			r.close(done)
		}
	}
}

// close takes a part off the stack whose first key is first.
func (r *ringSearch) close(first string) {
	at := len(r.stack) - 1 // from the end: the parts of a long chain are closed one by one
	for r.stack[at] != first {
		at--
	}
	part := r.stack[at:]
	r.stack = r.stack[:at]
	for i, key := range part {
		r.on[key] = false
		if len(part) > 1 {
			r.rings[key] = part[(i+1)%len(part)]
		}
	}
}
