package dashboards

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

func TestSitesPageOfACountyStaysInsideItsFloors(t *testing.T) {
	pages := pagesOf(t, bigCounty(), nil)
	page := visit(t, pages, "/", nil)
	if page.Code != http.StatusOK {
		t.Fatalf("status %d: %s", page.Code, page.Body)
	}
	if n := len(regexp.MustCompile(`<[a-z]`).FindAllString(page.Body.String(), -1)); n > 3000 {
		t.Errorf("%d elements with 130 sites, the floor is 3,000", n)
	} else {
		t.Logf("%d elements", n)
	}
	total := zipped(t, page.Body.String())
	for _, name := range []string{"muster.css", "live.js", "icon.svg"} {
		file := visit(t, pages, "/static/"+name, nil)
		if file.Code != http.StatusOK {
			t.Fatalf("%s: status %d", name, file.Code)
		}
		total += zipped(t, file.Body.String())
	}
	if total > 60_000 {
		t.Errorf("first load takes %d bytes gzipped, the floor is 60,000", total)
	}
	t.Logf("first load %d bytes gzipped", total)
}

func zipped(t *testing.T, text string) int {
	t.Helper()
	var out strings.Builder
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func TestEachStatusIsAShapeAWordAndATone(t *testing.T) {
	body := visit(t, pagesOf(t, bigCounty(), nil), "/sites", nil).Body.String()
	for _, want := range []string{
		`<td class="s down" data-c="status">no answer</td>`,
		`<td class="s warn" data-c="status">1 silent</td>`,
		`<td class="s unknown" data-c="status">not heard yet</td>`,
		`<td class="s ok" data-c="status">all present</td>`,
		`9 of 15`, `1 silent, 1 absent, 1 off, 1 asleep, 1 away, 1 unknown &#43; 1 not in the register`,
		`not measured`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
}

func TestBannerSaysHowManySitesReportWhileTheCountyWakes(t *testing.T) {
	body := visit(t, pagesOf(t, bigCounty(), nil), "/", nil).Body.String()
	if !strings.Contains(body, `<b><span data-n="heard">129</span> of <span data-n="of">130</span> sites reporting.</b>`) {
		t.Error("no banner although a site has not been heard")
	}
	whole := bigCounty()
	whole.sites = whole.sites[10:]
	body = visit(t, pagesOf(t, whole, nil), "/", nil).Body.String()
	if !strings.Contains(body, `data-banner hidden`) {
		t.Error("the banner stays although every site was heard")
	}
}

func TestUnknownHardwareIsDrawnAsUnknownWithItsReason(t *testing.T) {
	body := visit(t, pagesOf(t, bigCounty(), nil), "/workstations/w00000000", nil).Body.String()
	for _, want := range []string{
		`<dt>Serial number</dt><dd class="s unknown">unknown: permission denied reading product_serial</dd>`,
		`<dt>SMBIOS UUID</dt><dd class="s unknown">unknown: not read</dd>`,
		`<dt>Memory</dt><dd>16 GiB</dd>`, `512 GB`, `none found`, `A simulated machine of the demo`, `not known: nothing has arrived yet`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
}

func TestWorkstationsArePagedByFifty(t *testing.T) {
	pages := pagesOf(t, bigCounty(), nil)
	body := visit(t, pages, "/sites/S001", nil).Body.String()
	if n := strings.Count(body, "<tr data-row="); n != 50 {
		t.Errorf("%d rows, want 50", n)
	}
	next := regexp.MustCompile(`href="([^"]*)">Next page`).FindStringSubmatch(body)
	if next == nil {
		t.Fatal("no next page")
	}
	body = visit(t, pages, next[1], nil).Body.String()
	if !strings.Contains(body, "LIB-0050") || strings.Contains(body, "LIB-0049") {
		t.Error("the next page does not begin behind the first")
	}
}

func TestAddressesThatAPageDoesNotKnowAreExplained(t *testing.T) {
	pages := pagesOf(t, bigCounty(), nil)
	for target, want := range map[string]string{
		"/sites?staus=down":           `does not know &#34;staus&#34;`,
		"/sites?sort=colour":          `cannot be sorted`,
		"/workstations?presence=here": `There is no presence`,
		"/workstations?limit=2000":    `not a number of rows`,
		"/sites?from=-1":              `not a number of a row`,
	} {
		page := visit(t, pages, target, nil)
		if page.Code != http.StatusBadRequest || !strings.Contains(page.Body.String(), want) {
			t.Errorf("%s: %d, lacks %q", target, page.Code, want)
		}
	}
	for _, target := range []string{"/sites/NONE", "/workstations/w99999999", "/nowhere"} {
		if page := visit(t, pages, target, nil); page.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", target, page.Code)
		}
	}
}

func TestNothingInlineIsServedAndThePolicyForbidsIt(t *testing.T) {
	pages := pagesOf(t, bigCounty(), nil)
	for _, target := range []string{"/", "/sites/S001", "/workstations", "/workstations/w00000000", "/sign-in", "/nowhere"} {
		page := visit(t, pages, target, nil)
		policy := page.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", target, policy)
		}
		if found := regexp.MustCompile(`(?i)<script>|<style| style="| on[a-z]+="|javascript:`).FindString(page.Body.String()); found != "" {
			t.Errorf("%s: holds %q", target, found)
		}
	}
}

func TestNamesFromFilesCannotBecomeMarkup(t *testing.T) {
	c := bigCounty()
	c.sites[0].Name = `<script>alert(1)</script>`
	body := visit(t, pagesOf(t, c, nil), "/", nil).Body.String()
	if strings.Contains(body, "<script>alert") {
		t.Error("a site's name became markup")
	}
}

func TestSearchAndStatusAndSortNarrowTheList(t *testing.T) {
	pages := pagesOf(t, bigCounty(), nil)
	for target, want := range map[string]int{
		"/sites?q=town+12":   12, // Town 12, Town 120 to 129, and "Town 12 Library" alone begins with 12
		"/sites?status=down": 1, "/sites?q=nothing": 0, "/sites?q=s00": 9,
	} {
		body := visit(t, pages, target, nil).Body.String()
		if got := strings.Count(body, "<tr data-row="); target == "/sites?q=town+12" && got != 11 || target != "/sites?q=town+12" && got != want {
			t.Errorf("%s: %d rows, want %d", target, got, want)
		}
	}
	body := visit(t, pages, "/sites?sort=worst", nil).Body.String()
	if first := regexp.MustCompile(`data-row="([^"]*)"`).FindStringSubmatch(body); first == nil || first[1] != "S004" {
		t.Errorf("worst first begins with %v, want S004", first)
	}
	if !strings.Contains(body, `aria-sort="ascending"`) {
		t.Error("no heading says how the table is sorted")
	}
}

func TestListsStandBesideAsJSONAndCSV(t *testing.T) {
	c := bigCounty()
	c.sites[0].Name = "=HYPERLINK(1)"
	pages := pagesOf(t, c, nil)
	var list struct {
		Items []inventory.SiteStanding `json:"items"`
	}
	if err := json.Unmarshal(visit(t, pages, "/sites.json", nil).Body.Bytes(), &list); err != nil || len(list.Items) != 130 {
		t.Errorf("%d items, %v", len(list.Items), err)
	}
	lines, err := csv.NewReader(visit(t, pages, "/sites.csv", nil).Body).ReadAll()
	if err != nil || len(lines) != 131 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if lines[1][1] != "'=HYPERLINK(1)" {
		t.Errorf("a formula passed into the CSV: %q", lines[1][1])
	}
	if lines, err = csv.NewReader(visit(t, pages, "/workstations.csv?site=S001", nil).Body).ReadAll(); err != nil || len(lines) != 121 {
		t.Errorf("%d lines of workstations, %v", len(lines), err)
	}
}

func TestTheLivePictureHoldsWhatThePageShows(t *testing.T) {
	pages := pagesOf(t, bigCounty(), nil)
	body := visit(t, pages, "/sites?sort=worst", nil).Body.String()
	address := regexp.MustCompile(`data-live="([^"]*)"`).FindStringSubmatch(body)
	if address == nil {
		t.Fatal("the page does not say where its changes are")
	}
	answer := visit(t, pages, strings.ReplaceAll(address[1], "&amp;", "&"), nil)
	var live liveSites
	if err := json.Unmarshal(answer.Body.Bytes(), &live); err != nil {
		t.Fatalf("%v in %s", err, answer.Body)
	}
	if len(live.Rows) != 130 || live.Order[0] != "S004" || live.Rows["S005"].Present != 9 || live.Banner.Heard != 129 {
		t.Errorf("%d rows, first %s, %+v, %+v", len(live.Rows), live.Order[0], live.Rows["S005"], live.Banner)
	}
	body = visit(t, pages, "/sites/S001", nil).Body.String()
	address = regexp.MustCompile(`data-live="([^"]*)"`).FindStringSubmatch(body)
	var stations liveWorkstations
	answer = visit(t, pages, strings.ReplaceAll(address[1], "&amp;", "&"), nil)
	if err := json.Unmarshal(answer.Body.Bytes(), &stations); err != nil || len(stations.Rows) != 50 || stations.Site == nil {
		t.Errorf("%d rows, site %v, %v", len(stations.Rows), stations.Site, err)
	}
}

func TestStrangersAreSentToSignInAndComeBack(t *testing.T) {
	pages := pagesOf(t, bigCounty(), nil)
	noCookie := func(r *http.Request) { r.Header.Del("Cookie") }
	page := visit(t, pages, "/sites?q=a", noCookie)
	if page.Code != http.StatusSeeOther || page.Header().Get("Location") != "/sign-in?to=%2Fsites%3Fq%3Da" {
		t.Fatalf("%d to %s", page.Code, page.Header().Get("Location"))
	}
	if page = visit(t, pages, "/sites.json", noCookie); page.Code != http.StatusUnauthorized {
		t.Errorf("list for programs: %d, want 401", page.Code)
	}
	if page = send(t, pages, "/sign-in", url.Values{"token": {"wrong"}, "to": {"/sites"}}); page.Code != http.StatusForbidden {
		t.Errorf("wrong token: %d", page.Code)
	}
	page = send(t, pages, "/sign-in", url.Values{"token": {"right"}, "to": {"/sites?q=a"}})
	if page.Code != http.StatusSeeOther || page.Header().Get("Location") != "/sites?q=a" || page.Header().Get("Set-Cookie") == "" {
		t.Errorf("right token: %d to %s", page.Code, page.Header().Get("Location"))
	}
	for _, to := range []string{"//evil.example", "https://evil.example", `/\evil.example`, ""} {
		page = send(t, pages, "/sign-in", url.Values{"token": {"right"}, "to": {to}})
		if got := page.Header().Get("Location"); got != "/" {
			t.Errorf("sign-in with to=%q leads to %q", to, got)
		}
	}
}

func send(t *testing.T, pages *Pages, target string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	return w
}

func TestOpenOnLoopbackIsOpenToThisMachineOnly(t *testing.T) {
	pages := pagesOf(t, bigCounty(), func(o *Options) { o.OpenOnLoopback = true })
	for name, one := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"this machine":       {func(r *http.Request) { r.RemoteAddr, r.Host = "127.0.0.1:5000", "127.0.0.1:8420" }, http.StatusOK},
		"by name":            {func(r *http.Request) { r.RemoteAddr, r.Host = "[::1]:5000", "localhost:8420" }, http.StatusOK},
		"another machine":    {func(r *http.Request) { r.RemoteAddr, r.Host = "10.0.0.9:5000", "127.0.0.1:8420" }, http.StatusSeeOther},
		"a name that points": {func(r *http.Request) { r.RemoteAddr, r.Host = "127.0.0.1:5000", "evil.example:8420" }, http.StatusSeeOther},
		"through a proxy": {func(r *http.Request) {
			r.RemoteAddr, r.Host = "127.0.0.1:5000", "localhost"
			r.Header.Set("X-Forwarded-For", "10.0.0.9")
		}, http.StatusSeeOther},
	} {
		page := visit(t, pages, "/", func(r *http.Request) { r.Header.Del("Cookie"); one.change(r) })
		if page.Code != one.want {
			t.Errorf("%s: %d, want %d", name, page.Code, one.want)
		}
	}
}

