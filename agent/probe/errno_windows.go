package probe

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// Go's own names of these are inventions that no Windows call returns.
var (
	errnosRefused     = []syscall.Errno{windows.WSAECONNREFUSED}
	errnosNoPath      = []syscall.Errno{windows.WSAENETUNREACH, windows.WSAENETDOWN, windows.WSAEADDRNOTAVAIL}
	errnosUnreachable = []syscall.Errno{windows.WSAEHOSTUNREACH, windows.WSAEHOSTDOWN, windows.WSAEACCES}
	errnosReset       = []syscall.Errno{windows.WSAECONNRESET, windows.WSAECONNABORTED}
)
