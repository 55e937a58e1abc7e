package readiness

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// Bounds of one file of software.
const (
	MaxSoftwareFile = 256 << 10
	maxPrograms     = 500
	maxPatterns     = 50
)

// SoftwareBaseline is the programs that the machines of some people need, from a
// YAML file.
type SoftwareBaseline struct {
	Name     string
	Title    string
	Roles    []string // of the position; empty: every role
	Classes  []string // of the workstation; empty: every class
	Kinds    []string // of the site; empty: every kind
	Families []string // of the operating system; empty: every one
	Wanted   []WantedProgram
	Unwanted []WantedProgram // surplus where they are found
	// Only makes every program surplus that is not wanted, nor allowed.
	Only    bool
	Allowed []string // patterns
}

// WantedProgram is one program by its name in lists of programs.
type WantedProgram struct {
	Name       string
	Match      []string // patterns of names, * for anything; the name itself counts
	MinVersion string   // of an unwanted one: unwanted below it
}

// Desk is whose machine a workstation is, as far as baselines ask.
type Desk struct {
	Role     string
	Class    string
	SiteKind string
	Family   string // of the operating system
}

// LoadSoftware reads a baseline. Its error is Problems.
func LoadSoftware(file string, src []byte) (*SoftwareBaseline, error) {
	r := &reader{file: file, src: src}
	root := r.document(MaxSoftwareFile)
	if root == nil {
		return nil, r.problems()
	}
	b := &SoftwareBaseline{}
	m := r.mapping(root, "a baseline", "baseline", "title", "for", "programs", "unwanted", "only", "allowed")
	b.Name, b.Title, b.Only = r.name(m, "baseline"), r.text(m, "title"), r.flag(m, "only")
	if n := m.get("for"); n != nil {
		f := r.mapping(n, "for", "roles", "classes", "site_kinds", "families")
		b.Roles, b.Classes, b.Kinds, b.Families = r.words(f, "roles"), r.words(f, "classes"), r.words(f, "site_kinds"), r.words(f, "families")
	}
	b.Wanted, b.Unwanted, b.Allowed = r.programs(m, "programs", "min_version"), r.programs(m, "unwanted", "below"), r.words(m, "allowed")
	if len(b.Wanted)+len(b.Unwanted) == 0 {
		r.add(root, "programs: there are none")
	}
	if err := r.problems(); err != nil {
		return nil, err
	}
	return b, nil
}

func (r *reader) words(m mapping, key string) []string {
	var words []string
	for _, n := range r.list(m, key, maxPrograms) {
		if n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" {
			r.add(n, "%s: want a word", key)
			continue
		}
		words = append(words, strings.TrimSpace(n.Value))
	}
	return words
}

func (r *reader) programs(m mapping, key, version string) []WantedProgram {
	var programs []WantedProgram
	seen := map[string]int{}
	for _, n := range r.list(m, key, maxPrograms) {
		p := r.mapping(n, "a program", "name", "match", version)
		w := WantedProgram{Name: r.text(p, "name"), Match: r.words(p, "match"), MinVersion: r.text(p, version)}
		switch {
		case w.Name == "":
			r.add(n, "name: missing")
		case seen[w.Name] > 0:
			r.add(n, "name: %q is there twice, first in line %d", w.Name, seen[w.Name])
		case len(w.Match) > maxPatterns:
			r.add(n, "match: %d, the limit is %d", len(w.Match), maxPatterns)
		}
		if w.MinVersion != "" && !strings.ContainsAny(w.MinVersion, "0123456789") {
			r.add(p.get(version), "%s: %q has no number", version, w.MinVersion)
		}
		seen[w.Name] = n.Line
		programs = append(programs, w)
	}
	return programs
}

// For reports whether the baseline is for a desk. A family that is not known is
// not excluded.
func (b *SoftwareBaseline) For(d Desk) bool {
	asked := func(of []string, is string) bool {
		return len(of) == 0 || slices.ContainsFunc(of, func(w string) bool { return strings.EqualFold(w, is) })
	}
	return asked(b.Roles, d.Role) && asked(b.Classes, d.Class) && asked(b.Kinds, d.SiteKind) && (d.Family == "" || asked(b.Families, d.Family))
}

// States of a program against the baseline.
const (
	ProgramPresent = "present"
	ProgramMissing = "missing"
	ProgramOld     = "old"
	ProgramSurplus = "surplus"
)

// JudgeSoftware holds a workstation's programs against every baseline that is for
// its desk: what is missing, old and surplus, and a row for each program.
func JudgeSoftware(baselines []*SoftwareBaseline, workstation string, d Desk, programs inventory.Fact[[]inventory.Program], at time.Time) (SoftwarePart, []SoftwareRow) {
	var mine []*SoftwareBaseline
	for _, b := range baselines {
		if b.For(d) {
			mine = append(mine, b)
		}
	}
	if len(mine) == 0 {
		return noSoftware("no software baseline is for this workstation"), nil
	}
	installed, known := programs.Get()
	if !known {
		part := noSoftware(programs.Reason())
		return part, unknownPrograms(mine, workstation, programs.Reason(), at)
	}
	j := softwareJudge{workstation: workstation, at: at, seen: map[string]bool{}}
	for _, b := range mine {
		for _, w := range b.Wanted {
			j.want(w, installed)
		}
	}
	j.surplus(mine, installed)
	return j.part(), j.rows
}

