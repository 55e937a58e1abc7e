package inventory

import (
	"regexp"
	"time"
)

// SwapState is a step of a swap.
type SwapState string

// The steps in order, then the ways out.
const (
	SwapPlanned    SwapState = "planned"
	SwapScheduled  SwapState = "scheduled" // on a visit
	SwapSwapped    SwapState = "swapped"   // a person says that it is done
	SwapVerified   SwapState = "verified"  // evidence says so
	SwapClosed     SwapState = "closed"    // and the old one is handed in
	SwapFailed     SwapState = "failed"    // not done, with a reason and a next date
	SwapRolledBack SwapState = "rolled-back"
	SwapCancelled  SwapState = "cancelled"
)

// SwapStates lists every state.
func SwapStates() []SwapState {
	return []SwapState{SwapPlanned, SwapScheduled, SwapSwapped, SwapVerified, SwapClosed, SwapFailed, SwapRolledBack, SwapCancelled}
}

// HalfGrade says how a half of a swap is known.
type HalfGrade string

// The grades of a half: a person's word, or evidence.
const (
	HalfOpen     HalfGrade = ""
	HalfDeclared HalfGrade = "declared" // scanned in by a person: it never had an agent
	HalfObserved HalfGrade = "observed" // seen by its agent, or observed silent
)

// Half is one half of a swap: the old machine gone, or the new one at work.
type Half struct {
	Grade  HalfGrade `json:"grade,omitempty"`
	At     time.Time `json:"at,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"` // what was seen; of an open half, what is missing
}

// Done reports whether the half is known.
func (h Half) Done() bool { return h.Grade != HalfOpen }

