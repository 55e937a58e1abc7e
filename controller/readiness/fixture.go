package readiness

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// Bounds of one fixture.
const (
	MaxFixtureFile = 1 << 20
	maxFixtureRows = 20_000
)

// Fixture is facts written down beside a gate, with what people settled.
type Fixture struct {
	Facts   Facts
	Settled Settled
	Now     time.Time
}

// LoadFixture reads a fixture: rows by the names that predicates call their
// fields by. A fact that it does not give is unknown, and {unknown: why} says
// why. Its error is Problems.
func LoadFixture(file string, src []byte) (*Fixture, error) {
	r := &reader{file: file, src: src}
	root := r.document(MaxFixtureFile)
	if root == nil {
		return nil, r.problems()
	}
	x := r.fixture(root)
	if err := r.problems(); err != nil {
		return nil, err
	}
	return x, nil
}

func (r *reader) fixture(root *yaml.Node) *Fixture {
	x := &Fixture{}
	known := []string{"now", "key", "site", "waivers", "care", "signoff", "notes"}
	for _, o := range Overs() {
		if o != OverSite {
			known = append(known, string(o))
		}
	}
	m := r.mapping(root, "a fixture", known...)
	r.moment(m, x)
	x.Facts.Key = r.text(m, "key")
	r.site(m, x)
	f := &x.Facts
	f.Positions = rowsFrom(r, m, OverPositions, func(p *PositionRow) { p.InScope = true }, func(p *PositionRow) {
		p.Key = cmp.Or(p.Key, p.Code)
		if w := p.Workstation; w != nil {
			w.Key = cmp.Or(w.Key, w.ID)
		}
	})
	f.Workstations = rowsFrom(r, m, OverWorkstations, nil, func(w *WorkstationRow) { w.Key = cmp.Or(w.Key, w.ID) })
	f.Assets = rowsFrom(r, m, OverAssets, nil, func(a *AssetRow) { a.Key = cmp.Or(a.Key, a.Tag) })
	f.Access = rowsFrom(r, m, OverAccess, nil, func(a *AccessRow) { a.Key = cmp.Or(a.Key, a.Workstation+"/"+a.Service) })
	f.Staff = rowsFrom(r, m, OverStaff, nil, func(s *StaffRow) { s.Key = cmp.Or(s.Key, s.Number) })
	f.Links = rowsFrom(r, m, OverLinks, nil, func(l *LinkRow) { l.Key = cmp.Or(l.Key, l.Circuit) })
	f.Milestones = rowsFrom(r, m, OverMilestones, nil, func(m *MilestoneRow) { m.Key = cmp.Or(m.Key, m.Code) })
	f.Software = rowsFrom(r, m, OverSoftware, nil, func(s *SoftwareRow) { s.Key = cmp.Or(s.Key, s.Workstation+"/"+s.Program) })
	f.Sites = rowsFrom(r, m, OverSites, nil, func(s *SiteRow) { s.Key = cmp.Or(s.Key, s.Code) })
	r.settled(m, x)
	return x
}

func (r *reader) moment(m mapping, x *Fixture) {
	text, n := r.scalar(m, "now")
	if n == nil {
		r.add(m.node, "now: missing: the moment at which the facts are judged, such as 2026-11-23T10:00:00Z")
		return
	}
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.add(n, "now: %.60q is not a moment such as 2026-11-23T10:00:00Z", text)
	}
	x.Now = now
}

// fixtureSite is a site with what its one row says beside what is declared.
type fixtureSite struct {
	inventory.Site

	Row SiteRow `json:"row"`
}

func (r *reader) site(m mapping, x *Fixture) {
	var s fixtureSite
	if n := m.get("site"); n != nil {
		r.into(n, &s, fixtureSiteWords)
	}
	zone, err := s.Location()
	if err != nil {
		r.add(m.get("site"), "site: %q is not a time zone", s.Zone)
	}
	if err := s.Hours.Validate(); err != nil {
		r.add(m.get("site"), "site: hours: %s", err)
	}
	x.Facts.Site, x.Facts.Zone = s.Site, zone
	row := s.Row
	row.Key, row.Code, row.Name, row.Kind, row.District = s.Code, s.Code, s.Name, s.Kind, s.District
	x.Facts.SiteRow = row
}

