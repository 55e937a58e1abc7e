package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"muster/inventory"
)

type workstationList struct {
	Paging
	Site     string `query:"site" doc:"where they are now, or at home"`
	Presence string `query:"presence" enum:"present,silent,off,asleep,away,absent,unknown,stranger"`
	Q        string `query:"q" maxLength:"200" doc:"words: each begins a word of the id, name, serial, tag or model"`
	With     string `query:"with" enum:"lists" doc:"lists: firmware, os, health and network of each as well; pages then hold at most 100"`
}

// WorkstationKey names a workstation in an address. It is exported because huma reads the tags of
// exported embedded structs only.
type WorkstationKey struct {
	ID string `path:"id" maxLength:"16"`
}

// maxWithLists bounds a page whose rows carry their lists, each read apart.
const maxWithLists = 100

func (a *API) listWorkstations(ctx context.Context, in *workstationList) ([]inventory.WorkstationDetail, string, error) {
	site, err := ownSite(ctx, in.Site)
	if err != nil {
		return nil, "", err
	}
	filter := inventory.StandingFilter{
		WorkstationFilter: inventory.WorkstationFilter{Site: site, Query: in.Q, Page: in.page()},
		Presence:          inventory.Presence(in.Presence),
	}
	if in.With != "" {
		filter.Limit = min(filter.Limit, maxWithLists)
	}
	rows, next, err := a.Picture.Workstations(ctx, filter)
	if err != nil {
		return nil, "", err
	}
	details, err := a.withLists(ctx, in, rows)
	return details, next, err
}

// withLists is rows with what was asked for of their lists. A table has no
// columns for them, and may have all rows there are.
func (a *API) withLists(ctx context.Context, in *workstationList, rows []inventory.WorkstationStanding) ([]inventory.WorkstationDetail, error) {
	if in.With == "" && !in.table {
		return a.Picture.WithHardware(ctx, rows)
	}
	details := make([]inventory.WorkstationDetail, len(rows))
	for i, row := range rows {
		details[i].WorkstationStanding = row
		if in.table {
			continue
		}
		var err error
		if details[i], err = a.Picture.Workstation(ctx, row.ID); err != nil {
			return nil, err
		}
		details[i].Software = nil // thousands of programs; asked for one by one
	}
	return details, nil
}

// ownSite is the site that a list is about. A site owner must name one of hers
// where she has several.
func ownSite(ctx context.Context, site string) (string, error) {
	caller := callerOf(ctx)
	if caller.Role != inventory.RoleSiteOwner || slices.Contains(caller.Sites, site) {
		return site, nil
	}
	if site == "" && len(caller.Sites) == 1 {
		return caller.Sites[0], nil
	}
	return "", problem(http.StatusForbidden, "urn:muster:role", fmt.Sprintf("name one of your sites: ?site= takes one of %v", caller.Sites))
}

func (a *API) showWorkstation(ctx context.Context, in *WorkstationKey) (inventory.WorkstationDetail, error) {
	detail, err := a.Picture.Workstation(ctx, in.ID)
	if err != nil {
		return detail, err
	}
	if caller := callerOf(ctx); !caller.MaySee(detail.HomeSite) && !caller.MaySee(detail.Site) {
		return inventory.WorkstationDetail{}, maySee(ctx, detail.HomeSite)
	}
	return detail, nil
}

type revoke struct {
	WorkstationKey
	Body struct {
		Why string `json:"why" minLength:"1" maxLength:"500" doc:"stands in the event"`
	}
}

// Done says what was done, in words.
type Done struct {
	Done string `json:"done"`
}

func (a *API) revokeWorkstation(ctx context.Context, in *revoke) (Done, error) {
	if err := a.Operator.RevokeWorkstation(ctx, in.ID, in.Body.Why, author(callerOf(ctx))); err != nil {
		return Done{}, fmt.Errorf("cannot revoke workstation %q: %w", in.ID, err)
	}
	return Done{"revoked " + in.ID + "; its site's key is being rotated"}, nil
}

type review struct {
	WorkstationKey
	Body struct {
		Decision string `json:"decision" enum:"merge,keep-apart" doc:"merge: it is a new install of the asset it matched; keep-apart: it is another machine"`
	}
}

func (a *API) resolveReview(ctx context.Context, in *review) (Done, error) {
	merge := in.Body.Decision == "merge"
	if err := a.Operator.ResolveReview(ctx, in.ID, merge, author(callerOf(ctx))); err != nil {
		return Done{}, fmt.Errorf("cannot resolve the review of %q: %w", in.ID, err)
	}
	if merge {
		return Done{in.ID + " is now the install of the asset it matched"}, nil
	}
	return Done{in.ID + " is kept as a machine of its own"}, nil
}

func workstationColumns() []column[inventory.WorkstationDetail] {
	type w = inventory.WorkstationDetail
	return []column[w]{
		{"id", func(w w) string { return w.ID }},
		{"name", func(w w) string { return w.Name }},
		{"site", func(w w) string { return w.Site }},
		{"home_site", func(w w) string { return w.HomeSite }},
		{"presence", func(w w) string { return string(w.Presence) }},
		{"presence_since", func(w w) string { return instant(w.PresenceSince) }},
		{"kind", func(w w) string { return string(w.Kind) }},
		{"asset_tag", func(w w) string { return w.AssetTag }},
		{"serial", func(w w) string { return w.Identity.Serial }},
		{"addr", func(w w) string { return addrText(w.Addr) }},
		{"agent_version", func(w w) string { return w.AgentVersion }},
		{"simulated", func(w w) string { return strconv.FormatBool(w.Simulated) }},
		{"enrolled_at", func(w w) string { return instant(w.EnrolledAt) }},
		{"last_report_at", func(w w) string { return instant(w.LastReportAt) }},
		{"revoked_at", func(w w) string { return instant(w.RevokedAt) }},
		{"replaced_by", func(w w) string { return w.ReplacedBy }},
		{"review", func(w w) string { return w.Review }},
	}
}
