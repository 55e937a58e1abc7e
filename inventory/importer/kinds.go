package importer

// Columns lists the columns of a kind in the order of an export.
func Columns(kind Kind) []Column {
	switch kind {
	case Sites:
		return describe(siteSchema())
	case Subnets:
		return describe(subnetSchema())
	case Links:
		return describe(linkSchema())
	case Assets, Workstations:
		return describe(assetSchema(kind))
	default:
		return nil
	}
}

func describe[N any](s schema[N]) []Column {
	columns := make([]Column, 0, len(s.columns))
	for i := range s.columns {
		columns = append(columns, s.columns[i].Column)
	}
	return columns
}

// keyColumnOf is the column that identifies a row.
func keyColumnOf(kind Kind) string {
	switch kind {
	case Sites:
		return "code"
	case Subnets:
		return "prefix"
	case Links:
		return "circuit"
	case Assets, Workstations:
		return "tag"
	default:
		return ""
	}
}

func agentsColumn(kind Kind, name string) bool {
	for _, c := range Columns(kind) {
		if c.Name == name {
			return c.Authority == AgentAuthority
		}
	}
	return false
}
