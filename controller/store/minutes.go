package store

import (
	"context"
	"fmt"
	"time"
)

// PutMinutes keeps what links were like on a day, a page for each site.
func (s *Store) PutMinutes(ctx context.Context, day time.Time, pages map[string][]byte) error {
	return s.change(ctx, "keep the minutes of links", func(t tx) error {
		args := make([]any, 0, 3*len(pages))
		for site, page := range pages {
			packed, err := pack(page)
			if err != nil {
				return err
			}
			args = append(args, plain(site), micros(day), packed)
		}
		_, err := t.insert("INSERT INTO link_minutes (site, day, body)", 3, args, "ON CONFLICT (site, day) DO UPDATE SET body = excluded.body")
		return err
	})
}

// Minutes is the pages of a site, oldest first.
func (s *Store) Minutes(ctx context.Context, site string) (pages [][]byte, err error) {
	err = s.look(ctx, fmt.Sprintf("read the minutes of %.20q", site), func(t tx) error {
		return t.each("SELECT body FROM link_minutes WHERE site = $1 ORDER BY day", []any{plain(site)}, func(row scanner) error {
			var page []byte
			if err := row.Scan(&page); err != nil {
				return err
			}
			page, err := unpack(page)
			pages = append(pages, page)
			return err
		})
	})
	return pages, err
}

// MinutesOf is the pages of a day, by site.
func (s *Store) MinutesOf(ctx context.Context, day time.Time) (pages map[string][]byte, err error) {
	pages = map[string][]byte{}
	err = s.look(ctx, "read the minutes of a day", func(t tx) error {
		return t.each("SELECT site, body FROM link_minutes WHERE day = $1", []any{micros(day)}, func(row scanner) error {
			var site string
			var page []byte
			if err := row.Scan(&site, &page); err != nil {
				return err
			}
			page, err := unpack(page)
			pages[site] = page
			return err
		})
	})
	return pages, err
}

// PruneMinutes removes the pages of days before an instant.
func (s *Store) PruneMinutes(ctx context.Context, before time.Time) error {
	return s.change(ctx, "prune the minutes of links", func(t tx) error {
		_, err := t.exec("DELETE FROM link_minutes WHERE day < $1", micros(before))
		return err
	})
}
