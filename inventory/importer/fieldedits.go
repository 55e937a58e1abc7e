package importer

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"muster/inventory"
)

// changedFields compares the JSON of a change field by field; an absent value is
// shown as a dash.
func changedFields(c inventory.Change) []FieldEdit {
	before, after := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if c.Before != nil {
		_ = json.Unmarshal(c.Before, &before) // what is no object has no fields to show
	}
	if c.After != nil {
		_ = json.Unmarshal(c.After, &after)
	}
	names := slices.Collect(maps.Keys(before))
	names = slices.AppendSeq(names, maps.Keys(after))
	slices.Sort(names)
	var edits []FieldEdit
	for _, name := range slices.Compact(names) {
		if !bytes.Equal(before[name], after[name]) {
			edits = append(edits, FieldEdit{Column: name, Before: orDash(before[name]), After: orDash(after[name])})
		}
	}
	return edits
}

func orDash(value json.RawMessage) string {
	if value == nil {
		return "-"
	}
	return string(value)
}
