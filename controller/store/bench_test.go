package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"muster/inventory"
)

// BenchmarkCommitReports commits batches of 200 reports of 1 kB from 2,000
// workstations, one sync to disk each.
func BenchmarkCommitReports(b *testing.B) {
	benchEngines(b, func(b *testing.B, s *Store) {
		const machines, size = 2000, 200
		enrol(b, s, machines)
		text := strings.Repeat("x", 1000)
		batches := 0
		rows := make([]inventory.ReportRow, size)
		for b.Loop() {
			b.StopTimer()
			for i := range rows {
				n := batches*size + i
				rows[i] = report(n%machines+1, "run1aaaaaaaa", uint64(n/machines)+1, text)
			}
			batches++
			b.StartTimer()
			outcomes, err := s.CommitReports(context.Background(), rows)
			must(b, err)
			if !outcomes[0].Fresh {
				b.Fatal("not fresh")
			}
		}
		b.ReportMetric(float64(batches*size)/b.Elapsed().Seconds(), "rows/s")
	})
}

func benchEngines(b *testing.B, bench func(b *testing.B, s *Store)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { bench(b, open(b, sqliteURL(b))) })
	b.Run("postgres", func(b *testing.B) { bench(b, open(b, postgresURL(b))) })
}

// county is a SQLite store of 100,000 workstations, made once for all readings.
var county struct {
	once sync.Once
	*Store
	dir string // removed by TestMain
}

func largeCounty(b *testing.B) *Store {
	b.Helper()
	county.once.Do(func() {
		dir, err := os.MkdirTemp("", "muster-county-")
		must(b, err)
		county.dir = dir
		s, err := Open(context.Background(), Options{URL: "sqlite:" + filepath.Join(dir, "county.db")})
		must(b, err)
		const all = 100_000
		must(b, s.change(context.Background(), "fill", func(t tx) error {
			for i := 1; i <= all; i++ {
				w := workstation(i)
				w.HomeSite, w.Site = fmt.Sprintf("S%03d", i%130), fmt.Sprintf("S%03d", i%130)
				w.Identity.Serial = fmt.Sprintf("%s%06d", []string{"DELL", "LENOVO", "HP"}[i%3], i)
				if err := writeWorkstation(t, w); err != nil {
					return err
				}
			}
			return nil
		}))
		county.Store = s
	})
	return county.Store
}

// BenchmarkWorkstations reads pages of 100 out of 100,000 workstations.
func BenchmarkWorkstations(b *testing.B) {
	s := largeCounty(b)
	for name, f := range map[string]inventory.WorkstationFilter{
		"first":         {},
		"middle":        {Page: inventory.Page{After: "w00050000"}},
		"site":          {Site: "S042"},
		"serial":        {Query: "dell099999"},
		"name-prefix":   {Query: "pc-0432"},
		"mac":           {Query: "3c:52:82:01"},
		"broad-word":    {Query: "pc"},
		"two-broad":     {Query: "pc lenovo"},
		"broad-none":    {Query: "hp0 dell0"},
		"nothing":       {Query: "zebra"},
		"site-and-word": {Site: "S042", Query: "hp"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _, err := s.Workstations(context.Background(), f)
				must(b, err)
			}
		})
	}
}

// BenchmarkApply imports 2,000 assets in one batch, with their events and words.
func BenchmarkApply(b *testing.B) {
	benchEngines(b, func(b *testing.B, s *Store) {
		mustApply(b, s, made(b, inventory.NounSite, "MILL", site("MILL")))
		run := 0
		for b.Loop() {
			b.StopTimer()
			run++
			changes := make([]inventory.Change, 2000)
			for i := range changes {
				tag := fmt.Sprintf("A-%d-%05d", run, i)
				changes[i] = made(b, inventory.NounAsset, tag, asset(tag, "MILL"))
			}
			b.StartTimer()
			mustApply(b, s, changes...)
		}
	})
}
