package sla

import (
	"cmp"
	"slices"
	"time"

	"muster/inventory"
)

// Sum is the account of several links together, of a carrier or of all.
type Sum struct {
	Name                string                  `json:"name"`
	Links               int                     `json:"links"`
	UpFor               time.Duration           `json:"up_ns"`
	DownFor             time.Duration           `json:"down_ns"`
	ExcludedFor         time.Duration           `json:"excluded_ns"`
	NotObservedFor      time.Duration           `json:"not_observed_ns"`
	CarrierDownFor      time.Duration           `json:"carrier_down_ns"`
	OursDownFor         time.Duration           `json:"ours_down_ns"`
	UnattributedDownFor time.Duration           `json:"unattributed_down_ns"`
	Available           inventory.Fact[float64] `json:"available_ratio"`
	AtWorst             inventory.Fact[float64] `json:"available_at_worst_ratio"`
	OfCarrier           inventory.Fact[float64] `json:"available_of_carrier_ratio"`
	Missed              int                     `json:"missed"` // links whose availability promise was missed
	Undetermined        int                     `json:"undetermined"`
	Outages             int                     `json:"outages"`
}

// ByCarrier sums accounts up by carrier, sorted by name.
func ByCarrier(accounts []Account) []Sum {
	byName := map[string][]Account{}
	for _, a := range accounts {
		byName[a.Carrier] = append(byName[a.Carrier], a)
	}
	sums := make([]Sum, 0, len(byName))
	for name, of := range byName {
		sums = append(sums, Total(name, of))
	}
	slices.SortFunc(sums, func(a, b Sum) int { return cmp.Compare(a.Name, b.Name) })
	return sums
}

// Total sums accounts up.
func Total(name string, accounts []Account) Sum {
	s := Sum{Name: name, Links: len(accounts)}
	var whole Account
	for _, a := range accounts {
		whole.UpFor += a.UpFor
		whole.DownFor += a.DownFor
		whole.ExcludedFor += a.ExcludedFor
		whole.NotObservedFor += a.NotObservedFor
		whole.CarrierDownFor += a.CarrierDownFor
		whole.OursDownFor += a.OursDownFor
		whole.UnattributedDownFor += a.UnattributedDownFor
		switch a.Promise {
		case KeptNo:
			s.Missed++
		case KeptUnknown:
			s.Undetermined++
		case KeptYes, KeptNone:
		}
		for _, line := range a.Outages {
			if !line.Void {
				s.Outages++
			}
		}
	}
	whole.rates()
	s.UpFor, s.DownFor, s.ExcludedFor, s.NotObservedFor = whole.UpFor, whole.DownFor, whole.ExcludedFor, whole.NotObservedFor
	s.CarrierDownFor, s.OursDownFor, s.UnattributedDownFor = whole.CarrierDownFor, whole.OursDownFor, whole.UnattributedDownFor
	s.Available, s.AtWorst, s.OfCarrier = whole.Available, whole.AtWorst, whole.OfCarrier
	return s
}
