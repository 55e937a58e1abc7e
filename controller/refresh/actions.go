package refresh

import (
	"time"

	"muster/inventory"
)

// Action is one thing that a person says of a swap: Plan, Schedule, Do, Fail,
// Undo, RollBack, Cancel, Check, HandIn or Close. It is the body of its event.
type Action interface {
	body
	verb() string
	// refuse says why the action does not fit the swap and its scene; at is when
	// it happened.
	refuse(s inventory.Swap, o Order, at time.Time) *Refusal
	// settle is the action as it is recorded: what was left out is filled in.
	settle(s inventory.Swap, o Order) Action
}

// Plan makes a swap for a position, or plans one anew that failed. ID is needed
// for a new one.
type Plan struct {
	ID         string         `json:"id"`
	Position   string         `json:"position"`
	Site       string         `json:"site"`
	Old        string         `json:"old,omitempty"`
	New        string         `json:"new,omitempty"`
	PlannedFor inventory.Date `json:"planned_for,omitempty"`
}

// Schedule puts a swap on a visit.
type Schedule struct {
	Visit string         `json:"visit"`
	Crew  string         `json:"crew,omitempty"`
	On    inventory.Date `json:"on,omitempty"`
}

// Do says that the new machine stands where the old one did. Empty tags are as
// planned.
type Do struct {
	New     string     `json:"new,omitempty"`
	Old     string     `json:"old,omitempty"`
	NoOld   bool       `json:"no_old,omitempty"`   // nothing stood there
	InPlace bool       `json:"in_place,omitempty"` // the same machine, installed anew
	Crew    string     `json:"crew,omitempty"`
	Checks  []Checking `json:"checks,omitempty"`
}

// Checking is one thing that a person tried at the desk.
type Checking struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Note   string `json:"note,omitempty"`
}

// Fail says that a swap was not done, why, and when it is tried again.
type Fail struct {
	Reason string         `json:"reason"`
	Next   inventory.Date `json:"next"`
}

// Undo takes back the last word: it was recorded by mistake.
type Undo struct {
	Reason string `json:"reason"`
}

// RollBack says that the old machine stands there again.
type RollBack struct {
	Reason string         `json:"reason"`
	Next   inventory.Date `json:"next,omitempty"`
}

// Cancel says that this swap will not be done.
type Cancel struct {
	Reason string `json:"reason"`
}

// Check records what a person tried at the desk.
type Check struct {
	Checks []Checking `json:"checks"`
}

// HandIn says that the old machine was scanned in.
type HandIn struct {
	Asset string `json:"asset"`
	Where string `json:"where,omitempty"`
}

// Close ends a verified swap whose old machine was handed in.
type Close struct{}

// Names of what a person may try at the desk. An organisation may have its own.
const (
	CheckSignedIn = "signed-in"
	CheckEMail    = "e-mail"
	CheckFiles    = "files"
	CheckRecord   = "record"
	CheckPrinted  = "printed"
)

// CheckNames lists the names that work lists ask for.
func CheckNames() []string {
	return []string{CheckSignedIn, CheckEMail, CheckFiles, CheckRecord, CheckPrinted}
}

func (Plan) verb() string     { return "plan" }
func (Schedule) verb() string { return "schedule" }
func (Do) verb() string       { return "do" }
func (Fail) verb() string     { return "fail" }
func (Undo) verb() string     { return "undo" }
func (RollBack) verb() string { return "roll back" }
func (Cancel) verb() string   { return "cancel" }
func (Check) verb() string    { return "check" }
func (HandIn) verb() string   { return "hand in the old one of" }
func (Close) verb() string    { return "close" }
