package mesh_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/mesh"
)

// BenchmarkCounty wakes 130 pools of 15 on loopback sockets in this one process,
// joins spread over 15 s, and reports how long it takes until the controller sees
// everyone alive, and what the whole costs in memory and, over half a minute
// afterwards, in processor time:
//
//	go test -run '^$' -bench County -benchtime 1x ./mesh
func BenchmarkCounty(b *testing.B) {
	const sites, perSite, spread = 130, 15, 15 * time.Second
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(900 << 20))
	for b.Loop() {
		began := time.Now()
		closers, controller := wakeCounty(b, sites, perSite, spread)
		alive := waitAlive(b, controller, sites*perSite)
		woke := time.Since(began)
		rss := residentBytes(b)
		cpu, wall := processorTime(b), time.Now()
		select {
		case <-time.After(30 * time.Second):
		case <-b.Context().Done():
		}
		cores := (processorTime(b) - cpu).Seconds() / time.Since(wall).Seconds()
		still := waitAlive(b, controller, 0)
		b.ReportMetric(float64(alive), "alive")
		b.ReportMetric(float64(still), "alive_after_30s")
		b.ReportMetric(woke.Seconds(), "s_until_all_alive")
		b.ReportMetric(float64(rss)/(1<<20), "MiB_rss")
		b.ReportMetric(float64(residentBytes(b))/(1<<20), "MiB_rss_steady")
		b.ReportMetric(cores, "cores_steady")
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		b.ReportMetric(float64(memory.HeapInuse)/(1<<20), "MiB_heap")
		b.ReportMetric(float64(memory.StackInuse)/(1<<20), "MiB_stacks")
		b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
		closing := time.Now()
		var running sync.WaitGroup
		running.Go(func() { _ = controller.Close() })
		for _, stop := range closers {
			running.Go(stop)
		}
		running.Wait()
		b.ReportMetric(time.Since(closing).Seconds(), "s_to_close")
	}
}

func wakeCounty(b *testing.B, sites, perSite int, spread time.Duration) (closers []func(), controller *mesh.Controller) {
	b.Helper()
	port := benchPort(b, netip.MustParseAddrPort("127.8.0.1:27946"))
	controller, err := mesh.NewController(mesh.ControllerOptions{Port: port, Name: "c1", Advertise: port.Addr(), Log: discard()})
	if err != nil {
		b.Fatal(err)
	}
	closers = append(closers, func() { _ = port.Close() })
	for site := range sites {
		code := fmt.Sprintf("%03d", site)
		k := key(byte(site + 1))
		if err := controller.Open(b.Context(), mesh.PoolSpec{Site: code, Label: code, Keys: [][]byte{k}}); err != nil {
			b.Fatal(err)
		}
		for i := range perSite {
			addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 9, byte(site), byte(i + 10)}), 27946)
			after := spread * time.Duration(site*perSite+i) / time.Duration(sites*perSite)
			closers = append(closers, benchAgent(b, addr, code, fmt.Sprintf("w%03d%05d", site, i), k, port.Addr(), after))
		}
	}
	return closers, controller
}

func benchPort(b *testing.B, addr netip.AddrPort) *mesh.Port {
	b.Helper()
	port, err := mesh.ListenPort(mesh.PortOptions{Network: mesh.OS{}, Addr: addr, Log: discard()})
	if err != nil {
		b.Fatal(err)
	}
	return port
}

// benchAgent joins after a while, until it has joined; it returns its end.
func benchAgent(b *testing.B, addr netip.AddrPort, code, id string, k []byte, via netip.AddrPort, after time.Duration) func() {
	b.Helper()
	port := benchPort(b, addr)
	pool, err := mesh.OpenPool(mesh.PoolOptions{
		Port: port, Name: mesh.MemberName(id, mesh.NewRun()), Advertise: addr, Role: mesh.RoleAgent, Log: discard(),
		Membership: mesh.Membership{Site: code, Label: code, Keys: [][]byte{k}, Controllers: []netip.AddrPort{via}},
		Tags:       mesh.Tags{Version: "1.0.0", Uplink: "ok"},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		timer := time.NewTimer(after)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			if n, _ := pool.Join(ctx, []netip.AddrPort{via}); n > 0 {
				return
			}
			timer.Reset(3 * time.Second)
		}
	})
	return func() {
		stop()
		running.Wait()
		_ = pool.Close()
		_ = port.Close()
	}
}

// waitAlive waits up to two minutes for want members and returns how many live.
func waitAlive(b *testing.B, controller *mesh.Controller, want int) int {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		alive := 0
		for _, site := range controller.Sites() {
			for _, m := range controller.Members(site) {
				if m.State == mesh.StateAlive && !m.Controller {
					alive++
				}
			}
		}
		if alive >= want {
			return alive
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.Errorf("%d of %d alive after two minutes", alive, want)
			for _, site := range controller.Sites() {
				for _, m := range controller.Members(site) {
					if m.State != mesh.StateAlive {
						b.Logf("site %s: %s is %s", site, m.Name, m.State)
					}
				}
			}
			return alive
		}
	}
}

func residentBytes(b *testing.B) int64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib << 10
		}
	}
	b.Fatal("no VmRSS in /proc/self/status")
	return 0
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
