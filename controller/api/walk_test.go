package api

import (
	"log/slog"
	"net/http"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"muster/inventory"
)

// The table is walked from inside, where rows are; surface_test.go calls the
// same addresses from outside.
func TestEveryServedAddressStandsInTheTable(t *testing.T) {
	a := bare(t)
	var table []string
	for _, row := range expand(a.routes()) {
		table = append(table, row.method+" "+row.path)
	}
	var served []string
	walk := func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if path != "/api" && path != "/api/*" { // what is missing under /api
			served = append(served, method+" "+path)
		}
		return nil
	}
	if err := chi.Walk(a.handler.(chi.Routes), walk); err != nil {
		t.Fatal(err)
	}
	sort.Strings(table)
	sort.Strings(served)
	if diff := cmp.Diff(table, served); diff != "" {
		t.Errorf("table and router differ (-table +router):\n%s", diff)
	}
	if len(slices.Compact(slices.Clone(table))) != len(table) {
		t.Error("a method and path stand twice in the table")
	}
}

func TestEveryRowSaysWhoMayUseIt(t *testing.T) {
	for _, row := range expand(bare(t).routes()) {
		allowed := row.allowed()
		if !allowed.public && len(allowed.roles) == 0 {
			t.Errorf("%s %s: nobody may use it", row.method, row.path)
		}
		if row.method != http.MethodGet && !row.handler.asks && (allowed.public || allowed.may(inventory.RoleViewer)) {
			t.Errorf("%s %s: a viewer may write", row.method, row.path)
		}
		if !allowed.public && !allowed.may(inventory.RoleAdmin) {
			t.Errorf("%s %s: not even the admin", row.method, row.path)
		}
		if allowed.public && strings.HasPrefix(row.path, prefix) {
			t.Errorf("%s %s: open to everyone", row.method, row.path)
		}
	}
}

// bare is an API that is not called.
func bare(t *testing.T) *API {
	t.Helper()
	type unused struct {
		Store
		Live
		Operator
		Issuer
		TokenLookup
	}
	door, err := NewDoor(DoorOptions{Tokens: unused{}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Options{
		Store: struct{ Store }{}, Live: struct{ Live }{}, Operator: struct{ Operator }{}, Desk: struct{ Desk }{}, Issuer: struct{ Issuer }{},
		Ledger: struct{ Ledger }{}, Door: door, Picture: NewPicture(nil, nil), Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Now: time.Now, Controllers: func() []string { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}