func TestSiteOwnerSeesOnlyHerSites(t *testing.T) {
	pages := pagesOf(t, bigCounty(), func(o *Options) { o.Door = keeper{storyToken(inventory.RoleSiteOwner, "S002")} })
	if n := strings.Count(visit(t, pages, "/", nil).Body.String(), "<tr data-row="); n != 1 {
		t.Errorf("%d sites, want her one", n)
	}
	for _, target := range []string{"/sites/S001", "/workstations?site=S001", "/workstations/w00000000"} {
		if page := visit(t, pages, target, nil); page.Code != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", target, page.Code)
		}
	}
}

func TestFailureOfTheStoreIsAPageAndNotItsText(t *testing.T) {
	c := bigCounty()
	c.broken = errors.New("secret path /var/lib")
	page := visit(t, pagesOf(t, c, nil), "/", nil)
	if page.Code != http.StatusInternalServerError || strings.Contains(page.Body.String(), "secret") {
		t.Errorf("%d: %s", page.Code, page.Body)
	}
}

func TestEmptyEstateSaysHowSitesArrive(t *testing.T) {
	body := visit(t, pagesOf(t, county{}, nil), "/", nil).Body.String()
	if !strings.Contains(body, "muster site import") {
		t.Error("an empty list does not say how sites arrive")
	}
}

