package inventory

import (
	"fmt"
	"slices"
	"time"
)

// Programme is one refresh: what is done, until when, over which working days.
// Code is its key.
type Programme struct {
	Code     string   `json:"code"`
	Name     string   `json:"name"`
	Zone     string   `json:"zone,omitempty"`   // IANA name; empty is Europe/London
	Target   Date     `json:"target,omitempty"` // the date that was promised
	Freezes  []string `json:"freezes,omitempty"`
	Holidays []string `json:"holidays,omitempty"` // dates or spans beside the bank holidays
	Notes    string   `json:"notes,omitempty"`
}

// Validate returns FieldErrors, or nil.
func (p Programme) Validate() error {
	var es FieldErrors
	es.code("code", p.Code)
	es.key("name", p.Name, 200)
	es.date("target", p.Target)
	if _, err := p.Location(); err != nil || p.Zone == "Local" {
		es.add("zone", "%q is not a time zone such as Europe/London", p.Zone)
	}
	es.daySpans("freezes", p.Freezes)
	es.daySpans("holidays", p.Holidays)
	es.text("notes", p.Notes)
	return es.err()
}

// Location is the programme's time zone: its days begin there.
func (p Programme) Location() (*time.Location, error) {
	if p.Zone == "" {
		return time.LoadLocation(DefaultZone)
	}
	return time.LoadLocation(p.Zone)
}

// Wave is a set of sites that go live together. Code is its key.
type Wave struct {
	Code      string   `json:"code"`
	Programme string   `json:"programme"`
	Name      string   `json:"name"`
	Sites     []string `json:"sites,omitempty"`
	Starts    Date     `json:"starts,omitempty"` // the first visit
	Ends      Date     `json:"ends,omitempty"`   // the last visit
	GoLive    Date     `json:"go_live,omitempty"`
	Crews     int      `json:"crews,omitempty"`   // planned for it
	OnHold    string   `json:"on_hold,omitempty"` // why nothing moves; empty: it moves
	Notes     string   `json:"notes,omitempty"`
}

// Validate returns FieldErrors, or nil.
func (w Wave) Validate() error {
	var es FieldErrors
	es.code("code", w.Code)
	es.code("programme", w.Programme)
	es.key("name", w.Name, 200)
	es.codes("sites", w.Sites)
	es.date("starts", w.Starts)
	es.date("ends", w.Ends)
	es.date("go_live", w.GoLive)
	if w.Starts.Set() && w.Ends.Set() && w.Ends < w.Starts {
		es.add("ends", "%s lies before its start, %s", w.Ends, w.Starts)
	}
	if w.Crews < 0 || w.Crews > 1000 {
		es.add("crews", "%d is outside 0 to 1000", w.Crews)
	}
	es.texts("on_hold", w.OnHold, "notes", w.Notes)
	return es.err()
}

// Position is a desk at a site: the denominator of swaps. Code is its key.
type Position struct {
	Code     string `json:"code"`
	Site     string `json:"site"`
	Room     string `json:"room,omitempty"`
	Desk     string `json:"desk,omitempty"`
	Role     string `json:"role,omitempty"`         // whose work is done there: social worker, reception …
	Class    string `json:"class,omitempty"`        // standard, laptop, kiosk …: a column of the access matrix
	Asset    string `json:"asset,omitempty"`        // the tag of what stands there, as declared
	OutScope string `json:"out_of_scope,omitempty"` // why nothing is swapped here; empty: in scope
	Keep     string `json:"keep,omitempty"`         // what must survive the swap: a second screen, a label printer
	Notes    string `json:"notes,omitempty"`
}

// InScope reports whether the position counts.
func (p Position) InScope() bool { return p.OutScope == "" }

// Validate returns FieldErrors, or nil.
func (p Position) Validate() error {
	var es FieldErrors
	es.key("code", p.Code, 64)
	es.site("site", p.Site)
	es.texts("room", p.Room, "desk", p.Desk, "role", p.Role, "class", p.Class, "out_of_scope", p.OutScope, "keep", p.Keep, "notes", p.Notes)
	if len(p.Asset) > 64 {
		es.add("asset", "longer than 64 characters")
	}
	es.text("asset", p.Asset)
	return es.err()
}

// DaySpan is one day, or several from From to To, both included.
type DaySpan struct {
	From Date
	To   Date
	Why  string
}

// Covers reports whether day lies within.
func (s DaySpan) Covers(day Date) bool { return day >= s.From && day <= s.To }

// ParseDaySpan reads "2026-12-21" or "2026-12-21/2027-01-02 change freeze".
func ParseDaySpan(text string) (DaySpan, error) {
	days, why := text, ""
	for i, r := range text {
		if r == ' ' {
			days, why = text[:i], text[i+1:]
			break
		}
	}
	first, last := days, days
	for i, r := range days {
		if r == '/' {
			first, last = days[:i], days[i+1:]
			break
		}
	}
	from, err := ParseDate(first)
	if err == nil {
		var to Date
		if to, err = ParseDate(last); err == nil && from.Set() && to >= from {
			return DaySpan{From: from, To: to, Why: why}, nil
		}
	}
	return DaySpan{}, fmt.Errorf("cannot read days %q: want 2026-12-25, or 2026-12-21/2027-01-02 and why", text)
}

func (es *FieldErrors) daySpans(field string, spans []string) {
	es.list(field, spans)
	for _, text := range spans {
		if _, err := ParseDaySpan(text); err != nil {
			es.add(field, "%s", err)
		}
	}
}

// code checks the short key of a thing that people made up: as a site's.
func (es *FieldErrors) code(field, value string) {
	if !ValidSiteCode(value) {
		es.add(field, "%q is not a code: want 1 to 16 of A-Z, 0-9, - and _", value)
	}
}

// codes checks several site codes, each once.
func (es *FieldErrors) codes(field string, values []string) {
	if len(values) > MaxSitesOfWave {
		es.add(field, "%d, the limit is %d", len(values), MaxSitesOfWave)
	}
	for i, value := range values {
		es.site(field, value)
		if slices.Contains(values[:i], value) {
			es.add(field, "%s is named twice", value)
		}
	}
}

// MaxSitesOfWave bounds the sites of one wave: so many still fit one cell of a
// workbook.
const MaxSitesOfWave = 1500

func (es *FieldErrors) site(field, value string) {
	if !ValidSiteCode(value) {
		es.add(field, "%q is not a site code", value)
	}
}
