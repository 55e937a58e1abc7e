package fabric_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"muster/mesh"
	"muster/mesh/fabric"
)

var (
	here  = netip.MustParseAddrPort("10.0.0.1:7946")
	there = netip.MustParseAddrPort("10.1.0.1:7946")
)

// connected are the two ends of a connection between two groups.
func connected(t *testing.T, f *fabric.Fabric) (near, far net.Conn) {
	t.Helper()
	l, err := f.Machine(there.Addr(), "mill").Listen(there)
	must(t, err)
	defer l.Close()
	near, err = f.Machine(here.Addr(), "hq").Dial(t.Context(), here.Addr(), there)
	must(t, err)
	far, err = l.Accept()
	must(t, err)
	return near, far
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConnectionsBehaveAsConnectionsDo(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		f := fabric.New(1)
		f.SetWAN(fabric.Weather{Latency: 10 * time.Microsecond})
		near, far := connected(t, f)
		return near, far, func() { _, _ = near.Close(), far.Close() }, nil
	})
}

func TestCutStreamStallsAndGoesOnAfterHealing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(2)
		near, far := connected(t, f)
		f.Cut("mill")
		_, err := io.WriteString(near, "patience")
		must(t, err)
		buffer := make([]byte, 32)
		must(t, far.SetReadDeadline(time.Now().Add(time.Hour)))
		if _, err := far.Read(buffer); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("read across a cut: %v", err)
		}
		f.Heal("mill")
		must(t, far.SetReadDeadline(time.Now().Add(time.Second)))
		n, err := far.Read(buffer)
		must(t, err)
		if string(buffer[:n]) != "patience" {
			t.Errorf("read %q", buffer[:n])
		}
		must(t, near.Close())
		if _, err := far.Read(buffer); !errors.Is(err, io.EOF) {
			t.Errorf("after the writer closed: %v", err)
		}
		must(t, far.Close())
	})
}

func TestDialIsRefusedByAClosedPortAndWaitsAcrossACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(3)
		machine := f.Machine(here.Addr(), "hq")
		f.Machine(there.Addr(), "mill")
		if _, err := machine.Dial(t.Context(), netip.Addr{}, there); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a closed port: %v", err)
		}
		f.Cut("mill")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := machine.Dial(ctx, netip.Addr{}, there); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("across a cut: %v after %s", err, time.Since(began))
		}
	})
}

func TestPacketsMeetCutsOneWayAndLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(4)
		a, err := f.Machine(here.Addr(), "hq").ListenPacket(here)
		must(t, err)
		b, err := f.Machine(there.Addr(), "mill").ListenPacket(there)
		must(t, err)
		send := func(from mesh.PacketConn, to netip.AddrPort, n int) {
			for range n {
				_, err := from.WriteToUDPAddrPort([]byte("0123456789"), to)
				must(t, err)
			}
			time.Sleep(time.Second)
		}
		got := func(c mesh.PacketConn) int {
			n := 0
			done := make(chan struct{})
			go func() {
				defer close(done)
				for {
					if _, _, err := c.ReadFromUDPAddrPort(make([]byte, 64)); err != nil {
						return
					}
					n++
				}
			}()
			synctest.Wait()
			must(t, c.Close())
			<-done
			return n
		}
		f.CutOneWay("hq", "mill")
		send(a, there, 100)
		send(b, here, 100)
		f.Heal("mill")
		f.SetWAN(fabric.Weather{Latency: time.Millisecond, Loss: 0.5})
		send(a, there, 400)
		if n := got(a); n != 100 {
			t.Errorf("%d of 100 came the open way", n)
		}
		if n := got(b); n < 150 || n > 250 {
			t.Errorf("%d of 400 came at half loss, and none across the cut", n)
		}
		if out := f.Traffic("hq", "mill"); out.Packets != 400 || out.Bytes != 400*38 {
			t.Errorf("counted %+v, want 400 packets of 38 bytes", out)
		}
	})
}

func TestEchoNeedsBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabric.New(5)
		router := netip.MustParseAddr("10.1.0.254")
		f.Place(router, "mill")
		machine, can := f.Machine(here.Addr(), "hq").(mesh.Echoer)
		if !can {
			t.Fatal("a machine cannot echo")
		}
		must(t, machine.Echo(t.Context(), netip.Addr{}, router))
		f.CutOneWay("mill", "hq")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := machine.Echo(ctx, netip.Addr{}, router); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("echo over a half cut: %v", err)
		}
	})
}
