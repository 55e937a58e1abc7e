package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"muster/controller/notify"
	"muster/controller/series"
	"muster/controller/sla/ledger"
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
	for _, f := range c.files() {
		note(f.what+" "+f.path, f.check(f.path))
	}
	if len(errs) > 0 {
		return lines, fmt.Errorf("cannot serve with this configuration: %w", errors.Join(errs...))
	}
	return lines, nil
}

// configured is a file that the configuration names, and what looks whether it can
// be used.
type configured struct {
	what, path string
	check      func(path string) error
}

// files lists those that are named.
func (c Config) files() []configured {
	all := []configured{
		{"notifications", c.Notify, func(path string) error { _, err := notifyFrom(path, time.Now); return err }},
		{"severities", c.Severity, func(path string) error { _, err := readSeverity(path); return err }},
		{"gates", c.Gates, func(string) error { _, err := c.readGates(); return err }},
		{"baselines of programs", c.Software, func(string) error { _, err := c.readSoftware(); return err }},
		{"contract terms", c.SLA, func(path string) error { _, err := readTerms(path); return err }},
		{"remote write", c.RemoteWrite, series.CheckRemoteWrite},
	}
	return slices.DeleteFunc(all, func(f configured) bool { return f.path == "" })
}

// readFiles looks at every file before anything is made: a start that is refused
// leaves nothing behind.
func (a *App) readFiles(context.Context) error {
	var errs []error
	for _, f := range a.opts.files() {
		errs = append(errs, f.check(f.path))
	}
	return errors.Join(errs...)
}

// telling is who is told, and how.
type telling struct {
	config   notify.Config
	client   *http.Client
	sinks    map[string]notify.Sink
	managers []*notify.Alertmanager
}

// notifyFrom reads the file of notifications and looks at its secrets.
func notifyFrom(path string, now func() time.Time) (t telling, err error) {
	if t.config, err = notify.ReadConfig(path); err != nil {
		return t, err
	}
	t.client = &http.Client{Timeout: time.Minute}
	t.sinks, t.managers, err = t.config.Build(notify.Parts{Client: t.client, Now: now})
	return t, err
}

// readTerms reads what contracts promise.
func readTerms(path string) (ledger.Terms, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return ledger.Terms{}, fmt.Errorf("cannot read contract terms: %w", err)
	}
	return ledger.ParseTerms(path, text)
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