var fixtureSiteWords = []string{"code", "name", "kind", "district", "zone", "hours", "row"}

func (r *reader) settled(m mapping, x *Fixture) {
	for _, n := range r.list(m, "waivers", maxFixtureRows) {
		w := inventory.Waiver{Site: x.Facts.key()}
		r.into(n, &w, []string{"site", "gate", "criterion", "subject", "owner", "reason", "until", "by", "at", "ended_at"})
		x.Settled.Waivers = append(x.Settled.Waivers, w)
	}
	for _, n := range r.list(m, "care", maxFixtureRows) {
		var care inventory.BlockerCare
		r.into(n, &care, []string{"id", "owner", "due", "note", "by", "at", "since"})
		if x.Settled.Care == nil {
			x.Settled.Care = map[string]inventory.BlockerCare{}
		}
		x.Settled.Care[care.ID] = care
	}
	if n := m.get("signoff"); n != nil {
		s := inventory.SignOff{Site: x.Facts.key()}
		r.into(n, &s, []string{"site", "gate", "state", "evaluation", "by", "for", "at", "reason", "conditions"})
		x.Settled.SignOff = &s
	}
}

// rowsFrom reads the rows of one over; before sets what a row is where it says
// nothing, after its key.
func rowsFrom[T any](r *reader, m mapping, over Over, before, after func(*T)) []T {
	list := r.list(m, string(over), maxFixtureRows)
	if len(list) == 0 {
		return nil
	}
	rows := make([]T, len(list))
	keys := map[string]int{}
	for i, n := range list {
		if before != nil {
			before(&rows[i])
		}
		r.into(n, &rows[i], nil)
		after(&rows[i])
		key := any(&rows[i]).(row).key()
		if at, twice := keys[key]; twice {
			r.add(n, "%s: %q is there twice, first in line %d", over, key, at)
		}
		keys[key] = n.Line
	}
	return rows
}

// into reads a mapping into a struct by its JSON names, which are the names of
// fields in predicates: facts know how to read themselves from JSON.
func (r *reader) into(n *yaml.Node, to any, known []string) {
	if n.Kind != yaml.MappingNode {
		r.add(n, "want words and values")
		return
	}
	if known != nil {
		r.mapping(n, "this", known...)
		if len(r.wrong) > 0 {
			return
		}
	}
	b, err := json.Marshal(plainYAML(n))
	if err != nil {
		r.add(n, "it cannot be read: %s", err)
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		what := strings.TrimPrefix(err.Error(), "json: ")
		if word, ok := strings.CutPrefix(what, "unknown field "); ok {
			what = "unknown word " + word
			if s := shapeOf(to); s != nil {
				what += "; known: at, key, " + strings.Join(names(s), ", ")
			}
		}
		r.add(n, "%s", what)
	}
}

// plainYAML is a node as JSON knows values. Words that YAML would take for a
// date stay text.
func plainYAML(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainYAML(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, below := range n.Content {
			list[i] = plainYAML(below)
		}
		return list
	default:
		if slices.Contains([]string{"!!int", "!!float", "!!bool"}, n.Tag) {
			var v any
			if n.Decode(&v) == nil {
				return v
			}
		}
		return n.Value
	}
}

// UnmarshalJSON reads the word of a fixture, or the whole.
func (w *Windows11) UnmarshalJSON(b []byte) error {
	var word string
	if json.Unmarshal(b, &word) != nil {
		type whole Windows11
		return json.Unmarshal(b, (*whole)(w))
	}
	switch CheckResult(word) {
	case Capable, NotCapable, Undetermined:
		*w = Windows11{Result: CheckResult(word)}
		return nil
	default:
		return fmt.Errorf("windows11: %.40q is none of capable, not capable and undetermined", word)
	}
}
