package api_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"muster/controller/api"
	"muster/controller/api/apitest"
	"muster/inventory"
)

// reply is what is left of an answer whose body was read.
type reply struct {
	StatusCode int
	Header     http.Header
}

// call sends one request with a role's token, or none.
func call(t *testing.T, s *apitest.Server, role inventory.Role, method, path, body string, change ...func(*http.Request)) (reply, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if secret := s.Secrets[role]; secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range change {
		c(r)
	}
	answer, err := apitest.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{StatusCode: answer.StatusCode, Header: answer.Header}, string(b)
}

// seed declares two sites, and what stands at the first.
func seed(t *testing.T, s *apitest.Server) {
	t.Helper()
	for path, body := range map[string]string{
		"/api/v1/sites/S001": `{"code":"S001","name":"Horsham Library","district":"Horsham"}`,
		"/api/v1/sites/S002": `{"code":"S002","name":"=Crawley Depot"}`,
	} {
		if answer, text := call(t, s, inventory.RoleAdmin, http.MethodPut, path, body); answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", path, answer.StatusCode, text)
		}
	}
	for path, body := range map[string]string{
		"/api/v1/assets/A-1":            `{"tag":"A-1","kind":"desktop","serial":"CX7733","site":"S001","state":"in-service"}`,
		"/api/v1/links/BT%2F1":          `{"circuit":"BT/1","site":"S001","carrier":"BT"}`,
		"/api/v1/subnets/10.20.4.0/24":  `{"prefix":"10.20.4.0/24","site":"S001"}`,
		"/api/v1/subnets/fd00%3A%3A/64": `{"prefix":"fd00::/64","site":"S002"}`,
	} {
		if answer, text := call(t, s, inventory.RoleAdmin, http.MethodPut, path, body); answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", path, answer.StatusCode, text)
		}
	}
	s.Live.SetSite("S001", inventory.SiteCounts{Expected: 1, Present: 1},
		inventory.Reach{State: inventory.ReachOK, RTTMillis: inventory.Known(12.5), Loss: inventory.Known(0.0)},
		inventory.PoolMember{Name: "w00000001-ab12", Workstation: "w00000001", State: "alive"},
		inventory.PoolMember{Name: "controller", Controller: true, State: "alive"})
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func TestSiteHasTheFieldsThatScriptsRelyOn(t *testing.T) {
	s := apitest.Start(t, nil)
	seed(t, s)
	_, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites/S001", "")
	site := decode[map[string]any](t, text)
	stations, _ := site["workstations"].(map[string]any)
	for _, name := range []string{"expected", "present", "silent", "off", "asleep", "away", "absent", "unknown", "stranger"} {
		if _, ok := stations[name]; !ok {
			t.Errorf("workstations lack %q", name)
		}
	}
	link, _ := site["link"].(map[string]any)
	if site["code"] != "S001" || site["name"] != "Horsham Library" || link["state"] != "ok" || link["rtt_ms"] != 12.5 || link["loss"] != 0.0 {
		t.Errorf("site is %s", text)
	}
	_, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites/S002", "")
	if !strings.Contains(text, `"rtt_ms":{"unknown":"not measured yet"}`) {
		t.Errorf("an unmeasured link is not unknown: %s", text)
	}
}

func TestListsPageByCursorAndStandBesideAsCSVAndJSON(t *testing.T) {
	s := apitest.Start(t, nil)
	seed(t, s)
	type list struct {
		Items []map[string]any `json:"items"`
		Next  string           `json:"next"`
	}
	_, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites?limit=1", "")
	first := decode[list](t, text)
	_, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites.json?limit=1&after="+url.QueryEscape(first.Next), "")
	second := decode[list](t, text)
	if len(first.Items) != 1 || len(second.Items) != 1 || second.Items[0]["code"] != "S002" || second.Next != "" {
		t.Errorf("pages are %v and %v", first, second)
	}
	answer, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites.csv", "")
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) != 3 || answer.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatalf("%v, %d lines as %s", err, len(lines), answer.Header.Get("Content-Type"))
	}
	if lines[2][1] != "'=Crawley Depot" {
		t.Errorf("a formula passed into the CSV: %q", lines[2][1])
	}
	_, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/workstations", "")
	if text != `{"items":[],"next":""}`+"\n" {
		t.Errorf("an empty list is %q", text)
	}
	for _, path := range []string{"/assets", "/links", "/subnets", "/mesh", "/events", "/imports", "/workstations"} {
		for _, ending := range []string{"", ".json", ".csv"} {
			if answer, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1"+path+ending, ""); answer.StatusCode != http.StatusOK {
				t.Errorf("%s%s: %d %s", path, ending, answer.StatusCode, text)
			}
		}
	}
}

