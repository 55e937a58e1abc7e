package inventory

import (
	"net/netip"
	"time"
)

// ReportRow is one report on its way to disk. (Workstation, Run, Seq) is its
// name; Hash tells a repeat from a conflict.
type ReportRow struct {
	Workstation  string
	Run          string
	Boot         string
	Seq          uint64
	Hash         [32]byte   // SHA-256 of the body as it came, decompressed
	ReceivedAt   time.Time  // by the controller's clock
	ReadAt       time.Time  // when the machine read it, by the controller's clock
	Addr         netip.Addr // from which it came; invalid where a neighbour relayed it
	AgentVersion string
	Name         string // the computer's own name; empty leaves the one that is known
	Body         []byte // the report's JSON
	Lists        []ListRow
	Journal      []JournalRow
	KeyVersion   int // newest pool key that the agent holds; 0 says nothing
}

// ListRow is one whole list of a machine, deltas applied. List is hardware,
// firmware, os or software; Body is the list's JSON. For software it is the
// array of programs, or {"unknown": "why"} where it could not be read.
type ListRow struct {
	List string
	Hash string
	Body []byte
}

// JournalRow is one journal record on its way to disk or back. (workstation,
// Run, N) is its name, and the first to arrive stays.
type JournalRow struct {
	Run       string
	N         uint64
	Boot      string
	BootClock time.Duration
	At        time.Time // when it was written, by the controller's clock
	Kind      string    // tick, edge, start or leave
	Body      []byte    // the record's JSON
}

// Outcome is what became of one ReportRow. Exactly one field is true, unless
// the workstation is not registered: then none is.
type Outcome struct {
	Fresh    bool // committed now
	Repeat   bool // the same report had been committed before
	Conflict bool // another report of this name had been committed before
}

// LoggedReport is one report of the intake log. Positions rise in the order of
// commit.
type LoggedReport struct {
	Position int64
	ReportRow
}
