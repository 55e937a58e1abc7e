package dashboards

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// troubledCounty is bigCounty with two incidents that go on, one of a machine and
// one that is over.
func troubledCounty() county {
	c := bigCounty()
	made := func(id string, cause inventory.Cause, state inventory.IncidentState, severity inventory.Severity, scope inventory.Scope, people int) inventory.Incident {
		at := storyNow.Add(-10 * time.Minute)
		i := inventory.Incident{
			ID: id, Cause: cause, Grade: inventory.GradeInferred, Confidence: 0.6, State: state, Severity: severity, Scope: scope, People: people,
			StartedAt: at, DetectedAt: at.Add(3 * time.Second), Hours: true,
			Verdicts: []inventory.Verdict{{At: at, Cause: cause, Grade: inventory.GradeInferred, Confidence: 0.6, Reason: "Every member and the router are silent."}},
			Evidence: []inventory.Finding{
				{At: at, For: true, Kind: inventory.EvidenceSweep, Site: scope.Site, Text: "pings unanswered", Count: 12},
				{At: at, For: false, Kind: inventory.EvidenceReference, Text: "<b>both references answer</b>"},
			},
		}
		if !i.Live() {
			i.ResolvedAt = at.Add(5 * time.Minute)
		}
		return i
	}
	c.incidents = []inventory.Incident{
		made("i00000001", inventory.CauseLinkOrPower, inventory.IncidentPending, inventory.SeverityMajor, inventory.Scope{Site: "S003"}, 5),
		made("i00000002", inventory.CauseSharedCarrier, inventory.IncidentOpen, inventory.SeverityCritical, inventory.Scope{Carrier: "northnet", Sites: []string{"S004", "S009"}}, 120),
		made("i00000003", inventory.CauseWorkstationSilent, inventory.IncidentPending, inventory.SeverityInfo, inventory.Scope{Site: "S001", Workstation: "w00000001"}, 1),
		made("i00000004", inventory.CauseSitePowerCut, inventory.IncidentResolved, inventory.SeverityMajor, inventory.Scope{Site: "S002"}, 9),
	}
	c.sites[3].Incident = new(c.incidents[1].Brief())
	c.windows = []inventory.Window{{
		ID: "m00000001", Site: "S001", From: storyNow.Add(-time.Hour), To: storyNow.Add(time.Hour), Reason: "new switch", CreatedBy: "Ada",
	}}
	return c
}

func TestIncidentsThatGoOnStandFirstTheWorstOnTop(t *testing.T) {
	body := visit(t, pagesOf(t, troubledCounty(), nil), "/incidents", nil).Body.String()
	var order []string
	for _, m := range regexp.MustCompile(`<tr data-row="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		order = append(order, m[1])
	}
	if got := strings.Join(order, " "); got != "i00000002 i00000001 i00000004" {
		t.Errorf("the rows are %s", got)
	}
	for _, want := range []string{
		`<td class="s down" data-c="status">open</td>`, `<td class="s warn" data-c="status">pending</td>`, `<td class="s ok" data-c="status">resolved</td>`,
		`carrier northnet, 2 sites`, `2 incidents, 125 people`, `nobody`, `href="/incidents.csv"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	body = visit(t, pagesOf(t, troubledCounty(), nil), "/incidents?presence=true", nil).Body.String()
	if !strings.Contains(body, "workstation silent") {
		t.Error("the machine's own verdict is not shown when it is asked for")
	}
}

func TestIncidentPageShowsVerdictsAndWhatSpeaksForAndAgainst(t *testing.T) {
	page := visit(t, pagesOf(t, troubledCounty(), nil), "/incidents/i00000002", nil)
	body := page.Body.String()
	for _, want := range []string{
		`shared carrier`, `Every member and the router are silent.`, `60 % sure`, `12 times`, `Evidence against it`, `&lt;b&gt;both references answer`,
		`<a href="/sites/S004">S004</a>`, `/api/v1/incidents/i00000002/export`, `data-live="/incidents/i00000002.json?only=live"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if strings.Contains(body, "<form method=\"post\" action=\"/incidents") {
		t.Error("a viewer is offered what she may not do")
	}
	mark := regexp.MustCompile(`data-mark="([^"]*)"`).FindStringSubmatch(body)
	var live liveIncidents
	answer := visit(t, pagesOf(t, troubledCounty(), nil), "/incidents/i00000002.json?only=live", nil)
	if err := json.Unmarshal(answer.Body.Bytes(), &live); err != nil || mark == nil || live.Mark != mark[1] || live.Rows["i00000002"].Status.Word != "open" {
		t.Errorf("%v: live says %+v, the page's mark is %v", err, live, mark)
	}
}

func TestIncidentWithoutVerdictOrEvidenceIsDrawnAllTheSame(t *testing.T) {
	c := troubledCounty()
	c.incidents = []inventory.Incident{{ID: "i00000009", State: inventory.IncidentPending}}
	if page := visit(t, pagesOf(t, c, nil), "/incidents/i00000009", nil); page.Code != http.StatusOK {
		t.Errorf("%d %s", page.Code, page.Body)
	}
}

