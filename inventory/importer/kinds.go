package importer

import (
	"io"
	"slices"

	"muster/inventory"
)

// kindTable is what is known of a kind of file.
type kindTable struct {
	kind    Kind
	noun    inventory.Noun
	keys    func() [][]string // columns that identify a row together; the first is what people should use
	columns func() []Column
	export  func(w io.Writer, r inventory.Register, o ExportOptions) error
}

// tables is every kind in the order in which they depend on each other.
func tables() []kindTable {
	type r = inventory.Register
	return []kindTable{
		known(Sites, inventory.NounSite, siteSchema, func(r r) []inventory.Site { return r.Sites }),
		known(Subnets, inventory.NounSubnet, subnetSchema, func(r r) []inventory.Subnet { return r.Subnets }),
		known(Links, inventory.NounLink, linkSchema, func(r r) []inventory.Link { return r.Links }),
		known(Assets, inventory.NounAsset, func() schema[asset] { return assetSchema(Assets) }, func(r r) []asset { return r.Assets }),
		known(Workstations, inventory.NounAsset, func() schema[asset] { return assetSchema(Workstations) }, func(r r) []asset { return computers(r.Assets) }),
		known(Programmes, inventory.NounProgramme, programmeSchema, func(r r) []inventory.Programme { return r.Programmes }),
		known(Waves, inventory.NounWave, waveSchema, func(r r) []inventory.Wave { return r.Waves }),
		known(Positions, inventory.NounPosition, func() schema[position] { return positionSchema(nil) }, func(r r) []position { return r.Positions }),
		known(Visits, inventory.NounVisit, visitSchema, func(r r) []inventory.Visit { return r.Visits }),
		known(Consignments, inventory.NounConsignment, consignmentSchema, func(r r) []inventory.Consignment { return r.Consignments }),
		known(Staff, inventory.NounStaff, func() schema[staff] { return staffSchema(names{}) }, func(r r) []staff { return r.Staff }),
		known(Courses, inventory.NounCourse, courseSchema, func(r r) []inventory.Course { return r.Courses }),
		known(Training, inventory.NounTraining, trainingSchema, func(r r) []inventory.Training { return r.Training }),
		known(Milestones, inventory.NounMilestone, milestoneSchema, func(r r) []milestone { return r.Milestones }),
	}
}

func known[N any](kind Kind, noun inventory.Noun, made func() schema[N], of func(inventory.Register) []N) kindTable {
	return kindTable{
		kind: kind, noun: noun,
		keys: func() [][]string {
			s := made()
			if s.keys == nil {
				return [][]string{{s.keyColumn}}
			}
			return s.keys
		},
		columns: func() []Column { return describe(made()) },
		export: func(w io.Writer, r inventory.Register, o ExportOptions) error {
			return exportKind(w, made(), of(r), o)
		},
	}
}

// tableOf is what is known of a kind; the zero value where it is none.
func tableOf(kind Kind) kindTable {
	all := tables()
	if at := slices.IndexFunc(all, func(t kindTable) bool { return t.kind == kind }); at >= 0 {
		return all[at]
	}
	return kindTable{columns: func() []Column { return nil }, keys: func() [][]string { return nil }}
}

// Columns lists the columns of a kind in the order of an export.
func Columns(kind Kind) []Column { return tableOf(kind).columns() }

func describe[N any](s schema[N]) []Column {
	columns := make([]Column, 0, len(s.columns))
	for i := range s.columns {
		columns = append(columns, s.columns[i].Column)
	}
	return columns
}

// keyColumnsOf is the columns that identify a row, and other ways to do so.
func keyColumnsOf(kind Kind) [][]string { return tableOf(kind).keys() }

func agentsColumn(kind Kind, name string) bool {
	for _, c := range Columns(kind) {
		if c.Name == name {
			return c.Authority == AgentAuthority
		}
	}
	return false
}
