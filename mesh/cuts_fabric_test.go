package mesh_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"muster/inventory"
	"muster/mesh"
)

func TestManyCutsAreAllKnownInTimeAndNeverAtAnotherSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const sites, members, cuts = 6, 15, 18
		c := newCounty(t, 31)
		defer c.close()
		rng := rand.New(rand.NewPCG(31, 31))
		for i := range sites {
			site := fmt.Sprintf("s%d", i+1)
			c.open(site)
			c.add(site, i+1, members)
		}
		c.within(30*time.Second, "all alive", func() bool {
			for i := range sites {
				if c.alive(fmt.Sprintf("s%d", i+1)) != members {
					return false
				}
			}
			return true
		})
		c.f.SetWAN(c.lossy(0.01))
		var took []time.Duration
		for range cuts {
			time.Sleep(10*time.Second + time.Duration(rng.Int64N(int64(5*time.Second))))
			site := fmt.Sprintf("s%d", 1+rng.IntN(sites))
			before := len(c.silences())
			c.f.Cut(site)
			took = append(took, c.within(5*time.Second, site+" silent", func() bool { return c.state(site) == inventory.ReachSilent }))
			time.Sleep(time.Duration(rng.Int64N(int64(30 * time.Second))))
			c.f.Heal(site)
			c.within(5*time.Second, site+" ok", func() bool { return c.state(site) == inventory.ReachOK })
			for _, other := range c.silences()[before:] {
				if other != site {
					t.Errorf("%s was called silent while %s was cut", other, site)
				}
			}
		}
		slices.Sort(took)
		t.Logf("%d cuts at 1 %% loss: known in %s (median), %s (worst)", cuts, took[len(took)/2], took[len(took)-1])
	})
}

func (c *county) silences() []string {
	var sites []string
	for _, e := range c.eventsOf(mesh.SiteReach) {
		if e.Reach == inventory.ReachSilent {
			sites = append(sites, e.Site)
		}
	}
	return sites
}
