package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
	"muster/inventory/wire"
)

var someday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: someday, NotAfter: someday.AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{key, cert}
}

func (a authority) pin() string {
	sum := sha256.Sum256(a.cert.Raw)
	return hex.EncodeToString(sum[:])
}

func (a authority) issue(t *testing.T, public any, name string, usage x509.ExtKeyUsage) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: someday.Add(time.Hour), NotAfter: someday.AddDate(0, 0, 30),
		DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestSealComesBackFromDiskForItsOwnerOnly(t *testing.T) {
	ca := newAuthority(t)
	dir := filepath.Join(t.TempDir(), "state")
	v, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := v.Seal(); s != nil || err != nil {
		t.Fatalf("an empty folder holds %v, %v", s, err)
	}
	s, err := New(ca.pin(), inventory.Identity{Serial: "PF3X9Q2L"})
	if err != nil {
		t.Fatal(err)
	}
	leaf := ca.issue(t, s.Key.Public(), "w0000abcd", x509.ExtKeyUsageClientAuth)
	if s, err = s.WithCertificates([][]byte{leaf, ca.cert.Raw}); err != nil {
		t.Fatal(err)
	}
	s.Workstation = "w0000abcd"
	if err := v.PutSeal(s); err != nil {
		t.Fatal(err)
	}
	got, err := v.Seal()
	if err != nil {
		t.Fatal(err)
	}
	if !got.Key.Equal(s.Key) || !got.Enrolled() || !got.Until().Equal(someday.AddDate(0, 0, 30)) {
		t.Errorf("what came back is %+v", got)
	}
	if want := someday.Add(time.Hour).Add((30*24 - 1) * time.Hour * 2 / 3); !got.RenewAt().Equal(want) {
		t.Errorf("renewal is due at %s, want %s", got.RenewAt(), want)
	}
	info, err := os.Stat(filepath.Join(dir, sealFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCertificateOfAnotherKeyIsRefused(t *testing.T) {
	ca := newAuthority(t)
	s, _ := New(ca.pin(), inventory.Identity{})
	other, _ := New(ca.pin(), inventory.Identity{})
	leaf := ca.issue(t, other.Key.Public(), "w0000abcd", x509.ExtKeyUsageClientAuth)
	if _, err := s.WithCertificates([][]byte{leaf, ca.cert.Raw}); err == nil {
		t.Error("a certificate for another key was taken")
	}
	leaf = ca.issue(t, s.Key.Public(), "w0000abcd", x509.ExtKeyUsageClientAuth)
	if _, err := s.WithCertificates([][]byte{leaf, newAuthority(t).cert.Raw}); err == nil {
		t.Error("a certificate under another CA was taken")
	}
}

func TestDamagedSealIsSaid(t *testing.T) {
	v, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "{", `{"key":"AAAA"}`, string(make([]byte, maxFile+1))} {
		if err := os.WriteFile(filepath.Join(v.dir, sealFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Seal(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%.10q: %v", content, err)
		}
	}
}

func TestWipeLeavesTheToken(t *testing.T) {
	v, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := New("pin", inventory.Identity{})
	for _, err := range []error{
		v.PutSeal(s), v.PutToken("muster1.abc"), v.PutSettings(wire.Settings{Version: "one"}), v.Wipe(), v.Wipe(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	kept, _ := v.Seal()
	settings, _ := v.Settings()
	token, _ := v.Token()
	if kept != nil || settings != nil || token != "muster1.abc" {
		t.Errorf("left: %v, %v, %q", kept, settings, token)
	}
}

func TestControllerIsVerifiedByPinAndNameAndNotByDate(t *testing.T) {
	ca, key := newAuthority(t), newAuthority(t).key
	good := ca.issue(t, key.Public(), ServerName, x509.ExtKeyUsageServerAuth)
	tests := map[string]struct {
		pin  string
		leaf []byte
		sent [][]byte
		ok   bool
	}{
		"expired long ago":    {ca.pin(), good, [][]byte{ca.cert.Raw}, true}, // someday is past or future: no matter
		"another name":        {ca.pin(), ca.issue(t, key.Public(), "intruder.muster", x509.ExtKeyUsageServerAuth), [][]byte{ca.cert.Raw}, false},
		"a workstation's":     {ca.pin(), ca.issue(t, key.Public(), ServerName, x509.ExtKeyUsageClientAuth), [][]byte{ca.cert.Raw}, false},
		"another CA":          {newAuthority(t).pin(), good, [][]byte{ca.cert.Raw}, false},
		"CA beside, not over": {ca.pin(), newAuthority(t).issue(t, key.Public(), ServerName, x509.ExtKeyUsageServerAuth), [][]byte{ca.cert.Raw}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{parse(t, test.leaf)}}
			for _, der := range test.sent {
				state.PeerCertificates = append(state.PeerCertificates, parse(t, der))
			}
			err := NewTrust().Verifier(test.pin, nil)(state)
			if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrForeign) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func parse(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOnlyAnotherMachineIsImaged(t *testing.T) {
	full := inventory.Identity{UUID: "4c4c4544-0042-3510-8052-b4c04f4a3233", Serial: "PF3X9Q2L", MACs: []string{"a4:bb:6d:11:22:33"}}
	with := func(change func(*inventory.Identity)) inventory.Identity {
		id := full
		change(&id)
		return id
	}
	weak := inventory.Identity{MACs: full.MACs}
	tests := map[string]struct {
		sealed, now inventory.Identity
		want        bool
	}{
		"itself":                       {full, full, false},
		"swapped network card":         {full, with(func(id *inventory.Identity) { id.MACs = []string{"a4:bb:6d:99:99:99"} }), false},
		"UUID unreadable":              {full, with(func(id *inventory.Identity) { id.UUID = "" }), false},
		"nothing readable":             {full, inventory.Identity{}, false},
		"only a new card readable":     {full, inventory.Identity{MACs: []string{"a4:bb:6d:99:99:99"}}, false},
		"junk serial from the maker":   {full, with(func(id *inventory.Identity) { id.Serial, id.UUID = "To be filled by O.E.M.", "" }), false},
		"another UUID":                 {full, with(func(id *inventory.Identity) { id.UUID = "4c4c4544-0042-3510-8052-b4c04f4a0000" }), true},
		"another serial, UUID unread":  {full, inventory.Identity{Serial: "PF000000"}, true},
		"cards alone, and others":      {weak, inventory.Identity{MACs: []string{"a4:bb:6d:99:99:99"}}, true},
		"cards alone, one of them new": {weak, inventory.Identity{MACs: []string{"a4:bb:6d:99:99:99", full.MACs[0]}}, false},
		"nothing sealed":               {inventory.Identity{}, full, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			why, got := Imaged(test.sealed, test.now)
			if got != test.want || got != (why != "") {
				t.Errorf("imaged is %v (%s)", got, why)
			}
		})
	}
}

func TestSealGrowsAndNeverForgets(t *testing.T) {
	sealed := inventory.Identity{UUID: "4c4c4544-0042-3510-8052-b4c04f4a3233", MACs: []string{"a4:bb:6d:11:22:33"}}
	now := inventory.Identity{Serial: "PF3X9Q2L", MACs: []string{"a4:bb:6d:99:99:99"}}
	want := inventory.Identity{UUID: sealed.UUID, Serial: "PF3X9Q2L", MACs: now.MACs}
	if diff := cmp.Diff(want, Grown(sealed, now)); diff != "" {
		t.Error(diff)
	}
}
