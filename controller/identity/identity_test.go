package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// clock is a controller's clock that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} }

func open(t *testing.T, dir string, c *clock) *Authority {
	t.Helper()
	a, err := Open(Options{Dir: dir, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func request(t *testing.T, key any) []byte {
	t.Helper()
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return csr
}

const someone = "w0000abcd"

func issue(t *testing.T, a *Authority, key any) (Certificate, []*x509.Certificate) {
	t.Helper()
	c, err := a.Issue(request(t, key), someone)
	if err != nil {
		t.Fatal(err)
	}
	var chain []*x509.Certificate
	for _, der := range c.DER {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, cert)
	}
	return c, chain
}

func TestCAIsMadeOnceAndKeptPrivate(t *testing.T) {
	dir, c := filepath.Join(t.TempDir(), "ca"), newClock()
	first := open(t, dir, c)
	second := open(t, dir, c)
	if first.Fingerprint() != second.Fingerprint() {
		t.Error("a second opening made another CA")
	}
	st, err := os.Stat(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if got := st.Mode().Perm(); got != 0o600 {
		t.Errorf("ca.pem has mode %o, want 600", got)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("folder holds %v (%v), want ca.pem alone", left, err)
	}
	if years := first.cert.NotAfter.Sub(c.at).Hours() / 24 / 365; years < 19.9 {
		t.Errorf("the CA lives for %.1f years, want 20", years)
	}
	if strings.Contains(string(first.CAPEM()), "PRIVATE") {
		t.Error("CAPEM gives the key away")
	}
}

func TestOpenRefusesADamagedOrAnotherCA(t *testing.T) {
	c := newClock()
	whole := filepath.Join(t.TempDir(), "ca")
	known := open(t, whole, c).Fingerprint()
	b, err := os.ReadFile(filepath.Join(whole, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	otherDir := filepath.Join(t.TempDir(), "other")
	open(t, otherDir, c)
	other, err := os.ReadFile(filepath.Join(otherDir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Index(string(b), "-----BEGIN PRIVATE")
	otherKey := strings.Index(string(other), "-----BEGIN PRIVATE")
	for name, tc := range map[string]struct {
		content string
		expect  string
		want    string
	}{
		"cut short":                 {string(b[:key]), "", "holds no key"},
		"empty":                     {"", "", "holds no certificate"},
		"key of another CA":         {string(b[:key]) + string(other[otherKey:]), "", "key is not that of its certificate"},
		"certificate damaged":       {strings.Replace(string(b), "MII", "AAA", 1), "", "damaged"},
		"another than agents trust": {string(other), known, "not the CA that the agents trust"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "ca.pem")
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(Options{Dir: dir, Now: c.now, Expect: tc.expect})
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q and %s", err, tc.want, path)
			}
			after, err := os.ReadFile(path)
			if err != nil || string(after) != tc.content {
				t.Error("the file was changed")
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "gone")
	if _, err := Open(Options{Dir: missing, Now: c.now, Expect: known}); !errors.Is(err, ErrAnotherCA) {
		t.Errorf("a missing CA that agents trust: got %v, want ErrAnotherCA", err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Error("a new CA was begun in place of the missing one")
	}
}

func TestCSRMustProveAStrongKey(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := request(t, ecKey(t, elliptic.P256()))
	forged := append([]byte(nil), good...)
	forged[len(forged)-1] ^= 1
	for name, tc := range map[string]struct {
		csr  []byte
		want string
	}{
		"RSA":            {request(t, weak), "want ECDSA"},
		"Ed25519":        {request(t, ed), "want ECDSA"},
		"P-224":          {request(t, ecKey(t, elliptic.P224())), "P-256 or better"},
		"bad signature":  {forged, "signature"},
		"truncated":      {good[:len(good)/2], "unusable certificate request"},
		"empty":          {nil, "0 bytes"},
		"oversized":      {make([]byte, MaxCSR+1), "4097 bytes"},
		"trailing bytes": {append(append([]byte(nil), good...), 0), "unusable certificate request"},
	} {
		if _, err := CheckCSR(tc.csr); !errors.Is(err, ErrCSR) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		if _, err := CheckCSR(request(t, ecKey(t, curve))); err != nil {
			t.Errorf("%s: %v", curve.Params().Name, err)
		}
	}
}

func TestCertificateNamesItsWorkstationForThirtyDays(t *testing.T) {
	c := newClock()
	a := open(t, t.TempDir(), c)
	issued, chain := issue(t, a, ecKey(t, elliptic.P256()))
	workstation, serial, keyHash, err := a.Check(chain)
	if err != nil || workstation != someone || serial != issued.Serial || keyHash != issued.KeyHash {
		t.Fatalf("got %s %s %s %v, want %s %s %s", workstation, serial, keyHash, err, someone, issued.Serial, issued.KeyHash)
	}
	if got := issued.NotAfter.Sub(c.at); got != 30*24*time.Hour {
		t.Errorf("it lives for %v, want 30 days", got)
	}
	if kept := issued.Kept(someone); kept.Serial != serial || kept.KeyHash != keyHash || !kept.IssuedAt.Equal(c.at) {
		t.Errorf("kept as %+v", kept)
	}
	if _, err := a.Issue(request(t, ecKey(t, elliptic.P256())), "controller"); err == nil {
		t.Error("issued a certificate for something that is no workstation")
	}
	c.at = issued.NotAfter.Add(time.Second)
	workstation, _, _, err = a.Check(chain)
	if !errors.Is(err, ErrExpired) || workstation != someone {
		t.Errorf("expired: got %q %v, want its name and ErrExpired", workstation, err)
	}
}

func TestForeignCertificatesAreRefused(t *testing.T) {
	c := newClock()
	a, b := open(t, t.TempDir(), c), open(t, t.TempDir(), c)
	_, foreign := issue(t, b, ecKey(t, elliptic.P256()))
	if _, _, _, err := a.Check(foreign); !errors.Is(err, ErrForeign) {
		t.Errorf("another CA's: got %v, want ErrForeign", err)
	}
	server, err := a.ServerConfig(nil, nil).GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := a.Check([]*x509.Certificate{server.Leaf}); !errors.Is(err, ErrForeign) {
		t.Errorf("our own server certificate as a client's: got %v, want ErrForeign", err)
	}
	if _, _, _, err := a.Check([]*x509.Certificate{a.cert}); !errors.Is(err, ErrForeign) {
		t.Errorf("the CA's own certificate: got %v, want ErrForeign", err)
	}
	if _, _, _, err := a.Check(nil); !errors.Is(err, ErrNoCertificate) {
		t.Errorf("none: got %v, want ErrNoCertificate", err)
	}
}

func TestRenewalTakesTheSameKeyForFourHundredDaysAndNothingElse(t *testing.T) {
	c := newClock()
	a := open(t, t.TempDir(), c)
	key := ecKey(t, elliptic.P256())
	issued, chain := issue(t, a, key)

	if _, _, err := a.Renew(chain, request(t, ecKey(t, elliptic.P256()))); !errors.Is(err, ErrAnotherKey) {
		t.Errorf("another key: got %v, want ErrAnotherKey", err)
	}
	if _, _, err := a.Renew(chain, []byte("rubbish")); !errors.Is(err, ErrCSR) {
		t.Errorf("rubbish: got %v, want ErrCSR", err)
	}
	c.at = issued.NotAfter.Add(MaxLapse)
	workstation, renewed, err := a.Renew(chain, request(t, key))
	if err != nil || workstation != someone || renewed.KeyHash != issued.KeyHash || renewed.Serial == issued.Serial {
		t.Errorf("400 days after expiry: got %s %+v %v", workstation, renewed, err)
	}
	c.at = c.at.Add(time.Second)
	if _, _, err := a.Renew(chain, request(t, key)); !errors.Is(err, ErrExpired) {
		t.Errorf("after 400 days: got %v, want ErrExpired", err)
	}
	_, foreign := issue(t, open(t, t.TempDir(), c), key)
	if _, _, err := a.Renew(foreign, request(t, key)); !errors.Is(err, ErrForeign) {
		t.Errorf("another CA's: got %v, want ErrForeign", err)
	}
}

func TestServerCertificateRenewsItself(t *testing.T) {
	c := newClock()
	a := open(t, t.TempDir(), c)
	config := a.ServerConfig([]string{"10.1.2.3", "muster.county.example"}, []string{"h2"})
	first, err := config.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := config.GetCertificate(nil)
	if err != nil || again != first {
		t.Error("a fresh certificate was made anew")
	}
	c.at = c.at.Add(serverRenew)
	renewed, err := config.GetCertificate(nil)
	if err != nil || renewed == first || !renewed.Leaf.NotAfter.After(first.Leaf.NotAfter) {
		t.Errorf("at two thirds of its life it was not renewed (%v)", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	for _, name := range []string{ServerName, "10.1.2.3", "muster.county.example"} {
		if _, err := renewed.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: c.at}); err != nil {
			t.Errorf("name %s: %v", name, err)
		}
	}
	if config.ClientAuth != tls.RequestClientCert || config.MinVersion != tls.VersionTLS13 {
		t.Error("the listener does not ask for client certificates over TLS 1.3")
	}
}

func TestTwoServerConfigsKeepTheirOwnNames(t *testing.T) {
	a := open(t, t.TempDir(), newClock())
	one, two := a.ServerConfig([]string{"10.0.0.1"}, nil), a.ServerConfig([]string{"10.0.0.2"}, nil)
	for config, want := range map[*tls.Config]string{one: "10.0.0.1", two: "10.0.0.2"} {
		cert, err := config.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := cert.Leaf.IPAddresses; len(got) != 1 || !got[0].Equal(net.ParseIP(want)) {
			t.Errorf("addresses %v, want %s", got, want)
		}
	}
}

func TestTokenSecretIsKeptAsAHashOnly(t *testing.T) {
	c := newClock()
	a := open(t, t.TempDir(), c)
	token, secret, join := a.NewToken(inventory.TokenSite, "MILL", 3, c.at.Add(time.Hour))
	token.CreatedBy = "sam"
	if err := token.Validate(); err != nil {
		t.Error(err)
	}
	if join.Secret != secret || join.ID != token.ID || join.CA != a.Fingerprint() {
		t.Errorf("join token %+v does not fit %+v", join, token)
	}
	if strings.Contains(token.SecretHash, secret) || len(secret) < 32 {
		t.Error("the kept token holds the secret, or the secret is short")
	}
	_, other, _ := a.NewToken(inventory.TokenSite, "MILL", 3, c.at.Add(time.Hour))
	spent, revoked := token, token
	spent.Used = 3
	revoked.RevokedAt = c.at
	for name, tc := range map[string]struct {
		token  inventory.Token
		secret string
		now    time.Time
		want   string
	}{
		"good":                      {token, secret, c.at, ""},
		"wrong secret":              {token, other, c.at, "secret is wrong"},
		"no secret":                 {token, "", c.at, "secret is wrong"},
		"unknown":                   {inventory.Token{}, secret, c.at, "secret is wrong"},
		"unknown without secret":    {inventory.Token{}, "", c.at, "secret is wrong"},
		"expired":                   {token, secret, c.at.Add(time.Hour), "expired on 2026-11-23T10:00:00Z"},
		"used up":                   {spent, secret, c.at, "all 3 uses are spent"},
		"revoked":                   {revoked, secret, c.at, "revoked on"},
		"revoked with wrong secret": {revoked, other, c.at, "secret is wrong"},
	} {
		err := CheckToken(tc.token, tc.secret, tc.now)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.want != "" && (!errors.Is(err, ErrToken) || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
	if err := CheckToken(spent, secret, c.at); !errors.Is(err, ErrSpent) {
		t.Errorf("got %v, want ErrSpent", err)
	}
}

func TestNamesAreValidAndTheSameKeyHasTheSameName(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewWorkstationID()
		if !inventory.ValidWorkstationID(id) || seen[id] {
			t.Fatalf("id %q is not valid or came twice", id)
		}
		seen[id] = true
	}
	key := ecKey(t, elliptic.P256())
	name := func(key any) string {
		csr, err := CheckCSR(request(t, key))
		if err != nil {
			t.Fatal(err)
		}
		return WorkstationIDOf(csr)
	}
	if a, b := name(key), name(key); a != b || !inventory.ValidWorkstationID(a) {
		t.Errorf("one key has the names %q and %q", a, b)
	}
	if name(key) == name(ecKey(t, elliptic.P256())) {
		t.Error("two keys have one name")
	}
	if text(0) != "00000000" || text(1<<64-1) != "zzzzzzzz" {
		t.Errorf("the ends are %s and %s", text(0), text(1<<64-1))
	}
}
