package cli

import (
	"context"
	"sync"

	"muster/agent/service"
	"muster/inventory"
)

// announcer is an agent as the machine's power sees it; app.App is one.
type announcer interface {
	Announce(ctx context.Context, reason inventory.LeaveReason)
	Woke()
	Stays()
}

// turns hands what the system says of the machine's power to the agent, and
// remembers why the machine is about to stop.
type turns struct {
	agent announcer

	mu       sync.Mutex // guards stopping
	stopping inventory.LeaveReason
}

// hear takes one notice; see service.PowerOptions.
func (t *turns) hear(ctx context.Context, n service.Notice) {
	switch n.Turn {
	case service.Sleeping:
		t.agent.Announce(ctx, n.Reason)
	case service.Woke:
		t.agent.Woke()
	case service.Stopping:
		t.note(n.Reason)
		t.agent.Announce(ctx, n.Reason)
	case service.Staying:
		t.note("")
		t.agent.Stays()
	}
}

func (t *turns) note(reason inventory.LeaveReason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopping = reason
}

// why is the reason of a stop: what the system says as it stops the agent, which
// tells a restart from a shutdown, or what was announced before.
func (t *turns) why(ctx context.Context, ask func(context.Context) inventory.LeaveReason) inventory.LeaveReason {
	if reason := ask(ctx); reason != "" {
		return reason
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stopping
}
