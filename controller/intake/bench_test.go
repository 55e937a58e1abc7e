//go:build unix

package intake_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
)

const (
	benchConnections = 500
	benchPaced       = 2500 // reports a second
)

// BenchmarkIntakeReports posts realistic reports of about 1 kB over HTTP/2 with
// mutual TLS on loopback, from as many connections as workstations, to a store
// on SQLite with a full sync. The clients run in the same process, TLS included;
// their frames are made beforehand.
//
//	as-fast-as-possible  reports/s   budget: at least 5,000
//	paced                p99-ms      budget: at most 100 at 2,500 reports/s
//
// The garbage collector runs at 400 percent, as in `muster demo`.
func BenchmarkIntakeReports(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	limits := intake.DefaultLimits()
	limits.ReportPerSecond, limits.ReportBurst = 1e6, 1e6
	limits.EnrolPerSecond, limits.EnrolBurst = 1e6, 1e6
	g := newRig(b, withLimits(limits))
	fleet := g.fleet(benchConnections)
	b.Run("as-fast-as-possible", func(b *testing.B) {
		each := g.prepare(b, fleet, b.N)
		began, worked := time.Now(), cpuTime(b)
		var all sync.WaitGroup
		for _, s := range fleet {
			all.Go(func() {
				for range each {
					s.post(b)
				}
			})
		}
		all.Wait()
		b.ReportMetric(float64(each*len(fleet))/time.Since(began).Seconds(), "reports/s")
		b.ReportMetric(float64((cpuTime(b)-worked).Microseconds())/float64(each*len(fleet)), "cpu-us/report")
	})
	b.Run("paced", func(b *testing.B) {
		each := g.prepare(b, fleet, b.N)
		total := each * len(fleet)
		took := make([]time.Duration, total)
		began := time.Now()
		var all sync.WaitGroup
		for i, s := range fleet {
			all.Go(func() {
				for n := i; n < total; n += len(fleet) {
					// The delay counts from when the report was due, so that a queue
					// at the client is not hidden.
					due := began.Add(time.Duration(n) * time.Second / benchPaced)
					<-time.After(time.Until(due))
					s.post(b)
					took[n] = time.Since(due)
				}
			})
		}
		all.Wait()
		slices.Sort(took)
		b.ReportMetric(float64(total)/time.Since(began).Seconds(), "reports/s")
		b.ReportMetric(float64(took[total*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(took[total/2].Microseconds())/1000, "p50-ms")
	})
}

// cpuTime is what this process has used of both cores, clients included. Unlike
// the rate, it is the same on a busy machine.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sender posts reports over one connection of its own.
type sender struct {
	m      *machine
	client *frugal
	ready  [][]byte // reports as they travel
}

func (g *rig) fleet(n int) []*sender {
	g.tb.Helper()
	token := g.token(inventory.TokenSite, "MILL", n, g.now().Add(time.Hour))
	fleet := make([]*sender, n)
	var all sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range fleet {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			m := g.machine()
			m.enrol(token, inventory.Identity{Serial: fmt.Sprintf("SER-%06d", i)})
			m.run = fmt.Sprintf("run-%06d", i)
			fleet[i] = &sender{m: m, client: dialFrugal(g.tb, m)}
		})
	}
	all.Wait()
	g.prepare(g.tb, fleet, n)
	for _, s := range fleet {
		s.post(g.tb) // settles the connection
	}
	return fleet
}

// prepare makes at least n reports, the same number for each sender, outside the
// measured time.
func (g *rig) prepare(tb testing.TB, fleet []*sender, n int) (each int) {
	each = (n + len(fleet) - 1) / len(fleet)
	zw := gzip.NewWriter(nil)
	for _, s := range fleet {
		s.ready = s.ready[:0]
		for range each {
			body, err := json.Marshal(realistic(s.m.report()))
			if err != nil {
				tb.Fatal(err)
			}
			var zipped bytes.Buffer
			zw.Reset(&zipped)
			_, _ = zw.Write(body)
			_ = zw.Close()
			s.ready = append(s.ready, framed(g.addr, map[string]string{
				strings.ToLower(wire.HeaderBoot): s.m.boot, strings.ToLower(wire.HeaderBootClock): strconv.FormatInt(int64(s.m.clock), 10),
				"content-encoding": "gzip", "content-length": strconv.Itoa(zipped.Len()),
			}, zipped.Bytes()))
		}
	}
	if b, ok := tb.(*testing.B); ok {
		runtime.GC()
		b.ResetTimer()
	}
	return each
}

func (s *sender) post(tb testing.TB) {
	next := s.ready[0]
	s.ready = s.ready[1:]
	if err := s.client.post(next); err != nil {
		tb.Error(err)
	}
}

// realistic fills a report with what an agent sends every few minutes.
func realistic(r wire.Report) wire.Report {
	n := float64(r.Seq%97) / 97
	r.Network = &inventory.Network{
		Interface: inventory.Known("Ethernet"), Addr: inventory.Known(netip.MustParseAddr("10.40.7.23")),
		Prefix: inventory.Known(netip.MustParsePrefix("10.40.7.0/24")), Gateway: inventory.Known(netip.MustParseAddr("10.40.7.1")),
		Resolvers: inventory.Known([]netip.Addr{netip.MustParseAddr("10.1.0.53"), netip.MustParseAddr("10.2.0.53")}),
		Medium:    inventory.Known("ethernet"),
	}
	r.Health = &inventory.Health{
		Disks: inventory.Known([]inventory.DiskHealth{{
			Mount: "C:", TotalBytes: 255 << 30, FreeBytes: int64(120e9 + n*1e9), WearRatio: inventory.Unknown[float64]("no SMART access"),
		}}),
		MemoryUsedRatio: inventory.Known(0.4 + n/10), MemoryPressure: inventory.Unknown[float64]("not measured on this system"),
		LoadRatio: inventory.Known(n), UptimeSeconds: inventory.Known(int64(r.BootClock / time.Second)),
		RestartPending: inventory.Known(false), ClockSynced: inventory.Known(true), ClockSource: inventory.Known("ntp.county.example"),
		Protection: inventory.Known([]inventory.Protection{{
			Name: "Microsoft Defender", Enabled: inventory.Known(true), Current: inventory.Known(true),
		}}),
		FirewallEnabled: inventory.Known(true), AgentCPUSeconds: inventory.Known(12.5 + n), AgentMemoryBytes: inventory.Known(int64(13 << 20)),
	}
	return r
}
