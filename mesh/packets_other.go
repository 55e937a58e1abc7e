//go:build !linux

package mesh

import "net"

// quiet is for Linux; elsewhere the socket stays as it is.
func quiet(conn *net.UDPConn) PacketConn { return conn }
