package intake

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"muster/controller/identity"
)

// counting is an authority that counts its checks.
type counting struct {
	*identity.Authority
	checks int
}

func (c *counting) Check(peer []*x509.Certificate) (workstation, serial, keyHash string, err error) {
	c.checks++
	return c.Authority.Check(peer)
}

func TestCertificateIsCheckedOnceAndItsDatesEachTime(t *testing.T) {
	now := noon
	authority, err := identity.Open(identity.Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	chain := func(workstation string) []*x509.Certificate {
		c, err := authority.Issue(csr, workstation)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(c.DER[0])
		if err != nil {
			t.Fatal(err)
		}
		return []*x509.Certificate{leaf}
	}
	counted := &counting{Authority: authority}
	cache := newPeerCache(counted, 2)
	one := chain("w0000one1")
	for range 3 {
		if p, err := cache.check(one, now); err != nil || p.workstation != "w0000one1" {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	if counted.checks != 1 {
		t.Errorf("checked %d times, want once", counted.checks)
	}
	if p, err := cache.check(chain("w0000two2"), now); err != nil || p.workstation != "w0000two2" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := cache.check(chain("w0003thre"), now); err != nil || len(cache.known) > 2 {
		t.Errorf("%d certificates are remembered, want 2 at most (%v)", len(cache.known), err)
	}
	now = one[0].NotAfter.Add(time.Second)
	if _, err := cache.check(one, now); !errors.Is(err, identity.ErrExpired) {
		t.Errorf("after its end: %v, want ErrExpired", err)
	}
	if _, err := cache.check(nil, now); !errors.Is(err, identity.ErrNoCertificate) {
		t.Errorf("none: %v, want ErrNoCertificate", err)
	}
}
