package mesh

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"
)

// quietPackets reads and writes an IPv4 UDP socket without telling Go's scheduler,
// which otherwise wakes its own watchman at the first system call after each rest:
// two changes of thread for every packet, a tenth of a quiet agent's processor
// time. The scheduler must know of calls that may block. These cannot: the socket
// never waits, and where it would, the runtime's poller waits in its place.
type quietPackets struct {
	*net.UDPConn
	raw syscall.RawConn
}

// quiet makes conn quiet if it is an IPv4 socket; others stay as they are.
func quiet(conn *net.UDPConn) PacketConn {
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok || local.IP.To4() == nil {
		return conn
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return conn
	}
	return &quietPackets{UDPConn: conn, raw: raw}
}

// ReadFromUDPAddrPort implements PacketConn.
func (q *quietPackets) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	if len(b) == 0 {
		return q.UDPConn.ReadFromUDPAddrPort(b)
	}
	var from syscall.RawSockaddrInet4
	var n uintptr
	var errno syscall.Errno
	size := uint32(unsafe.Sizeof(from))
	err := q.raw.Read(func(fd uintptr) bool {
		for errno = syscall.EINTR; errno == syscall.EINTR; {
			n, _, errno = syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
				syscall.MSG_DONTWAIT, uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&size)))
		}
		return errno != syscall.EAGAIN
	})
	if err = q.failure("read", err, "recvfrom", errno); err != nil {
		return 0, netip.AddrPort{}, err
	}
	return int(n), netip.AddrPortFrom(netip.AddrFrom4(from.Addr), networkPort(from.Port)), nil
}

// WriteToUDPAddrPort implements PacketConn.
func (q *quietPackets) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	addr := to.Addr().Unmap()
	if len(b) == 0 || !addr.Is4() {
		return q.UDPConn.WriteToUDPAddrPort(b, to)
	}
	target := syscall.RawSockaddrInet4{Family: syscall.AF_INET, Port: networkPort(to.Port()), Addr: addr.As4()}
	var n uintptr
	var errno syscall.Errno
	err := q.raw.Write(func(fd uintptr) bool {
		for errno = syscall.EINTR; errno == syscall.EINTR; {
			n, _, errno = syscall.RawSyscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
				syscall.MSG_DONTWAIT, uintptr(unsafe.Pointer(&target)), unsafe.Sizeof(target))
		}
		return errno != syscall.EAGAIN
	})
	if err = q.failure("write", err, "sendto", errno); err != nil {
		return 0, err
	}
	return int(n), nil
}

// failure words errors as *net.UDPConn does.
func (q *quietPackets) failure(op string, err error, call string, errno syscall.Errno) error {
	if err == nil && errno != 0 {
		err = &net.OpError{Op: op, Net: "udp", Source: q.LocalAddr(), Err: os.NewSyscallError(call, errno)}
	}
	return err
}

// networkPort turns a port between the machine's byte order and the network's.
func networkPort(port uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], port)
	return binary.BigEndian.Uint16(b[:])
}
