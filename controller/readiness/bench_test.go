package readiness_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"muster/controller/readiness"
)

// processorTime is what the process used so far: a figure that holds on a machine
// that does other work.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func benchmarkFull(b *testing.B, sites, positions int) {
	gates, facts := readyMade(b), county(b, sites, positions)
	b.ReportAllocs()
	began := processorTime(b)
	for b.Loop() {
		j := readiness.NewJudge(gates)
		for _, f := range facts {
			j.Put(f)
			j.Evaluate(f.Site.Code, nil, monday)
		}
	}
	b.ReportMetric(float64((processorTime(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// BenchmarkCounty is every gate at every site of a county, from nothing.
func BenchmarkCounty(b *testing.B) { benchmarkFull(b, 130, 2000) }

// BenchmarkNation is the same at 6,500 sites.
func BenchmarkNation(b *testing.B) { benchmarkFull(b, 6500, 100_000) }

// BenchmarkOneReport is one changed workstation, and every gate of its site.
func BenchmarkOneReport(b *testing.B) {
	gates, facts := readyMade(b), county(b, 130, 2000)
	j := readiness.NewJudge(gates)
	for _, f := range facts {
		j.Put(f)
	}
	row := facts[7].Workstations[3]
	now := monday
	b.ReportAllocs()
	began := processorTime(b)
	for b.Loop() {
		now = now.Add(time.Second)
		row.At = now
		readiness.PutRow(j, facts[7].Site.Code, row)
		j.Evaluate(facts[7].Site.Code, nil, now)
	}
	b.ReportMetric(float64((processorTime(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// BenchmarkOneReportOfALargeSite is the same at a site of 600 desks.
func BenchmarkOneReportOfALargeSite(b *testing.B) {
	gates, facts := readyMade(b), county(b, 1, 600)
	j := readiness.NewJudge(gates)
	j.Put(facts[0])
	row := facts[0].Workstations[3]
	now := monday
	b.ReportAllocs()
	began := processorTime(b)
	for b.Loop() {
		now = now.Add(time.Second)
		row.At = now
		readiness.PutRow(j, facts[0].Site.Code, row)
		j.Evaluate(facts[0].Site.Code, nil, now)
	}
	b.ReportMetric(float64((processorTime(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// BenchmarkLoadGate reads and compiles the site's go-live gate.
func BenchmarkLoadGate(b *testing.B) {
	src, err := os.ReadFile("../../configs/gates/site-go-live.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := readiness.LoadGate("site-go-live.yaml", src); err != nil {
			b.Fatal(err)
		}
	}
}
