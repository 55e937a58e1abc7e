package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Declared is what a Picture reads of the store.
type Declared interface {
	Sites(ctx context.Context, page inventory.Page) ([]inventory.Site, string, error)
	Site(ctx context.Context, code string) (inventory.Site, error)
	Workstations(ctx context.Context, filter inventory.WorkstationFilter) ([]inventory.Workstation, string, error)
	Workstation(ctx context.Context, id string) (inventory.Workstation, error)
	Lists(ctx context.Context, id string) (inventory.Lists, error)
	Hardware(ctx context.Context, ids []string) (map[string]*inventory.Hardware, error)
	Asset(ctx context.Context, tag string) (inventory.Asset, error)
	Assets(ctx context.Context, filter inventory.AssetFilter) ([]inventory.Asset, string, error)
	Incidents(ctx context.Context, filter inventory.IncidentFilter) ([]inventory.Incident, string, error)
	Incident(ctx context.Context, id string) (inventory.Incident, error)
	Windows(ctx context.Context, endAfter time.Time) ([]inventory.Window, error)
	Events(ctx context.Context, filter inventory.EventFilter) ([]inventory.Event, string, error)
}

// Picture joins what is declared with how it stands now. The API and the pages
// both draw from it. It keeps nothing and is safe for concurrent use.
type Picture struct {
	declared  Declared
	live      Live
	incidents func() []inventory.Incident
	readiness func(site string) inventory.ReadyVerdict
}

// PictureOption adds to what a Picture shows.
type PictureOption func(*Picture)

// WithIncidents gives the incidents that go on; without it sites are shown
// without.
func WithIncidents(live func() []inventory.Incident) PictureOption {
	return func(p *Picture) { p.incidents = live }
}

// WithReadiness gives each site's verdict; without it sites are shown without.
func WithReadiness(verdict func(site string) inventory.ReadyVerdict) PictureOption {
	return func(p *Picture) { p.readiness = verdict }
}

// NewPicture returns a picture over both halves.
func NewPicture(declared Declared, live Live, options ...PictureOption) *Picture {
	p := &Picture{declared: declared, live: live, incidents: func() []inventory.Incident { return nil }, readiness: func(string) inventory.ReadyVerdict { return "" }}
	for _, option := range options {
		option(p)
	}
	return p
}

// SitePage is one page of sites and the cursor of the next.
func (p *Picture) SitePage(ctx context.Context, page inventory.Page) ([]inventory.SiteStanding, string, error) {
	sites, next, err := p.declared.Sites(ctx, page)
	if err != nil {
		return nil, "", err
	}
	standings := make([]inventory.SiteStanding, len(sites))
	incidents := p.incidents()
	for i, site := range sites {
		standings[i] = p.stand(site, incidents)
	}
	return standings, next, nil
}

// Sites is every site, by code.
func (p *Picture) Sites(ctx context.Context) ([]inventory.SiteStanding, error) {
	var all []inventory.SiteStanding
	page := inventory.Page{Limit: inventory.MaxPage}
	for {
		standings, next, err := p.SitePage(ctx, page)
		if err != nil {
			return nil, err
		}
		all = append(all, standings...)
		if next == "" {
			return all, nil
		}
		page.After = next
	}
}

// Site is one site; an error wraps inventory.ErrNotFound where there is none.
func (p *Picture) Site(ctx context.Context, code string) (inventory.SiteStanding, error) {
	site, err := p.declared.Site(ctx, code)
	if err != nil {
		return inventory.SiteStanding{}, err
	}
	return p.stand(site, p.incidents()), nil
}

func (p *Picture) stand(site inventory.Site, incidents []inventory.Incident) inventory.SiteStanding {
	return inventory.SiteStanding{
		Site: site, Workstations: p.live.SiteCounts(site.Code), Link: p.live.Reach(site.Code), Incident: worstOf(site.Code, incidents),
		Readiness: p.readiness(site.Code),
	}
}

// worstOf is the worst that goes on at a site as a whole: the most severe, and of
// those the oldest.
func worstOf(code string, incidents []inventory.Incident) *inventory.IncidentBrief {
	var worst *inventory.Incident
	for n, i := range incidents { // oldest first
		if i.Live() && !i.Cause.Presence() && i.Takes(code) && (worst == nil || i.Severity.Rank() > worst.Severity.Rank()) {
			worst = &incidents[n]
		}
	}
	if worst == nil {
		return nil
	}
	return new(worst.Brief())
}

// Workstations is one page of workstations. A presence is known only to the
// live picture, so the ids that have it select the rows.
func (p *Picture) Workstations(ctx context.Context, filter inventory.StandingFilter) ([]inventory.WorkstationStanding, string, error) {
	if filter.Presence == "" {
		rows, next, err := p.declared.Workstations(ctx, filter.WorkstationFilter)
		return p.standAll(rows), next, err
	}
	ids := p.live.WithPresence(filter.Presence, filter.Site)
	if len(filter.IDs) > 0 {
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(filter.IDs, id) })
	}
	return p.among(ctx, filter.WorkstationFilter, ids)
}

