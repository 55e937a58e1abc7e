package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
)

// Check says whether a controller with this configuration would start, a line
// for each thing it looked at. It starts nothing and leaves no file behind.
func Check(ctx context.Context, c Config) ([]string, error) {
	var lines []string
	var errs []error
	note := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
			lines = append(lines, "no  "+what+": "+err.Error())
			return
		}
		lines = append(lines, "ok  "+what)
	}
	note("data folder "+c.Data, writable(c.Data))
	note("web side "+c.Listen, free(ctx, "tcp", c.Listen))
	note("mesh port "+c.MeshListen+", TCP", free(ctx, "tcp", c.MeshListen))
	note("mesh port "+c.MeshListen+", UDP", free(ctx, "udp", c.MeshListen))
	if c.TLSCert != "" {
		_, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		note("web certificate "+c.TLSCert, err)
	}
	if len(errs) > 0 {
		return lines, fmt.Errorf("cannot serve with this configuration: %w", errors.Join(errs...))
	}
	return lines, nil
}

// writable tries the folder, or the nearest one above it that exists.
func writable(dir string) error {
	for {
		stat, err := os.Stat(dir)
		if errors.Is(err, os.ErrNotExist) && filepath.Dir(dir) != dir {
			dir = filepath.Dir(dir)
			continue
		}
		if err != nil {
			return err
		}
		if !stat.IsDir() {
			return fmt.Errorf("%s is a file", dir)
		}
		f, err := os.CreateTemp(dir, ".muster-check-")
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), os.Remove(f.Name()))
	}
}

func free(ctx context.Context, network, addr string) error {
	if _, err := netip.ParseAddrPort(addr); err != nil {
		return err
	}
	var conf net.ListenConfig
	if network == "udp" {
		conn, err := conf.ListenPacket(ctx, network, addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	l, err := conf.Listen(ctx, network, addr)
	if err != nil {
		return err
	}
	return l.Close()
}
