package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"muster/inventory"
)

// checkReferences looks at the register as the edits leave it: everything named
// must exist, nothing may refer to what is gone, and no milestone may wait for
// itself.
func (es edits) checkReferences(t tx) error {
	named := make(map[inventory.Noun]map[string]edit) // noun → key → who names it
	gone := make(map[inventory.Noun][]string)
	waiting := false
	for _, e := range es {
		if e.after == nil {
			gone[e.noun] = append(gone[e.noun], e.key)
			continue
		}
		for _, to := range e.after.refers {
			if named[to.Noun] == nil {
				named[to.Noun] = make(map[string]edit)
			}
			named[to.Noun][to.Key] = e
			waiting = waiting || e.noun == inventory.NounMilestone && to.Noun == inventory.NounMilestone
		}
	}
	for _, k := range keepers() {
		if err := k.allExist(t, named[k.noun]); err != nil {
			return err
		}
	}
	for _, k := range keepers() {
		if err := unreferred(t, k.noun, gone[k.noun]); err != nil {
			return err
		}
	}
	if waiting {
		return noneWaitsForItself(t)
	}
	return nil
}

// allExist fails with ErrConflict where one of those named is not there.
func (k keeper) allExist(t tx, named map[string]edit) error {
	if len(named) == 0 {
		return nil
	}
	missing := maps.Clone(named)
	err := chunks(t, slices.Sorted(maps.Keys(named)), func(keys []string) error {
		query := "SELECT " + k.key + " FROM " + k.table + " WHERE " + k.key + " IN (" + t.marks(len(keys)) + ")"
		return t.each(query, anys(keys), func(row scanner) error {
			var key string
			err := row.Scan(&key)
			delete(missing, key)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		e := missing[key]
		return fmt.Errorf("%s %q names %s %q, which the register does not hold: %w", e.noun, e.key, k.noun, key, ErrConflict)
	}
	return nil
}

// referrer is a table whose rows refer to a noun.
type referrer struct {
	noun   inventory.Noun
	table  string
	key    string
	column string // that refers
	batch  string // the batch that last changed the row; 0 where none did
	only   string // further condition
}

// referrers is the tables whose rows refer to a noun by a column of their own.
func referrers(noun inventory.Noun) []referrer {
	switch noun {
	case inventory.NounSite:
		return siteReferrers()
	case inventory.NounAsset:
		return assetReferrers()
	default:
		return nil
	}
}

func siteReferrers() []referrer {
	return []referrer{
		{inventory.NounSubnet, "subnets", "prefix", "site", "batch", ""},
		{inventory.NounLink, "links", "circuit", "site", "batch", ""},
		{inventory.NounAsset, "assets", "tag", "site", "batch", ""},
		{inventory.NounWorkstation, "workstations", "id", "home_site", "0", " AND replaced_by = '' AND revoked_at = 0"},
		{inventory.NounWorkstation, "workstations", "id", "site", "0", " AND replaced_by = '' AND revoked_at = 0"},
		{inventory.NounToken, "tokens", "id", "site", "0", " AND revoked_at = 0 AND used < uses"},
	}
}

func assetReferrers() []referrer {
	return []referrer{
		{inventory.NounWorkstation, "workstations", "id", "asset_tag", "0", " AND replaced_by = '' AND revoked_at = 0"},
	}
}

// unreferred fails with ErrDependent, naming the first that refers to one of the
// keys and the batch that made it do so.
func unreferred(t tx, noun inventory.Noun, gone []string) error {
	return chunks(t, gone, func(gone []string) error {
		for _, r := range referrers(noun) {
			query := fmt.Sprintf("SELECT '%s', %s, %s, %s FROM %s WHERE %s IN (%s)%s ORDER BY 2 LIMIT 1",
				r.noun, r.key, r.column, r.batch, r.table, r.column, t.marks(len(gone)), r.only)
			if err := firstReferrer(t, noun, query, anys(gone)); err != nil {
				return err
			}
		}
		query := "SELECT noun, key, to_key, batch FROM register_refs WHERE to_key IN (" + t.marks(len(gone)) + ") AND to_noun = '" + string(noun) +
			"' ORDER BY noun, key LIMIT 1"
		return firstReferrer(t, noun, query, anys(gone))
	})
}

func firstReferrer(t tx, noun inventory.Noun, query string, args []any) (found error) {
	err := t.each(query, args, func(row scanner) error {
		var by, key, refersTo string
		var batch int64
		err := row.Scan(&by, &key, &refersTo, &batch)
		found = fmt.Errorf("%s %q is still referred to by %s %q%s: %w", noun, refersTo, by, key, ofBatch(batch), ErrDependent)
		return err
	})
	return errors.Join(err, found)
}

func ofBatch(number int64) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprintf(" of batch %d", number)
}
