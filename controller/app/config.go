package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/viper"

	"muster/inventory"
)

// Config is what `muster serve` is told: by flag, then by environment
// (MUSTER_LISTEN …), then by file. configs/muster.yaml shows every key.
type Config struct {
	// Data is the folder of database, CA and backups; it is made for its owner only.
	Data string `mapstructure:"data"`
	// Store is where nouns and events are kept: empty for SQLite in Data, or postgres://…
	Store string `mapstructure:"store"`
	// Listen is the address of pages and API.
	Listen string `mapstructure:"listen"`
	// TLSCert and TLSKey are the web side's certificate; without them it must
	// listen on loopback, or behind one of Proxies.
	TLSCert string `mapstructure:"tls_cert"`
	TLSKey  string `mapstructure:"tls_key"`
	// Proxies are the addresses of reverse proxies that end TLS in front.
	Proxies []string `mapstructure:"proxies"`
	// MeshListen is the one port that agents reach, TCP and UDP.
	MeshListen string `mapstructure:"mesh_listen"`
	// MeshAdvertise is how agents reach it: host:port, more than one where there
	// are several ways.
	MeshAdvertise []string `mapstructure:"mesh_advertise"`
	// References are addresses outside the organisation's network, asked now and
	// then: where they fail too, it is the controller's own network.
	References []string `mapstructure:"references"`
	// Gateway is the controller's own gateway; empty is the system's default route,
	// none is not asked.
	Gateway string `mapstructure:"gateway"`
	// Services are what people must reach from any site.
	Services []inventory.Service `mapstructure:"-"` // read apart, by their own tags
	// Notify is the file that says who hears of incidents; empty: nobody does.
	Notify string `mapstructure:"notify"`
	// Severity is the file that says how bad an incident is; empty: as
	// configs/severity.yaml.
	Severity string `mapstructure:"severity"`
	// Gates is the folder of gates; empty: those that come with Muster, none: no site
	// is judged.
	Gates string `mapstructure:"gates"`
	// Software is the folder of baselines of programs; empty: none are asked for,
	// built-in: those that come with Muster.
	Software string `mapstructure:"software"`
	// SLA is the file of contract terms of links; empty: none are promised.
	SLA string `mapstructure:"sla"`
	// StaffNames is keep or drop: whether names of staff are kept at all.
	StaffNames string `mapstructure:"staff_names"`
	// StaffNamesDays is how long a leaver's name is kept after the last day.
	StaffNamesDays int `mapstructure:"staff_names_days"`
	// SeriesDays is how long samples are kept.
	SeriesDays int `mapstructure:"series_days"`
	// RemoteWrite is a file with a remote_write section of Prometheus; empty: samples
	// are kept here alone.
	RemoteWrite string `mapstructure:"remote_write"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `mapstructure:"log_level"`
}

var defaults = map[string]any{
	"data":             "/var/lib/muster",
	"store":            "",
	"listen":           "127.0.0.1:8420",
	"tls_cert":         "",
	"tls_key":          "",
	"proxies":          []string{},
	"mesh_listen":      "0.0.0.0:7946",
	"mesh_advertise":   []string{},
	"references":       []string{},
	"gateway":          "",
	"services":         []any{},
	"notify":           "",
	"severity":         "",
	"gates":            "",
	"software":         "",
	"sla":              "",
	"staff_names":      "keep",
	"staff_names_days": 180,
	"series_days":      400,
	"remote_write":     "",
	"log_level":        "info",
}

// Keys lists the configuration's keys in order.
func Keys() []string {
	keys := make([]string, 0, len(defaults))
	for k := range defaults {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// ReadConfig reads file (empty: none) under what v already holds of flags, and
// checks every value. v is the caller's own, never viper's global one.
func ReadConfig(v *viper.Viper, file string) (Config, error) {
	var c Config
	for k, value := range defaults {
		v.SetDefault(k, value)
	}
	v.SetEnvPrefix("MUSTER")
	v.AutomaticEnv()
	if file != "" {
		v.SetConfigFile(file)
		if err := v.ReadInConfig(); err != nil {
			return c, fmt.Errorf("cannot read configuration %s: %w", file, err)
		}
		if err := knownKeys(v, file); err != nil {
			return c, err
		}
	}
	if err := decodeConfig(v, file, &c); err != nil {
		return c, fmt.Errorf("cannot read configuration %s: %w", file, err)
	}
	return c, c.check()
}

// knownKeys refuses a key that nothing reads: a typing error must not pass for
// a setting.
func knownKeys(v *viper.Viper, file string) error {
	known := Keys()
	for _, k := range v.AllKeys() {
		if slices.Contains(known, k) {
			continue
		}
		return fmt.Errorf("cannot use configuration %s: unknown key %q, the keys are %s", file, k, strings.Join(known, ", "))
	}
	return nil
}

func (c Config) check() error {
	if c.Data == "" {
		return errors.New("cannot use configuration: data names no folder")
	}
	web, err := netip.ParseAddrPort(c.Listen)
	if err != nil {
		return fmt.Errorf("cannot use configuration: listen %q is not an address and port such as 127.0.0.1:8420", c.Listen)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("cannot use configuration: tls_cert and tls_key go together")
	}
	if c.TLSCert == "" && !web.Addr().IsLoopback() && len(c.Proxies) == 0 {
		return fmt.Errorf("cannot use configuration: listen %s is not loopback, so it needs tls_cert and tls_key, or proxies that end TLS in front", c.Listen)
	}
	for _, p := range c.Proxies {
		if _, err := netip.ParseAddr(p); err != nil {
			return fmt.Errorf("cannot use configuration: proxies holds %q, which is not an address", p)
		}
	}
	mesh, err := netip.ParseAddrPort(c.MeshListen)
	if err != nil {
		return fmt.Errorf("cannot use configuration: mesh_listen %q is not an address and port such as 0.0.0.0:7946", c.MeshListen)
	}
	if mesh.Addr().IsUnspecified() && len(c.MeshAdvertise) == 0 {
		return errors.New("cannot use configuration: mesh_listen covers every address, so mesh_advertise must say how agents reach this controller, for example 10.0.0.5:7946")
	}
	for _, a := range c.MeshAdvertise {
		if _, err := netip.ParseAddrPort(a); err != nil {
			return fmt.Errorf("cannot use configuration: mesh_advertise holds %q, which is not an address and port such as 10.0.0.5:7946", a)
		}
	}
	if err := c.checkIncidents(); err != nil {
		return err
	}
	if _, err := c.Level(); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "keep", namesDropped}, c.StaffNames) {
		return fmt.Errorf("cannot use configuration: staff_names %q is not keep or drop", c.StaffNames)
	}
	if c.StaffNamesDays < 0 || c.StaffNamesDays > maxNamesDays {
		return fmt.Errorf("cannot use configuration: staff_names_days %d is not between 0 and %d", c.StaffNamesDays, maxNamesDays)
	}
	return nil
}

const (
	namesDropped = "drop"
	maxNamesDays = 36_500
)

// DropNames reports whether names of staff are not kept.
func (c Config) DropNames() bool { return c.StaffNames == namesDropped }

// Level is the level of the log.
func (c Config) Level() (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return 0, fmt.Errorf("cannot use configuration: log_level %q is not debug, info, warn or error", c.LogLevel)
	}
	return level, nil
}

// StoreURL is where nouns and events are kept.
func (c Config) StoreURL() string {
	if c.Store != "" {
		return c.Store
	}
	return "sqlite:" + filepath.Join(c.Data, "muster.db")
}
