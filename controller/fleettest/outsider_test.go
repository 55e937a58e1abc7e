package fleettest_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/inventory"
	"muster/mesh"
)

// TestForgedGossipNeverBecomesAMember gossips from a site's own LAN with the
// right label and a wrong key.
func TestForgedGossipNeverBecomesAMember(t *testing.T) {
	estate := fleettest.Estate{Sites: 1, PerSite: 4, Seed: 24}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		const forged = "w00000000.abcde"
		addr := f.Addr(0, 100)
		log := slog.New(slog.DiscardHandler)
		port, err := mesh.ListenPort(mesh.PortOptions{Network: f.Fabric.Machine(addr.Addr(), "S001"), Addr: addr, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		defer port.Close()
		pool, err := mesh.OpenPool(mesh.PoolOptions{
			Port: port, Name: forged, Advertise: addr, Role: mesh.RoleAgent, Log: log,
			Membership: mesh.Membership{Site: "S001", Label: "S001", Keys: [][]byte{bytes.Repeat([]byte{9}, 32)}, KeyVersion: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		whole := func() bool {
			members := f.Controller.Pools().PoolMembers("S001")
			for _, m := range members {
				if m.Name == forged {
					return false
				}
			}
			c := f.Counts("S001")
			return c.Present == estate.PerSite && c.Stranger == 0 && f.Reach("S001") == inventory.ReachOK && len(pool.Members()) <= 1
		}
		f.Within(30*time.Second, "the pool is whole", whole)
		targets := append(f.Addrs("S001"), fleettest.ControllerAddr())
		f.Always(3*time.Minute, "the pool stays whole under forged gossip", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			if n, _ := pool.Join(ctx, targets); n > 0 {
				t.Errorf("%d members let the forger in", n)
			}
			return whole()
		})
	})
}

// TestOutboundOnlySiteLivesByItsReports runs a site without gossip.
func TestOutboundOnlySiteLivesByItsReports(t *testing.T) {
	estate := fleettest.Estate{Sites: 1, PerSite: 3, Seed: 25, Mesh: inventory.MeshDirect}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		f.Always(10*time.Minute, "everyone is present and reports every minute", func() bool {
			for m := range estate.PerSite {
				st := f.Status(fleettest.Tag("S001", m))
				if time.Since(st.LastAckAt) > 70*time.Second || st.KeyVersion != 0 || st.Problem != "" {
					return false
				}
			}
			return f.Counts("S001").Present == estate.PerSite && len(f.Controller.Pools().PoolMembers("S001")) == 0
		})
		crashed := fleettest.Tag("S001", 1)
		f.Crash(crashed)
		took := f.Within(5*time.Minute, "a crashed workstation is silent", func() bool { return f.Presence(crashed) == inventory.Silent })
		t.Logf("without gossip a crash was known after %s", took)
		if c := f.Counts("S001"); c.Present != estate.PerSite-1 {
			t.Errorf("one of three crashed: %+v", c)
		}
		if reach := f.Reach("S001"); reach == inventory.ReachSilent {
			t.Error("a site without a pool is called silent")
		}
	})
}
