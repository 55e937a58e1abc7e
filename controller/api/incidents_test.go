package api_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/api"
	"muster/controller/api/apitest"
	"muster/inventory"
)

var ten = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// watched declares what seed does and puts three incidents on the desk.
func watched(t *testing.T) *apitest.Server {
	t.Helper()
	s := apitest.Start(t, nil)
	seed(t, s)
	made := func(id string, minute int, cause inventory.Cause, state inventory.IncidentState, scope inventory.Scope) inventory.Incident {
		at := ten.Add(time.Duration(minute) * time.Minute)
		i := inventory.Incident{
			ID: id, Cause: cause, Grade: inventory.GradeInferred, Confidence: 0.6, Scope: scope, State: state, Severity: inventory.SeverityMajor,
			People: 12, StartedAt: at, DetectedAt: at.Add(3 * time.Second),
			Verdicts: []inventory.Verdict{{At: at, Cause: cause, Grade: inventory.GradeInferred, Confidence: 0.6, Reason: "Every member and the router are silent."}},
			Evidence: []inventory.Finding{{At: at, For: true, Kind: inventory.EvidenceSweep, Site: scope.Site, Text: "12 of 12 pings unanswered"}},
		}
		if !i.Live() {
			i.ResolvedAt = at.Add(5 * time.Minute)
		}
		return i
	}
	err := s.Desk.Put(t.Context(),
		made("i00000001", 0, inventory.CauseSitePowerCut, inventory.IncidentResolved, inventory.Scope{Site: "S002"}),
		made("i00000002", 10, inventory.CauseLinkOrPower, inventory.IncidentOpen, inventory.Scope{Site: "S001"}),
		made("i00000003", 20, inventory.CauseWorkstationSilent, inventory.IncidentPending, inventory.Scope{Site: "S001", Workstation: "w00000001"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type incidentPage struct {
	Items []inventory.Incident `json:"items"`
	Next  string               `json:"next"`
}

func TestIncidentsAreListedByWhatIsAsked(t *testing.T) {
	s := watched(t)
	for query, want := range map[string][]string{
		"":                               {"i00000002", "i00000001"},
		"presence=true":                  {"i00000003", "i00000002", "i00000001"},
		"site=S001":                      {"i00000002"},
		"carrier=BT":                     {"i00000002"},
		"workstation=w00000001":          {"i00000003"},
		"cause=site-power-cut":           {"i00000001"},
		"cause=workstation-silent":       {"i00000003"},
		"state=resolved":                 {"i00000001"},
		"state=pending":                  {"i00000003"},
		"live=true":                      {"i00000002"},
		"to=2026-11-23T10:05:00Z":        {"i00000001"},
		"from=2026-11-23T10:06:00Z":      {"i00000002"},
		"presence=true&limit=1":          {"i00000003"},
		"site=S009":                      {},
		"live=true&cause=site-power-cut": {},
	} {
		answer, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/incidents?"+query, "")
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", query, answer.StatusCode, text)
			continue
		}
		got := []string{}
		for _, i := range decode[incidentPage](t, text).Items {
			got = append(got, i.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", query, diff)
		}
	}
	answer, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/incidents?cause=site-link-dwn", "")
	if answer.StatusCode != http.StatusBadRequest || !strings.Contains(text, `did you mean \"site-link-down\"?`) {
		t.Errorf("a cause that is none: %d %s", answer.StatusCode, text)
	}
	if answer, _ := call(t, s, inventory.RoleSiteOwner, http.MethodGet, "/api/v1/incidents", ""); answer.StatusCode != http.StatusForbidden {
		t.Errorf("a site owner reads every site's incidents: %d", answer.StatusCode)
	}
}

func TestIncidentHasTheFieldsThatScriptsRelyOn(t *testing.T) {
	s := watched(t)
	_, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/incidents/i00000001", "")
	got := decode[map[string]any](t, text)
	for _, field := range []string{"id", "cause", "grade", "scope", "state", "started_at", "detected_at", "resolved_at", "evidence", "verdicts"} {
		if _, ok := got[field]; !ok {
			t.Errorf("the incident lacks %q", field)
		}
	}
	answer, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/incidents.csv?presence=true", "")
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) != 4 || answer.Header.Get("Content-Type") != "text/csv; charset=utf-8" || lines[2][1] != "link-or-power" {
		t.Errorf("%v as %s: %s", err, answer.Header.Get("Content-Type"), text)
	}
	if answer, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/incidents/i99999999", ""); answer.StatusCode != http.StatusNotFound {
		t.Errorf("an incident that is not there: %d %s", answer.StatusCode, text)
	}
	answer, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/incidents/i00000001/export", "")
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(text, "name: i00000001\n") || !strings.Contains(answer.Header.Get("Content-Disposition"), "incident-i00000001.yaml") {
		t.Errorf("the export is %d %v %s", answer.StatusCode, answer.Header, text)
	}
}

func TestSiteShowsTheIncidentThatGoesOnThere(t *testing.T) {
	s := watched(t)
	_, text := call(t, s, inventory.RoleSiteOwner, http.MethodGet, "/api/v1/sites/S001", "")
	site := decode[inventory.SiteStanding](t, text)
	if site.Incident == nil || site.Incident.ID != "i00000002" || site.Incident.Reason == "" {
		t.Errorf("S001 shows %+v", site.Incident)
	}
	_, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites/S002", "")
	if strings.Contains(text, `"incident"`) {
		t.Errorf("S002, where nothing goes on, shows %s", text)
	}
}

func TestWhatPeopleDoToAnIncidentIsKeptAndRecordedWithTheirName(t *testing.T) {
	s := watched(t)
	for _, one := range []struct{ verb, body string }{{"acknowledge", ""}, {"note", `{"text":"the carrier is on it"}`}, {"ticket", `{"ticket":"NN-4711"}`}} {
		path := "/api/v1/incidents/i00000002/" + one.verb
		if answer, _ := call(t, s, inventory.RoleProgramme, http.MethodPost, path, one.body); answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s by the programme desk: %d", one.verb, answer.StatusCode)
		}
		if answer, text := call(t, s, inventory.RoleNetwork, http.MethodPost, path, one.body); answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", one.verb, answer.StatusCode, text)
		}
		if answer, _ := call(t, s, inventory.RoleNetwork, http.MethodPost, strings.Replace(path, "i00000002", "i99999999", 1), one.body); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s of an incident that is not there: %d", one.verb, answer.StatusCode)
		}
	}
	_, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/incidents/i00000002", "")
	i := decode[inventory.Incident](t, text)
	if i.AcknowledgedBy != "the network" || i.Ticket != "NN-4711" || len(i.Notes) != 1 || i.Notes[0].Author != "the network" {
		t.Errorf("the incident is %+v", i)
	}
	_, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/events?noun=incident&key=i00000002", "")
	for _, kind := range []string{"incident.acknowledged", "incident.noted", "incident.ticket"} {
		if !strings.Contains(text, kind) {
			t.Errorf("%s is no event", kind)
		}
	}
	for path, body := range map[string]string{"note": `{"text":"  "}`, "ticket": `{"ticket":"a\nb"}`} {
		if answer, _ := call(t, s, inventory.RoleNetwork, http.MethodPost, "/api/v1/incidents/i00000002/"+path, body); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s of %s: %d", path, body, answer.StatusCode)
		}
	}
}

