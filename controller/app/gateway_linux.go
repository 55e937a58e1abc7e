package app

import (
	"bufio"
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
)

// routesFile lists the system's IPv4 routes, a line each (proc(5)).
const routesFile = "/proc/net/route"

// systemGateway is the way out of this machine; invalid where there is none.
func systemGateway() netip.Addr {
	file, err := os.Open(routesFile)
	if err != nil {
		return netip.Addr{} // a system without /proc: the configuration can name it
	}
	defer file.Close() // opened for reading
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// Iface Destination Gateway Flags …, the addresses in the machine's own order.
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 || fields[1] != "00000000" {
			continue
		}
		b, err := hex.DecodeString(fields[2])
		if err != nil || len(b) != 4 || fields[2] == "00000000" {
			continue
		}
		return netip.AddrFrom4([4]byte{b[3], b[2], b[1], b[0]})
	}
	return netip.Addr{}
}