// PersonCheck is what a person tried at the desk: signed in, e-mail, files, a
// record opened, printed.
type PersonCheck struct {
	Name   string    `json:"name"`
	Passed bool      `json:"passed"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Note   string    `json:"note,omitempty"`
}

// Swap replaces what stands at a position. ID is its key: x and eight of 0–9, a–z.
type Swap struct {
	ID         string        `json:"id"`
	Position   string        `json:"position"`
	Site       string        `json:"site"`
	Old        string        `json:"old,omitempty"` // asset tags; empty: none, or not known yet
	New        string        `json:"new,omitempty"`
	Visit      string        `json:"visit,omitempty"`
	PlannedFor Date          `json:"planned_for,omitempty"`
	State      SwapState     `json:"state"`
	DoneAt     time.Time     `json:"done_at,omitzero"` // as a person says; it may be recorded later
	DoneBy     string        `json:"done_by,omitempty"`
	Crew       string        `json:"crew,omitempty"`
	OldHalf    Half          `json:"old_half"`
	NewHalf    Half          `json:"new_half"`
	VerifiedAt time.Time     `json:"verified_at,omitzero"`
	Declared   bool          `json:"declared,omitempty"` // verified, with a half that rests on a person's word
	Reason     string        `json:"reason,omitempty"`   // of what was not done, rolled back or cancelled
	Next       Date          `json:"next,omitempty"`     // when it is tried again
	Checks     []PersonCheck `json:"checks,omitempty"`   // the newest of each name
	Missing    []string      `json:"missing,omitempty"`  // why a swapped one is not verified yet
	Version    int           `json:"version"`            // rises with each change: a writer names the one it read
	ChangedAt  time.Time     `json:"changed_at,omitzero"`
	ChangedBy  string        `json:"changed_by,omitempty"`
	// WordVersion is the version that a person's word last made: a writer who
	// has read that one overwrites nobody, whatever evidence came in since.
	WordVersion int       `json:"word_version,omitempty"`
	SaidAt      time.Time `json:"said_at,omitzero"`      // when what was last said to be done was done
	PlannedAt   time.Time `json:"planned_at,omitzero"`   // when the plan was made
	PlannedOld  string    `json:"planned_old,omitempty"` // asset tags as planned; Old and New are as done
	PlannedNew  string    `json:"planned_new,omitempty"`
	InPlace     bool      `json:"in_place,omitempty"` // the same machine, installed anew
	HandedInAt  time.Time `json:"handed_in_at,omitzero"`
	HandedInBy  string    `json:"handed_in_by,omitempty"`
}

var swapID = regexp.MustCompile(`^x[0-9a-z]{8}$`)

// ValidSwapID reports whether id has the form of a swap's key.
func ValidSwapID(id string) bool { return swapID.MatchString(id) }

// SwapFilter selects swaps; zero fields select all.
type SwapFilter struct {
	Site     string
	Position string
	Visit    string
	Wave     string
	State    SwapState
	Page
}

// Kinds of event of the refresh. Each carries in its body what a person or the
// evidence said; a swap is what its events add up to.
const (
	EventSwapPlanned    = "swap.planned"
	EventSwapScheduled  = "swap.scheduled"
	EventSwapDone       = "swap.done"
	EventSwapFailed     = "swap.failed"
	EventSwapUndone     = "swap.undone"
	EventSwapRolledBack = "swap.rolled-back"
	EventSwapCancelled  = "swap.cancelled"
	EventSwapNew        = "swap.new-seen"
	EventSwapOld        = "swap.old-gone"
	EventSwapVerified   = "swap.verified"
	EventSwapUnverified = "swap.unverified"
	EventSwapClosed     = "swap.closed"
	EventSwapChecked    = "swap.checked"
	EventSwapHandedIn   = "swap.handed-in"
)

// NounSwap and the rest are what a refresh works on.
const (
	NounSwap      Noun = "swap"
	NounSignOff   Noun = "sign-off"
	NounWaiver    Noun = "waiver"
	NounBlocker   Noun = "blocker"
	NounBaseline  Noun = "baseline"
	NounWhatIf    Noun = "what-if"
	NounWipe      Noun = "wipe"
	NounDisposal  Noun = "disposal"
	NounReadiness Noun = "readiness"
	NounPerson    Noun = "person"
)

// Visit is a dated crew at a site with the swaps that it does. Code is its key.
type Visit struct {
	Code   string   `json:"code"`
	Site   string   `json:"site"`
	Date   Date     `json:"date"`
	From   string   `json:"from,omitempty"` // 08:30, in the site's zone
	To     string   `json:"to,omitempty"`
	Crew   string   `json:"crew"`
	People []string `json:"people,omitempty"` // technicians, as they sign
	State  string   `json:"state,omitempty"`  // empty is planned; done, cancelled
	Reason string   `json:"reason,omitempty"`
	Notes  string   `json:"notes,omitempty"`
}

// States of a visit beside the planned one.
const (
	VisitPlanned   = "planned"
	VisitDone      = "done"
	VisitCancelled = "cancelled"
)

// Validate returns FieldErrors, or nil.
func (v Visit) Validate() error {
	var es FieldErrors
	es.key("code", v.Code, 64)
	es.site("site", v.Site)
	es.date("date", v.Date)
	if !v.Date.Set() {
		es.add("date", "missing")
	}
	es.key("crew", v.Crew, 64)
	for field, clock := range map[string]string{"from": v.From, "to": v.To} {
		if clock == "" {
			continue
		}
		if _, err := minuteOf(clock); err != nil {
			es.add(field, "%s", err)
		}
	}
	if v.From != "" && v.To != "" && v.To <= v.From {
		es.add("to", "%s lies before its beginning, %s", v.To, v.From)
	}
	switch v.State {
	case "", VisitPlanned, VisitDone, VisitCancelled:
	default:
		es.add("state", "%q is none of planned, done and cancelled", v.State)
	}
	es.list("people", v.People)
	es.texts("reason", v.Reason, "notes", v.Notes)
	return es.err()
}

// Consignment is a delivery of assets to a depot or site. Code is its key.
type Consignment struct {
	Code     string   `json:"code"`
	Order    string   `json:"order,omitempty"`
	Supplier string   `json:"supplier,omitempty"`
	Site     string   `json:"site,omitempty"` // where it is delivered; empty: the depot
	Expected Date     `json:"expected,omitempty"`
	Arrived  Date     `json:"arrived,omitempty"`
	Count    int      `json:"count,omitempty"` // pieces announced
	Assets   []string `json:"assets,omitempty"`
	Notes    string   `json:"notes,omitempty"`
}

// Validate returns FieldErrors, or nil.
func (c Consignment) Validate() error {
	var es FieldErrors
	es.key("code", c.Code, 64)
	if c.Site != "" {
		es.site("site", c.Site)
	}
	es.date("expected", c.Expected)
	es.date("arrived", c.Arrived)
	if c.Count < 0 || c.Count > 100_000 {
		es.add("count", "%d is outside 0 to 100000", c.Count)
	}
	es.longList("assets", c.Assets)
	for _, tag := range c.Assets {
		es.key("assets", tag, 64)
	}
	es.texts("order", c.Order, "supplier", c.Supplier, "notes", c.Notes)
	return es.err()
}

// Wipe is the record that an asset's drive was erased.
type Wipe struct {
	Asset       string    `json:"asset"`
	Method      string    `json:"method"` // overwrite, crypto-erase, degauss, shred
	Tool        string    `json:"tool,omitempty"`
	DriveSerial string    `json:"drive_serial"`
	Certificate string    `json:"certificate,omitempty"`
	Verifier    string    `json:"verifier"` // another person than who wiped
	By          string    `json:"by"`
	At          time.Time `json:"at"`
}

// Disposal is the record that an asset left the organisation.
type Disposal struct {
	Asset       string    `json:"asset"`
	Method      string    `json:"method"` // recycled, sold, donated, destroyed
	Taker       string    `json:"taker"`
	Certificate string    `json:"certificate,omitempty"`
	By          string    `json:"by"`
	At          time.Time `json:"at"`
}
