package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

const (
	bookName        = "notify-book"
	deliveryColumns = 7
)

// NotifyBook is what notify remembers of whom it told; ErrNotFound where nothing
// was kept yet.
func (s *Store) NotifyBook(ctx context.Context) ([]byte, error) {
	book, err := s.Meta(ctx, bookName)
	return []byte(book), err
}

// KeepNotices keeps the book, where one is given, and adds deliveries: both or
// neither. A delivery whose id is there already stays as it is.
func (s *Store) KeepNotices(ctx context.Context, book []byte, deliveries []inventory.Delivery) error {
	return s.change(ctx, "keep notifications", func(t tx) error {
		if book != nil {
			if err := t.setMeta(bookName, string(book)); err != nil {
				return err
			}
		}
		return putDeliveries(t, deliveries, "ON CONFLICT (id) DO NOTHING")
	})
}

// UpdateDelivery keeps what came of a try.
func (s *Store) UpdateDelivery(ctx context.Context, d inventory.Delivery) error {
	return s.change(ctx, "keep the outcome of a notification", func(t tx) error {
		return putDeliveries(t, []inventory.Delivery{d},
			"ON CONFLICT (id) DO UPDATE SET waiting = excluded.waiting, next_at = excluded.next_at, body = excluded.body")
	})
}

func putDeliveries(t tx, deliveries []inventory.Delivery, conflict string) error {
	if len(deliveries) == 0 {
		return nil
	}
	args := make([]any, 0, deliveryColumns*len(deliveries))
	for _, d := range deliveries {
		body, err := json.Marshal(d)
		if err != nil {
			return err
		}
		args = append(args, plain(d.ID), plain(d.Incident), plain(d.Sink), truth(d.Waiting()), micros(d.CreatedAt), micros(d.NextAt), string(body))
	}
	_, err := t.insert("INSERT INTO deliveries (id, incident, sink, waiting, created_at, next_at, body)", deliveryColumns, args, conflict)
	return err
}

// WaitingDeliveries are those of a sink that neither arrived nor were given up,
// the next to try first.
func (s *Store) WaitingDeliveries(ctx context.Context, sink string, limit int) (waiting []inventory.Delivery, err error) {
	err = s.look(ctx, "read waiting notifications", func(t tx) error {
		query := fmt.Sprintf("SELECT body FROM deliveries WHERE sink = $1 AND waiting = 1 ORDER BY next_at, id LIMIT %d", min(max(limit, 0), inventory.MaxPage))
		return t.each(query, []any{plain(sink)}, func(row scanner) error {
			d, err := scanDelivery(row)
			waiting = append(waiting, d)
			return err
		})
	})
	return waiting, err
}

// Deliveries is a page of deliveries, newest first.
func (s *Store) Deliveries(ctx context.Context, f inventory.DeliveryFilter) (found []inventory.Delivery, next string, err error) {
	found = []inventory.Delivery{}
	chosen := selectPage(f.Page)
	if err := chosen.olderThan("created_at", "id"); err != nil {
		return nil, "", fmt.Errorf("cannot list notifications: %w", err)
	}
	chosen.equal("incident", f.Incident)
	chosen.equal("sink", f.Sink)
	if f.Waiting {
		chosen.conditions = append(chosen.conditions, "waiting = 1")
	}
	err = s.look(ctx, "list notifications", func(t tx) error {
		query := fmt.Sprintf("SELECT body FROM deliveries%s ORDER BY created_at DESC, id DESC LIMIT %d", chosen.where("id"), chosen.limit+1)
		return t.each(query, chosen.args, func(row scanner) error {
			d, err := scanDelivery(row)
			found = append(found, d)
			return err
		})
	})
	if err == nil && len(found) > chosen.limit {
		found = found[:chosen.limit]
		last := found[chosen.limit-1]
		next = fmt.Sprintf("%d-%s", micros(last.CreatedAt), last.ID)
	}
	return found, next, err
}

func scanDelivery(row scanner) (d inventory.Delivery, err error) {
	var body string
	if err := row.Scan(&body); err != nil {
		return d, err
	}
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		return d, fmt.Errorf("a notification is not readable: %w", err)
	}
	return d, nil
}

// PruneDeliveries removes at most limit deliveries that were made before an
// instant and wait for nothing, and returns how many.
func (s *Store) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	pruned := 0
	err := s.change(ctx, "prune notifications", func(t tx) error {
		n, err := t.exec("DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE waiting = 0 AND created_at < $1 ORDER BY created_at LIMIT $2)",
			micros(before), max(limit, 0))
		pruned = int(n)
		return err
	})
	return pruned, err
}
