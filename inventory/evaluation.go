package inventory

import "time"

// Standing of one thing against one criterion.
type Standing string

// The five. They always sum to the scope.
const (
	StandingPass    Standing = "pass"
	StandingFail    Standing = "fail"
	StandingUnknown Standing = "unknown" // it was never measured, or cannot be
	StandingStale   Standing = "stale"   // it was measured too long ago
	StandingWaived  Standing = "waived"  // it failed, and somebody answers for that until a date
)

// ReadyVerdict is what a gate says of a site.
type ReadyVerdict string

// The verdicts. Undecided asks a person; it never passes by itself.
const (
	VerdictReady     ReadyVerdict = "ready"
	VerdictBlocked   ReadyVerdict = "blocked"   // something failed
	VerdictUndecided ReadyVerdict = "undecided" // something is unknown, stale, or there is nothing to judge
)

// CriterionResult is one criterion at one site.
type CriterionResult struct {
	ID      string       `json:"id"`
	Title   string       `json:"title,omitempty"`
	Over    string       `json:"over"`
	InScope int          `json:"in_scope"`
	Pass    int          `json:"pass"`
	Fail    int          `json:"fail"`
	Unknown int          `json:"unknown"`
	Stale   int          `json:"stale"`
	Waived  int          `json:"waived"`
	Percent float64      `json:"percent"`          // passed and waived, of those that count
	Need    string       `json:"need"`             // in words: "at least 95 % and 2 workstations"
	Verdict ReadyVerdict `json:"verdict"`          // of this criterion alone
	Reason  string       `json:"reason,omitempty"` // why it is not ready: "nothing is in scope at this site"
	AsOf    time.Time    `json:"as_of,omitzero"`   // the oldest measurement that counts
}

// Blocker is one thing that keeps a site from passing a gate.
type Blocker struct {
	ID        string    `json:"id"` // site/gate/criterion/row: stable while it lasts
	Site      string    `json:"site"`
	Gate      string    `json:"gate"`
	Criterion string    `json:"criterion"`
	Subject   Subject   `json:"subject"` // what it is about: a position, a workstation, a person, a link
	Standing  Standing  `json:"standing"`
	Reason    string    `json:"reason"`          // what was measured, against what
	At        time.Time `json:"at,omitzero"`     // when it was measured
	Clears    string    `json:"clears"`          // what would clear it
	Owner     string    `json:"owner,omitempty"` // a role or a person
	Since     time.Time `json:"since,omitzero"`  // when it was first seen
	Due       Date      `json:"due,omitempty"`
	Note      string    `json:"note,omitempty"`
}

// Evaluation is what a gate says of a site at a moment: kept for ever once
// recorded, so that readiness is known as it was known then.
type Evaluation struct {
	ID          string            `json:"id,omitempty"`
	Site        string            `json:"site"` // a site's code; of wider gates the wave's or the programme's
	Gate        string            `json:"gate"`
	GateVersion string            `json:"gate_version"` // the hash of its file
	At          time.Time         `json:"at"`
	AsOf        time.Time         `json:"as_of"` // the last open moment of the site
	Verdict     ReadyVerdict      `json:"verdict"`
	Criteria    []CriterionResult `json:"criteria"`
	Blockers    []Blocker         `json:"blockers"`
	// MoreBlockers counts those beyond the limit of the list.
	MoreBlockers int `json:"more_blockers,omitempty"`
}

// SignOffState is a step of a sign-off.
type SignOffState string

// The steps.
const (
	SignOffRequested  SignOffState = "requested"
	SignOffSigned     SignOffState = "signed"
	SignOffConditions SignOffState = "signed-with-conditions"
	SignOffDeclined   SignOffState = "declined"
	SignOffWeakened   SignOffState = "weakened" // what was signed no longer holds
	SignOffWithdrawn  SignOffState = "withdrawn"
)

