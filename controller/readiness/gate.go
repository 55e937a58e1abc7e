package readiness

import (
	"time"

	"muster/inventory"
)

// Scope is what a gate judges.
type Scope string

// The scopes.
const (
	ScopeSite      Scope = "site"
	ScopeWave      Scope = "wave"
	ScopeProgramme Scope = "programme"
)

// UnknownRule is what becomes of rows whose standing nobody knows.
type UnknownRule string

// The rules. Whatever the rule, the rows stay counted as unknown.
const (
	UnknownHold    UnknownRule = "hold"    // undecided, where it matters
	UnknownFail    UnknownRule = "fail"    // as if they failed
	UnknownExclude UnknownRule = "exclude" // left out of the percentage
)

// Gate is a loaded file. It does not change, and any number of goroutines may
// evaluate it.
type Gate struct {
	Name     string
	Title    string
	Notes    string
	File     string
	Version  string // a hash of the file's content
	Scope    Scope
	KeepLive bool // judges sites that are live, not whether they may go live
	Criteria []Criterion
	SignOff  *SignOffRule // nil: nobody signs
	Tests    []GateTest
}

// Criterion counts rows and judges them.
type Criterion struct {
	ID      string
	Title   string
	Over    Over
	Where   string // CEL; empty: every row
	Pass    string // CEL
	Fresh   Fresh
	Need    Need
	Unknown UnknownRule
	Owner   string // whose its blockers are
	Clears  string // a text with {position.room} in it; empty: from the predicate
	Line    int

	where, pass *predicate
	clears      *template
	through     bool // it reads what a position's workstation measured
}

// Need is how much of a scope must pass. A file that says nothing needs all of it.
type Need struct {
	MinPercent      float64 // of those that count
	MinCount        int
	MinWorkstations int // in each group, as of a service; all, where there are fewer
}

// SignOffRule is who signs, and what weakens it.
type SignOffRule struct {
	Role    string
	FailFor time.Duration // of open hours that a criterion must fail
}

// GateTest is one fixture beside the gate with what it must come to.
type GateTest struct {
	Name   string
	Given  string // a path relative to the gate's file
	Expect map[string]Expectation
	Line   int
}

// Settled is what people settled about a site: it stands beside the facts.
type Settled struct {
	Waivers []inventory.Waiver
	Care    map[string]inventory.BlockerCare // by the blocker's id
	SignOff *inventory.SignOff               // its unmet conditions are blockers
	Before  *inventory.Evaluation            // blockers that were there keep their Since
}

// Evaluate judges the facts at a moment. Waivers of other sites, gates and days
// are passed over.
func (g *Gate) Evaluate(f *Facts, s Settled, now time.Time) inventory.Evaluation {
	return g.judge(f, g.marks(f), f.clock(now), s)
}
