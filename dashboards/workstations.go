package dashboards

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"muster/inventory"
)

// workstationsShown is one page; more would cost a browser seconds.
const workstationsShown = 50

// askedWorkstations reads out of an address which list it asks for.
func (p *Pages) askedWorkstations(r *http.Request, who reader) (inventory.StandingFilter, error) {
	var filter inventory.StandingFilter
	if err := knownQuery(r, "site", "presence", "q", "after", "only", "of", "limit"); err != nil {
		return filter, err
	}
	q := r.URL.Query()
	filter.Site, filter.Query, filter.After = q.Get("site"), strings.TrimSpace(q.Get("q")), q.Get("after")
	filter.Presence, filter.Limit = inventory.Presence(q.Get("presence")), workstationsShown
	if filter.Presence != "" && !slices.Contains(inventory.Presences(), filter.Presence) {
		return filter, &pageError{http.StatusBadRequest, fmt.Sprintf("There is no presence %q.", filter.Presence), "Choose one from the list above the table."}
	}
	if limit := q.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > inventory.MaxPage {
			return filter, &pageError{http.StatusBadRequest, fmt.Sprintf("%q is not a number of rows.", limit), "It is between 1 and 1,000."}
		}
		filter.Limit = n
	}
	return filter, mayList(&filter, who)
}

// mayList keeps a site owner to her sites.
func mayList(filter *inventory.StandingFilter, who reader) error {
	if who.Role != inventory.RoleSiteOwner || slices.Contains(who.Sites, filter.Site) {
		return nil
	}
	if filter.Site == "" && len(who.Sites) > 0 {
		filter.Site = who.Sites[0]
		return nil
	}
	return &pageError{http.StatusForbidden, "This site is not one of yours.", "Your sites stand on the first page."}
}

func workstationsURL(base string, filter inventory.StandingFilter, changes ...string) string {
	v := url.Values{}
	for name, value := range map[string]string{"site": filter.Site, "presence": string(filter.Presence), "q": filter.Query} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] != "" {
			v.Set(changes[i], changes[i+1])
		}
	}
	if len(v) == 0 {
		return base
	}
	return base + "?" + v.Encode()
}

func (p *Pages) workstations(w http.ResponseWriter, r *http.Request, who reader) error {
	filter, err := p.askedWorkstations(r, who)
	if err != nil {
		return err
	}
	rows, next, err := p.o.Source.Workstations(r.Context(), filter)
	if err != nil {
		return err
	}
	view := WorkstationsPage{
		Frame: p.frame(r, "Workstations", "workstations"), Rows: workstationRows(rows),
		Query: filter.Query, Site: filter.Site, Presence: string(filter.Presence), Presences: inventory.Presences(),
		AllURL: "/workstations",
	}
	if next != "" {
		view.NextURL = workstationsURL("/workstations", filter, "after", next)
	}
	if filter.After != "" {
		view.FirstURL = workstationsURL("/workstations", filter)
	}
	p.beside(&view.Frame, filter)
	return p.drawers.draw(w, http.StatusOK, "workstations", view)
}

// beside names the same list for programs and for the page's own refresh.
func (p *Pages) beside(frame *Frame, filter inventory.StandingFilter) {
	frame.CSV, frame.JSON = workstationsURL("/workstations.csv", filter), workstationsURL("/workstations.json", filter)
	frame.Live = workstationsURL("/workstations.json", filter, "only", "live", "after", filter.After)
}

