package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"muster/inventory"
)

// Sentinels, the same values as in inventory.
var (
	ErrNotFound   = inventory.ErrNotFound
	ErrConflict   = inventory.ErrConflict
	ErrDependent  = inventory.ErrDependent
	ErrFull       = inventory.ErrFull
	ErrTokenSpent = inventory.ErrTokenSpent
)

// ErrNewer is wrapped by Open when a later version of the program has changed
// the database in a way that this one does not know.
var ErrNewer = errors.New("database is newer than this program")

// Options says what to open.
type Options struct {
	URL       string // sqlite:PATH or postgres://…
	BackupDir string // where a backup is put before a migration; empty: beside the SQLite file
	Log       *slog.Logger
	Now       func() time.Time // nil: the machine's clock
	DropNames bool             // names of staff are not kept, whoever sends them
	// Erasures is the file that remembers whose personal values were erased. It
	// must outlive the database; empty: beside the SQLite file, and for PostgreSQL
	// the database alone remembers.
	Erasures string

	existing bool // neither make nor migrate anything

	schema fs.FS // the migrations; nil: those embedded
}

// Store is an open database.
type Store struct {
	engine engine
	write  *sql.DB // SQLite: one connection
	read   *sql.DB // PostgreSQL: the same as write
	log    *slog.Logger
	now    func() time.Time

	dropNames bool
	erasures  erasureFile

	full    atomic.Bool // the last change failed for want of room
	writing sync.Mutex  // held over each writing transaction; guards nothing else

	mu     sync.Mutex // guards closed
	closed bool
}

// Open connects, backs up and migrates where there is something to migrate, and
// returns the store. It fails with ErrNewer rather than touch a database that a
// later version has changed.
func Open(ctx context.Context, o Options) (*Store, error) {
	engine, err := engineOf(o.URL)
	if err != nil {
		return nil, err
	}
	s := &Store{engine: engine, log: o.Log, now: o.Now, dropNames: o.DropNames, erasures: erasureFile(cmp.Or(o.Erasures, engine.erasures()))}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.log = s.log.With("component", "store")
	if s.now == nil {
		s.now = time.Now
	}
	if s.write, s.read, err = engine.open(ctx); err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", engine.name(), engine.classify(err))
	}
	if err := s.migrate(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if !o.existing {
		if err := s.replayErasures(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Close waits for the running transaction and closes the database. Closing twice
// is harmless.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	var err error
	if s.read != s.write {
		err = s.read.Close()
	}
	return errors.Join(err, s.write.Close())
}

// Ping reports whether the database answers and the last change found room: it
// wraps ErrFull from the first change that did not until the next that does.
func (s *Store) Ping(ctx context.Context) error {
	if s.full.Load() {
		return fmt.Errorf("cannot write to %s: %w", s.engine.name(), ErrFull)
	}
	if _, err := s.Meta(ctx, "ping"); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("cannot reach %s: %w", s.engine.name(), err)
	}
	return nil
}
