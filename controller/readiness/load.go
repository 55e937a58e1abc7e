package readiness

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// Bounds of one file.
const (
	MaxGateFile = 256 << 10
	MaxCriteria = 64
	MaxTests    = 200
	maxText     = 2000
	// maxWorkstations bounds min_workstations, which counts distinct ones.
	maxWorkstations = 200
	maxFailFor      = 30 * 24 * time.Hour
)

// LoadGate reads a gate. Its error is Problems: everything that is wrong with
// the file, each with its line.
func LoadGate(file string, src []byte) (*Gate, error) {
	r := &reader{file: file, src: src}
	root := r.document(MaxGateFile)
	if root == nil {
		return nil, r.problems()
	}
	l := &loader{reader: r, library: newLibrary()}
	g := l.gate(root)
	if err := r.problems(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(src)
	g.File, g.Version = file, hex.EncodeToString(sum[:6])
	return g, nil
}

type loader struct {
	*reader

	library *library
	scope   Scope
	owner   string
}

func (l *loader) gate(root *yaml.Node) *Gate {
	g := &Gate{Scope: ScopeSite}
	m := l.mapping(root, "a gate", "gate", "title", "notes", "scope", "keep_live", "owner", "criteria", "signoff", "tests")
	g.Name = l.name(m, "gate")
	g.Title, g.Notes = l.text(m, "title"), l.text(m, "notes")
	if scope := l.word(m, "scope", string(ScopeSite), string(ScopeWave), string(ScopeProgramme)); scope != "" {
		g.Scope = Scope(scope)
	}
	l.scope = g.Scope
	g.KeepLive = l.flag(m, "keep_live")
	l.owner = l.text(m, "owner")
	l.criteria(m, g)
	if n := m.get("signoff"); n != nil {
		g.SignOff = l.signOff(n)
		if g.KeepLive {
			l.add(n, "a keep-live gate is not signed: it judges sites that were")
		}
	}
	l.tests(m, g)
	return g
}

func (l *loader) criteria(m mapping, g *Gate) {
	list := l.list(m, "criteria", MaxCriteria)
	if len(list) == 0 {
		l.add(m.node, "criteria: there are none, and a gate without any would pass everything")
	}
	seen := map[string]int{}
	for _, n := range list {
		c := l.criterion(n)
		if c.ID == CriterionSignOff || c.ID == expectVerdict {
			l.add(n, "id: %q has a meaning of its own, take another", c.ID)
		}
		if at, twice := seen[c.ID]; twice && c.ID != "" {
			l.add(n, "id: %q is there twice, first in line %d", c.ID, at)
		}
		seen[c.ID] = n.Line
		g.Criteria = append(g.Criteria, c)
	}
}

func (l *loader) criterion(n *yaml.Node) Criterion {
	m := l.mapping(n, "a criterion", "id", "title", "over", "where", "pass", "fresh", "need", "unknown", "owner", "clears", "notes")
	c := Criterion{Line: n.Line, Unknown: UnknownHold}
	c.ID = l.name(m, "id")
	c.Title, c.Clears = l.text(m, "title"), l.text(m, "clears")
	l.text(m, "notes")
	c.Over = Over(l.word(m, "over", l.known()...))
	if m.get("over") == nil && m.node != nil {
		l.add(n, "over: missing; known: %s", strings.Join(l.known(), ", "))
	}
	c.Owner = cmp.Or(l.text(m, "owner"), l.owner, ownerOf(c.Over))
	if rule := l.word(m, "unknown", string(UnknownHold), string(UnknownFail), string(UnknownExclude)); rule != "" {
		c.Unknown = UnknownRule(rule)
	}
	if fresh := m.get("fresh"); fresh != nil {
		f, err := ParseFresh(fresh.Value)
		if err != nil {
			l.add(fresh, "fresh: %s", err)
		}
		c.Fresh = f
	}
	c.Need = l.need(m, c.Over)
	if c.Over != "" {
		l.predicates(m, &c)
	}
	return c
}

// known are the overs that the gate's scope has.
func (l *loader) known() []string {
	var known []string
	for _, o := range Overs() {
		wide := o == OverSites
		if l.scope == ScopeSite && wide || l.scope != ScopeSite && !wide && o != OverMilestones {
			continue
		}
		known = append(known, string(o))
	}
	return known
}

// ownerOf is whose a blocker is where the file does not say.
func ownerOf(o Over) string {
	switch o {
	case OverLinks:
		return string(inventory.RoleNetwork)
	case OverStaff, OverMilestones, OverSite, OverSites:
		return string(inventory.RoleProgramme)
	default:
		return string(inventory.RoleIT)
	}
}

func (l *loader) need(m mapping, over Over) Need {
	n := m.get("need")
	if n == nil {
		return Need{MinPercent: 100}
	}
	below := l.mapping(n, "need", "min_percent", "min_count", "min_workstations")
	need := Need{
		MinPercent:      l.number(below, "min_percent", 100),
		MinCount:        int(l.number(below, "min_count", 1_000_000)),
		MinWorkstations: int(l.number(below, "min_workstations", maxWorkstations)),
	}
	behind := []Over{OverPositions, OverWorkstations, OverAccess, OverSoftware}
	if need.MinWorkstations > 0 && over != "" && !slices.Contains(behind, over) {
		l.add(below.get("min_workstations"), "min_workstations: no workstation is behind %s; known: positions, workstations, access, software", over)
	}
	if need == (Need{}) && l.zero(below) {
		l.add(n, "need: it asks for nothing, so everything would pass; known: min_percent, min_count, min_workstations")
	}
	return need
}

// zero reports whether every number of a need is there and is 0.
func (l *loader) zero(m mapping) bool {
	for _, n := range m.values {
		if v, err := strconv.ParseFloat(n.Value, 64); err != nil || v != 0 {
			return false
		}
	}
	return true
}

func (l *loader) predicates(m mapping, c *Criterion) {
	if n := m.get("pass"); n != nil {
		c.pass = l.predicate(n, "pass", c.Over)
		c.Pass = strings.TrimSpace(n.Value)
	} else {
		l.add(m.node, "pass: missing: what must hold of each %s", c.Over.Word())
	}
	if n := m.get("where"); n != nil {
		c.where = l.predicate(n, "where", c.Over)
		c.Where = strings.TrimSpace(n.Value)
	}
	if c.pass != nil {
		c.through = c.pass.through() || c.where != nil && c.where.through()
	}
	if c.Clears != "" {
		t, err := l.library.template(c.Over, c.Clears)
		if err != nil {
			l.add(m.get("clears"), "clears: %s", err)
		}
		c.clears = t
	}
}

// through reports whether a position's predicate reads its workstation.
func (p *predicate) through() bool {
	return slices.ContainsFunc(p.reads, func(r read) bool {
		return len(r.steps) > 1 && r.steps[0].field.kind.TypeName() == workstationShape.name
	})
}

func (l *loader) predicate(n *yaml.Node, key string, over Over) *predicate {
	if n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" {
		l.add(n, "%s: want a predicate such as %s.…", key, over.Word())
		return nil
	}
	p, faults := l.library.compile(over, n.Value)
	for _, f := range faults {
		line, column := l.inside(n, f)
		l.addAt(line, column, key+": "+f.what)
	}
	return p
}