func (p *Pages) site(w http.ResponseWriter, r *http.Request, who reader) error {
	if err := knownQuery(r, "after"); err != nil {
		return err
	}
	code := r.PathValue("code")
	if !who.MaySee(code) {
		return &pageError{http.StatusForbidden, "This site is not one of yours.", "Your sites stand on the first page."}
	}
	standing, err := p.o.Source.Site(r.Context(), code)
	if err != nil {
		return err
	}
	var filter inventory.StandingFilter
	filter.Site, filter.Limit, filter.After = code, workstationsShown, r.URL.Query().Get("after")
	rows, next, err := p.o.Source.Workstations(r.Context(), filter)
	if err != nil {
		return err
	}
	view := SitePage{
		Frame: p.frame(r, standing.Name, "sites"), Site: standing.Site, Cells: siteCells(standing), Rows: workstationRows(rows),
		Tally: Tally{SiteCounts: standing.Workstations, Bar: barOf(standing.Workstations)},
	}
	address := "/sites/" + url.PathEscape(code)
	if next != "" {
		view.NextURL = address + "?after=" + url.QueryEscape(next)
	}
	if filter.After != "" {
		view.FirstURL = address
	} else if view.Unreported, err = p.o.Source.Unreported(r.Context(), code); err != nil {
		return err
	}
	if len(view.Unreported) > workstationsShown {
		view.Unreported = view.Unreported[:workstationsShown]
	}
	p.beside(&view.Frame, filter)
	view.Live += "&of=site"
	return p.drawers.draw(w, http.StatusOK, "site", view)
}

func workstationRows(standings []inventory.WorkstationStanding) []WorkstationRow {
	rows := make([]WorkstationRow, len(standings))
	for i, s := range standings {
		rows[i] = WorkstationRow{WorkstationStanding: s, Cells: workstationCells(s)}
	}
	return rows
}

func workstationCells(s inventory.WorkstationStanding) WorkstationCells {
	return WorkstationCells{Status: PresenceStatus(s.Presence), Since: s.PresenceSince, LastReportAt: s.LastReportAt}
}

// liveWorkstations is what changes on a page of workstations, and on a site's.
type liveWorkstations struct {
	Rows map[string]WorkstationCells `json:"rows"`
	Site *SiteCells                  `json:"site,omitempty"`
	Rest *Tally                      `json:"tally,omitempty"`
}

func (p *Pages) workstationsJSON(w http.ResponseWriter, r *http.Request, who reader) error {
	filter, err := p.askedWorkstations(r, who)
	if err != nil {
		return err
	}
	rows, next, err := p.o.Source.Workstations(r.Context(), filter)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("only") != "live" {
		return answerJSON(w, map[string]any{"items": append([]inventory.WorkstationStanding{}, rows...), "next": next})
	}
	live := liveWorkstations{Rows: map[string]WorkstationCells{}}
	for _, row := range rows {
		live.Rows[row.ID] = workstationCells(row)
	}
	if r.URL.Query().Get("of") == "site" {
		standing, err := p.o.Source.Site(r.Context(), filter.Site)
		if err != nil {
			return err
		}
		cells := siteCells(standing)
		live.Site, live.Rest = &cells, &Tally{SiteCounts: standing.Workstations, Bar: barOf(standing.Workstations)}
	}
	return answerJSON(w, live)
}

func (p *Pages) workstationsCSV(w http.ResponseWriter, r *http.Request, who reader) error {
	filter, err := p.askedWorkstations(r, who)
	if err != nil {
		return err
	}
	filter.Limit = inventory.MaxPage
	rows, next, err := p.o.Source.Workstations(r.Context(), filter)
	if err != nil {
		return err
	}
	out := csvAnswer(w, "workstations.csv", "id", "name", "site", "home_site", "presence", "presence_since", "kind", "asset_tag",
		"serial", "agent_version", "simulated", "last_report_at", "review")
	for {
		for _, s := range rows {
			writeLine(out, []string{
				s.ID, s.Name, s.Site, s.HomeSite, string(s.Presence), isoOrEmpty(s.PresenceSince), string(s.Kind), s.AssetTag,
				s.Identity.Serial, s.AgentVersion, strconv.FormatBool(s.Simulated), isoOrEmpty(s.LastReportAt), s.Review,
			})
		}
		out.Flush()
		if next == "" || out.Error() != nil {
			return nil //nolint:nilerr // whoever hung up needs no answer
		}
		filter.After = next
		if rows, next, err = p.o.Source.Workstations(r.Context(), filter); err != nil {
			p.o.Log.Error("list broke off", "path", r.URL.Path, "error", err)
			panic(http.ErrAbortHandler) // half a list must not look like a whole one
		}
	}
}
