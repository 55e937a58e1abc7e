package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

type siteList struct {
	Paging
	Site string `query:"site" doc:"only this site"`
	Q    string `query:"q" maxLength:"200" doc:"words: each begins a word of the code, name, aliases, district or postcode"`
}

// SiteKey names a site in an address. It is exported because huma reads the tags of
// exported embedded structs only.
type SiteKey struct {
	Code string `path:"code" maxLength:"16"`
}

// Me is whose token it is.
type Me struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Role    inventory.Role `json:"role"`
	Sites   []string       `json:"sites,omitempty"`
	Version string         `json:"version"` // of the controller
}

func (a *API) me(ctx context.Context, _ *struct{}) (Me, error) {
	token := callerOf(ctx)
	return Me{ID: token.ID, Name: token.Name, Role: token.Role, Sites: token.Sites, Version: a.Version}, nil
}

func (a *API) listSites(ctx context.Context, in *siteList) ([]inventory.SiteStanding, string, error) {
	caller := callerOf(ctx)
	if in.Site == "" && in.Q == "" && caller.Role != inventory.RoleSiteOwner {
		return a.Picture.SitePage(ctx, in.page())
	}
	all, err := a.Picture.Sites(ctx)
	if err != nil {
		return nil, "", err
	}
	kept := slices.DeleteFunc(all, func(s inventory.SiteStanding) bool {
		return s.Code <= in.After || !caller.MaySee(s.Code) || in.Site != "" && s.Code != in.Site || !matches(in.Q, siteText(s.Site))
	})
	if limit := in.page().Limit; len(kept) > limit {
		return kept[:limit], kept[limit-1].Code, nil
	}
	return kept, "", nil
}

func siteText(s inventory.Site) string {
	return strings.Join(append(slices.Clone(s.Aliases), s.Code, s.Name, s.District, s.Postcode), " ")
}

// matches reports whether each word of query begins a word of text.
func matches(query, text string) bool {
	words := strings.Fields(strings.ToLower(text))
	for want := range strings.FieldsSeq(strings.ToLower(query)) {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, want) }) {
			return false
		}
	}
	return true
}

func (a *API) showSite(ctx context.Context, in *SiteKey) (inventory.SiteStanding, error) {
	if err := maySee(ctx, in.Code); err != nil {
		return inventory.SiteStanding{}, err
	}
	return a.Picture.Site(ctx, in.Code)
}

// maySee refuses a site owner the sites of others.
func maySee(ctx context.Context, site string) error {
	if caller := callerOf(ctx); !caller.MaySee(site) {
		return problem(http.StatusForbidden, "urn:muster:role",
			fmt.Sprintf("this token reaches only the sites %s", strings.Join(caller.Sites, ", ")))
	}
	return nil
}

func siteColumns() []column[inventory.SiteStanding] {
	type s = inventory.SiteStanding
	columns := []column[s]{
		{"code", func(s s) string { return s.Code }},
		{"name", func(s s) string { return s.Name }},
		{"kind", func(s s) string { return s.Kind }},
		{"district", func(s s) string { return s.District }},
		{"postcode", func(s s) string { return s.Postcode }},
	}
	counts := []struct {
		name string
		of   func(inventory.SiteCounts) int
	}{
		{"expected", func(c inventory.SiteCounts) int { return c.Expected }},
		{"present", func(c inventory.SiteCounts) int { return c.Present }},
		{"silent", func(c inventory.SiteCounts) int { return c.Silent }},
		{"off", func(c inventory.SiteCounts) int { return c.Off }},
		{"asleep", func(c inventory.SiteCounts) int { return c.Asleep }},
		{"away", func(c inventory.SiteCounts) int { return c.Away }},
		{"absent", func(c inventory.SiteCounts) int { return c.Absent }},
		{"unknown", func(c inventory.SiteCounts) int { return c.Unknown }},
		{"stranger", func(c inventory.SiteCounts) int { return c.Stranger }},
	}
	for _, count := range counts {
		columns = append(columns, column[s]{count.name, func(s s) string { return strconv.Itoa(count.of(s.Workstations)) }})
	}
	return append(columns,
		column[s]{"link", func(s s) string { return string(s.Link.State) }},
		column[s]{"rtt_ms", func(s s) string { return number(s.Link.RTTMillis) }},
		column[s]{"loss_ratio", func(s s) string { return number(s.Link.Loss) }},
		column[s]{"readiness", func(s s) string { return string(s.Readiness) }},
		column[s]{"incident", func(s s) string { return incidentOf(s).ID }},
		column[s]{"cause", func(s s) string { return string(incidentOf(s).Cause) }},
	)
}

// incidentOf is the site's worst incident; empty where there is none.
func incidentOf(s inventory.SiteStanding) inventory.IncidentBrief {
	if s.Incident == nil {
		return inventory.IncidentBrief{}
	}
	return *s.Incident
}

// number is a fact as a cell: empty where it is unknown, never zero.
func number(f inventory.Fact[float64]) string {
	value, known := f.Get()
	if !known {
		return ""
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

// instant is a time as a cell: ISO 8601 in UTC, empty for never.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
