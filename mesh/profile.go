package mesh

import (
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/serf/serf"
)

// The settings of a pool, each one measured on 15-member pools; docs/mesh.md has
// the figures. Memberlist reads them without a lock, so they never change while a
// pool is open.
const (
	agentProbeEvery  = 3 * time.Second
	agentProbeWithin = 1500 * time.Millisecond
	gossipEvery      = time.Second

	housekeepingEvery = 5 * time.Minute

	// The controller finds a dead link by its sweep; its own probes only keep its
	// list of members honest.
	controllerProbeEvery = 20 * time.Second
	// ControllerProbeWithin bounds the sweep's own miss timer from above, and how
	// late an answer may come.
	controllerProbeWithin = 3 * time.Second
)

// settings returns Serf's configuration for a role, without names, keys or log.
func settings(role Role) *serf.Config {
	lan := memberlist.DefaultLANConfig()
	lan.ProbeInterval = agentProbeEvery
	lan.ProbeTimeout = agentProbeWithin
	lan.SuspicionMult = 3
	lan.GossipInterval = gossipEvery
	lan.PushPullInterval = 300 * time.Second
	lan.TCPTimeout = 3 * time.Second
	lan.EnableCompression = false
	// The fallback over TCP would hide that UDP is blocked.
	lan.DisableTcpPings = true
	lan.UDPBufferSize = 1200
	lan.SkipInboundLabelCheck = true // the port has stripped it
	lan.RequireNodeNames = false

	conf := serf.DefaultConfig()
	conf.MemberlistConfig = lan
	conf.EventBuffer = 64
	conf.QueryBuffer = 64
	// An agent's resident does this itself, and only where somebody has failed.
	conf.ReconnectInterval = 24 * time.Hour
	// Housekeeping of what is counted in days, or never comes to pass in a pool of
	// this size: each look wakes the process.
	conf.ReapInterval = housekeepingEvery
	conf.QueueCheckInterval = housekeepingEvery
	lan.QueueCheckInterval = housekeepingEvery
	// Serf waits until a goodbye or a change of tags has been sent eight times, at
	// three a second. One round of gossip is enough to begin: the three that heard
	// it pass it on. So a Leave takes three seconds at most, not seven.
	conf.BroadcastTimeout = 1200 * time.Millisecond
	conf.LeavePropagateDelay = 500 * time.Millisecond
	conf.EnableNameConflictResolution = false
	// Coordinates are estimates, and without them the ping delegate is ours.
	conf.DisableCoordinates = true

	if role == RoleController {
		lan.ProbeInterval = controllerProbeEvery
		lan.ProbeTimeout = controllerProbeWithin
		lan.SuspicionMaxTimeoutMult = 2
		lan.AwarenessMaxMultiplier = 1
		// Each agent's push/pull already meets the controller once in 300 s per
		// site; a second one from here would cost 2.5 MB a day over the link.
		lan.PushPullInterval = 0
		// Agents come back by themselves, and a failed member that answers the
		// sweep is joined at once; trying dead PCs every 3 s costs 4 MB a night.
		conf.ReconnectInterval = 60 * time.Second
	}
	return conf
}