func TestMaintenanceWindowsAreAddedListedAndEnded(t *testing.T) {
	s := watched(t)
	answer, text := call(t, s, inventory.RoleNetwork, http.MethodPost, "/api/v1/maintenance", `{"site":"S001","for":"2h","reason":"new switch"}`)
	added := decode[api.WindowView](t, text)
	if answer.StatusCode != http.StatusOK || added.State != "in-force" || added.CreatedBy != "the network" || added.To.Sub(added.From) != 2*time.Hour {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	if answer, text = call(t, s, inventory.RoleIT, http.MethodPost, "/api/v1/maintenance", `{"carrier":"BT","from":"2046-01-01T22:00:00Z","to":"2046-01-02T02:00:00Z","theirs":true,"reason":"core upgrade"}`); answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	type page struct {
		Items []api.WindowView `json:"items"`
	}
	for query, want := range map[string]int{"": 2, "?site=S001": 2, "?site=S002": 0, "?all=true": 2} {
		_, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/maintenance"+query, "")
		if got := decode[page](t, text).Items; len(got) != want {
			t.Errorf("%q: %d windows, want %d: %s", query, len(got), want, text)
		}
	}
	path := "/api/v1/maintenance/" + url.PathEscape(added.ID)
	if answer, text = call(t, s, inventory.RoleNetwork, http.MethodDelete, path, ""); answer.StatusCode != http.StatusOK || decode[api.WindowView](t, text).State != "over" {
		t.Errorf("ending: %d %s", answer.StatusCode, text)
	}
	if answer, _ = call(t, s, inventory.RoleNetwork, http.MethodDelete, path, ""); answer.StatusCode != http.StatusConflict {
		t.Errorf("ending twice: %d", answer.StatusCode)
	}
	for body, want := range map[string]string{
		`{"for":"2h","reason":"r"}`:                                     "exactly one of",
		`{"site":"S001","carrier":"BT","for":"2h","reason":"r"}`:        "exactly one of",
		`{"site":"S099","for":"2h","reason":"r"}`:                       "cannot find site",
		`{"circuit":"none","for":"2h","reason":"r"}`:                    "cannot find circuit",
		`{"carrier":"NT","for":"2h","reason":"r"}`:                      "no link is of carrier",
		`{"site":"S001","for":"2 hours","reason":"r"}`:                  "is not a duration",
		`{"site":"S001","for":"2h"}`:                                    "reason",
		`{"site":"S001","from":"2046-01-01T22:00:00Z","reason":"r"}`:    "needs its beginning and its end",
		`{"site":"S001","for":"2h","reason":"r","colour":"red"}`:        "colour",
		`{"all":true,"for":"9000h","reason":"longer than three weeks"}`: "longer than 90 days",
	} {
		if answer, text = call(t, s, inventory.RoleNetwork, http.MethodPost, "/api/v1/maintenance", body); answer.StatusCode/100 != 4 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s, want something with %q", body, answer.StatusCode, text, want)
		}
	}
}
