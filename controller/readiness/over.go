package readiness

import (
	"maps"
	"slices"
	"strings"

	"muster/inventory"
)

type (
	factBool    = inventory.Fact[bool]
	factInt     = inventory.Fact[int]
	factDouble  = inventory.Fact[float64]
	factString  = inventory.Fact[string]
	factStrings = inventory.Fact[[]string]
)

// Over is what a criterion counts.
type Over string

// What can be counted. Site is the site itself, one row; Sites are those of a
// wave or a programme.
const (
	OverPositions    Over = "positions"
	OverWorkstations Over = "workstations"
	OverAssets       Over = "assets"
	OverAccess       Over = "access"
	OverStaff        Over = "staff"
	OverLinks        Over = "links"
	OverMilestones   Over = "milestones"
	OverSoftware     Over = "software"
	OverSite         Over = "site"
	OverSites        Over = "sites"
)

// Overs lists them.
func Overs() []Over {
	return []Over{
		OverPositions, OverWorkstations, OverAssets, OverAccess, OverStaff, OverLinks, OverMilestones, OverSoftware, OverSite, OverSites,
	}
}

// overs says of each over the name that a predicate calls its row by.
var overs = map[Over]*shape{
	OverPositions:    positionShape,
	OverWorkstations: workstationShape,
	OverAssets:       assetShape,
	OverAccess:       accessShape,
	OverStaff:        staffShape,
	OverLinks:        linkShape,
	OverMilestones:   milestoneShape,
	OverSoftware:     softwareRowShape,
	OverSite:         siteShape,
	OverSites:        siteShape,
}

// Word is the name of one row in a predicate: position of positions.
func (o Over) Word() string {
	if s, ok := overs[o]; ok {
		return s.name
	}
	return ""
}

// Fields lists what a predicate may read: of a row by its over, of a part of a
// row by the part's name. Docs are made of it.
func Fields(name string) []Field {
	s := overs[Over(name)]
	if s == nil {
		s = parts[name]
	}
	if s == nil {
		return nil
	}
	return slices.Clone(s.fields)
}

// Parts lists the parts of rows that have fields of their own.
func Parts() []string {
	var names []string
	for _, s := range parts {
		rows := slices.ContainsFunc(Overs(), func(o Over) bool { return overs[o] == s })
		if !rows {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return names
}

// parts is every shape by its name in CEL.
var parts = func() map[string]*shape {
	all := map[string]*shape{}
	for _, s := range overs {
		all[s.name] = s
	}
	for _, s := range []*shape{tpmShape, secureBootShape, cpuShape, osShape, softwareShape, swapShape, trainingShape, gateShape} {
		all[s.name] = s
	}
	return all
}()

// shapeOf is the shape of a pointer to a row or part; nil: it is none.
func shapeOf(v any) *shape {
	switch v.(type) {
	case *PositionRow:
		return positionShape
	case *WorkstationRow:
		return workstationShape
	case *AssetRow:
		return assetShape
	case *AccessRow:
		return accessShape
	case *StaffRow:
		return staffShape
	case *LinkRow:
		return linkShape
	case *MilestoneRow:
		return milestoneShape
	case *SoftwareRow:
		return softwareRowShape
	case *SiteRow:
		return siteShape
	case *TPMPart:
		return tpmShape
	case *SecureBootPart:
		return secureBootShape
	case *CPUPart:
		return cpuShape
	case *OSPart:
		return osShape
	case *SoftwarePart:
		return softwareShape
	case *SwapPart:
		return swapShape
	case *TrainingPart:
		return trainingShape
	case *GatePart:
		return gateShape
	default:
		return nil
	}
}

func staffWhy(s *StaffRow) string {
	var missing []string
	for _, course := range slices.Sorted(maps.Keys(s.Training)) {
		if t := s.Training[course]; t.Needed && !t.Complete {
			missing = append(missing, course+" "+trainingWhy(new(t)))
		}
	}
	return strings.Join(missing, "; ")
}
