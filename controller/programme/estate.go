package programme

import (
	"slices"
	"strings"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

// estate is the register, found by what the rest asks for. It is replaced as a
// whole when the register was read anew; between two readings only what an action
// of this desk moved is put in.
type estate struct {
	programmes []inventory.Programme
	waves      []inventory.Wave
	waveOf     map[string]string // site → wave: the first that names it
	sites      map[string]inventory.Site
	codes      []string // of sites, in order
	zones      map[string]*time.Location
	positions  map[string]inventory.Position
	at         map[string][]string // site → its positions, in order
	assets     map[string]inventory.Asset
	assetsAt   map[string][]string // site → its assets
	links      map[string][]inventory.Link
	visits     map[string]inventory.Visit
	arrivals   map[string]inventory.Consignment
	staff      map[string][]inventory.Staff // site → posts
	courses    []inventory.Course
	training   map[string]map[string]inventory.Training // staff → course
	milestones []inventory.Milestone
	moved      map[string]inventory.Milestone // by code
	index      *refresh.Index
}

func newEstate(r inventory.Register) *estate {
	e := &estate{
		programmes: r.Programmes, waves: r.Waves, courses: r.Courses, milestones: r.Milestones,
		waveOf: map[string]string{}, sites: map[string]inventory.Site{}, zones: map[string]*time.Location{},
		positions: make(map[string]inventory.Position, len(r.Positions)), at: map[string][]string{},
		assets: make(map[string]inventory.Asset, len(r.Assets)), assetsAt: map[string][]string{}, links: map[string][]inventory.Link{},
		visits: map[string]inventory.Visit{}, arrivals: map[string]inventory.Consignment{},
		staff: map[string][]inventory.Staff{}, training: map[string]map[string]inventory.Training{}, moved: map[string]inventory.Milestone{},
	}
	for _, s := range r.Sites {
		e.sites[s.Code] = s
		e.codes = append(e.codes, s.Code)
		zone, err := s.Location()
		if err != nil {
			zone = time.UTC // the register refuses such a zone; an older one may hold it
		}
		e.zones[s.Code] = zone
	}
	slices.Sort(e.codes)
	for _, w := range r.Waves {
		for _, code := range w.Sites {
			if _, has := e.waveOf[code]; !has {
				e.waveOf[code] = w.Code
			}
		}
	}
	for _, p := range r.Positions {
		e.positions[p.Code] = p
		e.at[p.Site] = append(e.at[p.Site], p.Code)
	}
	for _, a := range r.Assets {
		e.assets[a.Tag] = a
		e.assetsAt[a.Site] = append(e.assetsAt[a.Site], a.Tag)
	}
	for _, l := range r.Links {
		e.links[l.Site] = append(e.links[l.Site], l)
	}
	for _, v := range r.Visits {
		e.visits[v.Code] = v
	}
	for _, c := range r.Consignments {
		e.arrivals[c.Code] = c
	}
	for _, s := range r.Staff {
		s.Name = "" // nothing here is about a person by name
		e.staff[s.Site] = append(e.staff[s.Site], s)
	}
	for _, t := range r.Training {
		if e.training[t.Staff] == nil {
			e.training[t.Staff] = map[string]inventory.Training{}
		}
		e.training[t.Staff][t.Course] = t
	}
	for _, m := range r.Milestones {
		e.moved[m.Code] = m
	}
	e.index = refresh.NewIndex(r.Assets, r.Positions)
	return e
}

// zone of a site; of an unknown one the programme's.
func (e *estate) zone(site string) *time.Location {
	if z := e.zones[site]; z != nil {
		return z
	}
	return e.programmeZone()
}

func (e *estate) programmeZone() *time.Location {
	for _, p := range e.programmes {
		if z, err := p.Location(); err == nil {
			return z
		}
	}
	z, err := time.LoadLocation(inventory.DefaultZone)
	if err != nil {
		return time.UTC
	}
	return z
}

// programme is the one with the code; the empty code is the only one, or the first.
func (e *estate) programme(code string) (inventory.Programme, bool) {
	for _, p := range e.programmes {
		if code == "" || p.Code == code {
			return p, true
		}
	}
	return inventory.Programme{}, false
}

func (e *estate) wave(code string) (inventory.Wave, bool) {
	i := slices.IndexFunc(e.waves, func(w inventory.Wave) bool { return w.Code == code })
	if i < 0 {
		return inventory.Wave{}, false
	}
	return e.waves[i], true
}

// put takes over what an action changed in the register.
func (e *estate) put(m refresh.Moves) {
	for _, a := range m.Assets {
		was := e.assets[a.Tag]
		if was.Site != a.Site {
			e.assetsAt[was.Site] = slices.DeleteFunc(e.assetsAt[was.Site], func(tag string) bool { return tag == a.Tag })
			e.assetsAt[a.Site] = append(e.assetsAt[a.Site], a.Tag)
		}
		e.assets[a.Tag] = a
	}
	if m.Position != nil {
		e.positions[m.Position.Code] = *m.Position
	}
}

// milestonesOf lists those of a site: its own, and those of its wave that name no
// site, by code.
func (e *estate) milestonesOf(site string) []inventory.Milestone {
	wave := e.waveOf[site]
	var mine []inventory.Milestone
	for _, m := range e.milestones {
		if m.Site == site || m.Site == "" && m.Wave != "" && m.Wave == wave {
			mine = append(mine, m)
		}
	}
	slices.SortFunc(mine, func(a, b inventory.Milestone) int { return strings.Compare(a.Code, b.Code) })
	return mine
}
