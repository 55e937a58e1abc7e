package apitest

import (
	"io/fs"
	"log/slog"
	"testing"
	"time"

	"muster/configs"
	"muster/controller/programme"
	"muster/controller/readiness"
	"muster/controller/store"
	"muster/inventory"
)

// openProgramme opens a desk of the refresh with the gates that come with Muster.
func openProgramme(t testing.TB, kept *store.Store, live *Live, incidents func() []inventory.Incident) *programme.Desk {
	t.Helper()
	files, err := fs.Glob(configs.Gates, "gates/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var gates []*readiness.Gate
	for _, file := range files {
		src, err := fs.ReadFile(configs.Gates, file)
		if err != nil {
			t.Fatal(err)
		}
		g, err := readiness.LoadGate(file, src)
		if err != nil {
			t.Fatal(err)
		}
		gates = append(gates, g)
	}
	desk, err := programme.New(programme.Options{
		Store: kept, Live: live, Gates: gates, Incidents: incidents, Now: time.Now, Log: slog.New(slog.DiscardHandler), Trials: 500,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(desk.Close)
	return desk
}
