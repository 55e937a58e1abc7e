package mesh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
)

// What the uplink tag says of a member's way to the controller. The tag travels
// by gossip, so it reaches the controller when the member's reports cannot.
const (
	UplinkUnknown = ""            // not tried yet
	UplinkOK      = "ok"          // directly
	UplinkRelayed = "relayed"     // through a neighbour
	UplinkLost    = "lost"        // in no way, for a reason that has no class
	UplinkTimeout = "tcp-timeout" // no answer to the connection
	UplinkRefused = "refused"     // the connection was refused or reset
	UplinkStall   = "tls-stall"   // connected, but TLS never answered: the usual sign of a broken MTU
)

// ViaDirect is the way of a connection that needs no neighbour.
const ViaDirect = "direct"

// ErrStalled is wrapped by errors about connections on which nothing came back.
var ErrStalled = errors.New("connected, but nothing came back")

// UplinkError says that no controller could be reached, in which class of
// error, and why each way failed.
type UplinkError struct {
	Class string // one of the Uplink… constants
	Err   error
}

// Error implements error.
func (e *UplinkError) Error() string {
	return fmt.Sprintf("cannot reach a controller (%s): %v", e.Class, e.Err)
}

// Unwrap returns what failed.
func (e *UplinkError) Unwrap() error { return e.Err }

// ClassifyUplink says which class of uplink error err is.
func ClassifyUplink(err error) string {
	var timeout net.Error
	switch {
	case err == nil:
		return UplinkOK
	case errors.Is(err, ErrStalled):
		return UplinkStall
	case isRefused(err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return UplinkRefused
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return UplinkTimeout
	default:
		return UplinkLost
	}
}
