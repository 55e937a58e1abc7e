package fabric_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"muster/mesh/fabric"
)

var neighbour = netip.MustParseAddrPort("10.1.0.2:7946")

// reaches tries an echo for a second.
func reaches(t *testing.T, from *fabric.Machine, to netip.Addr) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	return from.Echo(ctx, netip.Addr{}, to) == nil
}

func TestAMuteRouterForwardsAndASegmentReachesPlacesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(1)
		hq, a, b := f.Seat(here.Addr(), "hq"), f.Seat(there.Addr(), "mill"), f.Seat(neighbour.Addr(), "mill")
		router := netip.MustParseAddr("10.1.0.254")
		f.Place(router, "mill")
		f.Mute(router, true)
		if reaches(t, hq, router) || !reaches(t, hq, there.Addr()) {
			t.Error("a mute router answers, or does not forward")
		}
		f.Mute(router, false)
		f.Segment(there.Addr(), 1)
		if reaches(t, a, neighbour.Addr()) || reaches(t, b, there.Addr()) || !reaches(t, a, router) || !reaches(t, hq, there.Addr()) {
			t.Error("a segment reaches the other part, or neither router nor headquarters")
		}
	})
}

func TestABlackHoleStallsLargePacketsAloneUntilItIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(2)
		near, far := connected(t, f)
		f.LimitMTU("mill", 1400)
		_, err := near.Write([]byte("small"))
		must(t, err)
		buffer := make([]byte, 4096)
		must(t, far.SetReadDeadline(time.Now().Add(time.Second)))
		if n, err := far.Read(buffer); err != nil || n != 5 {
			t.Fatalf("a small packet: %d, %v", n, err)
		}
		_, err = near.Write(make([]byte, 1448))
		must(t, err)
		must(t, far.SetReadDeadline(time.Now().Add(time.Minute)))
		if n, err := far.Read(buffer); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a large packet: %d, %v", n, err)
		}
		f.LimitMTU("mill", 0)
		must(t, far.SetReadDeadline(time.Now().Add(time.Second)))
		if n, err := io.ReadFull(far, buffer[:1448]); err != nil {
			t.Fatalf("after mending: %d, %v", n, err)
		}
		must(t, near.Close())
		must(t, far.Close())
	})
}

func TestWeatherDriftsAndASlowPathQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(3)
		hq := f.Seat(here.Addr(), "hq")
		f.Seat(there.Addr(), "mill")
		rtt := func() time.Duration {
			began := time.Now()
			must(t, hq.Echo(t.Context(), netip.Addr{}, there.Addr()))
			return time.Since(began).Round(10 * time.Microsecond)
		}
		f.SetPath("hq", "mill", fabric.Weather{Latency: 10 * time.Millisecond})
		f.Drift("hq", "mill", fabric.Weather{Latency: 50 * time.Millisecond}, time.Hour)
		if d := rtt(); d != 20*time.Millisecond {
			t.Errorf("at first %s", d)
		}
		time.Sleep(30 * time.Minute)
		if d := rtt(); d < 59*time.Millisecond || d > 61*time.Millisecond {
			t.Errorf("half-way %s", d)
		}
		time.Sleep(time.Hour)
		if d := rtt(); d != 100*time.Millisecond {
			t.Errorf("in the end %s", d)
		}
		f.SetPath("hq", "mill", fabric.Weather{Rate: 64_000})
		if d := rtt(); d != 2*10500*time.Microsecond {
			t.Errorf("84 bytes each way at 64 kbit/s take %s", d)
		}
	})
}

func TestAHeldMachineGetsEverythingAtOnceAndAStarvingOneInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(4)
		hq := f.Seat(here.Addr(), "hq")
		f.Seat(there.Addr(), "mill")
		f.Hold(there.Addr(), time.Now().Add(20*time.Second))
		began := time.Now()
		must(t, hq.Echo(t.Context(), netip.Addr{}, there.Addr()))
		if d := time.Since(began); d < 20*time.Second || d > 21*time.Second {
			t.Errorf("held for %s", d)
		}
		f.Starve(there.Addr(), true)
		longest := time.Duration(0)
		for range 40 {
			began := time.Now()
			must(t, hq.Echo(t.Context(), netip.Addr{}, there.Addr()))
			longest = max(longest, time.Since(began))
			time.Sleep(230 * time.Millisecond)
		}
		if longest < time.Second || longest > 5900*time.Millisecond {
			t.Errorf("a starving machine answers within %s", longest)
		}
	})
}

func TestAKilledProcessLeavesClosedPortsAndAMachineThatAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(5)
		near, far := connected(t, f)
		hq, mill := f.Seat(here.Addr(), "hq"), f.Seat(there.Addr(), "mill")
		socket, err := mill.ListenPacket(there)
		must(t, err)
		mill.Kill()
		must(t, near.SetReadDeadline(time.Now().Add(time.Second)))
		if _, err := near.Read(make([]byte, 8)); !errors.Is(err, io.EOF) {
			t.Errorf("its connection: %v", err)
		}
		if _, err := socket.WriteToUDPAddrPort([]byte("x"), here); err == nil {
			t.Error("it still sends")
		}
		if _, err := mill.Dial(t.Context(), netip.Addr{}, here); err == nil {
			t.Error("it still dials")
		}
		if _, err := hq.Dial(t.Context(), netip.Addr{}, there); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("its port: %v", err)
		}
		if !reaches(t, hq, there.Addr()) {
			t.Error("the machine itself is silent")
		}
		if _, err := f.Seat(there.Addr(), "mill").Listen(there); err != nil {
			t.Errorf("the next process cannot listen: %v", err)
		}
		must(t, near.Close())
		must(t, far.Close())
	})
}

func TestARenumberedMachineListensWhereItIsNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(6)
		hq, mill := f.Seat(here.Addr(), "hq"), f.Seat(there.Addr(), "mill")
		l, err := mill.Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), 7946))
		must(t, err)
		moved := netip.MustParseAddrPort("10.9.0.7:7946")
		f.Renumber(there.Addr(), moved.Addr(), "farm")
		if mill.Addr() != moved.Addr() || reaches(t, hq, there.Addr()) {
			t.Errorf("it is at %s, or the old address answers", mill.Addr())
		}
		conn, err := hq.Dial(t.Context(), netip.Addr{}, moved)
		must(t, err)
		far, err := l.Accept()
		must(t, err)
		must(t, conn.Close())
		must(t, far.Close())
		f.Cut("farm")
		if reaches(t, hq, moved.Addr()) {
			t.Error("it does not belong to its new group")
		}
		must(t, l.Close())
	})
}
