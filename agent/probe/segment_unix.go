//go:build !windows

package probe

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// smallDialer connects with packets of no more than so many bytes each way.
func smallDialer(segment int) (*net.Dialer, error) {
	return &net.Dialer{KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		if err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment)
		}); err != nil {
			return err
		}
		return failed
	}}, nil
}