func TestUnknownQueryParameterIsExplained(t *testing.T) {
	s := apitest.Start(t, nil)
	answer, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/workstations?prsence=silent", "")
	if answer.StatusCode != http.StatusBadRequest || !strings.Contains(text, `did you mean \"presence\"?`) {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if got := answer.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("a refusal is %s", got)
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=many", "presence=here"} {
		if answer, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/workstations?"+query, ""); answer.StatusCode/100 != 4 {
			t.Errorf("%s: %d %s", query, answer.StatusCode, text)
		}
	}
}

func TestEditsAreBatchesThatCanBeUndoneWithTheirAuthor(t *testing.T) {
	s := apitest.Start(t, nil)
	seed(t, s)
	answer, text := call(t, s, inventory.RoleIT, http.MethodPatch, "/api/v1/sites/S001", `{"name":"Horsham Town Library","district":null}`)
	edited := decode[api.Edited[inventory.Site]](t, text)
	if answer.StatusCode != http.StatusOK || edited.Item.Name != "Horsham Town Library" || edited.Item.District != "" {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	if _, text = call(t, s, inventory.RoleIT, http.MethodPatch, "/api/v1/sites/S001", `{"name":"Horsham Town Library"}`); decode[api.Edited[inventory.Site]](t, text).Batch != 0 {
		t.Errorf("the same edit again made a batch: %s", text)
	}
	_, text = call(t, s, inventory.RoleIT, http.MethodGet, "/api/v1/events?limit=1", "")
	if !strings.Contains(text, `"author":"the it"`) || !strings.Contains(text, `"key":"S001"`) {
		t.Errorf("the edit is no event with its author: %s", text)
	}
	answer, text = call(t, s, inventory.RoleIT, http.MethodDelete, "/api/v1/imports/"+number(edited.Batch), "")
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("undo: %d %s", answer.StatusCode, text)
	}
	site, err := s.Store.Site(t.Context(), "S001")
	if err != nil || site.Name != "Horsham Library" || site.District != "Horsham" {
		t.Errorf("after undo: %+v, %v", site, err)
	}
	if answer, _ = call(t, s, inventory.RoleIT, http.MethodDelete, "/api/v1/imports/"+number(edited.Batch), ""); answer.StatusCode != http.StatusConflict {
		t.Errorf("undone twice: %d", answer.StatusCode)
	}
}

func number(n int64) string { return strings.TrimSpace(string(must(json.Marshal(n)))) }

func must(b []byte, _ error) []byte { return b }

func TestBadEditsChangeNothingAndSayWhy(t *testing.T) {
	s := apitest.Start(t, nil)
	seed(t, s)
	before := len(s.Operator.Asked())
	for _, one := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{http.MethodPut, "/sites/S009", `{"code":"S001","name":"X"}`, 422, "a key never changes"},
		{http.MethodPut, "/sites/s009", `{"code":"s009","name":"X"}`, 422, "is not a site code"},
		{http.MethodPatch, "/sites/S001", `{"colour":"red"}`, 422, "unknown field"},
		{http.MethodPatch, "/sites/S099", `{"name":"X"}`, 404, "not found"},
		{http.MethodPut, "/assets/A-2", `{"tag":"A-2","kind":"desktop","site":"S777"}`, 422, "there is no site"},
		{http.MethodPut, "/assets/A-2", `{"tag":"A-2","kind":"toaster"}`, 422, "toaster"},
		{http.MethodPut, "/subnets/10.20.4.1/24", `{"prefix":"10.20.4.1/24","site":"S001"}`, 422, "did you mean 10.20.4.0/24"},
		{http.MethodPut, "/subnets/ten/24", `{"prefix":"10.20.4.0/24","site":"S001"}`, 400, "is not a prefix"},
		{http.MethodDelete, "/sites/S001", ``, 409, "S001"},
		{http.MethodDelete, "/links/none", ``, 404, "none"},
		{http.MethodPut, "/sites/S001", `{"code":`, 400, ""},
	} {
		answer, text := call(t, s, inventory.RoleAdmin, one.method, "/api/v1"+one.path, one.body)
		if answer.StatusCode != one.status || !strings.Contains(text, one.want) {
			t.Errorf("%s %s: %d %s, want %d with %q", one.method, one.path, answer.StatusCode, text, one.status, one.want)
		}
	}
	if after := len(s.Operator.Asked()); after != before {
		t.Errorf("the register changed %d times", after-before)
	}
}

