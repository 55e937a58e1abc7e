package inventory

import (
	"fmt"
	"slices"
)

// Staff is one person's post: the denominator of training and of people
// affected. Number is its key. Name is personal: it is kept apart, may be
// erased, and is never part of an event.
type Staff struct {
	Number string `json:"number"`
	Site   string `json:"site"`
	Role   string `json:"role,omitempty"`
	From   Date   `json:"from,omitempty"` // the first day; empty: always
	To     Date   `json:"to,omitempty"`   // the last day; empty: none
	Name   string `json:"name,omitempty"`
}

// On reports whether the person is on the staff on day.
func (s Staff) On(day Date) bool {
	return (!s.From.Set() || day >= s.From) && (!s.To.Set() || day <= s.To)
}

// Validate returns FieldErrors, or nil.
func (s Staff) Validate() error {
	var es FieldErrors
	es.key("number", s.Number, 32)
	es.site("site", s.Site)
	es.texts("role", s.Role, "name", s.Name)
	es.date("from", s.From)
	es.date("to", s.To)
	if s.From.Set() && s.To.Set() && s.To < s.From {
		es.add("to", "%s lies before %s", s.To, s.From)
	}
	return es.err()
}

// Course is a training that roles need. Code is its key.
type Course struct {
	Code        string   `json:"code"` // lower case: records-basic
	Name        string   `json:"name"`
	Roles       []string `json:"roles,omitempty"`        // who needs it; empty: everybody
	ValidMonths int      `json:"valid_months,omitempty"` // 0: for ever
	Programme   string   `json:"programme,omitempty"`
}

// Needs reports whether a role needs the course.
func (c Course) Needs(role string) bool {
	return len(c.Roles) == 0 || slices.Contains(c.Roles, role)
}

// Validate returns FieldErrors, or nil.
func (c Course) Validate() error {
	var es FieldErrors
	if !ValidServiceName(c.Code) {
		es.add("code", "%.60q is not a course's code: want 1 to 32 of a-z, 0-9 and -", c.Code)
	}
	es.key("name", c.Name, 200)
	es.list("roles", c.Roles)
	if c.ValidMonths < 0 || c.ValidMonths > 600 {
		es.add("valid_months", "%d is outside 0 to 600", c.ValidMonths)
	}
	return es.err()
}

// Training says that somebody completed a course. Staff and Course are its key.
type Training struct {
	Staff  string `json:"staff"`
	Course string `json:"course"`
	On     Date   `json:"on"`
	Until  Date   `json:"until,omitempty"` // empty: by the course's validity
	Source string `json:"source,omitempty"`
}

// Key is "staff/course".
func (t Training) Key() string { return t.Staff + "/" + t.Course }

// Validate returns FieldErrors, or nil.
func (t Training) Validate() error {
	var es FieldErrors
	es.key("staff", t.Staff, 32)
	if !ValidServiceName(t.Course) {
		es.add("course", "%.60q is not a course's code", t.Course)
	}
	es.date("on", t.On)
	if !t.On.Set() {
		es.add("on", "missing")
	}
	es.date("until", t.Until)
	es.text("source", t.Source)
	return es.err()
}

// Milestone is a step of moving records: a service area in a wave. Code is its key.
type Milestone struct {
	Code     string   `json:"code"`
	Area     string   `json:"area"` // adults' records, children's records
	Wave     string   `json:"wave,omitempty"`
	Site     string   `json:"site,omitempty"` // empty: every site of the wave
	Name     string   `json:"name"`
	After    []string `json:"after,omitempty"` // milestones that must be done before
	Planned  Date     `json:"planned,omitempty"`
	Actual   Date     `json:"actual,omitempty"`   // empty: not done
	Expected int      `json:"expected,omitempty"` // records to move
	Moved    int      `json:"moved,omitempty"`
	Rejected int      `json:"rejected,omitempty"`
	Owner    string   `json:"owner,omitempty"`
	Notes    string   `json:"notes,omitempty"`
}

// Reconciled reports whether every record that was expected is accounted for.
func (m Milestone) Reconciled() bool { return m.Expected == m.Moved+m.Rejected }

// Validate returns FieldErrors, or nil.
func (m Milestone) Validate() error {
	var es FieldErrors
	es.key("code", m.Code, 64)
	es.key("area", m.Area, 200)
	es.key("name", m.Name, 200)
	if m.Wave != "" {
		es.code("wave", m.Wave)
	}
	if m.Site != "" {
		es.site("site", m.Site)
	}
	es.list("after", m.After)
	for _, code := range m.After {
		es.key("after", code, 64)
		if code == m.Code {
			es.add("after", "it waits for itself")
		}
	}
	es.date("planned", m.Planned)
	es.date("actual", m.Actual)
	for _, n := range []struct {
		field string
		count int
	}{{"expected", m.Expected}, {"moved", m.Moved}, {"rejected", m.Rejected}} {
		if n.count < 0 || n.count > 1_000_000_000 {
			es.add(n.field, "%d is outside 0 to 1000000000", n.count)
		}
	}
	if m.Actual.Set() && !m.Reconciled() {
		es.add("actual", "%s", fmt.Sprintf("done, and %d moved and %d rejected are not the %d expected", m.Moved, m.Rejected, m.Expected))
	}
	es.texts("owner", m.Owner, "notes", m.Notes)
	return es.err()
}

// The declared nouns of the refresh, beside those of the estate.
const (
	NounProgramme   Noun = "programme"
	NounWave        Noun = "wave"
	NounPosition    Noun = "position"
	NounVisit       Noun = "visit"
	NounConsignment Noun = "consignment"
	NounStaff       Noun = "staff"
	NounCourse      Noun = "course"
	NounTraining    Noun = "training"
	NounMilestone   Noun = "milestone"
)
