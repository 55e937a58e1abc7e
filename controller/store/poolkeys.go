package store

import (
	"context"
	"fmt"
	"time"

	"muster/inventory"
)

// PoolKeys is the keys of a site's pool, newest version first, retired ones too.
func (s *Store) PoolKeys(ctx context.Context, site string) (keys []inventory.PoolKey, err error) {
	err = s.look(ctx, fmt.Sprintf("read the pool keys of %q", site), func(t tx) error {
		return t.each("SELECT version, key, created_at, retired_at FROM pool_keys WHERE site = $1 ORDER BY version DESC",
			[]any{site}, func(row scanner) error {
				var key inventory.PoolKey
				var createdAt, retiredAt int64
				err := row.Scan(&key.Version, &key.Key, &createdAt, &retiredAt)
				key.CreatedAt, key.RetiredAt = instant(createdAt), instant(retiredAt)
				keys = append(keys, key)
				return err
			})
	})
	return keys, err
}

// PutPoolKey makes a pool key, or retires one: a key's bytes never change, and
// ErrConflict is returned where they would.
func (s *Store) PutPoolKey(ctx context.Context, site string, key inventory.PoolKey) error {
	return s.change(ctx, fmt.Sprintf("put pool key %d of %q", key.Version, site), func(t tx) error {
		n, err := t.exec(`INSERT INTO pool_keys (site, version, key, created_at, retired_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (site, version) DO UPDATE SET retired_at = excluded.retired_at WHERE pool_keys.key = excluded.key`,
			site, key.Version, key.Key, micros(key.CreatedAt), micros(key.RetiredAt))
		if err == nil && n == 0 {
			return fmt.Errorf("another key has that version: %w", ErrConflict)
		}
		return err
	})
}

// AckPoolKey notes which key version a workstation holds of the pool of the site
// where it is now; ErrNotFound.
func (s *Store) AckPoolKey(ctx context.Context, workstation string, version int) error {
	return s.change(ctx, fmt.Sprintf("note the pool key of %q", workstation), func(t tx) error {
		n, err := ackPoolKey(t, workstation, version, s.now())
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}

func ackPoolKey(t tx, workstation string, version int, at time.Time) (int64, error) {
	return t.exec(`INSERT INTO key_acks (workstation, site, version, acked_at)
		SELECT id, site, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM workstations WHERE id = $1
		ON CONFLICT (workstation) DO UPDATE SET site = excluded.site, version = excluded.version, acked_at = excluded.acked_at`,
		workstation, version, micros(at))
}

// KeyAcks is which key version each workstation holds that acknowledged one of
// the site's pool.
func (s *Store) KeyAcks(ctx context.Context, site string) (acks []inventory.KeyAck, err error) {
	err = s.look(ctx, fmt.Sprintf("read the key acknowledgements of %q", site), func(t tx) error {
		return t.each("SELECT workstation, version, acked_at FROM key_acks WHERE site = $1 ORDER BY workstation",
			[]any{site}, func(row scanner) error {
				var ack inventory.KeyAck
				var ackedAt int64
				err := row.Scan(&ack.Workstation, &ack.Version, &ackedAt)
				ack.AckedAt = instant(ackedAt)
				acks = append(acks, ack)
				return err
			})
	})
	return acks, err
}
