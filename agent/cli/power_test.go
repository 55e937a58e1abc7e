package cli

import (
	"context"
	"strings"
	"testing"

	"muster/agent/service"
	"muster/inventory"
)

// diary notes what an agent was told.
type diary struct{ said []string }

func (d *diary) Announce(_ context.Context, reason inventory.LeaveReason) {
	d.said = append(d.said, string(reason))
}
func (d *diary) Woke()  { d.said = append(d.said, "woke") }
func (d *diary) Stays() { d.said = append(d.said, "stays") }

func TestEachTurnOfThePowerReachesTheAgent(t *testing.T) {
	d := &diary{}
	turn := &turns{agent: d}
	for _, n := range []service.Notice{
		{Turn: service.Sleeping, Reason: inventory.LeaveSleep},
		{Turn: service.Woke},
		{Turn: service.Stopping, Reason: inventory.LeaveRestart},
		{Turn: service.Staying},
	} {
		turn.hear(t.Context(), n)
	}
	if got := strings.Join(d.said, " "); got != "sleep woke restart stays" {
		t.Errorf("the agent heard %s", got)
	}
}

func TestWhatIsSaidAtTheStopOutranksWhatWasAnnounced(t *testing.T) {
	silent := func(context.Context) inventory.LeaveReason { return "" }
	turn := &turns{agent: &diary{}}
	if got := turn.why(t.Context(), silent); got != "" {
		t.Errorf("an agent that stops alone says %q", got)
	}
	turn.hear(t.Context(), service.Notice{Turn: service.Stopping, Reason: inventory.LeaveShutdown})
	if got := turn.why(t.Context(), silent); got != inventory.LeaveShutdown {
		t.Errorf("what was announced is %q", got)
	}
	if got := turn.why(t.Context(), func(context.Context) inventory.LeaveReason { return inventory.LeaveRestart }); got != inventory.LeaveRestart {
		t.Errorf("what systemd says is %q", got)
	}
	turn.hear(t.Context(), service.Notice{Turn: service.Staying})
	if got := turn.why(t.Context(), silent); got != "" {
		t.Errorf("after a shutdown that was called off it is %q", got)
	}
}
