package sla

import (
	"slices"
	"time"

	"muster/inventory"
)

// Kept says whether a promise was kept. Where the time that nobody observed
// could turn the answer, it is undetermined.
type Kept string

// The answers.
const (
	KeptYes     Kept = "kept"
	KeptNo      Kept = "missed"
	KeptUnknown Kept = "undetermined"
	KeptNone    Kept = "no promise"
)

// Facts is what is known of one link over a period.
type Facts struct {
	Link     inventory.Link
	Terms    Terms
	Zone     *time.Location     // of the programme; service hours are read in it
	Outages  []Outage           // corrected
	Observed []inventory.Span   // when the sweep had answers through the link
	Journals []inventory.Span   // when journals prove it up, though nobody looked
	Windows  []inventory.Window // that touch the link
	Minutes  []Minute           // loss and latency
}

// Account is a link's time over a period. UpFor + DownFor + ExcludedFor +
// NotObservedFor is the period's length, always.
type Account struct {
	Circuit string         `json:"circuit"`
	Site    string         `json:"site,omitempty"`
	Carrier string         `json:"carrier"`
	Role    string         `json:"role,omitempty"`
	Terms   string         `json:"terms,omitempty"`
	Period  inventory.Span `json:"period"`

	inventory.LinkTime

	Promise Kept    `json:"promise"`      // of availability, by the carrier's figure
	Fixes   Kept    `json:"fix_promise"`  // of the time to mend
	Loss    Kept    `json:"loss_promise"` // of loss
	Latency Kept    `json:"rtt_promise"`  // of latency
	Quality Quality `json:"quality"`
	Outages []Line  `json:"outages"`
}

// Line is an outage as the account shows it.
type Line struct {
	Outage
	DownFor     time.Duration `json:"down_ns"`     // within the period and not excluded
	ExcludedFor time.Duration `json:"excluded_ns"` // within the period
	FixFor      time.Duration `json:"fix_ns"`      // service time from its start to its end
	FixMissed   bool          `json:"fix_missed,omitempty"`
}

// Add makes the account of a link. now bounds what goes on and what is to come:
// the part of the period after now is not observed.
func Add(f Facts, period inventory.Span, now time.Time) Account {
	a := Account{
		Circuit: f.Link.Circuit, Site: f.Link.Site, Carrier: f.Link.Carrier, Role: string(f.Link.Role), Terms: f.Terms.Name,
		Period: period, Quality: QualityOf(f.Minutes, period),
	}
	excluded := excludedSpans(f, period)
	observed, journals := inventory.JoinSpans(f.Observed), inventory.JoinSpans(f.Journals)
	var down []inventory.Span
	for _, o := range f.Outages {
		if span, ok := o.span(now).Within(period); ok && !o.Void {
			down = append(down, span)
		}
	}
	outages := f.Outages
	for _, piece := range pieces(period, excluded, observed, journals, down, []inventory.Span{{From: now, To: period.To}}) {
		switch mid := piece.From; {
		case holds(excluded, mid):
			a.ExcludedFor += piece.For()
		case holds(down, mid):
			a.DownFor += piece.For()
			*a.share(blame(outages, mid, now)) += piece.For()
		case !mid.Before(now):
			a.NotObservedFor += piece.For()
		case holds(observed, mid):
			a.UpFor += piece.For()
		case holds(journals, mid):
			a.UpFor += piece.For()
			a.UpByJournalsFor += piece.For()
		default:
			a.NotObservedFor += piece.For()
		}
	}
	a.Rate()
	a.lines(f, excluded, now)
	a.judge(f.Terms)
	return a
}

func (o Outage) span(now time.Time) inventory.Span {
	to := o.To
	if to.IsZero() || to.After(now) {
		to = now
	}
	return inventory.Span{From: o.From, To: to}
}

// excludedSpans is what the contract does not count: time outside its service
// hours, and the windows that it allows for.
func excludedSpans(f Facts, period inventory.Span) []inventory.Span {
	var out []inventory.Span
	if f.Terms.Hours != "" {
		at := period.From
		for _, open := range f.Terms.Hours.OpenSpans(period, f.Zone) {
			out = append(out, inventory.Span{From: at, To: open.From})
			at = open.To
		}
		out = append(out, inventory.Span{From: at, To: period.To})
	}
	for _, w := range f.Windows {
		if w.Theirs && !f.Terms.TheirWindow || !w.Theirs && !f.Terms.OurWindows {
			continue
		}
		end := w.To
		if !w.EndedAt.IsZero() && w.EndedAt.Before(end) {
			end = w.EndedAt
		}
		if span, ok := (inventory.Span{From: w.From, To: end}).Within(period); ok {
			out = append(out, span)
		}
	}
	return inventory.JoinSpans(out)
}

// pieces cuts the period wherever one of the lists begins or ends.
func pieces(period inventory.Span, lists ...[]inventory.Span) []inventory.Span {
	if !period.To.After(period.From) {
		return nil
	}
	cuts := []time.Time{period.From, period.To}
	for _, list := range lists {
		for _, s := range list {
			for _, at := range []time.Time{s.From, s.To} {
				if period.Holds(at) {
					cuts = append(cuts, at)
				}
			}
		}
	}
	slices.SortFunc(cuts, time.Time.Compare)
	cuts = slices.CompactFunc(cuts, time.Time.Equal)
	out := make([]inventory.Span, 0, len(cuts))
	for i := 1; i < len(cuts); i++ {
		out = append(out, inventory.Span{From: cuts[i-1], To: cuts[i]})
	}
	return out
}

func holds(spans []inventory.Span, t time.Time) bool {
	return slices.ContainsFunc(spans, func(s inventory.Span) bool { return s.Holds(t) })
}

// blame is whose the down time at t is. Where several outages overlap, nobody is
// blamed for what another one explains as well: ours goes before the carrier's,
// and both before nobody's.
func blame(outages []Outage, t, now time.Time) Attribution {
	found := Unattributed
	for _, o := range outages {
		if o.Void || !o.span(now).Holds(t) {
			continue
		}
		switch o.Attribution {
		case Ours:
			return Ours
		case Carrier:
			found = Carrier
		case Unattributed:
		}
	}
	return found
}

func (a *Account) share(whose Attribution) *time.Duration {
	switch whose {
	case Carrier:
		return &a.CarrierDownFor
	case Ours:
		return &a.OursDownFor
	case Unattributed:
	}
	return &a.UnattributedDownFor
}

func ratio(part, whole time.Duration) float64 { return float64(part) / float64(whole) }

// lines lists the outages that touch the period.
func (a *Account) lines(f Facts, excluded []inventory.Span, now time.Time) {
	for _, o := range f.Outages {
		span := o.span(now)
		part, ok := span.Within(a.Period)
		if !ok {
			continue
		}
		line := Line{Outage: o, FixFor: serviceTime(f, span)}
		for _, e := range excluded {
			if cut, ok := e.Within(part); ok {
				line.ExcludedFor += cut.For()
			}
		}
		if !o.Void {
			line.DownFor = part.For() - line.ExcludedFor
		}
		limit := f.Terms.FixWithin.Duration()
		line.FixMissed = !o.Void && limit > 0 && o.Attribution == Carrier && line.FixFor > limit
		a.Outages = append(a.Outages, line)
	}
}

// serviceTime is how much of the span lies in service hours.
func serviceTime(f Facts, span inventory.Span) time.Duration {
	if f.Terms.Hours == "" {
		return span.For()
	}
	var sum time.Duration
	for _, open := range f.Terms.Hours.OpenSpans(span, f.Zone) {
		sum += open.For()
	}
	return sum
}
