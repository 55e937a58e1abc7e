package dashboards

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"muster/inventory"
)

const (
	// liveShown bounds what goes on; a county in which more goes on has one cause.
	liveShown = 200
	overShown = 50
)

// incidentsAsked is the list that an address asks for.
type incidentsAsked struct {
	Site, Carrier, Cause, After string
	Presence                    bool
}

func (p *Pages) askedIncidents(r *http.Request, who reader) (incidentsAsked, error) {
	var asked incidentsAsked
	if who.Role == inventory.RoleSiteOwner {
		return asked, &pageError{http.StatusForbidden, "This list is for the desks.", "What goes on at your sites stands on their pages."}
	}
	if err := knownQuery(r, "site", "carrier", "cause", "presence", "after", "only"); err != nil {
		return asked, err
	}
	q := r.URL.Query()
	asked = incidentsAsked{
		Site: strings.ToUpper(strings.TrimSpace(q.Get("site"))), Carrier: strings.TrimSpace(q.Get("carrier")), Cause: q.Get("cause"),
		After: q.Get("after"), Presence: q.Get("presence") == "true",
	}
	if asked.Cause != "" && !inventory.Cause(asked.Cause).Valid() {
		return asked, &pageError{http.StatusBadRequest, fmt.Sprintf("There is no cause %q.", asked.Cause), "Choose one from the list on the page of incidents."}
	}
	return asked, nil
}

