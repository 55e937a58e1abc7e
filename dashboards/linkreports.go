package dashboards

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"muster/inventory"
)

// Accounts makes link reports.
type Accounts interface {
	// LinkReport accounts for links over a period that is written as a month, a day
	// or two of either; an error of the reader's own wraps inventory.FieldErrors.
	LinkReport(ctx context.Context, q LinkQuery) (LinkReport, error)
}

// LinkQuery selects a report; empty fields select all, and the month so far.
type LinkQuery struct {
	From, To, Circuit, Site, Carrier string
}

// LinkReport is the time of links over a period.
type LinkReport struct {
	Period   inventory.Span
	Zone     *time.Location
	Total    LinkRow
	Carriers []LinkRow // Name is the carrier's
	Links    []LinkRow // Name is the circuit's
	Outages  []LinkOutage
	Unnamed  []string // circuits whose terms nobody wrote down
}

// LinkRow is the time of one link, or of several together.
type LinkRow struct {
	Name, Site, Carrier, Terms string
	Links                      int
	Backup                     bool

	inventory.LinkTime

	Promise, Fixes                     string // kept, missed, undetermined, no promise
	Missed, Undetermined, Outages      int
	LossRatio, MedianMillis, P95Millis inventory.Fact[float64]
}

// LinkOutage is one time that a link was down.
type LinkOutage struct {
	Circuit, Site, Carrier string
	Incident               string // empty: journals alone tell of it
	Spell                  int
	From, To               time.Time // To is zero while it goes on
	DownFor                time.Duration
	Cause                  inventory.Cause
	Grade                  inventory.Grade
	Whose                  string
	Void, ByJournals       bool
	Reason                 string
	Ticket                 string
	TicketOpenedAt         time.Time
	TicketClosedAt         time.Time
	FixMissed              bool
	Corrections            []string // who changed what and why
}

// LinksPage is the report of links.
type LinksPage struct {
	Frame

	Asked   LinkQuery
	Report  LinkReport
	Months  []MonthLink
	Periods string // the period in words
	Wrong   string
}

// MonthLink leads to the report of a month.
type MonthLink struct {
	Text, URL string
	Current   bool
}

const monthsBack = 6

func (p *Pages) links(w http.ResponseWriter, r *http.Request, who reader) error {
	if who.Role == inventory.RoleSiteOwner {
		return &pageError{http.StatusForbidden, "This report is for the desks.", "What goes on at your sites stands on their pages."}
	}
	if err := knownQuery(r, "from", "to", "circuit", "site", "carrier"); err != nil {
		return err
	}
	if p.o.Accounts == nil {
		return &pageError{http.StatusNotFound, "This controller makes no link reports.", "It keeps no samples of links."}
	}
	q := r.URL.Query()
	view := LinksPage{
		Frame: p.frame(r, "Link report", "links"),
		Asked: LinkQuery{From: q.Get("from"), To: q.Get("to"), Circuit: q.Get("circuit"), Site: q.Get("site"), Carrier: q.Get("carrier")},
	}
	view.CSV, view.JSON = "/api/v1/link-reports.csv?"+q.Encode(), "/api/v1/link-reports.json?"+q.Encode()
	report, err := p.o.Accounts.LinkReport(r.Context(), view.Asked)
	status := http.StatusOK
	var fields inventory.FieldErrors
	switch {
	case errors.As(err, &fields):
		view.Wrong, status = err.Error(), http.StatusUnprocessableEntity
		report.Zone = time.UTC
	case err != nil:
		return err
	}
	view.Report = report
	view.Months = months(p.o.Now().In(report.Zone), view.Asked)
	view.Periods = inWords(report.Period, report.Zone)
	return p.drawers.draw(w, status, "links", view)
}

// months leads to this month and those before.
func months(now time.Time, asked LinkQuery) []MonthLink {
	out := make([]MonthLink, 0, monthsBack)
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location())
	for back := range monthsBack {
		month := first.AddDate(0, -back, 0)
		from := month.Format("2006-01")
		query := url.Values{"from": {from}}
		for name, value := range map[string]string{"circuit": asked.Circuit, "site": asked.Site, "carrier": asked.Carrier} {
			if value != "" {
				query.Set(name, value)
			}
		}
		current := asked.To == "" && (asked.From == from || asked.From == "" && back == 0)
		out = append(out, MonthLink{Text: month.Format("January 2006"), URL: "/links?" + query.Encode(), Current: current})
	}
	return out
}

// stamp writes an instant to the second with its zone's offset.
func stamp(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04:05 -07:00")
}

func inWords(s inventory.Span, zone *time.Location) string {
	if s.From.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s to %s", stamp(s.From, zone), stamp(s.To, zone))
}

// tookFor writes a duration to the second as people read it.
func tookFor(d time.Duration) string {
	d = d.Round(time.Second)
	if d == 0 {
		return "–"
	}
	days := d / (24 * time.Hour)
	rest := d % (24 * time.Hour)
	text := fmt.Sprintf("%d:%02d:%02d", rest/time.Hour, rest%time.Hour/time.Minute, rest%time.Minute/time.Second)
	if days > 0 {
		return fmt.Sprintf("%d d %s", days, text)
	}
	return text
}

// shareOf writes a ratio in per cent, or why there is none.
func shareOf(f inventory.Fact[float64]) string {
	v, known := f.Get()
	if !known {
		return "unknown"
	}
	return strconv.FormatFloat(100*v, 'f', 3, 64) + " %"
}

// millisOf writes milliseconds, or that there are none.
func millisOf(f inventory.Fact[float64]) string {
	v, known := f.Get()
	if !known {
		return "unknown"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " ms"
}

// kept is a promise as a status.
func kept(promise string) Status {
	switch promise {
	case "kept":
		return Status{ToneOK, promise}
	case "missed":
		return Status{ToneDown, promise}
	case "undetermined":
		return Status{ToneUnknown, promise}
	default:
		return Status{ToneQuiet, "no promise"}
	}
}

// Parts are the four kinds of a link's time as a bar of 100.
func (t LinkRow) Parts() []Segment {
	whole := t.UpFor + t.DownFor + t.ExcludedFor + t.NotObservedFor
	if whole <= 0 {
		return nil
	}
	var out []Segment
	x := 0.0
	for _, part := range []struct {
		class string
		d     time.Duration
	}{{"ok", t.UpFor}, {"down", t.DownFor}, {"quiet", t.ExcludedFor}, {"unknown", t.NotObservedFor}} {
		if part.d <= 0 {
			continue
		}
		width := 100 * float64(part.d) / float64(whole)
		out = append(out, Segment{Class: part.class, X: x, Width: width})
		x += width
	}
	return out
}
