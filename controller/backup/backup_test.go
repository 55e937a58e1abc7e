package backup

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/store"
	"muster/controller/store/pgtest"
)

const passphrase = "correct horse battery staple"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeText(t testing.TB, path, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(content), 0o600))
}

// estate is a controller's folder with something in each part.
type estate struct {
	dir string
	url string
}

func newEstate(t testing.TB, url string) estate {
	t.Helper()
	e := estate{dir: t.TempDir(), url: url}
	if e.url == "" {
		e.url = "sqlite:" + filepath.Join(e.dir, "muster.db")
	}
	return e
}

func (e estate) ca() string     { return filepath.Join(e.dir, "ca") }
func (e estate) config() string { return filepath.Join(e.dir, "etc", "muster.yaml") }
func (e estate) gates() string  { return filepath.Join(e.dir, "gates") }

func (e estate) into() Into {
	return Into{DatabaseURL: e.url, CADir: e.ca(), ConfigPath: e.config(), GatesDir: e.gates()}
}

func (e estate) open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: e.url})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// fill puts a colour into every part.
func (e estate) fill(t testing.TB, colour string) *store.Store {
	t.Helper()
	writeText(t, filepath.Join(e.ca(), "ca.key"), "key "+colour)
	writeText(t, filepath.Join(e.ca(), "old", "ca.key"), "old key "+colour)
	writeText(t, e.config(), "colour: "+colour)
	writeText(t, filepath.Join(e.gates(), "go-live.yaml"), "gate "+colour)
	s := e.open(t)
	must(t, s.SetMeta(context.Background(), "colour", colour))
	return s
}

// parts is what the estate holds, as far as it is there.
func (e estate) parts(t testing.TB) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, path := range []string{"ca/ca.key", "ca/old/ca.key", "etc/muster.yaml", "gates/go-live.yaml"} {
		if b, err := os.ReadFile(filepath.Join(e.dir, path)); err == nil {
			found[path] = string(b)
		}
	}
	s, err := store.Open(context.Background(), store.Options{URL: e.url})
	must(t, err)
	defer s.Close()
	if colour, err := s.Meta(context.Background(), "colour"); err == nil {
		found["colour"] = colour
	}
	return found
}

func wantParts(t testing.TB, e estate, colour string) {
	t.Helper()
	want := map[string]string{
		"ca/ca.key": "key " + colour, "ca/old/ca.key": "old key " + colour, "etc/muster.yaml": "colour: " + colour,
		"gates/go-live.yaml": "gate " + colour, "colour": colour,
	}
	if diff := cmp.Diff(want, e.parts(t)); diff != "" {
		t.Fatalf("estate (-want +got):\n%s", diff)
	}
}

func bundle(t testing.TB, e estate, s *store.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := Write(context.Background(), &b, Sources{
		Database: s, CADir: e.ca(), ConfigPath: e.config(), GatesDir: e.gates(), Program: "1.2.3", TempDir: t.TempDir(),
		Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }, work: 10,
	}, passphrase)
	must(t, err)
	return b.Bytes()
}

func restore(t testing.TB, b []byte, into Into, secret string) error {
	t.Helper()
	_, err := Restore(context.Background(), bytes.NewReader(b), into, secret)
	return err
}

// engines runs a test for both engines; empty makes addresses of empty databases.
func engines(t *testing.T, test func(t *testing.T, empty func() string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, func() string { return "" }) })
	t.Run("postgres", func(t *testing.T) {
		server, err := pgtest.Start(t.Context())
		must(t, err)
		t.Cleanup(func() { must(t, server.Stop()) })
		test(t, func() string {
			url, err := server.Database(t.Context())
			must(t, err)
			return url
		})
	})
}

func TestBundleOfARunningControllerComesBackElsewhere(t *testing.T) {
	engines(t, func(t *testing.T, empty func() string) {
		from, to := newEstate(t, empty()), newEstate(t, empty())
		b := bundle(t, from, from.fill(t, "red"))
		m, err := Restore(t.Context(), bytes.NewReader(b), to.into(), passphrase)
		must(t, err)
		if m.Program != "1.2.3" || len(m.Files) != 5 {
			t.Fatalf("manifest %+v", m)
		}
		wantParts(t, to, "red")
		if bytes.Contains(b, []byte("key red")) {
			t.Fatal("the CA's key can be read in the bundle")
		}
	})
}