func (l *loader) signOff(n *yaml.Node) *SignOffRule {
	m := l.mapping(n, "signoff", "role", "weakened_by")
	rule := &SignOffRule{Role: l.text(m, "role")}
	if rule.Role == "" {
		l.add(n, "signoff: role: missing: who signs, such as %s", inventory.RoleSiteOwner)
	}
	if below := m.get("weakened_by"); below != nil {
		w := l.mapping(below, "weakened_by", "fail_for")
		rule.FailFor = l.duration(w, "fail_for", maxFailFor)
	}
	return rule
}

func (l *loader) tests(m mapping, g *Gate) {
	for _, n := range l.list(m, "tests", MaxTests) {
		below := l.mapping(n, "a test", "name", "given", "expect")
		t := GateTest{Line: n.Line, Name: l.text(below, "name"), Given: l.text(below, "given"), Expect: map[string]Expectation{}}
		if t.Given == "" {
			l.add(n, "given: missing: a file of facts beside the gate")
		}
		if escapes(t.Given) {
			l.add(below.get("given"), "given: %q leaves the gate's folder", t.Given)
		}
		l.expect(below, g, &t)
		g.Tests = append(g.Tests, t)
	}
}

func escapes(path string) bool {
	return strings.HasPrefix(path, "/") || strings.Contains(path, "\\") || slices.Contains(strings.Split(path, "/"), "..")
}
