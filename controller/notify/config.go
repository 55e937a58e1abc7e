package notify

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/controller/strictyaml"
	"muster/inventory"
)

// Config is the file that says who hears of what, and how.
type Config struct {
	Zone    string       `yaml:"zone"`     // IANA name; empty is Europe/London
	PageURL string       `yaml:"page_url"` // where people reach Muster's pages
	Sinks   []SinkConfig `yaml:"sinks"`
	Routes  []Route      `yaml:"routes"`
	Digest  DigestTimes  `yaml:"digest"`
	Deadman *Deadman     `yaml:"deadman"`
	// Programme says who hears of the refresh and of readiness.
	Programme ProgrammeConfig `yaml:"programme"`
}

// SinkConfig is one way out. Which fields it takes depends on its kind. A secret
// stands in a file of its own, never here.
type SinkConfig struct {
	Name string   `yaml:"name"`
	Kind SinkKind `yaml:"kind"`

	Server       string `yaml:"server"` // smtp: host:port
	From         string `yaml:"from"`
	TLS          string `yaml:"tls"` // smtp: required (the default), offered, or none
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`

	URL        string   `yaml:"url"`         // webhook
	URLs       []string `yaml:"urls"`        // alertmanager: every one of a cluster
	URLFile    string   `yaml:"url_file"`    // shoutrrr: its URLs hold secrets
	SecretFile string   `yaml:"secret_file"` // webhook: signs the body
	CAFile     string   `yaml:"ca_file"`
}

// SinkKind is how a sink sends.
type SinkKind string

// The kinds.
const (
	SinkSMTP         SinkKind = "smtp"
	SinkWebhook      SinkKind = "webhook"
	SinkShoutrrr     SinkKind = "shoutrrr"
	SinkAlertmanager SinkKind = "alertmanager"
)

// Deadman is an outside address that is asked every minute: when it hears nothing
// any more, it calls somebody.
type Deadman struct {
	URL   string   `yaml:"url"`
	Every Duration `yaml:"every"` // a minute by default
}

// ReadConfig reads and checks a file.
func ReadConfig(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read notifications: %w", err)
	}
	defer f.Close() // opened for reading
	b, err := readBounded(f, strictyaml.MaxFile)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read notifications: %s: %w", path, err)
	}
	return ParseConfig(path, b)
}

// ParseConfig reads and checks the text of a file; file names it in errors.
func ParseConfig(file string, b []byte) (Config, error) {
	var c Config
	if err := strictyaml.Decode(file, b, &c); err != nil {
		return Config{}, fmt.Errorf("cannot read notifications: %w", err)
	}
	if errs := c.faults(); len(errs) > 0 {
		return Config{}, fmt.Errorf("cannot read notifications: %w", located(file, b, errs))
	}
	return c, nil
}

// Location is the zone that times are written in.
func (c Config) Location() (*time.Location, error) {
	return time.LoadLocation(cmp.Or(c.Zone, inventory.DefaultZone))
}

// Plan is what the book decides by. The configuration has been validated.
func (c Config) Plan() Plan {
	zone, err := c.Location()
	if err != nil {
		zone = time.UTC
	}
	routes := make([]Route, 0, len(c.Routes))
	alertmanagers := c.alertmanagers()
	for _, r := range c.Routes {
		r.To = withoutSinks(r.To, alertmanagers) // they are told the state, not the steps
		routes = append(routes, r)
	}
	programme := c.Programme
	programme.Routes = slices.Clone(programme.Routes)
	for n := range programme.Routes {
		programme.Routes[n].To = withoutSinks(programme.Routes[n].To, alertmanagers)
	}
	return Plan{Routes: routes, Zone: zone, Digest: c.Digest, Programme: programme}
}

func (c Config) alertmanagers() []string {
	var names []string
	for _, s := range c.Sinks {
		if s.Kind == SinkAlertmanager {
			names = append(names, s.Name)
		}
	}
	return names
}

func withoutSinks(to []Target, names []string) []Target {
	return slices.DeleteFunc(slices.Clone(to), func(t Target) bool { return slices.Contains(names, t.Sink) })
}

// Validate says everything that cannot be used.
func (c Config) Validate() error {
	var errs []error
	for _, f := range c.faults() {
		errs = append(errs, f.error)
	}
	return errors.Join(errs...)
}

func (c Config) faults() []fault {
	var errs []fault
	at := fault{} // of which entry the next ones are
	wrong := func(format string, args ...any) {
		at.error = fmt.Errorf(format, args...)
		errs = append(errs, at)
	}
	if _, err := c.Location(); err != nil || c.Zone == "Local" {
		wrong("zone: %q is not a time zone such as Europe/London", c.Zone)
	}
	if c.PageURL != "" {
		if err := webAddress(c.PageURL); err != nil {
			wrong("page_url: %w", err)
		}
	}
	kinds := map[string]SinkKind{}
	for n, s := range c.Sinks {
		at = fault{list: "sinks", entry: n}
		if s.Name == "" {
			wrong("sinks[%d]: no name: routes refer to sinks by it", n)
			continue
		}
		if _, twice := kinds[s.Name]; twice {
			wrong("sinks: %q is there twice", s.Name)
		}
		kinds[s.Name] = s.Kind
		if err := s.validate(); err != nil {
			wrong("sink %s: %w", s.Name, err)
		}
	}
	for n, r := range c.Routes {
		at = fault{list: "routes", entry: n}
		for _, err := range r.validate(kinds) {
			wrong("route %s: %w", cmp.Or(r.Name, strconv.Itoa(n+1)), err)
		}
	}
	at = fault{}
	if err := c.Digest.validate(); err != nil {
		wrong("digest: %w", err)
	}
	if slices.ContainsFunc(c.Routes, func(r Route) bool { return r.Digest }) && c.Digest.At == "" {
		wrong("digest: a route goes into the digest, and no hour is given for it: at: \"08:00\"")
	}
	for _, err := range c.Programme.validate(kinds) {
		wrong("programme: %w", err)
	}
	if c.Deadman != nil {
		if err := webAddress(c.Deadman.URL); err != nil {
			wrong("deadman: %w", err)
		}
		if every := c.Deadman.Every.Duration(); every != 0 && every < 10*time.Second {
			wrong("deadman: every %s is too often: at least 10s", every)
		}
	}
	return errs
}

func (s SinkConfig) validate() error {
	switch s.Kind {
	case SinkSMTP:
		if _, _, ok := strings.Cut(s.Server, ":"); !ok {
			return fmt.Errorf("server %q is not name:port, such as mail.example.org:587", s.Server)
		}
		if !strings.Contains(s.From, "@") {
			return fmt.Errorf("from %q is not an e-mail address", s.From)
		}
		if !slices.Contains([]string{"", "required", "offered", "none"}, s.TLS) {
			return fmt.Errorf("tls %q is none of required, offered, none", s.TLS)
		}
		if (s.User == "") != (s.PasswordFile == "") {
			return errors.New("user and password_file go together")
		}
		if s.User != "" && s.TLS != "" && s.TLS != "required" {
			return errors.New("a password goes over TLS only: tls must be required")
		}
	case SinkWebhook:
		return webAddress(s.URL)
	case SinkShoutrrr:
		if s.URLFile == "" {
			return errors.New("url_file is missing: a file with one shoutrrr URL in each line, readable by Muster alone")
		}
	case SinkAlertmanager:
		if len(s.URLs) == 0 {
			return errors.New("urls is missing: list every Alertmanager of the cluster")
		}
		for _, u := range s.URLs {
			if err := webAddress(u); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("kind %q is none of smtp, webhook, shoutrrr, alertmanager", s.Kind)
	}
	return nil
}

func (r Route) validate(kinds map[string]SinkKind) []error {
	var errs []error
	for _, t := range r.targets() {
		switch kind, known := kinds[t.Sink]; {
		case !known:
			errs = append(errs, fmt.Errorf("unknown sink %q; known: %s", t.Sink, strings.Join(sortedKeys(kinds), ", ")))
		case kind == SinkSMTP && !strings.Contains(t.Address, "@"):
			errs = append(errs, fmt.Errorf("sink %s needs an e-mail address, not %q", t.Sink, t.Address))
		case kind != SinkSMTP && t.Address != "":
			errs = append(errs, fmt.Errorf("sink %s takes no address: it has its own", t.Sink))
		}
	}
	if len(r.To) == 0 {
		errs = append(errs, errors.New("it tells nobody: to is empty"))
	}
	if r.Digest && len(r.Escalate) > 0 {
		errs = append(errs, errors.New("a digest is not escalated"))
	}
	for _, cause := range r.Match.Causes {
		if !cause.Valid() {
			errs = append(errs, fmt.Errorf("unknown cause %q; known: %s", cause, joined(inventory.Causes())))
		}
	}
	for _, s := range r.Match.Severity {
		if !slices.Contains(severities(), s) {
			errs = append(errs, fmt.Errorf("unknown severity %q; known: %s", s, joined(severities())))
		}
	}
	if err := r.Match.Hours.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errs
}

func (r Route) targets() []Target {
	all := slices.Clone(r.To)
	for _, rung := range r.Escalate {
		all = append(all, rung.To...)
	}
	return all
}

func severities() []inventory.Severity {
	return []inventory.Severity{inventory.SeverityInfo, inventory.SeverityMinor, inventory.SeverityMajor, inventory.SeverityCritical}
}

func joined[S ~string](words []S) string {
	text := make([]string, len(words))
	for i, w := range words {
		text[i] = string(w)
	}
	return strings.Join(text, ", ")
}

func (d DigestTimes) validate() error {
	if d.At != "" {
		if _, err := time.Parse("15:04", d.At); err != nil {
			return fmt.Errorf("at %q is not an hour such as 08:00", d.At)
		}
	}
	for _, day := range d.Days {
		if !slices.Contains([]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}, day) {
			return fmt.Errorf("%q is not a day such as Mon", day)
		}
	}
	return nil
}

// webAddress refuses what is no http or https address, and one with a password
// in it: it would show in logs and pages.
func webAddress(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%q is not an address such as https://example.org/", strings.Map(printable, text))
	case u.User != nil:
		return fmt.Errorf("the address of %s has a password in it: use a file", u.Host)
	}
	return nil
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}
