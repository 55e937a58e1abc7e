package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The mesh port is any free one, but a folder that is used again keeps its own:
// the agents in it were told where their controller is.

func (d *demo) portFile() string { return filepath.Join(d.data, "mesh-port") }

func (d *demo) meshListen() (string, error) {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	b, err := os.ReadFile(d.portFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return netip.AddrPortFrom(loopback, 0).String(), nil
	case err != nil:
		return "", fmt.Errorf("cannot read the port of an earlier demo: %w", err)
	}
	port, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 16)
	if err != nil {
		return "", fmt.Errorf("cannot read the port of an earlier demo in %s: %w", d.portFile(), err)
	}
	return netip.AddrPortFrom(loopback, uint16(port)).String(), nil
}

func (d *demo) keepMeshPort(port uint16) error {
	if err := os.WriteFile(d.portFile(), []byte(strconv.Itoa(int(port))+"\n"), 0o600); err != nil {
		return fmt.Errorf("cannot keep the demo's port: %w", err)
	}
	return nil
}