// among pages through ids, in pieces that a query can take. The cursor is the
// last id shown. The site was applied by the live picture.
func (p *Picture) among(ctx context.Context, filter inventory.WorkstationFilter, ids []string) ([]inventory.WorkstationStanding, string, error) {
	limit := filter.Limit
	if limit <= 0 || limit > inventory.MaxPage {
		limit = inventory.MaxPage
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	at, found := slices.BinarySearch(ids, filter.After)
	if found {
		at++
	}
	filter.Site, filter.After, filter.Limit = "", "", inventory.MaxPage
	var kept []inventory.WorkstationStanding
	for piece := range slices.Chunk(ids[at:], 500) {
		filter.IDs = piece
		rows, _, err := p.declared.Workstations(ctx, filter)
		if err != nil {
			return nil, "", err
		}
		slices.SortFunc(rows, func(a, b inventory.Workstation) int { return strings.Compare(a.ID, b.ID) })
		kept = append(kept, p.standAll(rows)...)
		if len(kept) > limit {
			return kept[:limit], kept[limit-1].ID, nil
		}
	}
	return kept, "", nil
}

func (p *Picture) standAll(rows []inventory.Workstation) []inventory.WorkstationStanding {
	standings := make([]inventory.WorkstationStanding, len(rows))
	for i, row := range rows {
		presence, since := p.live.Presence(row.ID)
		standings[i] = inventory.WorkstationStanding{Workstation: row, Presence: presence, PresenceSince: since}
	}
	return standings
}

// WithHardware is workstations with their present hardware: one question for a
// whole page.
func (p *Picture) WithHardware(ctx context.Context, rows []inventory.WorkstationStanding) ([]inventory.WorkstationDetail, error) {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	hardware, err := p.declared.Hardware(ctx, ids)
	if err != nil {
		return nil, err
	}
	details := make([]inventory.WorkstationDetail, len(rows))
	for i, row := range rows {
		details[i].WorkstationStanding, details[i].Hardware = row, hardware[row.ID]
	}
	return details, nil
}

// Workstation is everything about one workstation.
func (p *Picture) Workstation(ctx context.Context, id string) (inventory.WorkstationDetail, error) {
	var detail inventory.WorkstationDetail
	row, err := p.declared.Workstation(ctx, id)
	if err != nil {
		return detail, err
	}
	detail.WorkstationStanding = p.standAll([]inventory.Workstation{row})[0]
	if detail.Lists, err = p.declared.Lists(ctx, id); err != nil && !errors.Is(err, inventory.ErrNotFound) {
		return detail, fmt.Errorf("cannot read the lists of %s: %w", id, err)
	}
	conflicts, _, err := p.declared.Events(ctx, inventory.EventFilter{
		Kind: inventory.EventConflict, Subject: inventory.Subject{Noun: inventory.NounWorkstation, Key: id},
		OccurredFrom: time.Now().Add(-inventory.ConflictShownFor), Page: inventory.Page{Limit: 1},
	})
	if err != nil {
		return detail, fmt.Errorf("cannot read whether %s is in conflict: %w", id, err)
	}
	for _, conflict := range conflicts {
		detail.ConflictAt = conflict.OccurredAt
	}
	if row.AssetTag == "" {
		return detail, nil
	}
	asset, err := p.declared.Asset(ctx, row.AssetTag)
	switch {
	case err == nil:
		detail.Asset = &asset
	case !errors.Is(err, inventory.ErrNotFound):
		return detail, fmt.Errorf("cannot read asset %s: %w", row.AssetTag, err)
	}
	return detail, nil
}

// Unreported is the assets that are expected at the site and have no install
// that counts: delivered, unpacked perhaps, never enrolled.
func (p *Picture) Unreported(ctx context.Context, code string) ([]inventory.Asset, error) {
	installed := map[string]bool{}
	workstations := inventory.WorkstationFilter{Site: code, Page: inventory.Page{Limit: inventory.MaxPage}}
	for more := true; more; {
		rows, next, err := p.declared.Workstations(ctx, workstations)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.Active() {
				installed[row.AssetTag] = true
			}
		}
		workstations.After, more = next, next != ""
	}
	var missing []inventory.Asset
	assets := inventory.AssetFilter{Site: code, Page: inventory.Page{Limit: inventory.MaxPage}}
	for more := true; more; {
		rows, next, err := p.declared.Assets(ctx, assets)
		if err != nil {
			return nil, err
		}
		for _, asset := range rows {
			if asset.Expected() && !installed[asset.Tag] {
				missing = append(missing, asset)
			}
		}
		assets.After, more = next, next != ""
	}
	return missing, nil
}
