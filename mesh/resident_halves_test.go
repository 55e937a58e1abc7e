package mesh_test

import (
	"testing"
	"time"
)

// Each half has neighbours, so nobody asks around for minutes, and there is no
// controller to bring them together: only who tries the failed again can.
func TestTwoHalvesOfASiteFindEachOtherAgainWithoutAController(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 6)
		inTime(t, wholeWithin(6), "everyone knows everyone", whole(6, room...))
		c.f.Isolate(shireHQ.Addr())
		for _, w := range room[3:] {
			c.f.Machine(w.addr.Addr(), "annexe") // moves it
		}
		c.f.Cut("annexe")
		neighbours := func(n int) func() bool {
			return func() bool {
				for _, w := range room {
					if w.Standing().Neighbours != n {
						return false
					}
				}
				return true
			}
		}
		inTime(t, 5*time.Minute, "each half has given the other up", neighbours(2))
		time.Sleep(time.Minute) // nor does gossip go to the dead for so long
		c.f.Heal("annexe")
		took := inTime(t, 2*time.Minute, "the halves are one again", neighbours(5))
		t.Logf("one again after %s", took)
	})
}
