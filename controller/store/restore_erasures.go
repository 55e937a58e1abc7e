package store

import (
	"context"
	"database/sql"

	"muster/inventory"
)

// rememberedErasures is what was erased as the file and the database that is about
// to be set aside remember it.
func (p postgres) rememberedErasures(ctx context.Context, db *sql.DB, file erasureFile) ([]erased, error) {
	all, err := file.read()
	if err != nil {
		return nil, err
	}
	var table *string
	if err := db.QueryRowContext(ctx, "SELECT CAST(to_regclass('erasures') AS TEXT)").Scan(&table); err != nil || table == nil {
		return all, err
	}
	rows, err := db.QueryContext(ctx, "SELECT noun, key, erased_at FROM erasures")
	if err != nil {
		return nil, err
	}
	defer rows.Close() // rows.Err says what went wrong
	for rows.Next() {
		var e erased
		var noun string
		var at int64
		if err := rows.Scan(&noun, &e.Key, &at); err != nil {
			return nil, err
		}
		e.Noun, e.ErasedAt = inventory.Noun(noun), instant(at)
		all = append(all, e)
	}
	return all, rows.Err()
}

// eraseLoaded takes out of a dump that was loaded what was erased after it was made.
func eraseLoaded(t tx, all []erased) error {
	var table *string
	if err := t.one("SELECT CAST(to_regclass('erasures') AS TEXT)", nil, &table); err != nil || table == nil {
		return err // a dump from before there was anything personal
	}
	for _, e := range all {
		if _, err := t.exec("INSERT INTO erasures (noun, key, erased_at) VALUES ($1, $2, $3) ON CONFLICT (noun, key) DO NOTHING",
			string(e.Noun), e.Key, micros(e.ErasedAt)); err != nil {
			return err
		}
	}
	return deletePersonal(t, all)
}
