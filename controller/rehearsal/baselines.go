package rehearsal

import (
	"slices"
	"time"
)

// MemberSeen is Serf's word on one member: failed, or back.
type MemberSeen struct {
	At     time.Time
	Site   string
	Member string
	Failed bool
}

// Scrape is one probe of one workstation, as Prometheus' blackbox exporter makes.
type Scrape struct {
	At          time.Time
	Site        string
	Workstation string
	OK          bool
}

// The scraping that is compared with: rehearsals.md's figures, and Alertmanager's
// own for what they leave out.
const (
	ScrapeEvery = time.Minute
	scrapeFor   = time.Minute      // `for` of the alert
	groupWait   = 30 * time.Second // Alertmanager's first notification of a site
	groupEvery  = 5 * time.Minute  // between two of the same group
)

// Baseless is what another way of watching makes of the same run.
type Baseless struct {
	Name string `json:"name"`
	// Detected is how long after each expectation's From somebody is told of its
	// site, in order of the lines; negative: never.
	Detected []float64 `json:"detected_seconds"`
	// Openings counts notifications at sites where something is expected.
	Openings int `json:"openings"`
	// PerIncident is Openings for each expected incident; zero where none is.
	PerIncident float64 `json:"openings_per_incident"`
	// FalsePages counts notifications where nothing is expected.
	FalsePages int `json:"false_pages"`
}

// page is one notification.
type page struct {
	at   time.Time
	site string
}

func baselines(r Rehearsal, script Script, seen Seen) []Baseless {
	var all []Baseless
	if seen.Members != nil {
		all = append(all, r.compare("serf", script, serfPages(seen.Members)))
	}
	if seen.Scrapes != nil {
		all = append(all, r.compare("prometheus", script, scrapePages(seen.Scrapes)))
	}
	return all
}

// serfPages takes each member that failed for an alert.
func serfPages(members []MemberSeen) []page {
	var pages []page
	for _, m := range members {
		if m.Failed {
			pages = append(pages, page{m.At, m.Site})
		}
	}
	return pages
}

// scrapePages runs the alert `probe_success == 0 for 1m`, grouped by site.
func scrapePages(scrapes []Scrape) []page {
	sorted := slices.Clone(scrapes)
	slices.SortStableFunc(sorted, func(a, b Scrape) int { return a.At.Compare(b.At) })
	failing := map[string]time.Time{} // workstation → first failed scrape
	firing := map[string]bool{}       // workstation
	told := map[string]time.Time{}    // site → last notification
	burning := map[string]int{}       // site → alerts that fire
	waiting := map[string]bool{}      // site → it is already in a group that waits
	var pages []page
	for _, s := range sorted {
		if s.OK {
			if firing[s.Workstation] {
				if burning[s.Site]--; burning[s.Site] == 0 {
					delete(told, s.Site)
					delete(waiting, s.Site)
				}
			}
			delete(failing, s.Workstation)
			delete(firing, s.Workstation)
			continue
		}
		if failing[s.Workstation].IsZero() {
			failing[s.Workstation] = s.At
		}
		if firing[s.Workstation] || s.At.Sub(failing[s.Workstation]) < scrapeFor {
			continue
		}
		firing[s.Workstation] = true
		burning[s.Site]++
		switch last, known := told[s.Site]; {
		case !known:
			told[s.Site] = s.At.Add(groupWait)
			pages = append(pages, page{told[s.Site], s.Site})
		case s.At.After(last): // joined the group behind its notification
			told[s.Site] = last.Add(max(groupEvery, s.At.Sub(last)))
			pages = append(pages, page{told[s.Site], s.Site})
		}
	}
	return pages
}

// compare sorts pages into those at expected sites and the others.
func (r Rehearsal) compare(name string, script Script, pages []page) Baseless {
	b := Baseless{Name: name, Detected: make([]float64, 0, len(r.Expect))}
	mine := make([]bool, len(pages))
	paged := 0
	for _, e := range r.Expect {
		t := r.truthOf(e, script)
		detected := -1.0
		for i, p := range pages {
			since := p.at.Sub(r.Start)
			if since < t.from || !r.concerns(e, t, p.site) || t.heal >= 0 && since > t.heal+groupEvery {
				continue
			}
			if detected < 0 {
				detected = (since - t.from).Seconds()
			}
			mine[i] = true
		}
		if !e.Cause.Presence() {
			paged++
		}
		b.Detected = append(b.Detected, detected)
	}
	for _, is := range mine {
		if is {
			b.Openings++
		} else {
			b.FalsePages++
		}
	}
	if paged > 0 {
		b.PerIncident = float64(b.Openings) / float64(paged)
	}
	return b
}

// concerns reports whether a page at a site belongs to an expectation.
func (r Rehearsal) concerns(e Expectation, t truth, site string) bool {
	switch {
	case e.Subject.Site != "":
		return e.Subject.Site == site
	case e.Subject.Workstation != "":
		return SiteOf(e.Subject.Workstation) == site
	case t.known && len(t.episode.Sites) > 0:
		return slices.Contains(t.episode.Sites, site)
	default:
		return true
	}
}
