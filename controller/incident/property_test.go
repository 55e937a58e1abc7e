package incident_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// tape is the evidence of a scenario in the batches in which it came.
type tape struct {
	estate    incident.Estate
	start     time.Time
	baselines map[string]incident.Baseline
	at        []time.Time
	batches   [][]inventory.Evidence
}

func record(s scenario, pace time.Duration) tape {
	w := evidencetest.New(s.opts)
	e := incident.New(incident.DefaultRules(), w.Estate(), w.Start(), incident.WithIDs(counting()))
	tp := tape{estate: w.Estate(), start: w.Start()}
	if s.base {
		tp.baselines = w.Baselines(7)
		e.SetBaselines(tp.baselines)
	}
	s.play(w)
	w.RunEvery(s.lasts, pace, func(now time.Time, evidence []inventory.Evidence) incident.Outcome {
		tp.at, tp.batches = append(tp.at, now), append(tp.batches, evidence)
		return e.Step(now, evidence)
	})
	return tp
}

// play steps an engine over the tape; spoil may change each batch.
func (tp tape) play(rules incident.Rules, spoil func(now time.Time, evidence []inventory.Evidence) []inventory.Evidence) *outcome {
	e := incident.New(rules, tp.estate, tp.start, incident.WithIDs(counting()))
	e.SetBaselines(tp.baselines)
	o := &outcome{byID: map[string]inventory.Incident{}, opened: map[string]int{}, shown: map[inventory.Cause]bool{}}
	for i, now := range tp.at {
		evidence := tp.batches[i]
		if spoil != nil {
			evidence = spoil(now, slices.Clone(evidence))
		}
		o.take(e.Step(now, evidence))
	}
	return o
}

// verdicts is what counts of an outcome: each incident's final cause and scope, and
// whether anybody was called.
func (o *outcome) verdicts() []string {
	var vs []string
	for _, id := range o.order {
		i := o.byID[id]
		if i.Cause.Presence() || i.State == inventory.IncidentFolded {
			continue
		}
		vs = append(vs, fmt.Sprintf("%s %s %s%s%s%s opened %d", i.State, i.Cause, i.Scope.Site, i.Scope.Carrier, i.Scope.Exchange, i.Scope.Service, o.opened[id]))
	}
	slices.Sort(vs)
	return vs
}

// dirtied are the scenarios whose evidence is spoiled.
func dirtied() []scenario {
	var some []scenario
	for _, s := range scenarios() {
		switch s.n {
		case 13, 20, 24, 40, 42:
			some = append(some, s)
		}
	}
	return some
}

// TestDirtyEvidenceChangesNoVerdict repeats evidence, turns it round, holds some of
// it back by up to a second, mixes dated-ahead and unreadable pieces in.
func TestDirtyEvidenceChangesNoVerdict(t *testing.T) {
	t.Parallel()
	for _, s := range dirtied() {
		s.opts.Seed, s.opts.Sites = 5, max(s.opts.Sites, 4)
		t.Run(fmt.Sprintf("%02d %s", s.n, s.name), func(t *testing.T) {
			tp := record(s, 100*time.Millisecond)
			clean := tp.play(incident.DefaultRules(), nil).verdicts()
			spoils := map[string]func(rng *rand.Rand) func(time.Time, []inventory.Evidence) []inventory.Evidence{
				"repeated": repeated, "turned round": turned, "late": late, "from the future": ahead, "contradicted": contradicted,
			}
			for name, spoil := range spoils {
				rng := rand.New(rand.NewPCG(7, uint64(s.n)))
				if diff := cmp.Diff(clean, tp.play(incident.DefaultRules(), spoil(rng)).verdicts()); diff != "" {
					t.Errorf("%s evidence changes the verdicts (-clean +dirty):\n%s", name, diff)
				}
			}
		})
	}
}

func repeated(rng *rand.Rand) func(time.Time, []inventory.Evidence) []inventory.Evidence {
	var before []inventory.Evidence
	return func(_ time.Time, evidence []inventory.Evidence) []inventory.Evidence {
		fresh := slices.Clone(evidence)
		for _, ev := range append(before, fresh...) {
			if rng.IntN(3) == 0 {
				evidence = append(evidence, ev)
			}
		}
		before = append(before, fresh...)
		before = before[max(0, len(before)-200):]
		return evidence
	}
}

func turned(rng *rand.Rand) func(time.Time, []inventory.Evidence) []inventory.Evidence {
	return func(_ time.Time, evidence []inventory.Evidence) []inventory.Evidence {
		rng.Shuffle(len(evidence), func(i, k int) { evidence[i], evidence[k] = evidence[k], evidence[i] })
		return evidence
	}
}

// late holds pieces back by up to a second and lets others overtake them.
func late(rng *rand.Rand) func(time.Time, []inventory.Evidence) []inventory.Evidence {
	type held struct {
		ev inventory.Evidence
		at time.Time
	}
	var waiting []held
	return func(now time.Time, evidence []inventory.Evidence) []inventory.Evidence {
		var out []inventory.Evidence
		for _, ev := range evidence {
			if rng.IntN(4) == 0 {
				waiting = append(waiting, held{ev, now.Add(time.Duration(rng.IntN(1000)) * time.Millisecond)})
				continue
			}
			out = append(out, ev)
		}
		waiting = slices.DeleteFunc(waiting, func(h held) bool {
			if h.at.After(now) {
				return false
			}
			out = append(out, h.ev)
			return true
		})
		return out
	}
}

// ahead mixes in pieces dated ahead, or by a clock that is wrong, or without sense.
func ahead(rng *rand.Rand) func(time.Time, []inventory.Evidence) []inventory.Evidence {
	return func(now time.Time, evidence []inventory.Evidence) []inventory.Evidence {
		for _, ev := range slices.Clone(evidence) {
			ev.At = now.Add(time.Duration(3+rng.IntN(10_000)) * time.Second)
			ev.OK = !ev.OK
			evidence = append(evidence, ev)
		}
		return append(evidence, inventory.Evidence{}, inventory.Evidence{At: now, Kind: "nonsense", Site: "S001"},
			inventory.Evidence{At: now, Kind: inventory.EvidenceSweep, Site: "nowhere", Workstation: "w-x"},
			inventory.Evidence{At: now, Kind: inventory.EvidenceProbe, Site: "S001", Workstation: "w-S001-01"},
			inventory.Evidence{At: now, Kind: inventory.EvidenceEntry, Site: "S001", Workstation: "w-S001-01"})
	}
}

// contradicted says of a few answers that they were misses, at the same instant.
func contradicted(rng *rand.Rand) func(time.Time, []inventory.Evidence) []inventory.Evidence {
	return func(_ time.Time, evidence []inventory.Evidence) []inventory.Evidence {
		for _, ev := range slices.Clone(evidence) {
			if ev.OK && ev.Kind == inventory.EvidenceSweep && rng.IntN(5) == 0 {
				ev.OK, ev.RTT = false, 0
				evidence = append(evidence, ev)
			}
		}
		return evidence
	}
}
