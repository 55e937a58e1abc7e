package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"muster/controller/store/pgtest"
	"muster/inventory"
)

// server is one PostgreSQL for all tests of this package, started by the first
// that asks for it.
var server struct {
	once sync.Once
	*pgtest.Server
	err error
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(committerEnv); dir != "" {
		os.Exit(runCommitter(dir))
	}
	code := m.Run()
	if county.Store != nil {
		_ = county.Close()
		_ = os.RemoveAll(county.dir)
	}
	if server.Server != nil {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// engines runs a test on both engines, each time with an address of its own.
func engines(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteURL(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresURL(t)) })
}

func sqliteURL(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "muster # 1%.db")
}

func postgresURL(t testing.TB) string {
	t.Helper()
	server.once.Do(func() { server.Server, server.err = pgtest.Start(context.Background()) })
	if server.err != nil {
		t.Fatal(server.err)
	}
	url, err := server.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{URL: url, Now: func() time.Time { return noon }, BackupDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// stores runs a test on an empty store of each engine.
func stores(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	engines(t, func(t *testing.T, url string) { test(t, open(t, url)) })
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error, texts ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want one that is %v", err, want)
	}
	for _, text := range texts {
		if !contains(err.Error(), text) {
			t.Fatalf("error %q does not name %q", err, text)
		}
	}
}

func asJSON(t testing.TB, noun any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(noun)
	must(t, err)
	return b
}

func made(t testing.TB, noun inventory.Noun, key string, after any) inventory.Change {
	t.Helper()
	return inventory.Change{Noun: noun, Key: key, After: asJSON(t, after)}
}

func site(code string) inventory.Site { return inventory.Site{Code: code, Name: "Site " + code} }

func mustApply(t testing.TB, s *Store, changes ...inventory.Change) int64 {
	t.Helper()
	n, err := s.Apply(context.Background(), inventory.Batch{Source: "test.csv", Author: "ann", MadeAt: noon, Changes: changes})
	must(t, err)
	return n
}

func token(id string, uses int) inventory.Token {
	return inventory.Token{
		ID: id, Kind: inventory.TokenDepot, SecretHash: fmt.Sprintf("%x", sha256.Sum256([]byte(id))), Uses: uses,
		CreatedAt: noon, ExpiresAt: noon.Add(time.Hour), CreatedBy: "ann",
	}
}

func workstation(n int) inventory.Workstation {
	return inventory.Workstation{
		ID: fmt.Sprintf("w%08d", n), Name: fmt.Sprintf("PC-%05d", n), Kind: inventory.AssetDesktop, AgentVersion: "1.0",
		Identity:   inventory.Identity{UUID: fmt.Sprintf("4c4c4544-0042-3510-8052-%012d", n), Serial: fmt.Sprintf("SN%06dX", n), MACs: []string{mac(n)}},
		EnrolledAt: noon,
	}
}

func mac(n int) string {
	return fmt.Sprintf("3c:52:82:%02x:%02x:%02x", n>>16&255, n>>8&255, n&255)
}

// enrol makes workstations 1 … n without tokens.
func enrol(t testing.TB, s *Store, n int) {
	t.Helper()
	must(t, s.change(context.Background(), "enrol", func(t tx) error {
		for i := 1; i <= n; i++ {
			if err := writeWorkstation(t, workstation(i)); err != nil {
				return err
			}
		}
		return nil
	}))
}

func report(n int, run string, seq uint64, text string) inventory.ReportRow {
	body := fmt.Appendf(nil, `{"seq":%d,"text":%q}`, seq, text)
	return inventory.ReportRow{
		Workstation: workstation(n).ID, Run: run, Boot: "boot1", Seq: seq, Hash: sha256.Sum256(body),
		ReceivedAt: noon.Add(time.Duration(seq) * time.Minute), ReadAt: noon.Add(time.Duration(seq)*time.Minute - time.Second),
		Addr: netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), AgentVersion: "1.1", Body: body,
	}
}