// Condition is what a signer asked for; it is a blocker until it is met.
type Condition struct {
	Text  string    `json:"text"`
	Owner string    `json:"owner"`
	Due   Date      `json:"due,omitempty"`
	MetAt time.Time `json:"met_at,omitzero"`
	MetBy string    `json:"met_by,omitempty"`
}

// SignOff is the business owner's word that a site may go live. It pins the
// evaluation that was seen. Its key is site/gate.
type SignOff struct {
	Site       string       `json:"site"`
	Gate       string       `json:"gate"`
	State      SignOffState `json:"state"`
	Evaluation string       `json:"evaluation"` // its id
	AskedAt    time.Time    `json:"asked_at,omitzero"`
	AskedBy    string       `json:"asked_by,omitempty"`
	By         string       `json:"by,omitempty"`
	For        string       `json:"for,omitempty"` // the owner, where a deputy signed
	At         time.Time    `json:"at,omitzero"`
	Reason     string       `json:"reason,omitempty"`
	Conditions []Condition  `json:"conditions,omitempty"`
	WeakenedAt time.Time    `json:"weakened_at,omitzero"`
	Changed    []string     `json:"changed,omitempty"` // what is no longer as it was signed
	Version    int          `json:"version"`
}

// Holds reports whether the sign-off stands.
func (s SignOff) Holds() bool { return s.State == SignOffSigned || s.State == SignOffConditions }

// Waiver lets a criterion, or one thing in it, pass until a date.
type Waiver struct {
	ID        string    `json:"id"`
	Site      string    `json:"site"`
	Gate      string    `json:"gate"`
	Criterion string    `json:"criterion"`
	Subject   string    `json:"subject,omitempty"` // a row's key; empty: the whole criterion
	Owner     string    `json:"owner"`
	Reason    string    `json:"reason"`
	Until     Date      `json:"until"` // the last day on which it holds
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Version   int       `json:"version"`
}

// BlockerCare is what people settled about a blocker; its key is the blocker's id.
type BlockerCare struct {
	ID          string    `json:"id"`
	Owner       string    `json:"owner,omitempty"` // instead of the criterion's
	Due         Date      `json:"due,omitempty"`
	Note        string    `json:"note,omitempty"`
	By          string    `json:"by"`
	At          time.Time `json:"at"`
	Since       time.Time `json:"since,omitzero"`
	RemindedAt  time.Time `json:"reminded_at,omitzero"`
	EscalatedAt time.Time `json:"escalated_at,omitzero"`
	Version     int       `json:"version"`
}

// Baseline is what was promised: frozen, with who approved it. Its key is
// programme/number.
type Baseline struct {
	Programme string          `json:"programme"`
	Number    int             `json:"number"`
	Target    Date            `json:"target"`
	Scope     int             `json:"scope"`           // positions
	Waves     map[string]Date `json:"waves,omitempty"` // go-live by wave
	Approver  string          `json:"approver"`
	Reason    string          `json:"reason,omitempty"`
	By        string          `json:"by"`
	At        time.Time       `json:"at"`
}

// Kinds of event of readiness.
const (
	EventReadinessChanged = "readiness.changed"
	EventSignOffRequested = "sign-off.requested"
	EventSignOffSigned    = "sign-off.signed"
	EventSignOffDeclined  = "sign-off.declined"
	EventSignOffWeakened  = "sign-off.weakened"
	EventSignOffWithdrawn = "sign-off.withdrawn"
	EventSignOffMet       = "sign-off.condition-met"
	EventWaiverGiven      = "waiver.given"
	EventWaiverEnded      = "waiver.ended"
	EventBlockerCared     = "blocker.cared"
	EventBaselineFrozen   = "baseline.frozen"
	EventWhatIfSaved      = "what-if.saved"
	EventAssetWiped       = "asset.wiped"
	EventAssetDisposed    = "asset.disposed"
	EventAssetHandedIn    = "asset.handed-in"
	EventAssetKeptApart   = "asset.kept-apart" // two that share a number are two machines
	EventAssetMerged      = "asset.merged"     // they are one
	EventPersonErased     = "person.erased"
)
