package refresh

import (
	"cmp"
	"fmt"
	"slices"

	"muster/inventory"
)

// DueRules say which machines are due to be replaced. Zero fields ask nothing.
type DueRules struct {
	OlderThanMonths int            // since it was purchased
	WarrantyBy      inventory.Date // its warranty ends on or before
	EndOfLifeBy     inventory.Date
	// Hardware judges an asset by what it is made of: meets is unknown, with its
	// reason, where that was not read. Why says what falls short.
	Hardware func(a inventory.Asset) (meets inventory.Fact[bool], why string)
	Kinds    []inventory.AssetKind // empty: computers
}

// Due is one asset that is due, with every reason.
type Due struct {
	Asset   inventory.Asset `json:"asset"`
	Since   inventory.Date  `json:"since,omitempty"` // the first of its dates; empty: by its hardware alone
	Reasons []string        `json:"reasons"`
	// Unknown is what could not be judged: no date of purchase, a value that was
	// not read. It makes nothing due by itself.
	Unknown []string `json:"unknown,omitempty"`
}

// DueList lists the assets in service that are due at today, the longest due
// first, and apart those of which nothing is due yet but something is unknown.
func DueList(assets []inventory.Asset, rules DueRules, today inventory.Date) (due, undetermined []Due) {
	for _, a := range assets {
		if !inService(a) || !rules.covers(a.Kind) {
			continue
		}
		d := rules.judge(a, today)
		switch {
		case len(d.Reasons) > 0:
			due = append(due, d)
		case len(d.Unknown) > 0:
			undetermined = append(undetermined, d)
		}
	}
	order := func(a, b Due) int {
		return cmp.Or(cmp.Compare(last(a.Since), last(b.Since)), cmp.Compare(a.Asset.Tag, b.Asset.Tag))
	}
	slices.SortFunc(due, order)
	slices.SortFunc(undetermined, order)
	return due, undetermined
}

// last puts what has no date behind what has one.
func last(d inventory.Date) inventory.Date {
	if !d.Set() {
		return "9999-12-31"
	}
	return d
}

func (r DueRules) covers(kind inventory.AssetKind) bool {
	if len(r.Kinds) == 0 {
		return kind.Computer()
	}
	return slices.Contains(r.Kinds, kind)
}

func (r DueRules) judge(a inventory.Asset, today inventory.Date) Due {
	d := Due{Asset: a}
	if r.OlderThanMonths > 0 {
		if a.Purchased.Set() {
			limit := inventory.DateOf(a.Purchased.Time().AddDate(0, r.OlderThanMonths, 0))
			d.reached(limit, today, fmt.Sprintf("purchased %s: older than %d months", a.Purchased, r.OlderThanMonths))
		} else {
			d.Unknown = append(d.Unknown, "no date of purchase")
		}
	}
	d.ends("warranty", a.WarrantyUntil, r.WarrantyBy)
	d.ends("life", a.EndOfLife, r.EndOfLifeBy)
	if r.Hardware != nil {
		meets, why := r.Hardware(a)
		switch ok, known := meets.Get(); {
		case !known:
			d.Unknown = append(d.Unknown, "hardware: "+meets.Reason())
		case !ok:
			d.Reasons = append(d.Reasons, "hardware: "+why)
		}
	}
	return d
}

func (d *Due) reached(limit, today inventory.Date, why string) {
	if limit <= today {
		d.add(limit, why)
	}
}

func (d *Due) ends(what string, ends, by inventory.Date) {
	switch {
	case !by.Set():
	case !ends.Set():
		d.Unknown = append(d.Unknown, "no end of "+what)
	case ends <= by:
		d.add(ends, fmt.Sprintf("%s ends %s", what, ends))
	}
}

func (d *Due) add(since inventory.Date, why string) {
	d.Reasons = append(d.Reasons, why)
	if !d.Since.Set() || since < d.Since {
		d.Since = since
	}
}
