package mesh_test

import (
	"testing"
	"testing/synctest"
	"time"

	"muster/mesh/fabric"
)

// The budget of a 15-workstation site's mesh traffic over its link, both ways,
// at no more than 1 % loss; Ethernet's 14 bytes a packet are counted, for that is
// what an interface shows.
const meshBudgetPerDay = 22_000_000

func TestSiteOfFifteenStaysWithinItsBytes(t *testing.T) {
	for _, loss := range []float64{0, 0.01} {
		synctest.Test(t, func(t *testing.T) {
			c := newCounty(t, 11)
			defer c.close()
			c.open("s1")
			c.add("s1", 1, 15)
			c.within(30*time.Second, "15 alive", func() bool { return c.alive("s1") == 15 })
			c.f.SetWAN(fabric.Weather{Latency: 8 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: loss})
			time.Sleep(2 * time.Minute)
			began, before := time.Now(), c.crossed("s1")
			time.Sleep(40 * time.Minute)
			after := c.crossed("s1")
			scale := float64(24*time.Hour) / float64(time.Since(began))
			ip := float64(after.Bytes-before.Bytes) * scale
			frames := ip + 14*float64(after.Packets-before.Packets)*scale
			t.Logf("15 members at %.0f %% loss: %.1f MB a day as IP, %.1f MB on an Ethernet interface, budget %.0f", 100*loss, ip/1e6, frames/1e6, meshBudgetPerDay/1e6)
			if frames > meshBudgetPerDay {
				t.Errorf("%.1f MB a day over the link, the budget is %.0f MB", frames/1e6, meshBudgetPerDay/1e6)
			}
		})
	}
}

func (c *county) crossed(site string) fabric.Traffic {
	out, back := c.f.Traffic("hq", site), c.f.Traffic(site, "hq")
	return fabric.Traffic{Packets: out.Packets + back.Packets, Bytes: out.Bytes + back.Bytes}
}
