package notify

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"
)

// Parts is what sinks are built with.
type Parts struct {
	Client *http.Client // for those that post
	Now    func() time.Time
}

// Build makes the sinks of a validated configuration. Files with secrets are
// looked at now, so that a missing one is known at the start, and read anew for
// each delivery, so that a changed one needs no restart.
func (c Config) Build(p Parts) (map[string]Sink, []*Alertmanager, error) {
	sinks := map[string]Sink{}
	var managers []*Alertmanager
	for _, s := range c.Sinks {
		if err := s.build(p, sinks, &managers); err != nil {
			return nil, nil, fmt.Errorf("cannot set up sink %s: %w", s.Name, err)
		}
	}
	return sinks, managers, nil
}

func (s SinkConfig) build(p Parts, sinks map[string]Sink, managers *[]*Alertmanager) error {
	trust, err := s.trust()
	if err != nil {
		return err
	}
	client := p.Client
	if trust != nil {
		client = &http.Client{Transport: &http.Transport{TLSClientConfig: trust, Proxy: http.ProxyFromEnvironment}}
	}
	switch s.Kind {
	case SinkSMTP:
		password, err := secretIn(s.PasswordFile)
		if err != nil {
			return err
		}
		sinks[s.Name] = &SMTP{Server: s.Server, From: s.From, Policy: s.TLS, User: s.User, Password: password, TLS: trust}
	case SinkWebhook:
		secret, err := secretIn(s.SecretFile)
		if err != nil {
			return err
		}
		sinks[s.Name] = &Webhook{URL: s.URL, Client: client, Secret: secret, Now: p.Now}
	case SinkShoutrrr:
		if _, err := linesOf(s.URLFile); err != nil {
			return err
		}
		sinks[s.Name] = &Shoutrrr{URLs: func() ([]string, error) { return linesOf(s.URLFile) }}
	case SinkAlertmanager:
		*managers = append(*managers, NewAlertmanager(s.Name, s.URLs, client, p.Now))
	}
	return nil
}

// secretIn returns a reader of the file, which must be readable now; nil where no
// file is named.
func secretIn(path string) (func() (string, error), error) {
	if path == "" {
		return nil, nil //nolint:nilnil // no secret, and nothing wrong
	}
	if _, err := readSecret(path); err != nil {
		return nil, err
	}
	return func() (string, error) { return readSecret(path) }, nil
}

// trust is the authority of a sink's own CA file; nil is the system's.
func (s SinkConfig) trust() (*tls.Config, error) {
	if s.CAFile == "" {
		return nil, nil //nolint:nilnil // the system's trust
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %s holds no certificate in PEM", s.CAFile)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
