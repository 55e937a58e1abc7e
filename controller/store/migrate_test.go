package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"muster/inventory"
)

// withNext is the embedded migrations and one more.
func withNext(t *testing.T, next string) fs.FS {
	t.Helper()
	folder := fstest.MapFS{"90000_next.sql": {Data: []byte("-- +goose Up\n" + next)}}
	schema, err := migrations()
	must(t, err)
	names, err := fs.Glob(schema, "*.sql")
	must(t, err)
	for _, name := range names {
		content, err := fs.ReadFile(schema, name)
		must(t, err)
		folder[name] = &fstest.MapFile{Data: content}
	}
	return folder
}

func TestBackupIsTakenBeforeAMigrationAndCanBeRestored(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		s := open(t, url)
		must(t, s.SetMeta(t.Context(), "colour", "red"))
		must(t, s.Close())
		dir := t.TempDir()
		later, err := Open(t.Context(), Options{URL: url, BackupDir: dir, schema: withNext(t, "UPDATE meta SET value = 'blue';")})
		must(t, err)
		colour, err := later.Meta(t.Context(), "colour")
		must(t, err)
		must(t, later.Close())
		version, err := SchemaVersion()
		must(t, err)
		copies, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf("before-migration-from-%d-*", version)))
		must(t, err)
		if colour != "blue" || len(copies) != 1 {
			t.Fatalf("colour %s, backups %v", colour, copies)
		}

		_, err = Open(t.Context(), Options{URL: url})
		wantErr(t, err, ErrNewer, "version 90000")

		must(t, Restore(t.Context(), RestoreOptions{URL: url, From: copies[0], Replace: true}))
		colour, err = open(t, url).Meta(t.Context(), "colour")
		must(t, err)
		if colour != "red" {
			t.Fatalf("colour %s after restoring the backup", colour)
		}
	})
}

func TestFailedMigrationLeavesTheDatabaseAsItWas(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		s := open(t, url)
		must(t, s.SetMeta(t.Context(), "colour", "red"))
		must(t, s.Close())
		_, err := Open(t.Context(), Options{URL: url, BackupDir: t.TempDir(), schema: withNext(t, "UPDATE meta SET value = 'blue'; UPDATE nowhere SET x = 1;")})
		if err == nil || !contains(err.Error(), "cannot migrate") {
			t.Fatalf("error %v", err)
		}
		colour, err := open(t, url).Meta(t.Context(), "colour")
		must(t, err)
		if colour != "red" {
			t.Fatalf("colour %s", colour)
		}
	})
}

func TestMigrationWaitsForAFolderForItsBackup(t *testing.T) {
	url := postgresURL(t)
	must(t, open(t, url).Close())
	_, err := Open(t.Context(), Options{URL: url, schema: withNext(t, "SELECT 1;")})
	if err == nil || !contains(err.Error(), "BackupDir") {
		t.Fatalf("error %v", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	noDatabase := filepath.Join(t.TempDir(), "letter.txt")
	must(t, os.WriteFile(noDatabase, []byte("Dear Sir or Madam, this is no database at all."), 0o600))
	for url, text := range map[string]string{
		"":                            "begins neither with sqlite: nor",
		"mysql://x":                   "begins neither with sqlite: nor",
		"sqlite:":                     "names no file",
		"sqlite:/nowhere/muster.db":   "/nowhere/muster.db",
		"sqlite:" + noDatabase:        "not a database",
		"postgres://u:secret@[::1":    "cannot open store",
		"postgres://u:secret@[::1]:1": `on ::1:1`,
	} {
		_, err := Open(t.Context(), Options{URL: url})
		if err == nil || !contains(err.Error(), text) {
			t.Errorf("%q: error %v does not say %q", url, err, text)
		}
		if err != nil && contains(err.Error(), "secret") {
			t.Errorf("%q: error %v shows the password", url, err)
		}
	}
}

func TestClosedStoreRefusesAndClosesTwice(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		must(t, s.Ping(t.Context()))
		must(t, s.Close())
		must(t, s.Close())
		if err := s.SetMeta(t.Context(), "a", "b"); !errors.Is(err, sql.ErrConnDone) && err == nil {
			t.Fatal("wrote to a closed store")
		}
		if err := s.Ping(t.Context()); err == nil {
			t.Fatal("a closed store answers")
		}
	})
}

func TestTwoStoresOfOneDatabaseSeeEachOthersCommits(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		one, other := open(t, url), open(t, url)
		must(t, one.SetMeta(t.Context(), "colour", "red"))
		colour, err := other.Meta(t.Context(), "colour")
		must(t, err)
		if colour != "red" {
			t.Fatalf("colour %s", colour)
		}
	})
}

func TestCancelledCallChangesNothingAndTheStoreGoesOn(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.SetMeta(ctx, "colour", "red"); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		must(t, s.SetMeta(t.Context(), "colour", "blue"))
	})
}

func TestChangeThatIsGivenUpInTheMiddleLeavesNoLock(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		for n := range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			must(t, s.change(ctx, "write twice", func(t tx) error {
				if err := t.setMeta("colour", fmt.Sprint("red ", n)); err != nil {
					return err
				}
				cancel()
				return t.setMeta("shape", fmt.Sprint("round ", n))
			}))
		}
		must(t, s.SetMeta(t.Context(), "colour", "blue"))
		if shape, err := s.Meta(t.Context(), "shape"); err != nil || shape != "round 19" {
			t.Errorf("the last shape is %q, %v", shape, err)
		}
	})
}

func TestSQLiteSyncsEachCommit(t *testing.T) {
	s := open(t, sqliteURL(t))
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal"} {
		var got string
		must(t, s.write.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}

// TestDatabaseOfBeforeTheRefreshIsTakenOver migrates one that holds an estate.
func TestDatabaseOfBeforeTheRefreshIsTakenOver(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		const before = 3
		e, err := engineOf(url)
		must(t, err)
		write, read, err := e.open(t.Context())
		must(t, err)
		schema, err := migrations()
		must(t, err)
		provider, err := goose.NewProvider(e.dialect(), write, schema, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
		must(t, err)
		_, err = provider.UpTo(t.Context(), before)
		must(t, err)
		_, err = write.ExecContext(t.Context(), `INSERT INTO sites (code, name, body, batch) VALUES ('MILL', 'Mill', '{"code":"MILL","name":"Mill"}', 1)`)
		must(t, err)
		must(t, write.Close())
		must(t, read.Close())

		s := open(t, url)
		mustApply(t, s, made(t, inventory.NounPosition, "MILL-1", position("MILL-1", "MILL")))
		mill := inventory.Site{Code: "MILL", Name: "Mill"}
		wantErr(t, apply(s, changed(t, inventory.NounSite, "MILL", mill, nil)), ErrDependent, `position "MILL-1"`)
		must(t, s.AppendEvaluations(t.Context(), []inventory.Evaluation{evaluation(noon, "MILL", "go-live", inventory.VerdictReady)}))
	})
}
