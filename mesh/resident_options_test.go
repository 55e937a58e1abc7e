package mesh_test

import (
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"muster/mesh"
)

func TestResidentSaysWhichOptionIsWrongAndTakesNothing(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		port := c.listen(netip.MustParseAddrPort("10.1.0.9:7946"), "mill")
		defer port.Close()
		good := mesh.ResidentOptions{Port: port, Workstation: "w00000009", Log: noLog()}
		for want, change := range map[string]func(*mesh.ResidentOptions){
			"port and log":         func(o *mesh.ResidentOptions) { o.Port = nil },
			"not a workstation id": func(o *mesh.ResidentOptions) { o.Workstation = "ws-9" },
			"join spread":          func(o *mesh.ResidentOptions) { o.JoinSpread = -time.Second },
			"version of":           func(o *mesh.ResidentOptions) { o.Version = strings.Repeat("9", 500) },
			"reach this machine":   func(o *mesh.ResidentOptions) { o.Addr = netip.MustParseAddrPort("0.0.0.0:7946") },
			"mkdir":                func(o *mesh.ResidentOptions) { o.Dir = filepath.Join("/dev/null", "mesh") },
		} {
			o := good
			change(&o)
			if _, err := mesh.NewResident(o); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want an error with %q, got %v", want, err)
			}
		}
		r, err := mesh.NewResident(good) // the port is as free as before
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPoolIsOpenedOnceTheOwnAddressIsKnown(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		var plugged atomic.Bool
		machine := &roaming{at: [2]netip.Addr{netip.MustParseAddr("10.1.0.60"), netip.MustParseAddr("10.1.0.61")}}
		for i := range machine.on {
			machine.on[i] = c.f.Machine(machine.at[i], "mill")
		}
		port := need(mesh.ListenPort(mesh.PortOptions{Network: machine, Addr: netip.MustParseAddrPort("0.0.0.0:7946"), Log: noLog()}))
		w := &desk{id: "w00000060", port: port}
		w.Resident = need(mesh.NewResident(mesh.ResidentOptions{
			Port: port, Workstation: w.id, Log: noLog(),
			CurrentAddr: func(controllers []netip.AddrPort) (netip.Addr, error) {
				if !plugged.Load() {
					return netip.Addr{}, errUnplugged
				}
				return machine.CurrentAddr(controllers)
			},
		}))
		c.desks = append(c.desks, w)
		if err := w.Use(t.Context(), c.membership("mill")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if s := w.Standing(); s.Site != "" {
			t.Fatalf("without an address it stands at %+v", s)
		}
		plugged.Store(true)
		took := inTime(t, 15*time.Second, "a member", func() bool { return len(c.alive("mill")) == 1 })
		t.Logf("a member after %s", took)
	})
}

func TestControllersOfASettingReplaceThoseKnown(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		w := c.workstation("10.1.0.9", "mill", 9, nil)
		var uplink *mesh.UplinkError
		if _, _, err := w.DialController(t.Context()); !errors.As(err, &uplink) || !strings.Contains(err.Error(), "no controller is known") {
			t.Errorf("without a controller: %v", err)
		}
		w.SetControllers([]netip.AddrPort{shireHQ})
		w.SetControllers(nil) // a name that did not resolve
		if _, via, err := c.report(t.Context(), w, "hello"); err != nil || via != mesh.ViaDirect {
			t.Errorf("via %q: %v", via, err)
		}
		m := c.membership("mill")
		m.Controllers = nil
		if err := w.Use(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		inTime(t, 10*time.Second, "a member", func() bool { return len(c.alive("mill")) == 1 })
	})
}

func TestFailedMoveIsMendedByTheNextOne(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 2)
		inTime(t, 40*time.Second, "a whole pool", whole(2, room...))
		w := room[0]
		if err := w.Move(t.Context(), nil, netip.MustParseAddrPort("0.0.0.0:7946")); err == nil {
			t.Error("moved to nowhere")
		}
		if !whole(2, room...)() {
			t.Error("a refused move changed something")
		}
		closed := c.listen(netip.MustParseAddrPort("10.1.0.90:7946"), "mill")
		_ = closed.Close()
		if err := w.Move(t.Context(), closed, closed.Addr()); err == nil {
			t.Error("moved to a closed port")
		}
		if err := w.Move(t.Context(), w.port, w.addr); err != nil {
			t.Fatal(err)
		}
		inTime(t, 40*time.Second, "a whole pool", whole(2, room...))
	})
}
