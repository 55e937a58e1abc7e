package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"muster/inventory"
)

// AddCertificate remembers a certificate that was issued. ErrConflict where its
// serial number is taken, ErrNotFound where there is no such workstation.
func (s *Store) AddCertificate(ctx context.Context, c inventory.Certificate) error {
	return s.change(ctx, "remember certificate "+c.Serial, func(t tx) error {
		if _, err := readWorkstation(t, c.Workstation); err != nil {
			return fmt.Errorf("workstation %q: %w", c.Workstation, err)
		}
		return addCertificate(t, c)
	})
}

func addCertificate(t tx, c inventory.Certificate) error {
	n, err := t.exec(`INSERT INTO certificates (serial, workstation, key_hash, issued_at, not_after, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (serial) DO NOTHING`,
		c.Serial, c.Workstation, c.KeyHash, micros(c.IssuedAt), micros(c.NotAfter), micros(c.RevokedAt))
	if err == nil && n == 0 {
		return fmt.Errorf("certificate %s is already there: %w", c.Serial, ErrConflict)
	}
	return err
}

// Certificate is one certificate by its serial number; ErrNotFound.
func (s *Store) Certificate(ctx context.Context, serial string) (c inventory.Certificate, err error) {
	err = s.look(ctx, "read certificate "+serial, func(t tx) error {
		var issuedAt, notAfter, revokedAt int64
		err := t.one("SELECT serial, workstation, key_hash, issued_at, not_after, revoked_at FROM certificates WHERE serial = $1",
			[]any{serial}, &c.Serial, &c.Workstation, &c.KeyHash, &issuedAt, &notAfter, &revokedAt)
		c.IssuedAt, c.NotAfter, c.RevokedAt = instant(issuedAt), instant(notAfter), instant(revokedAt)
		return err
	})
	return c, err
}

// IsRevoked reports whether a certificate is revoked. One that was never issued
// here, or whose database was lost, counts as revoked.
func (s *Store) IsRevoked(ctx context.Context, serial string) (bool, error) {
	c, err := s.Certificate(ctx, serial)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	return !c.RevokedAt.IsZero(), err
}

// RevokedSerials is the serial numbers of all revoked certificates.
func (s *Store) RevokedSerials(ctx context.Context) (serials []string, err error) {
	err = s.look(ctx, "read revoked certificates", func(t tx) error {
		return t.each("SELECT serial FROM certificates WHERE revoked_at <> 0 ORDER BY serial", nil, func(row scanner) error {
			var serial string
			err := row.Scan(&serial)
			serials = append(serials, serial)
			return err
		})
	})
	return serials, err
}

// RevokeWorkstation takes a workstation's certificates away for good. Revoking
// twice is harmless; ErrNotFound.
func (s *Store) RevokeWorkstation(ctx context.Context, id, reason, author string, at time.Time) error {
	return s.change(ctx, fmt.Sprintf("revoke workstation %q", id), func(t tx) error {
		w, err := readWorkstation(t, id)
		if err != nil || !w.RevokedAt.IsZero() {
			return err
		}
		if _, err := t.exec("UPDATE workstations SET revoked_at = $1 WHERE id = $2", micros(at), id); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE certificates SET revoked_at = $1 WHERE workstation = $2 AND revoked_at = 0", micros(at), id); err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"reason": reason})
		if err != nil {
			return err
		}
		return s.appendEvents(t, []inventory.Event{about(id, inventory.EventRevoked, author, at, body)})
	})
}
