package refresh

import (
	"fmt"
	"slices"

	"muster/inventory"
)

// Arrival is what a delivery turned out to hold.
type Arrival struct {
	Consignment inventory.Consignment
	Assets      []inventory.Asset // now delivered, as the register should hold them
	Already     []string          // scanned again: they had arrived before
	Extra       []string          // tags that another order, or none, names
	Missing     []string          // tags that are named and have not arrived
	Unresolved  []Found           // scanned, and not one asset of the register
	Short       int               // pieces announced and not there; negative: more than announced
}

// Arrive books what was scanned of a consignment on day. It may be called again
// when the rest comes. Nothing is booked of what cannot be told for certain.
func Arrive(c inventory.Consignment, scanned []string, x *Index, day inventory.Date) (Arrival, error) {
	refuse := func(why, help string) (Arrival, error) {
		return Arrival{}, &Refusal{Verb: "book", Subject: "consignment " + c.Code, Why: why, Help: help}
	}
	if _, err := inventory.ParseDate(string(day)); err != nil || !day.Set() {
		return refuse(fmt.Sprintf("%q is no day", day), "say when it arrived")
	}
	if len(scanned) > MaxArrival {
		return refuse(fmt.Sprintf("%d pieces, the limit is %d", len(scanned), MaxArrival), "book it in parts")
	}
	a := Arrival{Consignment: c}
	if !c.Arrived.Set() {
		a.Consignment.Arrived = day
	}
	seen := map[string]bool{}
	for _, typed := range scanned {
		f := x.Resolve(typed)
		found, ok := f.One()
		if !ok || found.Asset == nil {
			a.Unresolved = append(a.Unresolved, f)
			continue
		}
		if !seen[found.Key()] {
			seen[found.Key()] = true
			a.book(c, *found.Asset)
		}
	}
	here := len(seen)
	for _, tag := range c.Assets {
		switch known := x.byTag(tag); {
		case seen[tag]:
		case known.Tag != "" && !coming(known.State): // it came before
			here++
		default:
			a.Missing = append(a.Missing, tag)
		}
	}
	if c.Count > 0 {
		a.Short = c.Count - here
	}
	return a, nil
}

// MaxArrival bounds what is scanned at once.
const MaxArrival = 10_000

func (a *Arrival) book(c inventory.Consignment, asset inventory.Asset) {
	if !slices.Contains(c.Assets, asset.Tag) {
		a.Extra = append(a.Extra, asset.Tag)
	}
	if !coming(asset.State) {
		a.Already = append(a.Already, asset.Tag)
		return
	}
	asset.State, asset.Site = inventory.AssetDelivered, c.Site
	if asset.Order == "" {
		asset.Order = c.Order
	}
	if asset.Supplier == "" {
		asset.Supplier = c.Supplier
	}
	a.Assets = append(a.Assets, asset)
}

// coming reports whether an asset is still to arrive; one that was sent back may
// come again.
func coming(state inventory.AssetState) bool {
	return state == inventory.AssetPlanned || state == inventory.AssetOrdered || state == inventory.AssetReturned
}

func (x *Index) byTag(tag string) inventory.Asset {
	for _, a := range x.tags[folded(tag)] {
		if a.Tag == tag {
			return a
		}
	}
	return inventory.Asset{}
}