func TestRestoreRefusesAnEstateUnlessToldAndThenSetsItAside(t *testing.T) {
	engines(t, func(t *testing.T, empty func() string) {
		from, to := newEstate(t, empty()), newEstate(t, empty())
		b := bundle(t, from, from.fill(t, "red"))
		old := to.fill(t, "blue")
		if err := restore(t, b, to.into(), passphrase); !errors.Is(err, store.ErrOccupied) {
			t.Fatalf("error %v", err)
		}
		replace := to.into()
		replace.Replace = true
		if err := restore(t, b, replace, passphrase); !errors.Is(err, store.ErrInUse) {
			t.Fatalf("error %v while the controller runs", err)
		}
		wantParts(t, to, "blue")
		must(t, old.Close())
		must(t, restore(t, b, replace, passphrase))
		wantParts(t, to, "red")
		aside, err := filepath.Glob(filepath.Join(to.dir, "ca.before-restore-*", "ca.key"))
		must(t, err)
		if len(aside) != 1 {
			t.Fatalf("the old CA is not set aside: %v", aside)
		}
		left, err := filepath.Glob(filepath.Join(to.dir, "*restor*"))
		must(t, err)
		for _, path := range left {
			if !strings.Contains(path, ".before-restore-") {
				t.Errorf("left behind: %s", path)
			}
		}
	})
}

func TestWrongPassphraseAndDamageGiveOneClearErrorAndChangeNothing(t *testing.T) {
	from, to := newEstate(t, ""), newEstate(t, "")
	b := bundle(t, from, from.fill(t, "red"))
	must(t, to.fill(t, "blue").Close())
	into := to.into()
	into.Replace = true
	flipped := func(at int) []byte {
		c := bytes.Clone(b)
		c[at] ^= 1
		return c
	}
	header := bytes.Index(b, []byte("\n---"))
	for name, c := range map[string]struct {
		content []byte
		secret  string
		want    error
	}{
		"wrong passphrase":   {b, "incorrect horse battery", ErrPassphrase},
		"empty passphrase":   {b, "", ErrPassphrase},
		"empty file":         {nil, passphrase, ErrForeign},
		"a letter":           {[]byte("Dear Sir or Madam, this is no backup."), passphrase, ErrForeign},
		"cut in the header":  {b[:50], passphrase, ErrDamaged},
		"cut in its mark":    {b[:10], passphrase, ErrDamaged},
		"cut in the middle":  {b[:len(b)/2], passphrase, ErrDamaged},
		"cut by one byte":    {b[:len(b)-1], passphrase, ErrDamaged},
		"longer":             {append(bytes.Clone(b), 0), passphrase, ErrDamaged},
		"tampered MAC":       {flipped(header + 10), passphrase, ErrDamaged},
		"tampered beginning": {flipped(header - 10), passphrase, ErrPassphrase},
		"tampered content":   {flipped(len(b) / 2), passphrase, ErrDamaged},
		"tampered end":       {flipped(len(b) - 1), passphrase, ErrDamaged},
	} {
		err := restore(t, c.content, into, c.secret)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one error: %v", name, err)
		}
	}
	wantParts(t, to, "blue")
}

func TestFailureWhilePuttingInPlaceIsTakenBack(t *testing.T) {
	from, to := newEstate(t, ""), newEstate(t, "")
	b := bundle(t, from, from.fill(t, "red"))
	must(t, to.fill(t, "blue").Close())
	into := to.into()
	into.Replace = true
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	into.Now = func() time.Time { return noon }
	// The gates cannot be set aside: something lies there already.
	writeText(t, to.gates()+".before-restore-20261123t120000_000000/x", "x")
	if err := restore(t, b, into, passphrase); err == nil {
		t.Fatal("restored over what could not be set aside")
	}
	wantParts(t, to, "blue")
}

func TestEngineOfTheBundleMustBeThatOfTheTarget(t *testing.T) {
	from, to := newEstate(t, ""), newEstate(t, "postgres://nowhere.invalid/muster")
	b := bundle(t, from, from.fill(t, "red"))
	err := restore(t, b, to.into(), passphrase)
	if err == nil || !strings.Contains(err.Error(), "holds a sqlite database and the target is postgres") {
		t.Fatalf("error %v", err)
	}
}

func TestWriteSaysWhatIsMissing(t *testing.T) {
	e := newEstate(t, "")
	s := e.fill(t, "red")
	var b bytes.Buffer
	for name, c := range map[string]struct {
		sources Sources
		secret  string
		text    string
	}{
		"short passphrase": {Sources{Database: s, CADir: e.ca()}, "short", "12 characters"},
		"no CA":            {Sources{Database: s, CADir: filepath.Join(e.dir, "nowhere")}, passphrase, "nowhere"},
		"empty CA":         {Sources{Database: s, CADir: t.TempDir()}, passphrase, "is empty"},
	} {
		_, err := Write(t.Context(), &b, c.sources, c.secret)
		if err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v does not say %q", name, err, c.text)
		}
	}
}

func TestCancelledRestoreLeavesNothing(t *testing.T) {
	from, to := newEstate(t, ""), newEstate(t, "")
	b := bundle(t, from, from.fill(t, "red"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Restore(ctx, bytes.NewReader(b), to.into(), passphrase); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	left, err := os.ReadDir(to.dir)
	must(t, err)
	if len(left) != 0 {
		t.Fatalf("left %v", left)
	}
}
