package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"muster/inventory"
)

// maxConfig bounds the file: the annotated example has 2 kB.
const maxConfig = 1 << 20

// config is what a person can set, as checked.
type config struct {
	JoinToken   string
	StateDir    string
	Listen      netip.AddrPort
	JournalSize int64
	JoinSpread  time.Duration
	Kind        inventory.AssetKind
	LogLevel    slog.Level
	LogJSON     bool
}

// setting is one key with its default. Its flag is the key with dashes, its
// variable MUSTER_ and the key in capitals.
type setting struct{ key, value, what string }

func settings() []setting {
	return []setting{
		{"join_token", "", "join token as printed by `muster token create`"},
		{"state_dir", defaultStateDir(), "folder for key, certificate, settings and journal"},
		{"listen", "0.0.0.0:7946", "address of the mesh port, TCP and UDP"},
		{"journal_size", "8MiB", "size of a new journal"},
		{"join_spread", "15s", "time over which agents that start together spread their joins"},
		{"kind", "", "desktop or laptop, where the chassis does not say"},
		{"log_level", "info", "debug, info, warn or error"},
		{"log_format", "text", "text or json"},
	}
}

// value is what was said for a key, and where.
type value struct{ text, origin string }

type values map[string]value

// flagsFor adds flags for the given keys.
func flagsFor(flags *pflag.FlagSet, keys ...string) {
	for _, s := range settings() {
		if slices.Contains(keys, s.key) {
			flags.String(flagName(s.key), s.value, s.what)
		}
	}
}

func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

// config reads flags, environment and file, in this order of weight.
func (d *desk) config(flags *pflag.FlagSet) (config, error) {
	file, inFile, err := d.readFile()
	if err != nil {
		return config{}, err
	}
	said := make(values)
	for _, s := range settings() {
		said[s.key] = value{s.value, "default"}
		if text, ok := inFile[s.key]; ok {
			said[s.key] = value{text, s.key + " in " + file}
		}
		name := "MUSTER_" + strings.ToUpper(s.key)
		if text, ok := d.Env(name); ok {
			said[s.key] = value{text, name}
		}
		if f := flags.Lookup(flagName(s.key)); f != nil && f.Changed {
			said[s.key] = value{f.Value.String(), "--" + f.Name}
		}
	}
	return checked(said)
}

// readFile reads the file named by --config, or the usual one if it is there.
func (d *desk) readFile() (file string, said map[string]string, err error) {
	file, named := d.configFile, d.configFile != ""
	if !named {
		file = defaultConfigFile()
		if name, ok := d.Env("MUSTER_CONFIG"); ok && name != "" {
			file, named = name, true
		}
	}
	content, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) && !named {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("cannot read configuration: %w", err)
	}
	defer content.Close() // opened for reading
	text, err := io.ReadAll(io.LimitReader(content, maxConfig+1))
	if err == nil && len(text) > maxConfig {
		err = fmt.Errorf("more than %d bytes", maxConfig)
	}
	if err != nil {
		return "", nil, fmt.Errorf("cannot read configuration %s: %w", file, err)
	}
	entries, err := flat(string(text))
	if err != nil {
		return "", nil, fmt.Errorf("cannot read configuration %s: %w", file, err)
	}
	said = make(map[string]string, len(entries))
	known := settings()
	for key, e := range entries {
		if !slices.ContainsFunc(known, func(s setting) bool { return s.key == key }) {
			return "", nil, unknownKey(key, file, known)
		}
		said[key] = e.text
	}
	return file, said, nil
}

func unknownKey(key, file string, known []setting) error {
	err := fmt.Errorf("cannot read configuration %s: unknown key %q", file, key)
	best, distance := "", 4
	names := make([]string, 0, len(known))
	for _, s := range known {
		names = append(names, s.key)
		if d := editDistance(key, s.key); d < distance {
			best, distance = s.key, d
		}
	}
	if best != "" {
		return withHint(err, fmt.Sprintf("did you mean %q?", best))
	}
	return withHint(err, "the keys are "+strings.Join(names, ", "))
}

func (v values) text(key string) string { return v[key].text }

func checked(said values) (config, error) {
	c := config{
		JoinToken: strings.TrimSpace(said.text("join_token")), StateDir: said.text("state_dir"),
		Kind: inventory.AssetKind(said.text("kind")),
	}
	wrong := func(key, why string) (config, error) {
		return config{}, fmt.Errorf("cannot use configuration: %s: %q %s", said[key].origin, said.text(key), why)
	}
	var err error
	if c.StateDir == "" {
		return wrong("state_dir", "names no folder")
	}
	if c.Listen, err = netip.ParseAddrPort(said.text("listen")); err != nil {
		return wrong("listen", "is not an address with a port, as in 0.0.0.0:7946")
	}
	if c.JournalSize, err = parseSize(said.text("journal_size")); err != nil || c.JournalSize < 64<<10 || c.JournalSize > 1<<30 {
		return wrong("journal_size", "is not a size from 64KiB to 1GiB, as in 8MiB")
	}
	if c.JoinSpread, err = time.ParseDuration(said.text("join_spread")); err != nil || c.JoinSpread < 0 || c.JoinSpread > 30*time.Minute {
		return wrong("join_spread", "is not a time from 0s to 30m, as in 15s")
	}
	if c.Kind != "" && !c.Kind.Computer() {
		return wrong("kind", "is neither desktop nor laptop")
	}
	if err := c.LogLevel.UnmarshalText([]byte(said.text("log_level"))); err != nil {
		return wrong("log_level", "is none of debug, info, warn, error")
	}
	switch said.text("log_format") {
	case "text":
	case "json":
		c.LogJSON = true
	default:
		return wrong("log_format", "is neither text nor json")
	}
	return c, nil
}

// parseSize reads 8388608, 8192KiB or 8MiB.
func parseSize(s string) (int64, error) {
	factor := int64(1)
	for unit, f := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			s, factor = strings.TrimSpace(number), f
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("cannot read size: %w", err)
	}
	return n * factor, nil
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, before+cost)
		}
	}
	return row[len(b)]
}
