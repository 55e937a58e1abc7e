//go:build linux

package fleettest_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"muster/controller/fleettest/lab"
	"muster/mesh"
)

// watchFor is how long whole processes are watched; MUSTER_BENCH_FOR overrides it.
func watchFor(b *testing.B) time.Duration {
	b.Helper()
	text := os.Getenv("MUSTER_BENCH_FOR")
	if text == "" {
		return 3 * time.Minute
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		b.Fatalf("MUSTER_BENCH_FOR: %v", err)
	}
	return d
}

// BenchmarkSiteOfFifteen watches a site of fifteen real agents at rest: what each
// costs as a whole process, and what the site costs its link. Beside them stands
// Prometheus' node exporter, scraped once a minute.
func BenchmarkSiteOfFifteen(b *testing.B) {
	const machines = 15
	s, sites := county(b, 1, machines)
	site := sites[0]
	exporter := s.StartExporter(site.Workstations[0])
	s.Pass(time.Minute) // first inventories, keys and settings are through

	type reading struct{ before, after lab.Cost }
	readings := make([]reading, machines)
	read := func(pick func(*reading) *lab.Cost) {
		for i, w := range site.Workstations {
			c, err := lab.CostOf(s.PID(w.Namespace))
			if err != nil {
				b.Fatal(err)
			}
			*pick(&readings[i]) = c
		}
	}
	read(func(r *reading) *lab.Cost { return &r.before })
	exporterBefore, err := lab.CostOf(exporter)
	if err != nil {
		b.Fatal(err)
	}
	bytesBefore, begun := site.LinkBytes(), time.Now()
	span := watchFor(b)
	for time.Since(begun) < span {
		s.Pass(min(time.Minute, span-time.Since(begun)))
		s.Scrape(site.Workstations[0])
	}
	took := time.Since(begun)
	linkBytes := site.LinkBytes() - bytesBefore
	read(func(r *reading) *lab.Cost { return &r.after })
	exporterAfter, err := lab.CostOf(exporter)
	if err != nil {
		b.Fatal(err)
	}

	perHour := float64(time.Hour) / float64(took)
	var cpu, rss, begin []float64
	for _, r := range readings {
		cpu = append(cpu, (r.after.CPU-r.before.CPU).Seconds()*perHour)
		rss = append(rss, float64(r.after.RSSBytes)/(1<<20))
		begin = append(begin, r.before.CPU.Seconds())
	}
	slices.Sort(cpu)
	slices.Sort(rss)
	slices.Sort(begin)
	b.ReportMetric(cpu[machines/2], "agent-cpu-s/h")
	b.ReportMetric(cpu[machines-1], "agent-cpu-s/h-worst")
	b.ReportMetric(begin[machines/2], "agent-first-minute-cpu-s")
	b.ReportMetric(rss[machines/2], "agent-rss-MiB")
	b.ReportMetric(rss[machines-1], "agent-rss-MiB-worst")
	b.ReportMetric((exporterAfter.CPU-exporterBefore.CPU).Seconds()*perHour, "exporter-cpu-s/h")
	b.ReportMetric(float64(exporterAfter.RSSBytes)/(1<<20), "exporter-rss-MiB")
	b.ReportMetric(float64(linkBytes)*float64(24*time.Hour)/float64(took)/1e6, "link-MB/day")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkInventory is the CPU of one whole `muster-agent inventory`.
func BenchmarkInventory(b *testing.B) {
	binaries := lab.Build(b)
	var spent time.Duration
	b.ResetTimer()
	for range b.N {
		cmd := exec.CommandContext(context.Background(), binaries.Agent, "inventory", "--json")
		if out, err := cmd.Output(); err != nil || len(out) == 0 {
			b.Fatalf("cannot read the inventory: %v", err)
		}
		spent += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(spent.Seconds()/float64(b.N), "cpu-s/op")
}

// BenchmarkRelay drops one workstation's path to the controller after another, at
// a site of fifteen at rest, and takes the time until the next report of each was
// acknowledged through a neighbour: the agent's own account of when that was, for
// the copy that `muster-agent status` reads is renewed every ten seconds.
func BenchmarkRelay(b *testing.B) {
	const machines = 15
	if b.N >= machines {
		b.Fatalf("%d paths asked for, the last of %d needs a neighbour: give at most -benchtime %dx", b.N, machines, machines-1)
	}
	s, sites := county(b, 1, machines)
	s.Pass(time.Minute) // nobody owes a report any more
	var took []time.Duration
	for _, w := range sites[0].Workstations[:b.N] {
		sites[0].DropPath(w)
		cutAt := time.Now()
		var ackAt time.Time
		s.Within(2*time.Minute, "a report went through a neighbour", func() bool {
			s.Pass(time.Second) // each look is a process
			status := s.Status(w)
			ackAt = status.LastAckAt
			return status.Via != "" && status.Via != mesh.ViaDirect && ackAt.After(cutAt)
		})
		took = append(took, ackAt.Sub(cutAt))
	}
	slices.Sort(took)
	b.Logf("%d dropped paths: %v", len(took), took)
	b.ReportMetric(took[len(took)/2].Seconds(), "median-s")
	b.ReportMetric(took[len(took)-1].Seconds(), "worst-s")
}
