package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func delivery(n int, sink string) inventory.Delivery {
	at := noon.Add(time.Duration(n) * time.Minute)
	return inventory.Delivery{
		ID: fmt.Sprintf("i00000001-opening-%d", n), Kind: inventory.DeliverOpening, Incident: "i00000001", Sink: sink,
		Title: "S001: link down", CreatedAt: at, NextAt: at,
	}
}

func TestADeliveryIsKeptOnceAndWaitsUntilItArrived(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if _, err := s.NotifyBook(ctx); !errors.Is(err, inventory.ErrNotFound) {
			t.Errorf("a new store has a book: %v", err)
		}
		must(t, s.KeepNotices(ctx, []byte(`{"entries":{}}`), []inventory.Delivery{delivery(1, "mail"), delivery(2, "ops")}))
		again := delivery(1, "mail")
		again.Title = "another"
		must(t, s.KeepNotices(ctx, nil, []inventory.Delivery{again}))
		waiting, err := s.WaitingDeliveries(ctx, "mail", 10)
		must(t, err)
		if diff := cmp.Diff([]inventory.Delivery{delivery(1, "mail")}, waiting); diff != "" {
			t.Errorf("waiting (-want +got):\n%s", diff)
		}
		arrived := waiting[0]
		arrived.SentAt = noon.Add(time.Hour)
		must(t, s.UpdateDelivery(ctx, arrived))
		if waiting, err = s.WaitingDeliveries(ctx, "mail", 10); err != nil || len(waiting) != 0 {
			t.Errorf("still waiting: %v, %v", waiting, err)
		}
		book, err := s.NotifyBook(ctx)
		if err != nil || string(book) != `{"entries":{}}` {
			t.Errorf("book %q, %v", book, err)
		}
		n, err := s.PruneDeliveries(ctx, noon.Add(24*time.Hour), 10)
		if err != nil || n != 1 {
			t.Errorf("pruned %d, %v; want the one that arrived", n, err)
		}
	})
}

func TestDeliveriesArePagedNewestFirst(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		for n := range 5 {
			must(t, s.KeepNotices(t.Context(), nil, []inventory.Delivery{delivery(n, "mail")}))
		}
		var got []string
		page := inventory.Page{Limit: 2}
		for {
			found, next, err := s.Deliveries(t.Context(), inventory.DeliveryFilter{Sink: "mail", Page: page})
			must(t, err)
			for _, d := range found {
				got = append(got, d.ID[len(d.ID)-1:])
			}
			if next == "" {
				break
			}
			page.After = next
		}
		if diff := cmp.Diff([]string{"4", "3", "2", "1", "0"}, got); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}
