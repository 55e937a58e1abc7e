package probe

import (
	"encoding/binary"
	"net/netip"
)

// An echo is a header of eight bytes and what it carries: a token that only its
// sender knows, for identifiers are rewritten by the system on unprivileged
// sockets.
const (
	echoHeader  = 8
	tokenBytes  = 8
	echoAsk4    = 8
	echoAnswer4 = 0
	echoAsk6    = 128
	echoAnswer6 = 129
)

// ipHeader is how many bytes of a packet are not the echo's.
func ipHeader(to netip.Addr) int {
	if to.Is6() {
		return 40
	}
	return 20
}

// echoPacket is an echo that makes an IP packet of the wanted size.
func echoPacket(to netip.Addr, size int, id, seq uint16, token uint64) []byte {
	b := make([]byte, max(size-ipHeader(to), echoHeader+tokenBytes))
	b[0] = echoAsk4
	if to.Is6() {
		b[0] = echoAsk6
	}
	be := binary.BigEndian
	be.PutUint16(b[4:], id)
	be.PutUint16(b[6:], seq)
	be.PutUint64(b[echoHeader:], token)
	if to.Is4() { // of version 6 the system makes it, for it covers addresses
		be.PutUint16(b[2:], checksum(b))
	}
	return b
}

// answers reports whether packet is the answer to the echo with token. Raw
// sockets of version 4 bring the IP header along.
func answers(to netip.Addr, packet []byte, raw bool, token uint64) bool {
	want := byte(echoAnswer4)
	if to.Is6() {
		want = echoAnswer6
	}
	if raw && to.Is4() {
		if len(packet) < 20 {
			return false
		}
		packet = packet[min(int(packet[0]&0x0f)*4, len(packet)):]
	}
	return len(packet) >= echoHeader+tokenBytes && packet[0] == want && binary.BigEndian.Uint64(packet[echoHeader:]) == token
}

// checksum is RFC 1071's over b, whose own field is zero.
func checksum(b []byte) uint16 {
	var sum uint32
	for len(b) >= 2 {
		sum += uint32(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
