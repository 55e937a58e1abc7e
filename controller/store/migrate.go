package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var embedded embed.FS

func migrations() (fs.FS, error) { return fs.Sub(embedded, "migrations") }

// migrate brings the database to the version of this program. What is in it is
// backed up before the first statement runs.
func (s *Store) migrate(ctx context.Context, o Options) error {
	schema := o.schema
	if schema == nil {
		var err error
		if schema, err = migrations(); err != nil {
			return err
		}
	}
	provider, err := goose.NewProvider(s.engine.dialect(), s.write, schema,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("cannot read migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the version of %s: %w", s.engine.name(), s.engine.classify(err))
	}
	switch {
	case current > target:
		return fmt.Errorf("cannot open %s: it has version %d and this program knows versions up to %d: %w",
			s.engine.name(), current, target, ErrNewer)
	case current == target:
		return nil
	case o.existing:
		return fmt.Errorf("cannot open %s: it has version %d and this program wants %d; start the controller once to migrate it: %w",
			s.engine.name(), current, target, ErrConflict)
	case current > 0:
		if err := s.backupBefore(ctx, o.BackupDir, current); err != nil {
			return err
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("cannot migrate %s from version %d to %d: %w", s.engine.name(), current, target, s.engine.classify(err))
	}
	s.log.Info("database migrated", "from_version", current, "to_version", target)
	return nil
}

// backupBefore copies the database to dir before a migration from version.
func (s *Store) backupBefore(ctx context.Context, dir string, version int64) error {
	if dir == "" {
		dir = s.engine.folder()
	}
	if dir == "" {
		return errors.New("cannot migrate: no folder for the backup that is taken before, set BackupDir")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot back up before migrating: %w", err)
	}
	name := fmt.Sprintf("before-migration-from-%d-%s%s", version, s.now().UTC().Format("20060102T150405.000Z"), s.engine.suffix())
	path := filepath.Join(dir, name)
	if err := s.Backup(ctx, path); err != nil {
		return fmt.Errorf("cannot migrate: %w", err)
	}
	s.log.Info("database backed up before migrating", "path", path)
	return nil
}

// SchemaVersion is the version that this program brings a database to.
func SchemaVersion() (int64, error) {
	schema, err := migrations()
	if err != nil {
		return 0, err
	}
	names, err := fs.Glob(schema, "*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("cannot read migration %s: %w", name, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