func TestSiteShowsTheIncidentThatGoesOnThere(t *testing.T) {
	pages := pagesOf(t, troubledCounty(), nil)
	body := visit(t, pages, "/sites/S004", nil).Body.String()
	if !strings.Contains(body, `<b class="s down"><a href="/incidents/i00000002">shared carrier</a></b>`) {
		t.Error("the site's page does not lead to its incident")
	}
	if body = visit(t, pages, "/sites/S001", nil).Body.String(); !strings.Contains(body, "data-incident hidden") {
		t.Error("a site where nothing goes on shows an incident")
	}
	if body = visit(t, pages, "/sites", nil).Body.String(); !strings.Contains(body, `<td class="s down" data-c="status">shared carrier</td>`) {
		t.Error("the list of sites does not name the cause")
	}
}

// notedDesk notes what it is asked to do.
type notedDesk struct{ asked []string }

func (d *notedDesk) note(format string, args ...any) {
	d.asked = append(d.asked, fmt.Sprintf(format, args...))
}

func (d *notedDesk) Acknowledge(_ context.Context, id, author string) (inventory.Incident, error) {
	d.note("acknowledge %s by %s", id, author)
	return inventory.Incident{}, nil
}

func (d *notedDesk) Note(_ context.Context, id, author, text string) (inventory.Incident, error) {
	d.note("note %s by %s: %s", id, author, text)
	return inventory.Incident{}, nil
}

func (d *notedDesk) Ticket(_ context.Context, id, author, ticket string) (inventory.Incident, error) {
	d.note("ticket %s by %s: %s", id, author, ticket)
	return inventory.Incident{}, nil
}

func (d *notedDesk) AddWindow(_ context.Context, w inventory.Window) (inventory.Window, error) {
	d.note("window of %s for %s by %s", w.Site, w.To.Sub(w.From), w.CreatedBy)
	return w, nil
}

func (d *notedDesk) EndWindow(_ context.Context, id, author string) (inventory.Window, error) {
	d.note("end %s by %s", id, author)
	return inventory.Window{}, nil
}

func submit(t *testing.T, pages *Pages, target string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "session", Value: "good"})
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	return w
}

func TestFormsDoWhatTheirRoleMayAndNothingElse(t *testing.T) {
	forms := map[string]url.Values{
		"/incidents/i00000002/acknowledge": {},
		"/incidents/i00000002/note":        {"text": {" on it "}},
		"/incidents/i00000002/ticket":      {"ticket": {"NN-1"}},
		"/maintenance":                     {"kind": {"site"}, "key": {"s001"}, "for": {"2h"}, "reason": {"new switch"}},
		"/maintenance/m00000001/end":       {},
	}
	for role, want := range map[inventory.Role]int{
		inventory.RoleNetwork: http.StatusSeeOther, inventory.RoleIT: http.StatusSeeOther, inventory.RoleAdmin: http.StatusSeeOther,
		inventory.RoleViewer: http.StatusForbidden, inventory.RoleProgramme: http.StatusForbidden, inventory.RoleSiteOwner: http.StatusForbidden,
	} {
		desk := &notedDesk{}
		pages := pagesOf(t, troubledCounty(), func(o *Options) { o.Desk, o.Door = desk, keeper{storyToken(role, "S001")} })
		for target, form := range forms {
			if page := submit(t, pages, target, form); page.Code != want {
				t.Errorf("%s as %s: %d, want %d", target, role, page.Code, want)
			}
		}
		if did := len(desk.asked); want == http.StatusSeeOther && did != len(forms) || want != http.StatusSeeOther && did > 0 {
			t.Errorf("as %s was done: %v", role, desk.asked)
		}
		if text := strings.Join(desk.asked, "; "); want == http.StatusSeeOther && (!strings.Contains(text, "window of S001 for 2h0m0s by Ada") || !strings.Contains(text, "by Ada: on it")) {
			t.Errorf("as %s was done: %s", role, text)
		}
	}
}

func TestRefusedWindowComesBackAsItWasTyped(t *testing.T) {
	pages := pagesOf(t, troubledCounty(), func(o *Options) { o.Desk, o.Door = &notedDesk{}, keeper{storyToken(inventory.RoleNetwork)} })
	for _, form := range []url.Values{
		{"kind": {"site"}, "key": {"S001"}, "for": {"two hours"}, "reason": {"typed reason"}},
		{"kind": {"site"}, "key": {"S999"}, "for": {"2h"}, "reason": {"typed reason"}},
		{"kind": {"site"}, "key": {""}, "for": {"2h"}, "reason": {"typed reason"}},
	} {
		page := submit(t, pages, "/maintenance", form)
		if body := page.Body.String(); page.Code != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, `value="typed reason"`) {
			t.Errorf("%v: %d %s", form, page.Code, body)
		}
	}
	if body := visit(t, pages, "/maintenance", nil).Body.String(); !strings.Contains(body, "in force") || !strings.Contains(body, "new switch") || !strings.Contains(body, "/maintenance/m00000001/end") {
		t.Error("the window that is in force is not listed with its end")
	}
}

func TestSiteOwnerSeesTheIncidentsOfHerSitesOnly(t *testing.T) {
	pages := pagesOf(t, troubledCounty(), func(o *Options) { o.Door = keeper{storyToken(inventory.RoleSiteOwner, "S003")} })
	for target, want := range map[string]int{
		"/incidents": http.StatusForbidden, "/incidents.json": http.StatusForbidden, "/incidents.csv": http.StatusForbidden, "/maintenance": http.StatusForbidden,
		"/incidents/i00000001": http.StatusOK, "/incidents/i00000002": http.StatusForbidden,
	} {
		if page := visit(t, pages, target, nil); page.Code != want {
			t.Errorf("%s: %d, want %d", target, page.Code, want)
		}
	}
}
