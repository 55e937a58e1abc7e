package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"muster/inventory"
)

// systemEchoer uses the system's own ICMP calls, which need no rights, pass the
// firewall and say what routers say. They speak IPv4; for IPv6 a TCP connection
// stands in.
type systemEchoer struct{}

var (
	iphlpapi        = windows.NewLazySystemDLL("iphlpapi.dll")
	icmpCreateFile  = iphlpapi.NewProc("IcmpCreateFile")
	icmpCloseHandle = iphlpapi.NewProc("IcmpCloseHandle")
	icmpSendEcho    = iphlpapi.NewProc("IcmpSendEcho")
)

// What ipexport.h calls them.
const (
	ipSuccess         = 0
	ipPacketTooBig    = 11009
	ipRequestTimedOut = 11010
	ipTTLExpired      = 11013
	ipWholeFlag       = 2
	ttlDefault        = 128
)

// echoOptions is IP_OPTION_INFORMATION.
type echoOptions struct {
	TTL, TOS, Flags, Size uint8
	Bytes                 uintptr
}

// echoReply is ICMP_ECHO_REPLY.
type echoReply struct {
	Address, Status, Millis uint32
	Size, Reserved          uint16
	Bytes                   uintptr
	Options                 echoOptions
}

// Echo implements Echoer. The call itself waits no longer than ctx.
func (systemEchoer) Echo(ctx context.Context, e Echo) (Reply, error) {
	if !e.To.Is4() {
		return Reply{}, fmt.Errorf("cannot send an echo to %s: %w", e.To, errors.ErrUnsupported)
	}
	if err := icmpSendEcho.Find(); err != nil {
		return Reply{}, fmt.Errorf("cannot send an echo: %w: %w", err, errors.ErrUnsupported)
	}
	handle, _, err := icmpCreateFile.Call()
	if windows.Handle(handle) == windows.InvalidHandle {
		return Reply{}, fmt.Errorf("cannot send an echo: %w: %w", err, errors.ErrUnsupported)
	}
	defer icmpCloseHandle.Call(handle) //nolint:errcheck // a handle for one echo
	wait := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		wait = time.Until(deadline)
	}
	if wait <= 0 || ctx.Err() != nil {
		return Reply{}, fmt.Errorf("no echo from %s: %w", e.To, context.DeadlineExceeded)
	}
	return send(handle, e, wait)
}

func send(handle uintptr, e Echo, wait time.Duration) (Reply, error) {
	carried := make([]byte, max(e.Bytes-20-echoHeader, tokenBytes))
	options := echoOptions{TTL: ttlDefault}
	if e.TTL > 0 {
		options.TTL = uint8(min(e.TTL, 255))
	}
	if e.Whole {
		options.Flags = ipWholeFlag
	}
	to := e.To.As4()
	buffer := make([]byte, int(unsafe.Sizeof(echoReply{}))+len(carried)+64)
	began := time.Now()
	n, _, err := icmpSendEcho.Call(handle, uintptr(binary.LittleEndian.Uint32(to[:])), uintptr(unsafe.Pointer(&carried[0])),
		uintptr(len(carried)), uintptr(unsafe.Pointer(&options)), uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)),
		uintptr(max(wait.Milliseconds(), 1)))
	took := time.Since(began) // the system's own figure has whole milliseconds
	runtime.KeepAlive(carried)
	status := uint32(ipSuccess)
	reply := (*echoReply)(unsafe.Pointer(&buffer[0]))
	if n == 0 {
		var errno windows.Errno
		if !errors.As(err, &errno) {
			return Reply{}, fmt.Errorf("cannot send an echo to %s: %w", e.To, err)
		}
		status = uint32(errno)
	} else {
		status = reply.Status
	}
	return judgeStatus(status, reply.Address, e, took)
}

func judgeStatus(status, address uint32, e Echo, took time.Duration) (Reply, error) {
	var from [4]byte
	binary.LittleEndian.PutUint32(from[:], address)
	r := Reply{From: netip.AddrFrom4(from), RTT: took}
	switch status {
	case ipSuccess:
		r.Reached = true
		return r, nil
	case ipTTLExpired:
		return r, nil
	case ipPacketTooBig:
		r.TooLarge = true
		return r, nil
	case ipRequestTimedOut:
		return Reply{}, fmt.Errorf("no echo from %s: %w", e.To, context.DeadlineExceeded)
	default:
		return Reply{}, failed(inventory.ProbeUnreachable, "no echo from %s: the system says %d", e.To, status)
	}
}
