package mesh

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isRefused reports whether the other side refused or broke the connection. The
// syscall package's names for it are not what Windows' sockets return.
func isRefused(err error) bool {
	return errors.Is(err, windows.WSAECONNREFUSED) || errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}
