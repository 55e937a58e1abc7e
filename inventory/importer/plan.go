package importer

import (
	"errors"
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
	Problems   []Problem
	Notices    []Problem
	Drift      []Drift
	Unchanged  int // nouns that the files repeat as they are
	Skipped    int // rows that another system's export holds and Muster does not keep

	rejected []map[int]string // per table: index of the row → its problems
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

// Drift is a difference between a file and what the agent sees. It is shown and
// never written.
type Drift struct {
	Place
	Key      string `json:"key"`
	Declared string `json:"declared"`
	Observed string `json:"observed"`
}
