package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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
		dir, err := os.MkdirTemp("", "muster-county-") //nolint:usetesting // it outlives the benchmark that makes it
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
				if _, err := t.exec("INSERT INTO lists (workstation, list, read_at, received_at, hash, body) VALUES ($1, 'hardware', 1, 1, 'h', $2)",
					w.ID, hardwareBody(i)); err != nil {
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
		"mac-maker":     {Query: "3c:52:82"},
		"broad-word":    {Query: "pc"},
		"two-broad":     {Query: "pc lenovo"},
		"broad-none":    {Query: "hp0 dell0"},
		"broad-three":   {Query: "pc hp0 dell0"},
		"mac-three":     {Query: "3c:52:82 pc hp"},
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

// hardwareBody is what an office machine says of its hardware, in 2 kB.
func hardwareBody(n int) []byte {
	return fmt.Appendf(nil, `{"maker":"Dell Inc.","model":"OptiPlex 7010","serial":"SN%06dX","uuid":"4c4c4544-0042-3510-8052-%012d",
		"chassis":"desktop","cpu":{"name":"Intel(R) Core(TM) i5-12500","vendor":"GenuineIntel","architecture":"amd64","family":6,"model":151,
		"stepping":5,"cores":6,"threads":12,"mhz":3000},"memory_bytes":17179869184,"memory_modules":[{"slot":"DIMM1","bytes":8589934592,
		"kind":"DDR4","mhz":3200,"maker":"Micron","part_no":"8ATF1G64","serial_no":"%08x","populated":true},{"slot":"DIMM2","bytes":8589934592,
		"kind":"DDR4","mhz":3200,"maker":"Micron","part_no":"8ATF1G64","serial_no":"%08x","populated":true}],"disks":[{"name":"nvme0n1",
		"model":"PM9A1 NVMe Samsung 512GB","serial":"S%08d","kind":"nvme","bytes":512110190592}],"nics":[{"name":"Ethernet","mac":%q,
		"kind":"ethernet","driver":"e1dexpress","mbps":1000,"carrier":true,"built_in":true}],"displays":["Intel UHD Graphics 770","DELL P2422H"],
		"display_driver":"31.0.101.4255","battery":{"present":false},"virtualisation":"none","system_disk_bytes":512110190592}`, n, n, n, n+1, n, mac(n))
}

// BenchmarkPageWithHardware reads a page of 50 out of 100,000 workstations with
// the hardware of each.
func BenchmarkPageWithHardware(b *testing.B) {
	s := largeCounty(b)
	for b.Loop() {
		rows, _, err := s.Workstations(context.Background(), inventory.WorkstationFilter{Page: inventory.Page{After: "w00050000", Limit: 50}})
		must(b, err)
		ids := make([]string, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
		}
		hardware, err := s.Hardware(context.Background(), ids)
		must(b, err)
		if len(hardware) != 50 {
			b.Fatalf("hardware of %d", len(hardware))
		}
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

// BenchmarkReadinessAsOf reads readiness as it was known in the middle of a year in
// which 130 sites with five gates changed every day.
func BenchmarkReadinessAsOf(b *testing.B) {
	benchEngines(b, func(b *testing.B, s *Store) {
		const days, sites = 365, 130
		gates := []string{"network-ready", "devices-ready", "people-ready", "records-ready", "site-go-live"}
		for day := range days {
			batch := make([]inventory.Evaluation, 0, sites*len(gates))
			for n := range sites {
				for _, gate := range gates {
					batch = append(batch, busyEvaluation(noon.AddDate(0, 0, day), fmt.Sprintf("S%03d", n), gate))
				}
			}
			must(b, s.AppendEvaluations(context.Background(), batch))
		}
		for b.Loop() {
			found, err := s.Evaluations(context.Background(), noon.AddDate(0, 0, days/2))
			must(b, err)
			if len(found) != sites*len(gates) {
				b.Fatalf("%d evaluations", len(found))
			}
		}
	})
}

// busyEvaluation has five criteria and ten blockers.
func busyEvaluation(at time.Time, site, gate string) inventory.Evaluation {
	e := evaluation(at, site, gate, inventory.VerdictBlocked)
	for i := range 5 {
		e.Criteria = append(e.Criteria, inventory.CriterionResult{
			ID: fmt.Sprintf("criterion-%d", i), Over: "positions", InScope: 15, Pass: 12, Fail: 2, Unknown: 1, Percent: 80,
			Need: "at least 100 %", Verdict: inventory.VerdictBlocked, Reason: "12 of 15 pass", AsOf: at,
		})
	}
	for i := range 10 {
		key := fmt.Sprintf("%s-%02d", site, i)
		e.Blockers = append(e.Blockers, inventory.Blocker{
			ID: site + "/" + gate + "/swapped/" + key, Site: site, Gate: gate, Criterion: "swapped",
			Subject: inventory.Subject{Noun: inventory.NounPosition, Key: key}, Standing: inventory.StandingFail,
			Reason: "the swap is planned, not verified", At: at, Clears: "the new machine reports from the site", Owner: "it", Since: at,
		})
	}
	return e
}