func TestImportIsAllOrNothingUnlessGoodRowsAreAccepted(t *testing.T) {
	s := apitest.Start(t, nil)
	file := "code,name\nS010,Arundel Library\nnot a code!,Broken\n"
	post := func(query string) (reply, string) {
		return call(t, s, inventory.RoleIT, http.MethodPost, "/api/v1/imports?kind=sites&name=sites.csv"+query, file,
			func(r *http.Request) { r.Header.Set("Content-Type", "application/octet-stream") })
	}
	answer, text := post("&dry_run=true")
	dry := decode[api.Imported](t, text)
	if answer.StatusCode != http.StatusOK || !dry.DryRun || dry.Batch != 0 || dry.Made != 1 || len(dry.Problems) == 0 || dry.Problems[0].Row != 3 {
		t.Fatalf("dry run: %d %s", answer.StatusCode, text)
	}
	if answer, text = post(""); answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `"import":{`) {
		t.Fatalf("with a bad row: %d %s", answer.StatusCode, text)
	}
	if sites, _, err := s.Store.Sites(t.Context(), inventory.Page{}); err != nil || len(sites) != 0 {
		t.Fatalf("a refused import left %d sites, %v", len(sites), err)
	}
	answer, text = post("&accept_good=true")
	done := decode[api.Imported](t, text)
	if answer.StatusCode != http.StatusOK || done.Batch == 0 || done.Rejected == nil || !bytes.Contains(done.Rejected.Content, []byte("problem")) {
		t.Fatalf("accepting good rows: %d %s", answer.StatusCode, text)
	}
	if _, text = post("&accept_good=true"); decode[api.Imported](t, text).Batch != 0 {
		t.Errorf("the same file again made a batch: %s", text)
	}
	answer, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/exports/sites", "")
	if answer.StatusCode != http.StatusOK || !strings.Contains(text, "Arundel Library") {
		t.Errorf("export: %d %s", answer.StatusCode, text)
	}
}

func TestJoinTokenIsShownOnceAndItsMakingIsAnEvent(t *testing.T) {
	s := apitest.Start(t, nil)
	seed(t, s)
	answer, text := call(t, s, inventory.RoleIT, http.MethodPost, "/api/v1/tokens", `{"site":"S001","uses":20,"expires":"48h"}`)
	made := decode[api.TokenMade](t, text)
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(made.Token, "muster1.") || made.Left != 20 || made.CreatedBy != "the it" {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	_, text = call(t, s, inventory.RoleIT, http.MethodGet, "/api/v1/tokens", "")
	if strings.Contains(text, "muster1.") || strings.Contains(strings.ToLower(text), "hash") {
		t.Errorf("the list tells a secret: %s", text)
	}
	if answer, text = call(t, s, inventory.RoleIT, http.MethodDelete, "/api/v1/tokens/"+made.ID, ""); answer.StatusCode != http.StatusOK {
		t.Errorf("revoke: %d %s", answer.StatusCode, text)
	}
	_, text = call(t, s, inventory.RoleIT, http.MethodGet, "/api/v1/events?noun=token", "")
	if !strings.Contains(text, "token.made") || !strings.Contains(text, "token.revoked") || strings.Contains(text, "secret") {
		t.Errorf("events are %s", text)
	}
	for body, want := range map[string]int{`{"site":"S099"}`: 404, `{"kind":"depot","site":"S001"}`: 422, `{}`: 422, `{"site":"S001","expires":"soon"}`: 422} {
		if answer, text = call(t, s, inventory.RoleIT, http.MethodPost, "/api/v1/tokens", body); answer.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", body, answer.StatusCode, text, want)
		}
	}
}

func TestMeshShowsMembersKeysAndSweepAndRotates(t *testing.T) {
	s := apitest.Start(t, nil)
	seed(t, s)
	if err := s.Store.PutPoolKey(t.Context(), "S001", inventory.PoolKey{Version: 1, Key: bytes.Repeat([]byte{1}, 32)}); err != nil {
		t.Fatal(err)
	}
	_, text := call(t, s, inventory.RoleNetwork, http.MethodGet, "/api/v1/mesh/S001", "")
	pool := decode[api.PoolDetail](t, text)
	if pool.Members != 1 || pool.Controllers != 1 || pool.KeyVersion != 1 || len(pool.Keys) != 1 || len(pool.MemberList) != 2 || pool.Mode != inventory.MeshPool {
		t.Errorf("pool is %s", text)
	}
	if strings.Contains(text, "AQEBAQ") {
		t.Error("the pool's key is in the answer")
	}
	answer, text := call(t, s, inventory.RoleNetwork, http.MethodPost, "/api/v1/mesh/S001/rotate", "")
	if answer.StatusCode != http.StatusOK || decode[api.Rotated](t, text).KeyVersion != 2 {
		t.Errorf("rotate: %d %s", answer.StatusCode, text)
	}
	if answer, _ = call(t, s, inventory.RoleNetwork, http.MethodPost, "/api/v1/mesh/S099/rotate", ""); answer.StatusCode != http.StatusNotFound {
		t.Errorf("rotate of no site: %d", answer.StatusCode)
	}
}

