package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"muster/controller/api/apitest"
	"muster/controller/programme"
	"muster/inventory"
)

// refreshed is a server with one site, a desk to swap and the machines for it.
func refreshed(t *testing.T) *apitest.Server {
	t.Helper()
	s := apitest.Start(t, nil)
	for path, body := range map[string]any{
		"/sites/S001":  inventory.Site{Code: "S001", Name: "Mill Street"},
		"/assets/OLD1": inventory.Asset{Tag: "OLD1", Serial: "SNOLD1", Kind: inventory.AssetDesktop},
		"/assets/NEW1": inventory.Asset{Tag: "NEW1", Serial: "SNNEW1", Kind: inventory.AssetDesktop, State: inventory.AssetStaged},
	} {
		say(t, s, inventory.RoleAdmin, http.MethodPut, path, body, http.StatusOK)
	}
	say(t, s, inventory.RoleAdmin, http.MethodPut, "/positions/P1", inventory.Position{Code: "P1", Site: "S001", Asset: "OLD1"}, http.StatusOK)
	say(t, s, inventory.RoleAdmin, http.MethodPut, "/programmes/REFRESH", inventory.Programme{Code: "REFRESH", Name: "The refresh"}, http.StatusOK)
	say(t, s, inventory.RoleAdmin, http.MethodPut, "/waves/W1", inventory.Wave{Code: "W1", Programme: "REFRESH", Name: "First", Sites: []string{"S001"}}, http.StatusOK)
	settle(t, s)
	return s
}

func settle(t *testing.T, s *apitest.Server) {
	t.Helper()
	if err := s.Programme.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// say calls the API in a role and returns the answer's body.
func say(t *testing.T, s *apitest.Server, role inventory.Role, method, path string, body any, want int) []byte {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/api/v1"+path, strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Secrets[role])
	r.Header.Set("Content-Type", "application/json")
	answer, err := apitest.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	out, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != want {
		t.Fatalf("%s %s as %s: %s, want %d: %s", method, path, role, answer.Status, want, out)
	}
	return out
}

func TestASwapGoesFromPlanToClosedOverTheAPI(t *testing.T) {
	s := refreshed(t)
	say(t, s, inventory.RoleViewer, http.MethodPost, "/swaps", map[string]any{"site": "S001"}, http.StatusForbidden)
	say(t, s, inventory.RoleProgramme, http.MethodPost, "/swaps", map[string]any{"swaps": []programme.PlanRow{{Position: "P1", New: "SNNEW1"}}}, http.StatusOK)
	say(t, s, inventory.RoleProgramme, http.MethodPost, "/swaps/P1/do", map[string]any{}, http.StatusForbidden)
	var done programme.SwapDone
	if err := json.Unmarshal(say(t, s, inventory.RoleIT, http.MethodPost, "/swaps/P1/do", map[string]any{"checks": []map[string]any{{"name": "printed", "passed": true}}}, http.StatusOK), &done); err != nil {
		t.Fatal(err)
	}
	if done.Swap.State != inventory.SwapSwapped || len(done.Swap.Checks) != 1 {
		t.Fatalf("%+v", done.Swap)
	}
	problem := string(say(t, s, inventory.RoleIT, http.MethodPost, "/swaps/P1/close", map[string]any{}, http.StatusUnprocessableEntity))
	if !strings.Contains(problem, "it is swapped") {
		t.Errorf("closing what is not verified is answered %s", problem)
	}
	say(t, s, inventory.RoleIT, http.MethodPost, "/swaps/OLD1/hand-in", map[string]any{"where": "depot"}, http.StatusOK)
	settle(t, s)
	var swap inventory.Swap
	if err := json.Unmarshal(say(t, s, inventory.RoleViewer, http.MethodGet, "/swaps/NEW1", nil, http.StatusOK), &swap); err != nil {
		t.Fatal(err)
	}
	if len(swap.Missing) != 1 || !strings.Contains(swap.Missing[0], "no agent yet") {
		t.Errorf("it lacks %q", swap.Missing)
	}
}

func TestASiteShowsItsGatesAndTheFiveSum(t *testing.T) {
	s := refreshed(t)
	var list struct{ Items []inventory.Evaluation }
	if err := json.Unmarshal(say(t, s, inventory.RoleSiteOwner, http.MethodGet, "/readiness?site=S001", nil, http.StatusOK), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) == 0 {
		t.Fatal("no gate was judged")
	}
	for _, e := range list.Items {
		for _, c := range e.Criteria {
			if c.Pass+c.Fail+c.Unknown+c.Stale+c.Waived != c.InScope {
				t.Errorf("%s %s: %+v", e.Gate, c.ID, c)
			}
		}
	}
	say(t, s, inventory.RoleSiteOwner, http.MethodGet, "/readiness/S002", nil, http.StatusForbidden)
	say(t, s, inventory.RoleViewer, http.MethodGet, "/readiness/NOWHERE", nil, http.StatusNotFound)
	lines := string(say(t, s, inventory.RoleViewer, http.MethodGet, "/gates/site-go-live/explain/S001", nil, http.StatusOK))
	if !strings.Contains(lines, "no swap is planned") {
		t.Errorf("the gate is explained as %s", lines)
	}
	if site := string(say(t, s, inventory.RoleViewer, http.MethodGet, "/sites/S001", nil, http.StatusOK)); !strings.Contains(site, `"readiness":"blocked"`) {
		t.Errorf("the site is %s", site)
	}
}

func TestOnlyAnOwnerOfTheSiteSignsAndADeputySignsForOne(t *testing.T) {
	s := refreshed(t)
	const path = "/sign-offs/S001/site-go-live"
	say(t, s, inventory.RoleProgramme, http.MethodPost, path+"/request", nil, http.StatusOK)
	var view struct{ Now inventory.Evaluation }
	if err := json.Unmarshal(say(t, s, inventory.RoleSiteOwner, http.MethodGet, path, nil, http.StatusOK), &view); err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"seen": view.Now.ID, "conditions": []map[string]any{{"text": "printer moved", "owner": "it"}}}
	say(t, s, inventory.RoleProgramme, http.MethodPost, path+"/sign", body, http.StatusForbidden)
	say(t, s, inventory.RoleSiteOwner, http.MethodPost, "/sign-offs/S002/site-go-live/sign", body, http.StatusForbidden)
	body["for"] = "nobody"
	say(t, s, inventory.RoleSiteOwner, http.MethodPost, path+"/sign", body, http.StatusUnprocessableEntity)
	delete(body, "for")
	var signed inventory.SignOff
	if err := json.Unmarshal(say(t, s, inventory.RoleSiteOwner, http.MethodPost, path+"/sign", body, http.StatusOK), &signed); err != nil {
		t.Fatal(err)
	}
	if signed.State != inventory.SignOffConditions || signed.Evaluation != view.Now.ID {
		t.Errorf("%+v", signed)
	}
}
