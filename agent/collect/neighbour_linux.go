package collect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"muster/inventory/wire"
)

// neighbour is one entry of the kernel's neighbour table (ARP and IPv6).
type neighbour struct {
	index        int
	addr         netip.Addr
	hardware     []byte
	state        uint16
	probes       uint32        // sent since the state last changed
	confirmedAgo time.Duration // since it answered
	updatedAgo   time.Duration // since the state last changed
}

// failed reports whether the neighbour was asked and did not answer. One that is
// being asked for the first time may still.
func (n neighbour) failed() bool {
	return n.state&unix.NUD_FAILED != 0 || n.state&unix.NUD_INCOMPLETE != 0 && n.probes >= 2
}

func (n neighbour) lasting() bool { return n.state&(unix.NUD_PERMANENT|unix.NUD_NOARP) != 0 }

// userHertz is the unit of times in netlink's cache attributes, on every
// architecture that we build for.
const userHertz = 100

// conversation is a socket for a few questions about the neighbour table.
type conversation struct {
	fd     int
	answer []byte
}

// answerFor bounds the wait for the kernel's answer, which is there at once.
var answerFor = unix.Timeval{Sec: 1}

func converse() (*conversation, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &answerFor); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return &conversation{fd: fd, answer: make([]byte, 1024)}, nil
}

func (c *conversation) end() { _ = unix.Close(c.fd) } // nothing was promised

// index is the kernel's number of an interface.
func (c *conversation) index(iface string) (int, error) {
	request, err := unix.NewIfreq(iface)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(c.fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, err
	}
	return int(int32(request.Uint32())), nil
}

// ask sends one request and returns what answers it, without its header.
func (c *conversation) ask(request []byte) ([]byte, error) {
	if err := unix.Sendto(c.fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	size, _, err := unix.Recvfrom(c.fd, c.answer, 0)
	if err != nil {
		return nil, err
	}
	if size < unix.SizeofNlMsghdr+4 {
		return nil, errors.New("short answer from the kernel")
	}
	body := c.answer[unix.SizeofNlMsghdr:size]
	if binary.NativeEndian.Uint16(c.answer[4:]) != unix.NLMSG_ERROR {
		return body, nil
	}
	if code := int32(binary.NativeEndian.Uint32(body)); code != 0 {
		return nil, syscall.Errno(-code)
	}
	return nil, nil
}

// neighbour asks the kernel for one entry; ok is false when there is none.
func (c *conversation) neighbour(index int, addr netip.Addr) (n neighbour, ok bool, err error) {
	body, err := c.ask(neighbourMessage(unix.RTM_GETNEIGH, unix.NLM_F_REQUEST, neighbour{index: index, addr: addr}))
	switch {
	case errors.Is(err, unix.ENOENT):
		return neighbour{}, false, nil
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EINVAL):
		return neighbourInTable(index, addr) // Linux before 5.0
	case err != nil:
		return neighbour{}, false, fmt.Errorf("cannot read the neighbour table: %w", err)
	}
	n, ok = parseNeighbour(body)
	return n, ok && n.index == index && n.addr == addr, nil
}

// neighbourInTable looks for an entry in the whole table.
func neighbourInTable(index int, addr netip.Addr) (neighbour, bool, error) {
	dump, err := syscall.NetlinkRIB(syscall.RTM_GETNEIGH, int(familyOf(addr)))
	if err != nil {
		return neighbour{}, false, fmt.Errorf("cannot read the neighbour table: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(dump)
	if err != nil {
		return neighbour{}, false, fmt.Errorf("cannot read the neighbour table: %w", err)
	}
	for _, m := range messages {
		if n, ok := parseNeighbour(m.Data); ok && m.Header.Type == syscall.RTM_NEWNEIGH && n.index == index && n.addr == addr {
			return n, true, nil
		}
	}
	return neighbour{}, false, nil
}

func familyOf(addr netip.Addr) byte {
	if addr.Is6() {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// parseNeighbour reads struct ndmsg and its attributes (linux/neighbour.h).
func parseNeighbour(b []byte) (neighbour, bool) {
	if len(b) < unix.SizeofNdMsg {
		return neighbour{}, false
	}
	n := neighbour{index: int(int32(binary.NativeEndian.Uint32(b[4:]))), state: binary.NativeEndian.Uint16(b[8:])}
	n.confirmedAgo, n.updatedAgo = math.MaxInt64, math.MaxInt64
	for b = b[unix.SizeofNdMsg:]; len(b) >= 4; {
		length, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if length < 4 || length > len(b) {
			return n, false
		}
		value := b[4:length]
		switch {
		case kind == unix.NDA_DST:
			n.addr, _ = netip.AddrFromSlice(value)
		case kind == unix.NDA_LLADDR && len(value) <= 32:
			n.hardware = append([]byte(nil), value...)
		case kind == unix.NDA_PROBES && len(value) == 4:
			n.probes = binary.NativeEndian.Uint32(value)
		case kind == unix.NDA_CACHEINFO && len(value) >= 12: // confirmed, used, updated
			n.confirmedAgo = time.Duration(binary.NativeEndian.Uint32(value)) * time.Second / userHertz
			n.updatedAgo = time.Duration(binary.NativeEndian.Uint32(value[8:])) * time.Second / userHertz
		}
		b = b[min((length+3)&^3, len(b)):]
	}
	return n, n.addr.IsValid()
}

var errNoHardware = errors.New("the entry has no hardware address")

// probe makes the kernel ask the neighbour now, by moving its entry to the state
// in which it does.
func (c *conversation) probe(n neighbour) error {
	if len(n.hardware) == 0 {
		return errNoHardware
	}
	_, err := c.ask(probeMessage(n))
	return err
}

func probeMessage(n neighbour) []byte {
	n.state = unix.NUD_PROBE
	return neighbourMessage(unix.RTM_NEWNEIGH, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_REPLACE, n)
}

func neighbourMessage(kind, flags uint16, n neighbour) []byte {
	order := binary.NativeEndian
	b := make([]byte, unix.SizeofNlMsghdr, 96)
	order.PutUint16(b[4:], kind)
	order.PutUint16(b[6:], flags)
	b = append(b, familyOf(n.addr), 0, 0, 0)
	b = order.AppendUint32(b, uint32(n.index))
	b = order.AppendUint16(b, n.state)
	b = append(b, 0, 0)
	b = appendAttribute(b, unix.NDA_DST, n.addr.AsSlice())
	if len(n.hardware) > 0 {
		b = appendAttribute(b, unix.NDA_LLADDR, n.hardware)
	}
	order.PutUint32(b, uint32(len(b)))
	return b
}

func appendAttribute(b []byte, kind uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(4+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	return append(b, make([]byte, -len(value)&3)...)
}

// arpSays reads the text of /proc/net/arp: address, type, flags, hardware
// address, mask, interface. Flag 2 is a complete entry.
func arpSays(text string, via netip.Addr, iface string) wire.Reachable {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 6 || f[0] != via.String() || f[5] != iface {
			continue
		}
		if f[2] == "0x0" || f[3] == "00:00:00:00:00:00" {
			return wire.No
		}
		return wire.Yes
	}
	return wire.Unknown
}
