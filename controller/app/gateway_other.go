//go:build !linux

package app

import "net/netip"

// systemGateway is not known here: the configuration can name it.
func systemGateway() netip.Addr { return netip.Addr{} }