func TestAWorkstationsPageIsRefreshedInPlaceAndSaysWhenMoreIsNew(t *testing.T) {
	c := bigCounty()
	pages := pagesOf(t, c, nil)
	body := visit(t, pages, "/workstations/w00000000", nil).Body.String()
	address := regexp.MustCompile(`data-live="([^"]*)"`).FindStringSubmatch(body)
	mark := regexp.MustCompile(`data-mark="([^"]*)"`).FindStringSubmatch(body)
	if address == nil || mark == nil || !strings.Contains(body, `data-row="w00000000"`) {
		t.Fatalf("the page does not say where its changes are: %v, %v", address, mark)
	}
	ask := func(pages *Pages) (live liveWorkstation) {
		t.Helper()
		answer := visit(t, pages, address[1], nil)
		if err := json.Unmarshal(answer.Body.Bytes(), &live); err != nil {
			t.Fatalf("%v in %s", err, answer.Body)
		}
		return live
	}
	if live := ask(pages); live.Mark != mark[1] || live.Rows["w00000000"].Status.Word != "present" {
		t.Errorf("nothing happened, and the answer is %+v beside the mark %s", live, mark[1])
	}
	c.detail.Presence, c.detail.LastReportAt = inventory.Silent, storyNow
	if live := ask(pagesOf(t, c, nil)); live.Mark != mark[1] || live.Rows["w00000000"].Status.Word != "silent" {
		t.Errorf("it fell silent, and the answer is %+v beside the mark %s", live, mark[1])
	}
	c.detail.HardwareReadAt = storyNow
	if live := ask(pagesOf(t, c, nil)); live.Mark == mark[1] {
		t.Error("newer hardware is not offered")
	}
	owner := keeper{storyToken(inventory.RoleSiteOwner, "S002")}
	if answer := visit(t, pagesOf(t, c, func(o *Options) { o.Door = owner }), address[1], nil); answer.Code != http.StatusForbidden {
		t.Errorf("the owner of another site gets %d", answer.Code)
	}
}

func TestAStrangerIsToldWhyItIsOne(t *testing.T) {
	for name, tc := range map[string]struct {
		id   inventory.Identity
		want string
	}{
		"nothing to go by": {inventory.Identity{Serial: "To Be Filled By O.E.M."}, "tells no serial number"},
		"nobody knows it":  {inventory.Identity{Serial: "5CG0123ABC"}, "none has its serial number"},
	} {
		c := bigCounty()
		c.detail.Identity = tc.id
		if body := visit(t, pagesOf(t, c, nil), "/workstations/w00000000", nil).Body.String(); !strings.Contains(body, tc.want) {
			t.Errorf("%s: the page does not say %q", name, tc.want)
		}
	}
}

func TestAnIdentityConflictStandsOnTheMachinesPage(t *testing.T) {
	c := bigCounty()
	c.detail.ConflictAt = storyNow.Add(-time.Hour)
	if body := visit(t, pagesOf(t, c, nil), "/workstations/w00000000", nil).Body.String(); !strings.Contains(body, "Two machines use this identity: last seen at 2026-11-23 08:12 UTC") {
		t.Error("the page does not say that two machines use its identity")
	}
}
