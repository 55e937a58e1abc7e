package rehearsal

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

// stepEvery is how often the engine is stepped where nothing comes.
const stepEvery = time.Second

// Replay gives a file's evidence to the pure engine as it was learnt, and steps
// it to the end of the rehearsal.
func Replay(r Rehearsal) Seen {
	evidence := slices.Clone(r.Evidence)
	slices.SortStableFunc(evidence, func(a, b inventory.Evidence) int { return learntAt(a).Compare(learntAt(b)) })
	n := 0
	engine := incident.New(incident.DefaultRules(), r.Estate.facts(), r.Start, incident.WithIDs(func() string {
		n++
		return fmt.Sprintf("i%08d", n)
	}))
	seen := Seen{Ended: r.Start.Add(r.For)}
	step := func(now time.Time, of []inventory.Evidence) {
		seen.Changes = append(seen.Changes, engine.Step(now, of).Changes...)
	}
	now := r.Start
	for len(evidence) > 0 && !learntAt(evidence[0]).After(seen.Ended) {
		at := learntAt(evidence[0])
		for ; now.Add(stepEvery).Before(at); now = now.Add(stepEvery) {
			step(now.Add(stepEvery), nil)
		}
		together := slices.IndexFunc(evidence, func(e inventory.Evidence) bool { return learntAt(e).After(at) })
		if together < 0 {
			together = len(evidence)
		}
		if at.After(now) {
			now = at
		}
		step(now, evidence[:together])
		evidence = evidence[together:]
	}
	for ; now.Before(seen.Ended); now = now.Add(stepEvery) {
		step(now.Add(stepEvery), nil)
	}
	return seen
}

// learntAt is when the controller knew.
func learntAt(e inventory.Evidence) time.Time {
	if e.LearntAt.After(e.At) {
		return e.LearntAt
	}
	return e.At
}

// facts is the estate as the engine has it of the register.
func (e Estate) facts() incident.Estate {
	estate := incident.Estate{References: e.References}
	for _, name := range e.Services {
		estate.Services = append(estate.Services, inventory.Service{Name: name, Target: "https://" + name + ".example.org/"})
	}
	for _, s := range e.Sites {
		estate.Sites = append(estate.Sites, incident.SiteFacts{
			Site: inventory.Site{Code: s.Code, Name: s.Code, Hours: s.Hours, Zone: s.Zone, Mesh: s.Mesh},
			Links: []inventory.Link{{
				Circuit: Circuit(s.Code), Site: s.Code, Carrier: s.Carrier, Exchange: s.Exchange, Role: inventory.LinkPrimary,
			}},
			Expected: s.Workstations, Staff: cmp.Or(s.Staff, s.Workstations), HasRouter: s.Router != RouterNone, HasGateway: true,
		})
	}
	return estate
}

// Circuit is the id of a site's link.
func Circuit(site string) string { return "CIR-" + site }
