//go:build !windows

package probe

import "syscall"

var (
	errnosRefused     = []syscall.Errno{syscall.ECONNREFUSED}
	errnosNoPath      = []syscall.Errno{syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL}
	errnosUnreachable = []syscall.Errno{syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.EACCES, syscall.EPERM}
	errnosReset       = []syscall.Errno{syscall.ECONNRESET, syscall.EPIPE}
)