func noSoftware(why string) SoftwarePart {
	none := inventory.Unknown[[]string](why)
	return SoftwarePart{Missing: none, Old: none, Surplus: none}
}

func unknownPrograms(mine []*SoftwareBaseline, workstation, why string, at time.Time) []SoftwareRow {
	var rows []SoftwareRow
	seen := map[string]bool{}
	for _, b := range mine {
		for _, w := range b.Wanted {
			if !seen[w.Name] {
				seen[w.Name] = true
				rows = append(rows, SoftwareRow{
					Key: workstation + "/" + w.Name, At: at, Workstation: workstation, Program: w.Name,
					State: inventory.Unknown[string](why), Wanted: w.MinVersion,
				})
			}
		}
	}
	return rows
}

type softwareJudge struct {
	workstation string
	at          time.Time
	rows        []SoftwareRow
	seen        map[string]bool
	unsure      string // why it is not known whether something is old
}

// want judges one program by the newest of those installed that match it.
func (j *softwareJudge) want(w WantedProgram, installed []inventory.Program) {
	if j.seen[w.Name] {
		return
	}
	j.seen[w.Name] = true
	row := SoftwareRow{
		Key: j.workstation + "/" + w.Name, At: j.at, Workstation: j.workstation, Program: w.Name, Wanted: w.MinVersion,
		State: inventory.Known(ProgramMissing),
	}
	found := false
	for _, p := range installed {
		if w.matches(p.Name) && (!found || CompareVersions(p.Version, row.Version) > 0) {
			found, row.Version = true, p.Version
		}
	}
	switch {
	case !found:
	case w.MinVersion != "" && !strings.ContainsAny(row.Version, "0123456789"):
		j.unsure = w.Name + " gives no version"
		row.State = inventory.Unknown[string](j.unsure)
	case w.MinVersion != "" && CompareVersions(row.Version, w.MinVersion) < 0:
		row.State = inventory.Known(ProgramOld)
	default:
		row.State = inventory.Known(ProgramPresent)
	}
	j.rows = append(j.rows, row)
}

func (j *softwareJudge) surplus(mine []*SoftwareBaseline, installed []inventory.Program) {
	only := !slices.ContainsFunc(mine, func(b *SoftwareBaseline) bool { return !b.Only })
	for _, p := range installed {
		if j.seen[p.Name] || p.Name == "" || !unwanted(mine, p, only) {
			continue
		}
		j.seen[p.Name] = true
		j.rows = append(j.rows, SoftwareRow{
			Key: j.workstation + "/" + p.Name, At: j.at, Workstation: j.workstation, Program: p.Name,
			State: inventory.Known(ProgramSurplus), Version: p.Version,
		})
	}
}

func unwanted(mine []*SoftwareBaseline, p inventory.Program, only bool) bool {
	allowed := false
	for _, b := range mine {
		for _, w := range b.Unwanted {
			if w.matches(p.Name) && (w.MinVersion == "" || CompareVersions(p.Version, w.MinVersion) < 0) {
				return true
			}
		}
		allowed = allowed || slices.ContainsFunc(b.Wanted, func(w WantedProgram) bool { return w.matches(p.Name) }) ||
			slices.ContainsFunc(b.Allowed, func(pattern string) bool { return matches(pattern, p.Name) })
	}
	return only && !allowed
}

func (j *softwareJudge) part() SoftwarePart {
	lists := map[string][]string{}
	for _, row := range j.rows {
		if state, known := row.State.Get(); known {
			lists[state] = append(lists[state], named(row))
		}
	}
	part := SoftwarePart{
		Missing: inventory.Known(lists[ProgramMissing]), Old: inventory.Known(lists[ProgramOld]), Surplus: inventory.Known(lists[ProgramSurplus]),
	}
	if j.unsure != "" && len(lists[ProgramOld]) == 0 {
		part.Old = inventory.Unknown[[]string](j.unsure)
	}
	return part
}

func named(row SoftwareRow) string {
	if row.State.Or("") == ProgramOld {
		return row.Program + " " + row.Version + " below " + row.Wanted
	}
	return row.Program
}

func (w WantedProgram) matches(name string) bool {
	return strings.EqualFold(w.Name, name) || slices.ContainsFunc(w.Match, func(pattern string) bool { return matches(pattern, name) })
}

// matches holds a name against a pattern in which * stands for anything, in any
// case of letters. It takes no longer than both are long, multiplied.
func matches(pattern, name string) bool {
	pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	rest := name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return true
}
