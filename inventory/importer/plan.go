package importer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// ErrProblems is wrapped by Batch when rows are wrong and AcceptGood is not set.
var ErrProblems = errors.New("nothing was changed")

// ErrNoChanges is returned by Batch when the files say what the register says.
var ErrNoChanges = errors.New("nothing to change: the register already says the same")

// PlanOptions say how to judge tables.
type PlanOptions struct {
	AcceptGood bool                // apply the good rows although others are wrong
	Observed   map[string]Observed // what agents see, by asset tag; may be nil
	DropNames  bool                // names of people are not kept here, whoever sends them
}

// Observed is what an agent reports of an asset; exports show it beside what the
// file declares, imports never write it.
type Observed struct {
	Workstation  string // id of the install
	Name         inventory.Fact[string]
	Serial       inventory.Fact[string]
	UUID         inventory.Fact[string]
	Maker        inventory.Fact[string]
	Model        inventory.Fact[string]
	Site         string // where it is now; empty: at no site
	AgentVersion string
	LastReportAt time.Time
}

// Plan is what tables would do to the register. Changes and Edits run parallel.
type Plan struct {
	Tables     []*Table
	AcceptGood bool
	Changes    []inventory.Change
	Edits      []Edit
	Problems   []Problem // sorted by table, row and column
	Notices    []Problem // what was ignored or assumed; nothing is wrong
	Drift      []Drift
	Unchanged  int // nouns that the files repeat as they are
	Skipped    int // rows of another system's export that Muster does not keep

	rejected []map[int][]string // per table: index of a row → what is wrong with it
}

// Edit is one change for a person: which columns, from what to what.
type Edit struct {
	Noun   inventory.Noun `json:"noun"`
	Key    string         `json:"key"`
	Title  string         `json:"title,omitempty"`
	New    bool           `json:"new"`
	Fields []FieldEdit    `json:"fields"`
}

// FieldEdit is one column of an Edit.
type FieldEdit struct {
	Column string `json:"column"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// NewPlan sets tables, which may be of several kinds, against the register.
// Sites come first, so that the other tables may name sites of the same import.
// Tables of one kind complete each other: NetBox keeps a circuit's carrier in
// one file and its site in another. It changes neither argument.
func NewPlan(tables []*Table, register inventory.Register, options PlanOptions) *Plan {
	p := &planner{
		plan:     &Plan{Tables: tables, AcceptGood: options.AcceptGood, rejected: make([]map[int][]string, len(tables))},
		observed: options.Observed,
		names:    namesOf(options, register.Erased),
		order:    map[Place]int{},
	}
	for i, t := range tables {
		p.plan.rejected[i] = map[int][]string{}
		p.plan.Notices = append(p.plan.Notices, t.Notices...)
		p.order[t.place(0, 0)] = i
	}
	sites := planKind(p, siteSchema(), Sites, register.Sites, register.Sites)
	planKind(p, subnetSchema(), Subnets, register.Subnets, sites)
	planKind(p, linkSchema(), Links, register.Links, sites)
	assets := planKind(p, assetSchema(Assets), Assets, register.Assets, sites)
	planKind(p, assetSchema(Workstations), Workstations, assets, sites)
	p.planRefresh(register, sites)
	p.sortProblems()
	return p.plan
}

// planRefresh plans the nouns of the refresh, what is named before what names it.
func (p *planner) planRefresh(register inventory.Register, sites []inventory.Site) {
	know(p, inventory.NounProgramme, planKind(p, programmeSchema(), Programmes, register.Programmes, sites), func(n *inventory.Programme) string { return n.Code })
	know(p, inventory.NounWave, planKind(p, waveSchema(), Waves, register.Waves, sites), func(n *inventory.Wave) string { return n.Code })
	planKind(p, positionSchema(register.Positions), Positions, register.Positions, sites)
	planKind(p, visitSchema(), Visits, register.Visits, sites)
	planKind(p, consignmentSchema(), Consignments, register.Consignments, sites)
	know(p, inventory.NounStaff, planKind(p, staffSchema(p.names), Staff, register.Staff, sites), func(n *staff) string { return n.Number })
	know(p, inventory.NounCourse, planKind(p, courseSchema(), Courses, register.Courses, sites), func(n *inventory.Course) string { return n.Code })
	planKind(p, trainingSchema(), Training, register.Training, sites)
	planKind(p, milestoneSchema(), Milestones, register.Milestones, sites)
}

func (p *planner) sortProblems() {
	slices.SortStableFunc(p.plan.Problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(p.order[Place{File: a.File, Sheet: a.Sheet}], p.order[Place{File: b.File, Sheet: b.Sheet}]),
			cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column),
		)
	})
}

// Applies reports whether Batch would return a batch.
func (p *Plan) Applies() bool {
	return len(p.Changes) > 0 && (len(p.Problems) == 0 || p.AcceptGood)
}

// Batch is what the store applies; the store gives it its number. It returns an
// error that wraps ErrProblems and names the first problem, or ErrNoChanges.
func (p *Plan) Batch(author string, madeAt time.Time) (inventory.Batch, error) {
	if n := len(p.Problems); n > 0 && !p.AcceptGood {
		more := ""
		if n > 1 {
			more = fmt.Sprintf(" (and %d more)", n-1)
		}
		return inventory.Batch{}, fmt.Errorf("cannot import %s%s: %w", p.Problems[0], more, ErrProblems)
	}
	if len(p.Changes) == 0 {
		return inventory.Batch{}, ErrNoChanges
	}
	return inventory.Batch{Source: p.source(), Author: author, MadeAt: madeAt.UTC(), Changes: p.Changes}, nil
}

func (p *Plan) source() string {
	names := make([]string, 0, len(p.Tables))
	for _, t := range p.Tables {
		names = append(names, t.place(0, 0).String())
	}
	return strings.Join(names, "; ")
}

// Added counts the changes that make something new.
func (p *Plan) Added() int {
	n := 0
	for _, e := range p.Edits {
		if e.New {
			n++
		}
	}
	return n
}

// Rejected counts the rows of all tables that are wrong.
func (p *Plan) Rejected() int {
	n := 0
	for _, rows := range p.rejected {
		n += len(rows)
	}
	return n
}
