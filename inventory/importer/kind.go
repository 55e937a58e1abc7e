package importer

import (
	"fmt"
	"strings"

	"muster/inventory"
)

// Kind says what the rows of a file declare.
type Kind string

// The kinds of file. Workstations are assets that can carry an agent: the same
// columns, computers only.
const (
	Sites        Kind = "sites"
	Subnets      Kind = "subnets"
	Links        Kind = "links"
	Assets       Kind = "assets"
	Workstations Kind = "workstations"
	Programmes   Kind = "programmes"
	Waves        Kind = "waves"
	Positions    Kind = "positions"
	Visits       Kind = "visits"
	Consignments Kind = "consignments"
	Staff        Kind = "staff"
	Courses      Kind = "courses"
	Training     Kind = "training"
	Milestones   Kind = "milestones"
)

// Kinds lists every kind in the order in which they depend on each other.
func Kinds() []Kind {
	return []Kind{
		Sites, Subnets, Links, Assets, Workstations,
		Programmes, Waves, Positions, Visits, Consignments, Staff, Courses, Training, Milestones,
	}
}

// ParseKind reads a kind, singular or plural.
func ParseKind(s string) (Kind, error) {
	word := strings.ToLower(strings.TrimSpace(s))
	for _, k := range Kinds() {
		if word == string(k) || word+"s" == string(k) {
			return k, nil
		}
	}
	return "", fmt.Errorf("cannot read kind %q: want one of %v", s, Kinds())
}

// Noun is what a row of the kind becomes in the register.
func (k Kind) Noun() inventory.Noun { return tableOf(k).noun }

// Format is how a table is written down.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// ParseFormat reads a format.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(strings.TrimPrefix(s, "."))); f {
	case CSV, XLSX:
		return f, nil
	default:
		return "", fmt.Errorf("cannot write format %q: want csv or xlsx", s)
	}
}
