package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/controller/store"
)

// Into says where a bundle is put back. An empty ConfigPath or GatesDir leaves
// that part of the bundle out.
type Into struct {
	DatabaseURL string // of the engine that the bundle was made from
	CADir       string
	ConfigPath  string
	GatesDir    string
	Erasures    string // the file that remembers erasures; see store.RestoreOptions
	Replace     bool   // what is there is set aside; without it Restore refuses
	TempDir     string // room for the unpacked bundle; empty: beside CADir
	Log         *slog.Logger
	Now         func() time.Time
}

// Restore reads and verifies a bundle and puts it in place. Until the last check
// has passed nothing of the target changes, and where a step of putting it in
// place fails the steps before it are taken back. ErrPassphrase, ErrDamaged and
// ErrForeign say what is wrong with the bundle; store.ErrOccupied, ErrInUse and
// ErrNewer what is wrong with the target.
func Restore(ctx context.Context, r io.Reader, into Into, passphrase string) (Manifest, error) {
	if into.Now == nil {
		into.Now = time.Now
	}
	if into.Log == nil {
		into.Log = slog.New(slog.DiscardHandler)
	}
	m, err := into.restore(ctx, r, passphrase)
	if err != nil {
		return m, fmt.Errorf("cannot restore: %w", err)
	}
	into.Log.Info("backup restored", "component", "backup", "made_at", m.MadeAt, "files", len(m.Files))
	return m, nil
}

func (into Into) restore(ctx context.Context, r io.Reader, passphrase string) (m Manifest, err error) {
	if err := into.check(); err != nil {
		return m, err
	}
	opened, err := decrypt(r, passphrase)
	if err != nil {
		return m, err
	}
	parent := into.TempDir
	if parent == "" {
		parent = filepath.Dir(filepath.Clean(into.CADir))
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return m, err
	}
	temp, err := os.MkdirTemp(parent, "muster-restore-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if m, err = unpack(ctx, opened, putBelow(temp)); err != nil {
		return m, err
	}
	if engine, err := store.EngineOf(into.DatabaseURL); err != nil || engine != m.Engine {
		return m, errors.Join(fmt.Errorf("the backup holds a %s database and the target is %s", m.Engine, engine), err)
	}
	moves, err := into.stageFiles(temp)
	if err != nil {
		return m, errors.Join(err, discard(moves))
	}
	database, err := store.Stage(ctx, store.RestoreOptions{
		URL: into.DatabaseURL, From: filepath.Join(temp, entryDatabase), Consume: true,
		Replace: into.Replace, Erasures: into.Erasures, Log: into.Log, Now: into.Now,
	})
	if err != nil {
		return m, errors.Join(err, discard(moves))
	}
	return m, into.commit(ctx, moves, database)
}

// check looks at the targets before anything is unpacked.
func (into Into) check() error {
	if into.CADir == "" {
		return errors.New("no folder for the CA was named")
	}
	for _, path := range []string{into.CADir, into.ConfigPath, into.GatesDir} {
		if path == "" || into.Replace {
			continue
		}
		empty, err := vacant(path)
		if err != nil {
			return err
		}
		if !empty {
			return fmt.Errorf("%s: %w", path, store.ErrOccupied)
		}
	}
	return nil
}

// vacant reports whether there is nothing at path, or an empty folder.
func vacant(path string) (bool, error) {
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return true, nil
	case err != nil || !stat.IsDir():
		return false, err
	}
	entries, err := os.ReadDir(path)
	return len(entries) == 0, err
}

// putBelow places entries in a folder; their names were checked.
func putBelow(dir string) place {
	return func(file File) (io.WriteCloser, error) {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		target, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return synced{target}, err
	}
}

// synced is a file that is on disk when it is closed.
type synced struct{ *os.File }

// Close implements io.Closer.
func (s synced) Close() error { return errors.Join(s.Sync(), s.File.Close()) }

// move is one file or folder on its way to its place.
type move struct {
	staged, target, aside string
	setAside, done        bool
}

// stageFiles brings what was unpacked beside its targets, so that putting it in
// place is a renaming.
func (into Into) stageFiles(temp string) (moves []*move, err error) {
	stamp := strings.ReplaceAll(into.Now().UTC().Format("20060102t150405.000000"), ".", "_")
	for _, part := range []struct{ entry, target string }{
		{entryCA, into.CADir}, {entryConfig, into.ConfigPath}, {entryGates, into.GatesDir},
	} {
		unpacked := filepath.Join(temp, filepath.FromSlash(part.entry))
		if part.target == "" || !exists(unpacked) {
			continue
		}
		target := filepath.Clean(part.target)
		m := &move{staged: target + ".restoring", target: target, aside: target + ".before-restore-" + stamp}
		moves = append(moves, m)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return moves, err
		}
		if err := os.RemoveAll(m.staged); err != nil { // of a restore that was killed
			return moves, err
		}
		if err := relocate(unpacked, m.staged); err != nil {
			return moves, err
		}
	}
	return moves, nil
}

// relocate renames, or copies where the target is on another file system.
func relocate(from, to string) error {
	if os.Rename(from, to) == nil {
		return nil
	}
	stat, err := os.Stat(from)
	if err != nil {
		return err
	}
	if stat.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}

func discard(moves []*move) error {
	var errs []error
	for _, m := range moves {
		errs = append(errs, os.RemoveAll(m.staged))
	}
	return errors.Join(errs...)
}

// commit puts files and database in place, or nothing.
func (into Into) commit(ctx context.Context, moves []*move, database *store.Staged) error {
	for _, m := range moves {
		if err := m.run(); err != nil {
			return errors.Join(err, takeBack(moves), discard(moves), database.Discard(ctx))
		}
	}
	if err := database.Commit(ctx); err != nil {
		return errors.Join(err, takeBack(moves), discard(moves), database.Discard(context.WithoutCancel(ctx)))
	}
	for _, m := range moves {
		if m.setAside {
			into.Log.Info("what was there is set aside", "component", "backup", "path", m.aside)
		}
	}
	return nil
}

func (m *move) run() error {
	err := os.Rename(m.target, m.aside)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	m.setAside = err == nil
	if err := os.Rename(m.staged, m.target); err != nil {
		return err
	}
	m.done = true
	dir, err := os.Open(filepath.Dir(m.target))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func takeBack(moves []*move) error {
	var errs []error
	for _, m := range slices.Backward(moves) {
		if m.done {
			errs = append(errs, os.Rename(m.target, m.staged))
		}
		if m.setAside {
			errs = append(errs, os.Rename(m.aside, m.target))
		}
	}
	return errors.Join(errs...)
}
