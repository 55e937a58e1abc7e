package sla

import (
	"cmp"
	"slices"

	"muster/inventory"
)

// Sum is the account of several links together, of a carrier or of all.
type Sum struct {
	Name  string `json:"name"`
	Links int    `json:"links"`
	inventory.LinkTime

	Missed       int `json:"missed"` // links whose availability promise was missed
	Undetermined int `json:"undetermined"`
	Outages      int `json:"outages"`
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
	for _, a := range accounts {
		s.LinkTime = s.Plus(a.LinkTime)
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
	s.Rate()
	return s
}
