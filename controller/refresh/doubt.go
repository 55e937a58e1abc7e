package refresh

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Doubt is two assets of the register that may be one machine, or one that
// nothing identifies.
type Doubt struct {
	ID    string   `json:"id"`   // kind/value/tags: stable while it lasts
	Kind  string   `json:"kind"` // serial, uuid, nothing
	Value string   `json:"value,omitempty"`
	Tags  []string `json:"tags"`
	Why   string   `json:"why"`
}

// Kinds of decision on a doubt.
const (
	KeepApart = "keep-apart"
	MergeInto = "merge"
)

// Decision is a person's word on a doubt: two machines, or one.
type Decision struct {
	Doubt  string    `json:"doubt"`
	Kind   string    `json:"kind"`
	Keep   string    `json:"keep,omitempty"` // the tag that stays, of a merge
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Doubts is the review queue of the register: pairs of assets that share a
// serial or UUID, and computers in service that nothing identifies. What was
// decided to be kept apart is left out.
func Doubts(assets []inventory.Asset, decided []Decision) []Doubt {
	settled := map[string]bool{}
	for _, d := range decided {
		settled[d.Doubt] = true
	}
	var out []Doubt
	add := func(d Doubt) {
		d.ID = strings.Join(append([]string{d.Kind, d.Value}, d.Tags...), "/")
		if !settled[d.ID] {
			out = append(out, d)
		}
	}
	shared := map[inventory.IdentityKey][]string{}
	for _, a := range assets {
		if gone(a.State) {
			continue
		}
		keys := a.Identity().Keys()
		if len(keys) == 0 && a.Kind.Computer() && inService(a) {
			add(Doubt{Kind: "nothing", Value: a.Serial, Tags: []string{a.Tag}, Why: unidentified(a)})
		}
		for _, k := range keys {
			if k.Kind != "mac" { // docks and spare cards travel between machines
				shared[k] = append(shared[k], a.Tag)
			}
		}
	}
	for k, tags := range shared {
		slices.Sort(tags)
		for i := 1; i < len(tags); i++ {
			pair := []string{tags[0], tags[i]}
			add(Doubt{Kind: k.Kind, Value: k.Value, Tags: pair, Why: fmt.Sprintf("%s and %s have the same %s, %s", pair[0], pair[1], k.Kind, k.Value)})
		}
	}
	slices.SortFunc(out, func(a, b Doubt) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// gone reports whether an asset has left: its number may come back on another.
func gone(state inventory.AssetState) bool {
	return state == inventory.AssetDisposed || state == inventory.AssetReturned
}

func unidentified(a inventory.Asset) string {
	if strings.TrimSpace(a.Serial) == "" {
		return fmt.Sprintf("%s has no serial, UUID or address: no agent can be matched to it", a.Tag)
	}
	return fmt.Sprintf("%s has the serial %q, which identifies nothing, and no UUID or address", a.Tag, a.Serial)
}

// Decide settles a doubt. A merge also returns the asset that stays; the other
// tags of the doubt are to be removed from the register.
func Decide(d Doubt, on Decision, assets map[string]inventory.Asset, now time.Time) (inventory.Asset, inventory.Event, error) {
	refuse := func(why, help string) (inventory.Asset, inventory.Event, error) {
		return inventory.Asset{}, inventory.Event{}, &Refusal{Verb: "settle", Subject: "doubt " + d.ID, Why: why, Help: help}
	}
	on.Doubt, on.At = d.ID, now.UTC()
	if r := reason(on.Reason); r != nil {
		return refuse(r.Why, r.Help)
	}
	if on.By == "" {
		return refuse("nobody says so", "name who decided")
	}
	text, _ := json.Marshal(on) // texts and times of our own: they always encode
	e := inventory.Event{
		Kind: inventory.EventAssetKeptApart, Subject: inventory.Subject{Noun: inventory.NounAsset, Key: d.Tags[0]},
		OccurredAt: now.UTC(), RecordedAt: now.UTC(), Author: on.By, Body: text,
	}
	switch on.Kind {
	case KeepApart:
		return inventory.Asset{}, e, nil
	case MergeInto:
		if len(d.Tags) != 2 || !slices.Contains(d.Tags, on.Keep) {
			return refuse(fmt.Sprintf("%.60q is not one of %s", on.Keep, strings.Join(d.Tags, " and ")), "name the tag that stays")
		}
		drop := d.Tags[0]
		if drop == on.Keep {
			drop = d.Tags[1]
		}
		kept, why := merge(assets[on.Keep], assets[drop])
		if why != "" {
			return refuse(why, "keep them apart, or correct the register first")
		}
		e.Kind, e.Subject.Key = inventory.EventAssetMerged, kept.Tag
		return kept, e, nil
	default:
		return refuse(fmt.Sprintf("%.40q is neither %s nor %s", on.Kind, KeepApart, MergeInto), "")
	}
}

// merge fills what the asset that stays does not know. Where both know a number
// and it differs, they are not one machine.
func merge(keep, drop inventory.Asset) (merged inventory.Asset, why string) {
	if keep.Tag == "" || drop.Tag == "" {
		return keep, "one of the two is not in the register any more"
	}
	a, b := keep.Identity(), drop.Identity()
	for _, pair := range [][3]string{{"UUID", a.UUID, b.UUID}, {"serial", folded(a.Serial), folded(b.Serial)}} {
		if pair[1] != "" && pair[2] != "" && pair[1] != pair[2] {
			return keep, fmt.Sprintf("their %ss differ: %s and %s", pair[0], pair[1], pair[2])
		}
	}
	fill := func(into *string, from string) {
		if *into == "" {
			*into = from
		}
	}
	fill(&keep.UUID, drop.UUID)
	fill(&keep.Serial, drop.Serial)
	fill(&keep.Maker, drop.Maker)
	fill(&keep.Model, drop.Model)
	fill(&keep.Name, drop.Name)
	fill(&keep.Site, drop.Site)
	fill(&keep.Position, drop.Position)
	fill(&keep.Order, drop.Order)
	fill(&keep.Supplier, drop.Supplier)
	fill((*string)(&keep.Purchased), string(drop.Purchased))
	fill((*string)(&keep.WarrantyUntil), string(drop.WarrantyUntil))
	fill((*string)(&keep.EndOfLife), string(drop.EndOfLife))
	if drop.HoldUntil > keep.HoldUntil { // a hold is never lost by merging
		keep.HoldUntil = drop.HoldUntil
	}
	for _, mac := range drop.MACs {
		if !slices.Contains(keep.MACs, mac) {
			keep.MACs = append(slices.Clone(keep.MACs), mac)
		}
	}
	return keep, ""
}
