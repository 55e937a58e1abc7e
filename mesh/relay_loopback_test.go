package mesh_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"muster/mesh"
)

// TestReportsAreRelayedOverRealSockets is the one test of the agent's side that
// leaves the bubble: real Serf, real UDP and TCP on addresses of 127/8.
func TestReportsAreRelayedOverRealSockets(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	listen := func(addr string) *mesh.Port {
		port, err := mesh.ListenPort(mesh.PortOptions{Network: mesh.OS{}, Addr: netip.MustParseAddrPort(addr), Log: noLog()})
		if err != nil { // macOS has only one address of 127/8
			port, err = mesh.ListenPort(mesh.PortOptions{Network: mesh.OS{}, Addr: netip.MustParseAddrPort("127.0.0.1:0"), Log: noLog()})
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = port.Close() })
		return port
	}
	hub := listen("127.77.0.1:0")
	c := &shire{t: t, ca: newAuthority(t), port: hub}
	c.serveTLS()
	t.Cleanup(c.served.Wait)
	t.Cleanup(func() { _ = hub.Close() })
	m := c.membership("mill")
	m.Controllers = []netip.AddrPort{hub.Addr()}
	pool, err := mesh.OpenPool(mesh.PoolOptions{
		Port: hub, Membership: *m, Name: "controller-1", Advertise: hub.Addr(), Role: mesh.RoleController, Log: noLog(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	resident := func(addr, id string) *desk {
		port := listen(addr)
		r, err := mesh.NewResident(mesh.ResidentOptions{Port: port, Workstation: id, Log: noLog()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close(context.Background()) })
		if err := r.Use(ctx, m); err != nil {
			t.Fatal(err)
		}
		return &desk{Resident: r, id: id, port: port}
	}
	near, far := resident("127.77.1.1:0", "w00000001"), resident("127.77.1.2:0", "w00000002")
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for near.Standing().Neighbours == 0 || far.Standing().Neighbours == 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatal("the pool does not form")
		}
	}
	if answer, via, err := c.report(ctx, near, "hello"); err != nil || via != mesh.ViaDirect || answer != "w00000001 says hello" {
		t.Fatalf("%q via %q: %v", answer, via, err)
	}
	far.BlameUplink(mesh.ViaDirect, context.DeadlineExceeded)
	if answer, via, err := c.report(ctx, far, "hello"); err != nil || via != near.id || answer != "w00000002 says hello" {
		t.Fatalf("%q via %q: %v", answer, via, err)
	}
}
