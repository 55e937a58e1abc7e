package intake

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"muster/inventory"
	"muster/inventory/wire"
)

// rawLists are the lists of a report as their bytes came: their names are
// hashes of these bytes, and the agent may know fields that we do not.
type rawLists struct {
	Hardware json.RawMessage `json:"hardware"`
	Firmware json.RawMessage `json:"firmware"`
	OS       json.RawMessage `json:"os"`
}

func carriesLists(r *wire.Report) bool {
	return r.Hardware != nil || r.Firmware != nil || r.OS != nil || r.Software != nil
}

func listNumber(list wire.List) int { return slices.Index(wire.Lists(), list) }

// takeLists checks and completes the lists of a report, and notes which are
// wanted: those whose name is not that of the stored one. A late report's lists
// are left out, newer ones were stored.
func (i *Intake) takeLists(ctx context.Context, v *visit) *problem {
	if v.desk.late(&v.report) {
		return nil
	}
	if err := i.loadHashes(ctx, v); err != nil {
		return busy(err)
	}
	if carriesLists(&v.report) {
		if p := v.takeWhole(); p != nil {
			return p
		}
		if v.report.Software != nil {
			if p := i.takeSoftware(ctx, v); p != nil {
				return p
			}
		}
	}
	for n, list := range wire.Lists() {
		hash := v.report.Hashes.Of(list)
		delivered := slices.ContainsFunc(v.rows, func(row inventory.ListRow) bool { return row.List == string(list) })
		if hash != "" && !delivered && hash != v.desk.hashes[n] {
			v.want = append(v.want, list)
		}
	}
	return nil
}

// loadHashes reads the names of the stored lists once after a start.
func (i *Intake) loadHashes(ctx context.Context, v *visit) error {
	for n, list := range wire.Lists() {
		if v.desk.loaded[n] || v.report.Hashes.Of(list) == "" {
			continue
		}
		hash, _, err := i.store.ListBody(ctx, v.peer.workstation, string(list))
		if err != nil && !errors.Is(err, inventory.ErrNotFound) {
			return err
		}
		v.desk.hashes[n], v.desk.loaded[n] = hash, true
	}
	return nil
}

// takeWhole takes the lists that always travel whole.
func (v *visit) takeWhole() *problem {
	var raw rawLists
	if err := json.Unmarshal(v.body, &raw); err != nil {
		return problemf(reasonBody, "cannot read lists of %s: %s", v.peer.workstation, err)
	}
	for list, body := range map[wire.List]json.RawMessage{
		wire.ListHardware: raw.Hardware, wire.ListFirmware: raw.Firmware, wire.ListOS: raw.OS,
	} {
		if len(body) == 0 || string(body) == "null" {
			continue
		}
		named, is := v.report.Hashes.Of(list), wire.HashBytes(body)
		if named != is {
			return problemf(reasonBody, "the %s list of %s is %s, the report calls it %q", list, v.peer.workstation, is, named)
		}
		v.take(list, is, body)
	}
	return nil
}

// take adds a list to what is committed, unless it is the stored one.
func (v *visit) take(list wire.List, hash string, body []byte) {
	if n := listNumber(list); !v.desk.loaded[n] || v.desk.hashes[n] != hash {
		v.rows = append(v.rows, inventory.ListRow{List: string(list), Hash: hash, Body: body})
	}
}

// takeSoftware applies the delta to the stored list. One that builds upon
// another list than the stored one is left out, and the whole list is wanted.
func (i *Intake) takeSoftware(ctx context.Context, v *visit) *problem {
	delta, named := v.report.Software, v.report.Hashes.Software
	var base wire.Software
	if delta.Base != "" && delta.Unknown == "" {
		hash, body, err := i.store.ListBody(ctx, v.peer.workstation, string(wire.ListSoftware))
		switch {
		case errors.Is(err, inventory.ErrNotFound) || err == nil && hash != delta.Base:
			return nil // takeLists sees that the named list is not there, and wants it
		case err != nil:
			return busy(err)
		}
		if base, err = wire.DecodeSoftware(body); err != nil {
			return nil //nolint:nilerr // what is stored is of no use as a base: the whole list is wanted
		}
	}
	next, err := delta.Apply(base)
	var hash string
	var body []byte
	if err == nil {
		hash, body, err = next.Encode()
	}
	switch {
	case err == nil && hash == named:
		v.take(wire.ListSoftware, hash, body)
	case delta.Base != "" && delta.Unknown == "":
		return nil // the two sides disagree about the base: the whole list is wanted
	case err != nil:
		return problemf(reasonBody, "%s: %s", v.peer.workstation, err)
	default:
		return problemf(reasonBody, "the software list of %s is %s, the report calls it %q", v.peer.workstation, hash, named)
	}
	return nil
}
