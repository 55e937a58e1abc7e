package dashboards

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"muster/inventory"
)

// sitesShown bounds one page: 130 sites are one page of about 2,000 elements.
const sitesShown = 150

// sitesAsked is the list that an address asks for.
type sitesAsked struct {
	query  string
	status Tone
	sort   string
	from   int
}

func readSitesAsked(r *http.Request) (sitesAsked, error) {
	if err := knownQuery(r, "q", "status", "sort", "from", "only"); err != nil {
		return sitesAsked{}, err
	}
	q := r.URL.Query()
	asked := sitesAsked{query: strings.TrimSpace(q.Get("q")), status: Tone(q.Get("status")), sort: cmp.Or(q.Get("sort"), "code")}
	if !slices.Contains([]string{"code", "name", "district", "worst", "present", "link"}, strings.TrimPrefix(asked.sort, "-")) {
		return asked, &pageError{http.StatusBadRequest, fmt.Sprintf("Sites cannot be sorted by %q.", asked.sort), "Use a heading of the table."}
	}
	if !slices.Contains([]Tone{"", ToneOK, ToneWarn, ToneDown, ToneUnknown, ToneQuiet}, asked.status) {
		return asked, &pageError{http.StatusBadRequest, fmt.Sprintf("There is no status %q.", asked.status), "It is one of ok, warn, down, unknown, quiet."}
	}
	if from := q.Get("from"); from != "" {
		n, err := strconv.Atoi(from)
		if err != nil || n < 0 {
			return asked, &pageError{http.StatusBadRequest, fmt.Sprintf("%q is not a number of a row.", from), "Use the links below the table."}
		}
		asked.from = n
	}
	return asked, nil
}

// values is the address of the list, with changes; an empty value leaves one out.
func (a sitesAsked) values(changes ...string) string {
	v := url.Values{}
	set := func(name, value string) {
		v.Del(name)
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", a.query)
	set("status", string(a.status))
	if a.sort != "code" {
		set("sort", a.sort)
	}
	for i := 0; i+1 < len(changes); i += 2 {
		set(changes[i], changes[i+1])
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func (a sitesAsked) choose(all []inventory.SiteStanding, who reader) []inventory.SiteStanding {
	kept := slices.DeleteFunc(slices.Clone(all), func(s inventory.SiteStanding) bool {
		text := strings.Join(append(slices.Clone(s.Aliases), s.Code, s.Name, s.District, s.Postcode), " ")
		return !who.MaySee(s.Code) || !beginsWords(a.query, text) || a.status != "" && SiteStatus(s).Tone != a.status
	})
	slices.SortStableFunc(kept, a.compare)
	return kept
}

func (a sitesAsked) compare(x, y inventory.SiteStanding) int {
	by, backwards := strings.CutPrefix(a.sort, "-")
	var order int
	switch by {
	case "name":
		order = cmp.Compare(x.Name, y.Name)
	case "district":
		order = cmp.Compare(x.District, y.District)
	case "worst":
		order = cmp.Or(cmp.Compare(severity(SiteStatus(x).Tone), severity(SiteStatus(y).Tone)),
			cmp.Compare(y.Workstations.Silent, x.Workstations.Silent))
	case "present":
		order = cmp.Compare(x.Workstations.Present, y.Workstations.Present)
	case "link":
		order = cmp.Compare(x.Link.RTTMillis.Or(1e9), y.Link.RTTMillis.Or(1e9))
	}
	if backwards {
		order = -order
	}
	return cmp.Or(order, cmp.Compare(x.Code, y.Code))
}

func beginsWords(query, text string) bool {
	words := strings.Fields(strings.ToLower(text))
	for want := range strings.FieldsSeq(strings.ToLower(query)) {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, want) }) {
			return false
		}
	}
	return true
}

func (p *Pages) sites(w http.ResponseWriter, r *http.Request, who reader) error {
	asked, err := readSitesAsked(r)
	if err != nil {
		return err
	}
	all, err := p.o.Source.Sites(r.Context())
	if err != nil {
		return err
	}
	view := SitesPage{Frame: p.frame(r, "Sites", "sites"), Query: asked.query, Status: string(asked.status), AllURL: "/sites"}
	view.Live = "/sites.json" + asked.values("only", "live", "from", strconv.Itoa(asked.from))
	view.CSV, view.JSON = "/sites.csv"+asked.values(), "/sites.json"+asked.values()
	fillSites(&view, asked, all, who)
	return p.drawers.draw(w, http.StatusOK, "sites", view)
}

// fillSites is the list as asked for, beside the tally of every site.
func fillSites(view *SitesPage, asked sitesAsked, all []inventory.SiteStanding, who reader) {
	view.Banner, view.Tally = tallyOf(all, who)
	chosen := asked.choose(all, who)
	view.Total = len(chosen)
	shown := chosen[min(asked.from, len(chosen)):]
	if len(shown) > sitesShown {
		shown = shown[:sitesShown]
		view.NextURL = "/sites" + asked.values("from", strconv.Itoa(asked.from+sitesShown))
	}
	for _, site := range shown {
		view.Rows = append(view.Rows, SiteRow{Code: site.Code, Name: site.Name, District: site.District, Cells: siteCells(site)})
	}
	for _, head := range []struct {
		text, by string
		num      bool
	}{
		{"Site", "name", false},
		{"Code", "code", false},
		{"District", "district", false},
		{"Status", "worst", false},
		{"Present of expected", "present", true},
		{"The rest", "", false},
		{"Link", "link", true},
	} {
		view.Heads = append(view.Heads, headOf(asked, head.text, head.by, head.num))
	}
}

func headOf(asked sitesAsked, text, by string, num bool) Head {
	head := Head{Text: text, Num: num}
	if by == "" {
		return head
	}
	next := by
	switch asked.sort {
	case by:
		head.Sort, next = "ascending", "-"+by
	case "-" + by:
		head.Sort = "descending"
	}
	if next == "code" {
		next = ""
	}
	head.URL = "/sites" + asked.values("sort", next)
	return head
}

func tallyOf(all []inventory.SiteStanding, who reader) (Banner, Tally) {
	var banner Banner
	var tally Tally
	for _, site := range all {
		if !who.MaySee(site.Code) {
			continue
		}
		tally.SiteCounts = tally.Plus(site.Workstations)
		if site.Workstations.Expected > 0 {
			banner.Of++
			if site.Workstations.Heard() {
				banner.Heard++
			}
		}
	}
	tally.Bar = barOf(tally.SiteCounts)
	return banner, tally
}

func siteCells(s inventory.SiteStanding) SiteCells {
	return SiteCells{
		Status: SiteStatus(s), Present: s.Workstations.Present, Expected: s.Workstations.Expected,
		Rest: restOf(s.Workstations), Bar: barOf(s.Workstations), Link: LinkStatus(s.Link), LinkText: linkText(s.Link),
		Incident: briefCells(s.Incident),
	}
}
