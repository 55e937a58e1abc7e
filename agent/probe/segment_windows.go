package probe

import (
	"errors"
	"fmt"
	"net"
)

// smallDialer is not to be had: Windows has no such option, and its ICMP needs no
// rights, so nobody gets here but for a target that answers no echo.
func smallDialer(int) (*net.Dialer, error) {
	return nil, fmt.Errorf("cannot hold TCP to small packets on Windows: %w", errors.ErrUnsupported)
}