func TestAnswersCarryATagAndAreSentOnce(t *testing.T) {
	s := apitest.Start(t, nil)
	seed(t, s)
	answer, _ := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites", "")
	tag := answer.Header.Get("ETag")
	again, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites", "", func(r *http.Request) { r.Header.Set("If-None-Match", tag) })
	if tag == "" || again.StatusCode != http.StatusNotModified || text != "" {
		t.Errorf("tag %q, then %d %q", tag, again.StatusCode, text)
	}
	zipped, _ := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/sites", "", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	if zipped.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("content encoding %q", zipped.Header.Get("Content-Encoding"))
	}
}

func TestOpenAPIDescribesFactsAndEveryTypedRow(t *testing.T) {
	s := apitest.Start(t, nil)
	answer, text := call(t, s, "", http.MethodGet, "/api/openapi.json", "")
	document := decode[struct {
		OpenAPI    string                    `json:"openapi"`
		Paths      map[string]map[string]any `json:"paths"`
		Components struct {
			Schemas map[string]struct {
				OneOf []map[string]any `json:"oneOf"`
			} `json:"schemas"`
		} `json:"components"`
	}](t, text)
	if answer.StatusCode != http.StatusOK || document.OpenAPI != "3.1.0" {
		t.Fatalf("%d %s", answer.StatusCode, document.OpenAPI)
	}
	for _, path := range []string{"/api/v1/sites", "/api/v1/sites.csv", "/api/v1/workstations/{id}", "/api/v1/imports", "/api/v1/mesh/{site}/rotate"} {
		if document.Paths[path] == nil {
			t.Errorf("the document lacks %s", path)
		}
	}
	fact := document.Components.Schemas["FactString"]
	if len(fact.OneOf) != 2 || fact.OneOf[0]["type"] != "string" || fact.OneOf[1]["type"] != "object" {
		t.Errorf("a fact is described as %+v", fact)
	}
}

func TestReadyNamesWhatIsNot(t *testing.T) {
	s := apitest.Start(t, func(o *api.Options) {
		o.Components = func(context.Context) []api.Component {
			return []api.Component{{Name: "store", Ready: true}, {Name: "pools", Why: "118 of 130 open"}}
		}
	})
	answer, text := call(t, s, "", http.MethodGet, "/readyz", "")
	if answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "118 of 130 open") {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if answer, _ = call(t, s, "", http.MethodGet, "/healthz", ""); answer.StatusCode != http.StatusOK {
		t.Errorf("health: %d", answer.StatusCode)
	}
}

func TestMetricsAreBoundedByTheTable(t *testing.T) {
	s := apitest.Start(t, nil)
	for _, path := range []string{"/api/v1/sites/A1", "/api/v1/sites/A2", "/api/v1/nothing/1", "/nowhere/2"} {
		call(t, s, inventory.RoleViewer, http.MethodGet, path, "")
	}
	call(t, s, inventory.RoleViewer, "BREW", "/api/v1/sites", "")
	_, text := call(t, s, "", http.MethodGet, "/metrics", "")
	if !strings.Contains(text, `muster_http_requests_total{class="4xx",method="GET",route="/api/v1/sites/{code}"} 2`) {
		t.Errorf("no count by route:\n%s", text)
	}
	for _, leak := range []string{"A1", "nothing", "nowhere", "BREW"} {
		if strings.Contains(text, leak) {
			t.Errorf("an address or method became a label: %s", leak)
		}
	}
}

func TestFailureOfTheStoreIsNotToldToCallers(t *testing.T) {
	s := apitest.Start(t, func(o *api.Options) { o.Store = broken{o.Store} })
	answer, text := call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/assets", "")
	if answer.StatusCode != http.StatusInternalServerError || strings.Contains(text, "/var/lib") {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	answer, text = call(t, s, inventory.RoleViewer, http.MethodGet, "/api/v1/links", "")
	if answer.StatusCode != http.StatusInsufficientStorage || !strings.Contains(text, "disk is full") {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
}

type broken struct{ api.Store }

func (broken) Assets(context.Context, inventory.AssetFilter) ([]inventory.Asset, string, error) {
	return nil, "", errors.New("cannot open /var/lib/muster")
}

func (broken) Links(context.Context, inventory.LinkFilter) ([]inventory.Link, string, error) {
	return nil, "", inventory.ErrFull
}
