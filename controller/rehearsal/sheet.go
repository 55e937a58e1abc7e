package rehearsal

import (
	"time"

	"muster/inventory"
)

// Sheet is the judgement of one rehearsal. Its JSON is what `make rehearse
// JSON=1` prints, one object a file.
type Sheet struct {
	Name       string     `json:"name"`
	File       string     `json:"file,omitempty"`
	Seed       uint64     `json:"seed"`
	Size       int        `json:"size,omitempty"` // of the sites; zero: as the file is
	Passed     bool       `json:"passed"`
	Incidents  []Judged   `json:"incidents"`
	Events     []Judged   `json:"events"`
	Missed     []string   `json:"missed"`
	Unexpected []Judged   `json:"unexpected"`
	Wrong      []Wrong    `json:"wrong_and_confident"`
	Seconds    float64    `json:"seconds"` // on the wall
	Presence   []Judged   `json:"presence,omitempty"`
	Folded     []Judged   `json:"folded,omitempty"`
	Lines      []Line     `json:"lines"` // one an expectation
	Openings   int        `json:"openings"`
	Score      Score      `json:"score"`
	Baselines  []Baseless `json:"baselines,omitempty"`
	Broken     string     `json:"broken,omitempty"` // the run itself failed
}

// Judged is one incident as it is shown.
type Judged struct {
	ID            string                  `json:"id"`
	Cause         inventory.Cause         `json:"cause"`
	Scope         inventory.Scope         `json:"scope"`
	State         inventory.IncidentState `json:"state"`
	StartedAt     time.Time               `json:"started_at"`
	DetectedAt    time.Time               `json:"detected_at"`
	CausedAt      *time.Time              `json:"caused_at"` // null: never, as with those that follow
	OpenedAt      *time.Time              `json:"opened_at"`
	ResolvedAt    *time.Time              `json:"resolved_at"`
	Grade         inventory.Grade         `json:"grade"`
	Confidence    float64                 `json:"confidence"`
	Notifications int                     `json:"notifications"` // openings
	Closings      int                     `json:"closings"`
	Updates       int                     `json:"updates"`
	Flaps         int                     `json:"flaps,omitempty"`
	Verdicts      []JudgedVerdict         `json:"verdicts"`
}

// JudgedVerdict is one verdict of an incident.
type JudgedVerdict struct {
	At         time.Time       `json:"at"`
	Cause      inventory.Cause `json:"cause"`
	Grade      inventory.Grade `json:"grade"`
	Confidence float64         `json:"confidence"`
	Reason     string          `json:"reason,omitempty"`
}

// Wrong is a verdict that was wrong and sure of itself.
type Wrong struct {
	Cause      inventory.Cause `json:"cause"`
	Scope      inventory.Scope `json:"scope"`
	At         time.Time       `json:"at"`
	Confidence float64         `json:"confidence"`
}

// Line is how one expectation was met. Seconds count from its From, Resolved from
// the healing; negative is never.
type Line struct {
	Line     int             `json:"line"`
	Expected inventory.Cause `json:"expected"`
	Subject  string          `json:"subject"`
	Detected float64         `json:"detected_seconds"`
	Caused   float64         `json:"caused_seconds"`
	Opened   float64         `json:"opened_seconds"`
	Resolved float64         `json:"resolved_seconds"`
	Final    inventory.Cause `json:"final,omitempty"`
	Grade    inventory.Grade `json:"grade,omitempty"`
	// Prompt says that people are to be told at once: the line asks for its cause
	// within a minute, and it lasts.
	Prompt bool     `json:"prompt,omitempty"`
	Met    bool     `json:"met"`
	Why    []string `json:"why,omitempty"`
}

// Score counts what was right when, over the lines where it could be known: by
// 15 s and 60 s where the line asks for it by then, 60 s after healing where it
// heals and the file goes on for so long.
type Score struct {
	At15       Tally `json:"right_at_15s"`
	At60       Tally `json:"right_at_60s"`
	Healed     Tally `json:"right_at_heal_60s"`
	Openings   int   `json:"openings"`    // of incidents that were expected
	OfExpected int   `json:"of_expected"` // incidents that those belong to
	FalsePages int   `json:"false_pages"`
	// SiteMonths is the span of observation: sites times months of fleet time.
	SiteMonths float64 `json:"site_months"`
	Confident  int     `json:"wrong_and_confident"`
}

// Tally is so many of so many.
type Tally struct {
	Right int `json:"right"`
	Of    int `json:"of"`
}

func (t *Tally) count(right bool) {
	t.Of++
	if right {
		t.Right++
	}
}

// Plus adds scores of several rehearsals.
func (s Score) Plus(o Score) Score {
	s.At15.Right, s.At15.Of = s.At15.Right+o.At15.Right, s.At15.Of+o.At15.Of
	s.At60.Right, s.At60.Of = s.At60.Right+o.At60.Right, s.At60.Of+o.At60.Of
	s.Healed.Right, s.Healed.Of = s.Healed.Right+o.Healed.Right, s.Healed.Of+o.Healed.Of
	s.Openings += o.Openings
	s.OfExpected += o.OfExpected
	s.FalsePages += o.FalsePages
	s.SiteMonths += o.SiteMonths
	s.Confident += o.Confident
	return s
}

func (o *story) judged() Judged {
	i := o.last
	j := Judged{
		ID: i.ID, Cause: i.Cause, Scope: i.Scope, State: i.State, StartedAt: i.StartedAt, DetectedAt: o.detected(),
		CausedAt: instant(i.CausedAt), OpenedAt: instant(i.OpenedAt), ResolvedAt: instant(i.ResolvedAt), Grade: i.Grade, Confidence: i.Confidence,
		Notifications: len(o.opened), Closings: o.closed, Updates: o.updated, Flaps: i.Flaps,
		Verdicts: make([]JudgedVerdict, 0, len(i.Verdicts)),
	}
	for _, v := range i.Verdicts {
		j.Verdicts = append(j.Verdicts, JudgedVerdict{v.At, v.Cause, v.Grade, v.Confidence, v.Reason})
		if j.CausedAt == nil && v.Cause != inventory.CauseUnknown {
			j.CausedAt = instant(v.At)
		}
	}
	return j
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
