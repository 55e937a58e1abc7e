package incident_test

import (
	"syscall"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// BenchmarkClassify is what 2,000 sites of 15 say in one second: their sweeps, and
// the reports of 30,000 machines, with one site in two hundred cut off. One
// operation is one second of the estate; the figure to stay below is 1 s of one
// core, collecting garbage included, which a busy machine does not change much.
func BenchmarkClassify(b *testing.B) {
	w := evidencetest.New(evidencetest.Options{Sites: 2000, Seed: 3, Loss: 0.005, NoJournals: true, Carriers: []string{"northnet", "southnet", "westnet"}})
	e := incident.New(incident.DefaultRules(), w.Estate(), w.Start(), incident.WithIDs(counting()))
	for i, s := range w.Sites() {
		if i%200 == 7 {
			w.At(20*time.Second, func() { w.CutLink(s) })
		}
	}
	var at []time.Time
	var batches [][]inventory.Evidence
	w.Run(90*time.Second, func(now time.Time, evidence []inventory.Evidence) incident.Outcome {
		if now.Sub(w.Start()) > 30*time.Second {
			at, batches = append(at, now), append(batches, evidence)
			return incident.Outcome{}
		}
		return e.Step(now, evidence)
	})
	pieces, next := 0, 0
	again := func() { // the same minute once more
		next = 0
		for i := range at {
			at[i] = at[i].Add(time.Minute)
			for k := range batches[i] {
				batches[i][k].At = batches[i][k].At.Add(time.Minute)
			}
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	spent := -processorTime(b)
	for range b.N {
		for end := at[next].Add(time.Second); next < len(at) && at[next].Before(end); next++ {
			e.Step(at[next], batches[next])
			pieces += len(batches[next])
		}
		if next == len(at) {
			b.StopTimer()
			spent += processorTime(b)
			again()
			spent -= processorTime(b)
			b.StartTimer()
		}
	}
	spent += processorTime(b)
	b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(pieces)/float64(b.N), "evidence/op")
}

// processorTime is what this process has used of all cores.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
