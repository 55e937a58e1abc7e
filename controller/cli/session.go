package cli

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// ConnectionFile is the file in a controller's data directory from which
// commands on the same machine learn how to reach it.
const ConnectionFile = "connection.yaml"

// Connection is how to reach a controller.
type Connection struct {
	Server string `yaml:"server"`       // such as http://127.0.0.1:8420
	Token  string `yaml:"token"`        // an API token
	CA     string `yaml:"ca,omitempty"` // file of the CA that signed the server's certificate; empty: the system's
}

// WriteConnection leaves the connection in a data directory, for its owner only.
func WriteConnection(dir string, c Connection) error {
	b, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("cannot write connection: %w", err)
	}
	path := filepath.Join(dir, ConnectionFile)
	fresh := path + ".new"
	if err := os.WriteFile(fresh, b, 0o600); err != nil {
		return fmt.Errorf("cannot write connection: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("cannot write connection: %w", err)
	}
	return nil
}

// DefaultDataDir is where a controller keeps its data unless told otherwise.
func DefaultDataDir(env func(string) string) string {
	if dir := env("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "muster")
	}
	if home := env("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "muster")
	}
	return filepath.Join(os.TempDir(), "muster")
}

// session is one invocation's flags.
type session struct {
	options Options
	given   Connection
	config  string
	data    string
	timeout time.Duration
}

func (s *session) flags(flags *pflag.FlagSet) {
	flags.StringVar(&s.given.Server, "server", "", "address of the controller's web side (MUSTER_SERVER)")
	flags.StringVar(&s.given.Token, "token", "", "API token (MUSTER_TOKEN)")
	flags.StringVar(&s.given.CA, "ca", "", "file of the CA that signed the server's certificate (MUSTER_CA)")
	flags.StringVar(&s.config, "config", "", "file with server and token (MUSTER_CONFIG)")
	flags.StringVar(&s.data, "data", "", "data directory of a controller on this machine (MUSTER_DATA)")
	flags.DurationVar(&s.timeout, "timeout", time.Minute, "give up after this long")
}

// connection puts together where to go: flag, then environment, then file.
func (s *session) connection() (Connection, error) {
	found := s.given
	env := s.options.Env
	found.Server = first(found.Server, env("MUSTER_SERVER"))
	found.Token = first(found.Token, env("MUSTER_TOKEN"))
	found.CA = first(found.CA, env("MUSTER_CA"))
	if found.Server != "" && found.Token != "" {
		return found, nil
	}
	path, stated := first(s.config, env("MUSTER_CONFIG")), true
	if path == "" {
		dir := first(s.data, env("MUSTER_DATA"))
		stated = dir != ""
		path = filepath.Join(first(dir, DefaultDataDir(env)), ConnectionFile)
	}
	kept, err := readConnection(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !stated:
	case err != nil:
		return found, err
	}
	found.Server, found.Token, found.CA = first(found.Server, kept.Server), first(found.Token, kept.Token), first(found.CA, kept.CA)
	if found.Server == "" {
		return found, Hint(errors.New("cannot find a controller: no --server, MUSTER_SERVER or "+path),
			"start one with `muster demo` or `muster serve`, or give --server and --token")
	}
	if found.Token == "" {
		return found, Hint(fmt.Errorf("cannot ask %s: no --token, MUSTER_TOKEN or %s", found.Server, path),
			"`muster demo` and `muster serve` print a token when they start")
	}
	return found, nil
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

func readConnection(path string) (Connection, error) {
	var c Connection
	b, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("cannot read connection: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("cannot read connection %s: %s", path, strings.Join(strings.Fields(err.Error()), " ")) // YAML's text has lines
	}
	return c, nil
}

// client is a caller of the API at the connection.
func (s *session) client() (*client, error) {
	c, err := s.connection()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(c.Server)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, usagef("cannot use server %q: want an address such as http://127.0.0.1:8420", c.Server)
	}
	caller := s.options.Client
	if caller == nil {
		transport, err := trusting(c.CA)
		if err != nil {
			return nil, err
		}
		caller = &http.Client{Transport: transport}
	}
	return &client{base: strings.TrimSuffix(base.String(), "/"), token: c.Token, http: caller, timeout: s.timeout}, nil
}

func trusting(ca string) (http.RoundTripper, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if ca == "" {
		return transport, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("cannot read CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("cannot read CA %s: it holds no certificate in PEM form", ca)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return transport, nil
}

// pretty is JSON as --json prints it.
func pretty(b []byte) []byte {
	var out bytes.Buffer
	if json.Indent(&out, b, "", "  ") != nil {
		return b
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n')
}
