// Package mesh holds a site's workstations and its controllers together in one
// small Serf pool per site, over one port.
//
// A Port is the one UDP and TCP port of a process. Many pools share it: each
// packet and each stream begins with the label of its pool, and a TCP connection
// that begins with a TLS ClientHello goes to Port.TLS. A Pool is one membership
// with the profile of an agent or of a controller. A Controller holds a pool for
// each of its sites, sweeps one member of each in turn, and bursts at the first
// miss. A Resident is the agent's side: it joins, rejoins, moves and relays.
//
// What the mesh promises: a dead link is known within five seconds; nothing that
// does not hold a site's key becomes a member or is heard; nothing here blocks
// one pool because another is slow. What it leaves to others: who may exist (the
// register), who someone is (certificates), and what an observation means
// (incidents). Membership is a hint: every key holder can imitate a neighbour.
//
// The decisions (when a ping is missed, what a burst has shown, how a link is
// doing) are pure functions in judge.go, burst.go and reach.go; sweep.go and
// controller.go drive them.
package mesh
