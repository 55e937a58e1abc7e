package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"

	"muster/inventory"
)

// The nouns of the register that can be edited one by one.

func (a *API) site(code string) subject[inventory.Site] {
	return subject[inventory.Site]{
		noun: inventory.NounSite, key: code,
		get:      func(ctx context.Context) (inventory.Site, error) { return a.Store.Site(ctx, code) },
		keyOf:    func(s inventory.Site) string { return s.Code },
		siteOf:   func(inventory.Site) string { return "" },
		validate: inventory.Site.Validate,
	}
}

func (a *API) asset(tag string) subject[inventory.Asset] {
	return subject[inventory.Asset]{
		noun: inventory.NounAsset, key: tag,
		get:      func(ctx context.Context) (inventory.Asset, error) { return a.Store.Asset(ctx, tag) },
		keyOf:    func(s inventory.Asset) string { return s.Tag },
		siteOf:   func(s inventory.Asset) string { return s.Site },
		validate: inventory.Asset.Validate,
	}
}

func (a *API) link(circuit string) subject[inventory.Link] {
	return subject[inventory.Link]{
		noun: inventory.NounLink, key: circuit,
		get:      func(ctx context.Context) (inventory.Link, error) { return a.Store.Link(ctx, circuit) },
		keyOf:    func(l inventory.Link) string { return l.Circuit },
		siteOf:   func(l inventory.Link) string { return l.Site },
		validate: inventory.Link.Validate,
	}
}

func (a *API) subnet(prefix netip.Prefix) subject[inventory.Subnet] {
	return subject[inventory.Subnet]{
		noun: inventory.NounSubnet, key: prefix.String(),
		get:      func(ctx context.Context) (inventory.Subnet, error) { return a.findSubnet(ctx, prefix) },
		keyOf:    func(s inventory.Subnet) string { return s.Prefix.String() },
		siteOf:   func(s inventory.Subnet) string { return s.Site },
		validate: inventory.Subnet.Validate,
	}
}

func (a *API) findSubnet(ctx context.Context, prefix netip.Prefix) (inventory.Subnet, error) {
	subnets, err := a.Store.Subnets(ctx)
	if err != nil {
		return inventory.Subnet{}, err
	}
	for _, subnet := range subnets {
		if subnet.Prefix == prefix {
			return subnet, nil
		}
	}
	return inventory.Subnet{}, fmt.Errorf("cannot show subnet %s: %w", prefix, inventory.ErrNotFound)
}

type sitePut struct {
	SiteKey
	Body inventory.Site
}

type sitePatch struct {
	SiteKey
	Body json.RawMessage
}

func (a *API) putSite(ctx context.Context, in *sitePut) (Edited[inventory.Site], error) {
	return put(ctx, a, a.site(in.Code), in.Body)
}

func (a *API) patchSite(ctx context.Context, in *sitePatch) (Edited[inventory.Site], error) {
	return merge(ctx, a, a.site(in.Code), in.Body)
}

func (a *API) deleteSite(ctx context.Context, in *SiteKey) (Edited[inventory.Site], error) {
	return remove(ctx, a, a.site(in.Code))
}

// AssetKey names an asset in an address. It is exported because huma reads the tags of
// exported embedded structs only.
type AssetKey struct {
	Tag string `path:"tag" maxLength:"200"`
}

type assetPut struct {
	AssetKey
	Body inventory.Asset
}

type assetPatch struct {
	AssetKey
	Body json.RawMessage
}

func (a *API) putAsset(ctx context.Context, in *assetPut) (Edited[inventory.Asset], error) {
	return put(ctx, a, a.asset(plainKey(in.Tag)), in.Body)
}

func (a *API) patchAsset(ctx context.Context, in *assetPatch) (Edited[inventory.Asset], error) {
	return merge(ctx, a, a.asset(plainKey(in.Tag)), in.Body)
}

func (a *API) deleteAsset(ctx context.Context, in *AssetKey) (Edited[inventory.Asset], error) {
	return remove(ctx, a, a.asset(plainKey(in.Tag)))
}

// LinkKey names a link in an address. It is exported because huma reads the tags of
// exported embedded structs only.
type LinkKey struct {
	Circuit string `path:"circuit" maxLength:"300"`
}

type linkPut struct {
	LinkKey
	Body inventory.Link
}

type linkPatch struct {
	LinkKey
	Body json.RawMessage
}

func (a *API) putLink(ctx context.Context, in *linkPut) (Edited[inventory.Link], error) {
	return put(ctx, a, a.link(plainKey(in.Circuit)), in.Body)
}

func (a *API) patchLink(ctx context.Context, in *linkPatch) (Edited[inventory.Link], error) {
	return merge(ctx, a, a.link(plainKey(in.Circuit)), in.Body)
}

func (a *API) deleteLink(ctx context.Context, in *LinkKey) (Edited[inventory.Link], error) {
	return remove(ctx, a, a.link(plainKey(in.Circuit)))
}

// SubnetKey names a subnet in an address. It is exported because huma reads the tags of
// exported embedded structs only.
type SubnetKey struct {
	Addr string `path:"addr" maxLength:"64"`
	Bits string `path:"bits" maxLength:"3"`
}

func (k SubnetKey) prefix() (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(plainKey(k.Addr) + "/" + k.Bits)
	if err != nil {
		return prefix, problem(http.StatusBadRequest, "urn:muster:field",
			fmt.Sprintf("%s/%s is not a prefix such as 10.20.4.0/24", k.Addr, k.Bits))
	}
	return prefix, nil
}

type subnetPut struct {
	SubnetKey
	Body inventory.Subnet
}

type subnetPatch struct {
	SubnetKey
	Body json.RawMessage
}

func (a *API) showSubnet(ctx context.Context, in *SubnetKey) (inventory.Subnet, error) {
	prefix, err := in.prefix()
	if err != nil {
		return inventory.Subnet{}, err
	}
	return a.findSubnet(ctx, prefix)
}

func (a *API) putSubnet(ctx context.Context, in *subnetPut) (Edited[inventory.Subnet], error) {
	prefix, err := in.prefix()
	if err != nil {
		return Edited[inventory.Subnet]{}, err
	}
	return put(ctx, a, a.subnet(prefix), in.Body)
}

func (a *API) patchSubnet(ctx context.Context, in *subnetPatch) (Edited[inventory.Subnet], error) {
	prefix, err := in.prefix()
	if err != nil {
		return Edited[inventory.Subnet]{}, err
	}
	return merge(ctx, a, a.subnet(prefix), in.Body)
}

func (a *API) deleteSubnet(ctx context.Context, in *SubnetKey) (Edited[inventory.Subnet], error) {
	prefix, err := in.prefix()
	if err != nil {
		return Edited[inventory.Subnet]{}, err
	}
	return remove(ctx, a, a.subnet(prefix))
}

// plainKey is a key as it was before it was put into an address: a circuit may
// hold a slash, which travels as %2F.
func plainKey(key string) string {
	plain, err := url.PathUnescape(key)
	if err != nil {
		return key
	}
	return plain
}
