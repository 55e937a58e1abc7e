package mesh

import "sync/atomic"

// PortStats counts what a port has seen since it was opened.
type PortStats struct {
	PacketsIn, PacketsOut uint64
	BytesIn, BytesOut     uint64 // UDP payload, headers of IP and UDP apart
	PacketsUnknown        uint64 // a label that no pool here has
	PacketsMalformed      uint64 // no label, or too long
	PacketsDropped        uint64 // a pool's queue was full
	PacketErrors          uint64 // errors of the socket
	DirectIn              uint64 // sealed messages that opened
	DirectForged          uint64 // sealed messages that no key opened
	StreamsIn             uint64 // TCP connections accepted
	StreamsPool           uint64 // handed to a pool
	StreamsTLS            uint64 // handed to TLS
	StreamsUnknown        uint64 // a label that no pool here has
	StreamsMalformed      uint64 // neither label nor TLS
	StreamsSlow           uint64 // closed before they said what they are, or said it too late
	StreamsRefused        uint64 // over the bound on unrouted connections
	KeysRestored          uint64 // a member changed this pool's keys by a Serf query; undone
}

type portCounts struct {
	packetsIn, packetsOut, bytesIn, bytesOut                      atomic.Uint64
	packetsUnknown, packetsMalformed, packetsDropped              atomic.Uint64
	packetErrors, directIn, directForged                          atomic.Uint64
	streamsIn, streamsPool, streamsTLS                            atomic.Uint64
	streamsUnknown, streamsMalformed, streamsSlow, streamsRefused atomic.Uint64
	keysRestored                                                  atomic.Uint64
}

// Stats is a snapshot of the counters; they are read one by one.
func (p *Port) Stats() PortStats {
	c := &p.counts
	return PortStats{
		PacketsIn: c.packetsIn.Load(), PacketsOut: c.packetsOut.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
		PacketsUnknown: c.packetsUnknown.Load(), PacketsMalformed: c.packetsMalformed.Load(),
		PacketsDropped: c.packetsDropped.Load(), PacketErrors: c.packetErrors.Load(),
		DirectIn: c.directIn.Load(), DirectForged: c.directForged.Load(),
		StreamsIn: c.streamsIn.Load(), StreamsPool: c.streamsPool.Load(), StreamsTLS: c.streamsTLS.Load(),
		StreamsUnknown: c.streamsUnknown.Load(), StreamsMalformed: c.streamsMalformed.Load(),
		StreamsSlow: c.streamsSlow.Load(), StreamsRefused: c.streamsRefused.Load(),
		KeysRestored: c.keysRestored.Load(),
	}
}
