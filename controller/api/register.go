package api

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"muster/inventory"
)

type assetList struct {
	Paging
	Site  string `query:"site"`
	Kind  string `query:"kind" enum:"desktop,laptop,router,switch,printer,monitor,other"`
	State string `query:"state" enum:"planned,ordered,delivered,imaged,staged,in-service,retired,wiped,disposed,dead-on-arrival,lost,returned"`
	Q     string `query:"q" maxLength:"200" doc:"words: each begins a word of the tag, serial, name or model"`
}

func (a *API) listAssets(ctx context.Context, in *assetList) ([]inventory.Asset, string, error) {
	return a.Store.Assets(ctx, inventory.AssetFilter{
		Site: in.Site, Kind: inventory.AssetKind(in.Kind), State: inventory.AssetState(in.State), Query: in.Q, Page: in.page(),
	})
}

func (a *API) showAsset(ctx context.Context, in *AssetKey) (inventory.Asset, error) {
	return a.Store.Asset(ctx, plainKey(in.Tag))
}

func assetColumns() []column[inventory.Asset] {
	type a = inventory.Asset
	return []column[a]{
		{"tag", func(a a) string { return a.Tag }},
		{"serial", func(a a) string { return a.Serial }},
		{"uuid", func(a a) string { return a.UUID }},
		{"macs", func(a a) string { return strings.Join(a.MACs, " ") }},
		{"kind", func(a a) string { return string(a.Kind) }},
		{"maker", func(a a) string { return a.Maker }},
		{"model", func(a a) string { return a.Model }},
		{"name", func(a a) string { return a.Name }},
		{"site", func(a a) string { return a.Site }},
		{"position", func(a a) string { return a.Position }},
		{"state", func(a a) string { return string(a.State) }},
		{"purchased", func(a a) string { return string(a.Purchased) }},
		{"warranty_until", func(a a) string { return string(a.WarrantyUntil) }},
		{"end_of_life", func(a a) string { return string(a.EndOfLife) }},
		{"order", func(a a) string { return a.Order }},
		{"supplier", func(a a) string { return a.Supplier }},
		{"notes", func(a a) string { return a.Notes }},
	}
}

type linkList struct {
	Paging
	Site    string `query:"site"`
	Carrier string `query:"carrier"`
}

// LinkStanding is a link with what the sweep says of its site.
type LinkStanding struct {
	inventory.Link
	Reach inventory.Reach `json:"reach"`
}

func (a *API) listLinks(ctx context.Context, in *linkList) ([]LinkStanding, string, error) {
	links, next, err := a.Store.Links(ctx, inventory.LinkFilter{Site: in.Site, Carrier: in.Carrier, Page: in.page()})
	if err != nil {
		return nil, "", err
	}
	standings := make([]LinkStanding, len(links))
	for i, link := range links {
		standings[i] = LinkStanding{Link: link, Reach: a.Live.Reach(link.Site)}
	}
	return standings, next, nil
}

func (a *API) showLink(ctx context.Context, in *LinkKey) (LinkStanding, error) {
	link, err := a.Store.Link(ctx, plainKey(in.Circuit))
	if err != nil {
		return LinkStanding{}, err
	}
	return LinkStanding{Link: link, Reach: a.Live.Reach(link.Site)}, nil
}

func linkColumns() []column[LinkStanding] {
	type l = LinkStanding
	return []column[l]{
		{"circuit", func(l l) string { return l.Circuit }},
		{"site", func(l l) string { return l.Site }},
		{"carrier", func(l l) string { return l.Carrier }},
		{"exchange", func(l l) string { return l.Exchange }},
		{"role", func(l l) string { return string(l.Role) }},
		{"down_kbps", func(l l) string { return strconv.FormatInt(l.DownKbps, 10) }},
		{"up_kbps", func(l l) string { return strconv.FormatInt(l.UpKbps, 10) }},
		{"router", func(l l) string { return addrText(l.Router) }},
		{"fault_desk", func(l l) string { return l.FaultDesk }},
		{"contract", func(l l) string { return l.Contract }},
		{"sla", func(l l) string { return l.SLA }},
		{"installed", func(l l) string { return string(l.Installed) }},
		{"ends", func(l l) string { return string(l.Ends) }},
		{"notes", func(l l) string { return l.Notes }},
		{"state", func(l l) string { return string(l.Reach.State) }},
		{"rtt_ms", func(l l) string { return number(l.Reach.RTTMillis) }},
		{"loss_ratio", func(l l) string { return number(l.Reach.Loss) }},
	}
}

type subnetList struct {
	Paging
	Site string `query:"site"`
}

func (a *API) listSubnets(ctx context.Context, in *subnetList) ([]inventory.Subnet, string, error) {
	subnets, err := a.Store.Subnets(ctx)
	if err != nil {
		return nil, "", err
	}
	if in.Site != "" {
		subnets = slices.DeleteFunc(slices.Clone(subnets), func(s inventory.Subnet) bool { return s.Site != in.Site })
	}
	items, next := pageOf(subnets, in.page(), func(s inventory.Subnet) string { return s.Prefix.String() })
	return items, next, nil
}

// pageOf cuts a page out of a list that is short enough to be read whole. The
// cursor is the key of the last item shown.
func pageOf[T any](items []T, page inventory.Page, key func(T) string) ([]T, string) {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	items = slices.DeleteFunc(items, func(item T) bool { return page.After != "" && key(item) <= page.After })
	if len(items) <= page.Limit {
		return items, ""
	}
	items = items[:page.Limit]
	return items, key(items[len(items)-1])
}

func subnetColumns() []column[inventory.Subnet] {
	type s = inventory.Subnet
	return []column[s]{
		{"prefix", func(s s) string { return s.Prefix.String() }},
		{"site", func(s s) string { return s.Site }},
		{"purpose", func(s s) string { return s.Purpose }},
		{"gateway", func(s s) string { return addrText(s.Gateway) }},
		{"vlan", func(s s) string {
			if s.VLAN == 0 {
				return ""
			}
			return strconv.Itoa(s.VLAN)
		}},
		{"notes", func(s s) string { return s.Notes }},
	}
}

func addrText(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}
