package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"sync"
	"time"
)

// ServerName is the name that agents ask for and verify, whatever address they
// dial; the CA is theirs alone, so one fixed name is enough.
const ServerName = "controller.muster"

// The controller's own certificate lives for 90 days, is made anew at two
// thirds, and never touches the disk.
const (
	serverLife  = 90 * 24 * time.Hour
	serverRenew = 60 * 24 * time.Hour
)

// ServerConfig is the TLS configuration of the agents' listener. The server
// certificate carries ServerName and names (DNS names or addresses) and renews
// itself. A client certificate is asked for and not verified: Check does that,
// since renewal takes an expired one and enrolment none. next is the protocols
// offered by ALPN; none means h2 and http/1.1.
func (a *Authority) ServerConfig(names, next []string) *tls.Config {
	if len(next) == 0 {
		next = []string{"h2", "http/1.1"}
	}
	own := &serverCertificate{authority: a, names: names}
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		NextProtos:     next,
		ClientAuth:     tls.RequestClientCert,
		GetCertificate: own.get,
		Time:           a.now,
	}
}

// serverCertificate is the controller's own certificate, made anew when due.
type serverCertificate struct {
	authority *Authority
	names     []string

	mu      sync.Mutex // guards what follows
	renewAt time.Time
	cert    *tls.Certificate
}

func (s *serverCertificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.authority.now().UTC()
	if s.cert != nil && now.Before(s.renewAt) {
		return s.cert, nil
	}
	cert, err := s.authority.signServer(s.names, now)
	if err != nil {
		return nil, fmt.Errorf("cannot renew the controller's certificate: %w", err)
	}
	s.cert, s.renewAt = cert, now.Add(serverRenew)
	s.authority.log.Info("made the controller's certificate", "not_after", cert.Leaf.NotAfter)
	return cert, nil
}

func (a *Authority) signServer(names []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: ServerName},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(serverLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{ServerName},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if name != ServerName {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}
