package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"muster/inventory"
)

type poolList struct {
	Paging
}

// PoolView is one site's pool in a list.
type PoolView struct {
	Site        string             `json:"site"`
	Name        string             `json:"name"`
	Mode        inventory.MeshMode `json:"mode"`
	Members     int                `json:"members"` // alive, without controllers
	Gone        int                `json:"gone"`    // left or failed and still remembered
	Controllers int                `json:"controllers"`
	KeyVersion  int                `json:"key_version"` // newest; 0 where the site has no key
	Sweep       inventory.Reach    `json:"sweep"`
}

// PoolDetail is one site's pool with its members and keys.
type PoolDetail struct {
	PoolView
	MemberList []inventory.PoolMember `json:"member_list"`
	Keys       []KeyView              `json:"keys"` // newest first
}

// KeyView is one version of a pool's key, never the key, and how many
// workstations hold it or a newer one.
type KeyView struct {
	Version   int       `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
	Holders   int       `json:"holders"`
}

func (a *API) listPools(ctx context.Context, in *poolList) ([]PoolView, string, error) {
	sites, next, err := a.Store.Sites(ctx, in.page())
	if err != nil {
		return nil, "", err
	}
	views := make([]PoolView, len(sites))
	for i, site := range sites {
		keys, err := a.Store.PoolKeys(ctx, site.Code)
		if err != nil {
			return nil, "", fmt.Errorf("cannot read the keys of %s: %w", site.Code, err)
		}
		views[i] = a.pool(site, keys, a.Live.PoolMembers(site.Code))
	}
	return views, next, nil
}

func (a *API) pool(site inventory.Site, keys []inventory.PoolKey, members []inventory.PoolMember) PoolView {
	view := PoolView{Site: site.Code, Name: site.Name, Mode: site.Mesh, Sweep: a.Live.Reach(site.Code)}
	if view.Mode == "" {
		view.Mode = inventory.MeshPool
	}
	for _, key := range keys {
		view.KeyVersion = max(view.KeyVersion, key.Version)
	}
	for _, member := range members {
		switch {
		case member.Controller:
			view.Controllers++
		case member.State == "alive" || member.State == "suspect":
			view.Members++
		default:
			view.Gone++
		}
	}
	return view
}

type poolKey struct {
	Site string `path:"site" maxLength:"16"`
}

func (a *API) showPool(ctx context.Context, in *poolKey) (PoolDetail, error) {
	site, err := a.Store.Site(ctx, in.Site)
	if err != nil {
		return PoolDetail{}, fmt.Errorf("cannot show the pool of %q: %w", in.Site, err)
	}
	keys, err := a.Store.PoolKeys(ctx, site.Code)
	if err != nil {
		return PoolDetail{}, fmt.Errorf("cannot read the keys of %s: %w", site.Code, err)
	}
	acks, err := a.Store.KeyAcks(ctx, site.Code)
	if err != nil {
		return PoolDetail{}, fmt.Errorf("cannot read who holds the keys of %s: %w", site.Code, err)
	}
	members := a.Live.PoolMembers(site.Code)
	return PoolDetail{
		PoolView:   a.pool(site, keys, members),
		MemberList: append([]inventory.PoolMember{}, members...),
		Keys:       keyViews(keys, acks),
	}, nil
}

func keyViews(keys []inventory.PoolKey, acks []inventory.KeyAck) []KeyView {
	views := make([]KeyView, 0, len(keys))
	for _, key := range keys {
		view := KeyView{Version: key.Version, CreatedAt: key.CreatedAt, RetiredAt: key.RetiredAt}
		for _, ack := range acks {
			if ack.Version >= key.Version {
				view.Holders++
			}
		}
		views = append(views, view)
	}
	return views
}

// Rotated is the outcome of a rotation.
type Rotated struct {
	Site       string `json:"site"`
	KeyVersion int    `json:"key_version"`
}

func (a *API) rotateKey(ctx context.Context, in *poolKey) (Rotated, error) {
	if _, err := a.Store.Site(ctx, in.Site); err != nil {
		return Rotated{}, fmt.Errorf("cannot rotate the key of %q: %w", in.Site, err)
	}
	version, err := a.Operator.RotateKey(ctx, in.Site, author(callerOf(ctx)))
	if err != nil {
		return Rotated{}, fmt.Errorf("cannot rotate the key of %s: %w", in.Site, err)
	}
	return Rotated{Site: in.Site, KeyVersion: version}, nil
}

func poolColumns() []column[PoolView] {
	type p = PoolView
	return []column[p]{
		{"site", func(p p) string { return p.Site }},
		{"name", func(p p) string { return p.Name }},
		{"mode", func(p p) string { return string(p.Mode) }},
		{"members", func(p p) string { return strconv.Itoa(p.Members) }},
		{"gone", func(p p) string { return strconv.Itoa(p.Gone) }},
		{"controllers", func(p p) string { return strconv.Itoa(p.Controllers) }},
		{"key_version", func(p p) string { return strconv.Itoa(p.KeyVersion) }},
		{"sweep", func(p p) string { return string(p.Sweep.State) }},
		{"rtt_ms", func(p p) string { return number(p.Sweep.RTTMillis) }},
		{"loss_ratio", func(p p) string { return number(p.Sweep.Loss) }},
	}
}
