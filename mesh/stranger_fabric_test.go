package mesh_test

import (
	"fmt"
	"testing"
	"time"
)

// TestMemberThatMissedANewcomerKnowsItWithinThreeMinutes takes one member off the
// network for the moments in which gossip tells of a newcomer: too short to be
// given up, and minutes before the next full exchange.
func TestMemberThatMissedANewcomerKnowsItWithinThreeMinutes(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 12)
		inTime(t, wholeWithin(12), "a whole pool", whole(12, room...))
		time.Sleep(time.Minute) // the exchanges of a young pool are over
		deaf := room[3]
		missed := 0
		for n := range 5 {
			c.f.Isolate(deaf.addr.Addr())
			w := c.workstation(fmt.Sprintf("10.1.0.%d", 200+n), "mill", 300+n, nil)
			if err := w.Use(t.Context(), c.membership("mill")); err != nil {
				t.Fatal(err)
			}
			room = append(room, w)
			time.Sleep(5500 * time.Millisecond)
			c.f.Restore(deaf.addr.Addr())
			time.Sleep(5 * time.Second)
			if deaf.Standing().Neighbours != len(room)-1 {
				missed++
			}
			took := inTime(t, 3*time.Minute, "everybody knows everybody", whole(len(room), room...))
			t.Logf("newcomer %d is known to all after %s", n, took)
		}
		if missed == 0 {
			t.Error("gossip passed nobody by: nothing was shown")
		}
	})
}
