package readiness

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// Judge evaluates gates over many sites and keeps what predicates said of each
// row, so that one changed row, or the mere passing of time, costs no more than
// counting. It is for one goroutine.
type Judge struct {
	gates []*Gate
	kept  map[string]*keptSite
	hours map[hoursKey]*clock
	now   time.Time
}

type keptSite struct {
	facts   *Facts
	opening hoursKey
	marks   [][][]mark // by gate and criterion, beside the facts' rows
	index   map[Over]map[string]int
}

// hoursKey stands for an opening: many sites share one, and its moments.
type hoursKey struct {
	hours inventory.Hours
	zone  string
	shut  string
}

// NewJudge keeps results for these gates. A changed gate needs a new Judge.
func NewJudge(gates []*Gate) *Judge {
	return &Judge{gates: slices.Clone(gates), kept: map[string]*keptSite{}, hours: map[hoursKey]*clock{}}
}

// Put replaces all that is known of a site and judges it. The facts are the
// judge's from then on.
func (j *Judge) Put(f *Facts) {
	k := &keptSite{facts: f, opening: hoursKey{hours: f.Site.Hours, shut: fmt.Sprint(f.Shut)}, marks: make([][][]mark, len(j.gates))}
	if f.Zone != nil {
		k.opening.zone = f.Zone.String()
	}
	for i, g := range j.gates {
		k.marks[i] = g.marks(f)
	}
	j.kept[f.key()] = k
}

// Drop forgets a site.
func (j *Judge) Drop(key string) { delete(j.kept, key) }

// Facts is what the judge holds of a site; nil: nothing. It is to be read only.
func (j *Judge) Facts(key string) *Facts {
	if k := j.kept[key]; k != nil {
		return k.facts
	}
	return nil
}

// Row is one row of a site, by value: PositionRow and its like.
type Row interface {
	PositionRow | WorkstationRow | AssetRow | AccessRow | StaffRow | LinkRow | MilestoneRow | SoftwareRow | SiteRow
}

// PutRow replaces the row of the same key, or adds it, and judges it anew. A
// workstation's row is also put where a position shows it. It reports whether the
// site is known.
func PutRow[R Row](j *Judge, site string, r R) bool {
	k := j.kept[site]
	if k == nil {
		return false
	}
	switch r := any(r).(type) {
	case PositionRow:
		putRow(j, k, OverPositions, &k.facts.Positions, r)
	case WorkstationRow:
		putRow(j, k, OverWorkstations, &k.facts.Workstations, r)
		for i := range k.facts.Positions {
			if p := &k.facts.Positions[i]; p.Workstation != nil && p.Workstation.Key == r.Key {
				p.Workstation = new(r)
				j.again(k, OverPositions, i)
			}
		}
	case AssetRow:
		putRow(j, k, OverAssets, &k.facts.Assets, r)
	case AccessRow:
		putRow(j, k, OverAccess, &k.facts.Access, r)
	case StaffRow:
		putRow(j, k, OverStaff, &k.facts.Staff, r)
	case LinkRow:
		putRow(j, k, OverLinks, &k.facts.Links, r)
	case MilestoneRow:
		putRow(j, k, OverMilestones, &k.facts.Milestones, r)
	case SoftwareRow:
		putRow(j, k, OverSoftware, &k.facts.Software, r)
	case SiteRow:
		j.putSite(k, r)
	}
	return true
}

// putSite is the site's own row, or that of one site in a wave's facts.
func (j *Judge) putSite(k *keptSite, r SiteRow) {
	if len(k.facts.Sites) == 0 && r.Key == k.facts.SiteRow.Key {
		k.facts.SiteRow = r
		j.again(k, OverSite, 0)
		return
	}
	putRow(j, k, OverSites, &k.facts.Sites, r)
}

func putRow[R any](j *Judge, k *keptSite, over Over, rows *[]R, r R) {
	i, there := k.find(over, any(&r).(row).key())
	if there {
		(*rows)[i] = r
	} else {
		i = len(*rows)
		*rows = append(*rows, r)
		k.index[over][any(&r).(row).key()] = i
	}
	j.again(k, over, i)
}

// find is where the row of a key stands. The index is made when it is first
// asked for: most rows of a county never change between two whole rounds.
func (k *keptSite) find(over Over, key string) (int, bool) {
	if k.index == nil {
		k.index = map[Over]map[string]int{}
	}
	byKey := k.index[over]
	if byKey == nil {
		n := k.facts.rowsOf(over)
		byKey = make(map[string]int, n)
		for i := range n {
			byKey[k.facts.row(over, i).key()] = i
		}
		k.index[over] = byKey
	}
	i, there := byKey[key]
	return i, there
}

// again judges one row anew.
func (j *Judge) again(k *keptSite, over Over, i int) {
	v := &vars{word: over.Word()}
	for g, gate := range j.gates {
		for c := range gate.Criteria {
			if gate.Criteria[c].Over != over {
				continue
			}
			m := gate.Criteria[c].mark(v, k.facts.row(over, i))
			if marks := k.marks[g][c]; i < len(marks) {
				marks[i] = m
			} else {
				k.marks[g][c] = append(marks, m)
			}
		}
	}
}

// Evaluate gives every gate's evaluation of a site, in the order of the gates;
// nil where the site is not known. settled says what people settled, gate by gate.
func (j *Judge) Evaluate(key string, settled func(gate string) Settled, now time.Time) []inventory.Evaluation {
	k := j.kept[key]
	if k == nil {
		return nil
	}
	moment := j.moment(k, now)
	all := make([]inventory.Evaluation, len(j.gates))
	for i, g := range j.gates {
		var s Settled
		if settled != nil {
			s = settled(g.Name)
		}
		all[i] = g.judge(k.facts, k.marks[i], moment, s)
	}
	return all
}

// moment shares what the time is among sites of the same hours.
func (j *Judge) moment(k *keptSite, now time.Time) *clock {
	if !now.Equal(j.now) {
		clear(j.hours)
		j.now = now
	}
	c := j.hours[k.opening]
	if c == nil {
		c = k.facts.clock(now)
		j.hours[k.opening] = c
	}
	return c
}
