//go:build !windows

package mesh

import (
	"errors"
	"syscall"
)

// isRefused reports whether the other side refused or broke the connection.
func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
