package past

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// desk is a position with the machine that stands there now, and what became of it.
type desk struct {
	position inventory.Position
	stands   string // tag of the live machine
	wave     inventory.Wave
	visit    inventory.Visit // zero: none is booked
	place    int             // of the visit: the number of the desk, from 0
	reason   string          // why the first try failed; empty: it did not
	again    inventory.Date
}

// deskEvery is how long a crew takes for one.
const deskEvery = 30 * time.Minute

// visitFrom is when a crew begins.
const visitFrom = 9 * time.Hour

// tryAt is when the desk's turn came on a day.
func (m *maker) tryAt(d *desk, day inventory.Date) time.Time {
	return m.at(day, visitFrom+time.Duration(d.place+1)*deskEvery)
}

// over reports whether everything on a visit is done.
func (m *maker) over(v inventory.Visit) bool {
	return m.at(v.Date, visitFrom+time.Duration(m.r.DesksPerVisit+1)*deskEvery).Before(m.now)
}

// settle makes a position of each desk at which a live machine stands.
func (m *maker) settle() {
	machines := slices.Clone(m.county.Assets)
	slices.SortFunc(machines, func(a, b inventory.Asset) int {
		if a.Site != b.Site {
			return strings.Compare(a.Site, b.Site)
		}
		return strings.Compare(a.Position, b.Position)
	})
	kinds := map[string]string{}
	for _, s := range m.county.Sites {
		kinds[s.Code] = s.Kind
	}
	for _, a := range machines {
		roles := m.r.Roles[kinds[a.Site]]
		if len(roles) == 0 {
			roles = m.r.Roles[""]
		}
		d := &desk{stands: a.Tag, wave: m.waveOf[a.Site]}
		d.position = inventory.Position{
			Code: a.Site + "-" + a.Position, Site: a.Site, Desk: a.Position, Role: roles[m.rolePlace(len(roles))], Class: "standard", Asset: a.Tag,
		}
		if a.Kind == inventory.AssetLaptop {
			d.position.Class = string(inventory.AssetLaptop)
		}
		if m.luck(m.r.OutOfScope.Ratio) {
			d.position.OutScope = m.r.OutOfScope.Reason
		}
		a.Position = d.position.Code
		m.assets[a.Tag] = a
		m.desks = append(m.desks, d)
		m.atSite[a.Site] = append(m.atSite[a.Site], d)
	}
}

// rolePlace takes the first role at most desks.
func (m *maker) rolePlace(roles int) int {
	if m.luck(0.6) {
		return 0
	}
	return m.rand.IntN(roles)
}

// book spreads the visits of each wave over its working days.
func (m *maker) book() {
	for _, w := range m.county.Waves {
		if w.OnHold != "" || !w.Starts.Set() || !w.Ends.Set() {
			continue
		}
		days := m.cal.Since(w.Starts, w.Ends)
		if len(days) == 0 {
			continue
		}
		var rounds [][]*desk
		for _, code := range w.Sites {
			inScope := slices.DeleteFunc(slices.Clone(m.atSite[code]), func(d *desk) bool { return !d.position.InScope() })
			for chunk := range slices.Chunk(inScope, m.r.DesksPerVisit) {
				rounds = append(rounds, chunk)
			}
		}
		for i, round := range rounds {
			m.visit(round, days[i*len(days)/len(rounds)], m.r.Crews[i%min(len(m.r.Crews), max(w.Crews, 1))])
		}
	}
}

// visit sends a crew to some desks of a site.
func (m *maker) visit(desks []*desk, day inventory.Date, crew string) {
	site := desks[0].position.Site
	v := inventory.Visit{Site: site, Date: day, From: "09:00", To: "17:00", Crew: crew, State: inventory.VisitPlanned}
	for n := 1; ; n++ {
		v.Code = fmt.Sprintf("V-%s-%d", site, n)
		if _, taken := m.visits[v.Code]; !taken {
			break
		}
	}
	m.visits[v.Code] = v
	if m.over(v) {
		m.newest = max(m.newest, v.Date)
	}
	for place, d := range desks {
		d.visit, d.place = v, place
		if m.luck(m.r.Failed.Ratio) {
			d.reason, d.again = pick(m, m.r.Failed.Reasons), later(day, m.r.Failed.Again)
		}
	}
}

// make a machine up: one that stood at a desk before, or waits for its day.
func (m *maker) make(prefix string, models []Model, kind inventory.AssetKind, state inventory.AssetState) inventory.Asset {
	m.machine++
	model := pick(m, models)
	a := inventory.Asset{
		Tag: fmt.Sprintf("%s-%05d", prefix, m.machine), Serial: fmt.Sprintf("%s%c%06d", prefix, 'A'+rune(m.rand.IntN(26)), m.machine), Kind: kind,
		Maker: model.Maker, Model: model.Model, Purchased: model.Bought, State: state,
	}
	m.assets[a.Tag] = a
	return a
}
