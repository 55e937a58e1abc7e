package store

import (
	"fmt"
	"maps"
	"slices"

	"muster/inventory"
)

// checkReferences looks at the register as the edits leave it: every site named
// must exist, and nothing may refer to what is gone.
func (es edits) checkReferences(t tx) error {
	named := make(map[string]edit) // site → who names it
	var sites, assets []string     // gone
	for _, e := range es {
		switch {
		case e.after != nil && e.after.site != "":
			named[e.after.site] = e
		case e.after == nil && e.noun == inventory.NounSite:
			sites = append(sites, e.key)
		case e.after == nil && e.noun == inventory.NounAsset:
			assets = append(assets, e.key)
		}
	}
	if err := sitesExist(t, named); err != nil {
		return err
	}
	if err := unreferred(t, inventory.NounSite, sites, siteReferrers()); err != nil {
		return err
	}
	return unreferred(t, inventory.NounAsset, assets, assetReferrers())
}

func sitesExist(t tx, named map[string]edit) error {
	codes := slices.Sorted(maps.Keys(named))
	err := chunks(t, codes, func(codes []string) error {
		query := "SELECT code FROM sites WHERE code IN (" + t.marks(len(codes)) + ")"
		return t.each(query, anys(codes), func(row scanner) error {
			var code string
			err := row.Scan(&code)
			delete(named, code)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, code := range slices.Sorted(maps.Keys(named)) {
		e := named[code]
		return fmt.Errorf("%s %q names site %q, which the register does not hold: %w", e.noun, e.key, code, ErrConflict)
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
func unreferred(t tx, noun inventory.Noun, gone []string, referrers []referrer) error {
	return chunks(t, gone, func(gone []string) error {
		for _, r := range referrers {
			query := fmt.Sprintf("SELECT %s, %s, %s FROM %s WHERE %s IN (%s)%s ORDER BY 1 LIMIT 1",
				r.key, r.column, r.batch, r.table, r.column, t.marks(len(gone)), r.only)
			var found error
			err := t.each(query, anys(gone), func(row scanner) error {
				var key, refersTo string
				var batch int64
				err := row.Scan(&key, &refersTo, &batch)
				found = fmt.Errorf("%s %q is still referred to by %s %q%s: %w", noun, refersTo, r.noun, key, ofBatch(batch), ErrDependent)
				return err
			})
			if err != nil {
				return err
			}
			if found != nil {
				return found
			}
		}
		return nil
	})
}

func ofBatch(number int64) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprintf(" of batch %d", number)
}