// values is the address of the list, with changes.
func (a incidentsAsked) values(changes ...string) string {
	v := url.Values{}
	set := func(name, value string) {
		v.Del(name)
		if value != "" {
			v.Set(name, value)
		}
	}
	set("site", a.Site)
	set("carrier", a.Carrier)
	set("cause", a.Cause)
	if a.Presence {
		set("presence", "true")
	}
	for i := 0; i+1 < len(changes); i += 2 {
		set(changes[i], changes[i+1])
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func (a incidentsAsked) filter() inventory.IncidentFilter {
	return inventory.IncidentFilter{
		Site: a.Site, Carrier: a.Carrier, Cause: inventory.Cause(a.Cause), Paged: !a.Presence && !inventory.Cause(a.Cause).Presence(),
	}
}

// Filtered reports whether the list is not the whole one.
func (a incidentsAsked) Filtered() bool { return a.values() != "" }

func (p *Pages) incidents(w http.ResponseWriter, r *http.Request, who reader) error {
	asked, err := p.askedIncidents(r, who)
	if err != nil {
		return err
	}
	view := IncidentsPage{Frame: p.frame(r, "Incidents", "incidents"), Asked: asked, Causes: inventory.Causes(), AllURL: "/incidents"}
	live, over, next, err := p.readIncidents(r.Context(), asked)
	if err != nil {
		return err
	}
	view.GoingOn, view.Over = incidentRows(live), incidentRows(over)
	for _, i := range live {
		if !i.Cause.Presence() {
			view.People += i.People
		}
	}
	if next != "" {
		view.NextURL = "/incidents" + asked.values("after", next)
	}
	if asked.After != "" {
		view.FirstURL = "/incidents" + asked.values()
	}
	view.Live = "/incidents.json" + asked.values("only", "live", "after", asked.After)
	view.CSV, view.JSON = "/incidents.csv"+asked.values(), "/incidents.json"+asked.values()
	return p.drawers.draw(w, http.StatusOK, "incidents", view)
}

// readIncidents is what goes on, worst first, and a page of what is over, newest
// first. Further pages show only what is over.
func (p *Pages) readIncidents(ctx context.Context, asked incidentsAsked) (live, over []inventory.Incident, next string, err error) {
	if asked.After == "" {
		filter := asked.filter()
		filter.Live, filter.Limit = true, liveShown
		if live, _, err = p.o.Source.Incidents(ctx, filter); err != nil {
			return nil, nil, "", err
		}
		slices.SortStableFunc(live, worseFirst)
	}
	filter := asked.filter()
	filter.After, filter.Limit = asked.After, overShown
	if over, next, err = p.o.Source.Incidents(ctx, filter); err != nil {
		return nil, nil, "", err
	}
	return live, slices.DeleteFunc(over, inventory.Incident.Live), next, nil
}

func worseFirst(a, b inventory.Incident) int {
	open := func(i inventory.Incident) int {
		if i.State == inventory.IncidentOpen {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(open(a), open(b)), cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(b.People, a.People),
		cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Scope.Site, b.Scope.Site), a.StartedAt.Compare(b.StartedAt))
}

// liveIncidents is what changes on a page of incidents.
type liveIncidents struct {
	Rows  map[string]IncidentCells `json:"rows"`
	Order []string                 `json:"order"`
	Mark  string                   `json:"mark,omitempty"`
}

func (p *Pages) incidentsJSON(w http.ResponseWriter, r *http.Request, who reader) error {
	asked, err := p.askedIncidents(r, who)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("only") != "live" {
		filter := asked.filter()
		filter.After, filter.Limit = asked.After, inventory.MaxPage
		found, next, err := p.o.Source.Incidents(r.Context(), filter)
		if err != nil {
			return err
		}
		return answerJSON(w, map[string]any{"items": append([]inventory.Incident{}, found...), "next": next})
	}
	live, over, _, err := p.readIncidents(r.Context(), asked)
	if err != nil {
		return err
	}
	answer := liveIncidents{Rows: map[string]IncidentCells{}}
	for _, i := range slices.Concat(live, over) {
		answer.Rows[i.ID] = incidentCells(i)
		answer.Order = append(answer.Order, i.ID)
	}
	return answerJSON(w, answer)
}

func (p *Pages) incidentsCSV(w http.ResponseWriter, r *http.Request, who reader) error {
	asked, err := p.askedIncidents(r, who)
	if err != nil {
		return err
	}
	filter := asked.filter()
	filter.Limit = inventory.MaxPage
	found, next, err := p.o.Source.Incidents(r.Context(), filter)
	if err != nil {
		return err
	}
	out := csvAnswer(w, "incidents.csv", "id", "cause", "grade", "confidence", "state", "severity", "scope", "people", "started_at", "detected_at",
		"resolved_at", "acknowledged_by", "ticket", "reason")
	for {
		for _, i := range found {
			writeLine(out, []string{
				i.ID, string(i.Cause), string(i.Grade), strconv.FormatFloat(i.Confidence, 'f', 2, 64), string(i.State), string(i.Severity),
				scopeWords(i.Scope), strconv.Itoa(i.People), isoOrEmpty(i.StartedAt), isoOrEmpty(i.DetectedAt), isoOrEmpty(i.ResolvedAt),
				i.AcknowledgedBy, i.Ticket, i.Reason(),
			})
		}
		out.Flush()
		if next == "" || out.Error() != nil {
			return nil //nolint:nilerr // whoever hung up needs no answer
		}
		filter.After = next
		if found, next, err = p.o.Source.Incidents(r.Context(), filter); err != nil {
			p.o.Log.Error("list broke off", "path", r.URL.Path, "error", err)
			panic(http.ErrAbortHandler) // half a list must not look like a whole one
		}
	}
}

func (p *Pages) incident(w http.ResponseWriter, r *http.Request, who reader) error {
	id, asJSON := strings.CutSuffix(r.PathValue("id"), ".json")
	if err := knownQuery(r, "only"); err != nil {
		return err
	}
	i, err := p.o.Source.Incident(r.Context(), id)
	if err != nil {
		return err
	}
	if !maySeeIncident(who, i) {
		return &pageError{http.StatusForbidden, "This incident is not of your sites.", "What goes on at your sites stands on their pages."}
	}
	if asJSON {
		if r.URL.Query().Get("only") == "live" {
			return answerJSON(w, liveIncidents{Rows: map[string]IncidentCells{i.ID: incidentCells(i)}, Mark: incidentMark(i)})
		}
		return answerJSON(w, i)
	}
	view := IncidentPage{
		Frame: p.frame(r, causeWords(i.Cause)+" "+scopeWords(i.Scope), "incidents"), Incident: i, Cells: incidentCells(i), Mark: incidentMark(i),
		MayAct: p.mayAct(who), Lasted: lasted(i.StartedAt, i.ResolvedAt),
	}
	for _, v := range slices.Backward(i.Verdicts) {
		view.Verdicts = append(view.Verdicts, VerdictRow{Verdict: v, Words: causeWords(v.Cause), Sure: fmt.Sprintf("%.0f %%", 100*v.Confidence)})
	}
	for _, f := range slices.Backward(i.Evidence) {
		if f.For {
			view.For = append(view.For, f)
		} else {
			view.Against = append(view.Against, f)
		}
	}
	view.Live = "/incidents/" + url.PathEscape(i.ID) + ".json?only=live"
	return p.drawers.draw(w, http.StatusOK, "incident", view)
}

// maySeeIncident lets a site owner see what is about one of her sites.
func maySeeIncident(who reader, i inventory.Incident) bool {
	return who.Role != inventory.RoleSiteOwner || i.Scope.Site != "" && who.MaySee(i.Scope.Site) || slices.ContainsFunc(i.Scope.Sites, who.MaySee)
}

// incidentMark differs when anything on the incident's page does.
func incidentMark(i inventory.Incident) string {
	h := fnv.New64a()
	fmt.Fprint(h, i.State, len(i.Verdicts), len(i.Evidence), len(i.Notes), i.Ticket, i.AcknowledgedBy, i.ResolvedAt.UnixNano(), i.Cause, i.Grade)
	for _, f := range i.Evidence {
		fmt.Fprint(h, f.At.Unix(), f.Count, f.Text)
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// mayAct reports whether the reader's role may change incidents and windows, as
// the API's table of routes has it.
func (p *Pages) mayAct(who reader) bool {
	return p.o.Desk != nil && !who.open && slices.Contains([]inventory.Role{inventory.RoleNetwork, inventory.RoleIT, inventory.RoleAdmin}, who.Role)
}

// acting lets through who may change something, and reads the form.
func (p *Pages) acting(page pageFunc) pageFunc {
	return func(w http.ResponseWriter, r *http.Request, who reader) error {
		if !p.mayAct(who) {
			return &pageError{http.StatusForbidden, "Your role may not do this.", "It takes the network desk, the IT desk or an administrator."}
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			return &pageError{http.StatusBadRequest, "The form could not be read.", "Go back and try again."}
		}
		return page(w, r, who)
	}
}

func (p *Pages) acknowledge(w http.ResponseWriter, r *http.Request, who reader) error {
	_, err := p.o.Desk.Acknowledge(r.Context(), r.PathValue("id"), signs(who))
	return done(w, r, "/incidents/"+url.PathEscape(r.PathValue("id")), err)
}

func (p *Pages) note(w http.ResponseWriter, r *http.Request, who reader) error {
	text := strings.TrimSpace(r.PostForm.Get("text"))
	if text == "" || len(text) > 4000 {
		return &pageError{http.StatusUnprocessableEntity, "A note needs some text, up to 4,000 characters.", "Go back and write it."}
	}
	_, err := p.o.Desk.Note(r.Context(), r.PathValue("id"), signs(who), text)
	return done(w, r, "/incidents/"+url.PathEscape(r.PathValue("id")), err)
}

func (p *Pages) ticket(w http.ResponseWriter, r *http.Request, who reader) error {
	ticket := strings.TrimSpace(r.PostForm.Get("ticket"))
	if len(ticket) > 100 || strings.ContainsFunc(ticket, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return &pageError{http.StatusUnprocessableEntity, "A ticket's reference has up to 100 characters.", "Go back and shorten it."}
	}
	_, err := p.o.Desk.Ticket(r.Context(), r.PathValue("id"), signs(who), ticket)
	return done(w, r, "/incidents/"+url.PathEscape(r.PathValue("id")), err)
}

// signs is how the reader signs what she does.
func signs(who reader) string {
	if who.Name == "" {
		return "token " + who.ID
	}
	return who.Name
}

// done goes back to a page after something was done.
func done(w http.ResponseWriter, r *http.Request, to string, err error) error {
	if err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
