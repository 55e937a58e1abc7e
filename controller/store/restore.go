package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// ErrOccupied is wrapped where a restore would write over a database that holds
// something, and was not told to replace it.
var ErrOccupied = errors.New("there is something already")

// ErrInUse is wrapped where a restore finds the database open elsewhere.
var ErrInUse = errors.New("database is in use: stop the controller first")

// ErrDamaged is wrapped where a copy to restore is not whole.
var ErrDamaged = errors.New("the copy is damaged")

// RestoreOptions says what to restore and where to.
type RestoreOptions struct {
	URL     string // as in Options
	From    string // a copy that Backup made, of the same engine
	Consume bool   // From may be moved rather than copied
	Replace bool   // the database that is there is set aside
	// Erasures is the file that remembers erasures, as in Options: what was erased
	// after the copy was made is taken out of it before it is put in place.
	Erasures string
	Log      *slog.Logger
	Now      func() time.Time
}

// Staged is a copy that was read and verified beside its target. Nothing of the
// target has changed until Commit.
type Staged struct {
	commit  func(context.Context) error
	revert  func(context.Context) error
	discard func(context.Context) error
}

// Commit puts the copy in the target's place in one step. What was there is set
// aside beside it.
func (s *Staged) Commit(ctx context.Context) error { return s.commit(ctx) }

// Revert takes a Commit back.
func (s *Staged) Revert(ctx context.Context) error { return s.revert(ctx) }

// Discard removes what was staged and not committed.
func (s *Staged) Discard(ctx context.Context) error { return s.discard(ctx) }

// Stage reads and verifies a copy beside its target: ErrDamaged where it is not
// whole, ErrNewer where a later version of the program made it, ErrOccupied and
// ErrInUse as the target is. The caller commits or discards it.
func Stage(ctx context.Context, o RestoreOptions) (*Staged, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e, err := engineOf(o.URL)
	if err != nil {
		return nil, err
	}
	var staged *Staged
	switch e := e.(type) {
	case sqliteFile:
		staged, err = e.stage(ctx, o)
	case postgres:
		staged, err = e.stage(ctx, o)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot restore %s: %w", e.name(), e.classify(err))
	}
	return staged, nil
}

// Restore stages a copy and commits it.
func Restore(ctx context.Context, o RestoreOptions) error {
	staged, err := Stage(ctx, o)
	if err != nil {
		return err
	}
	if err := staged.Commit(ctx); err != nil {
		return errors.Join(err, staged.Discard(ctx))
	}
	return nil
}

// stamp names what a restore sets aside.
func (o RestoreOptions) stamp() string {
	return strings.ReplaceAll(o.Now().UTC().Format("20060102t150405.000000"), ".", "_")
}

// knownVersion holds the version of a copy against what this program knows.
func knownVersion(version int64) error {
	newest, err := SchemaVersion()
	switch {
	case err != nil:
		return err
	case version > newest:
		return fmt.Errorf("the copy has version %d and this program knows versions up to %d: %w", version, newest, ErrNewer)
	case version < 1:
		return fmt.Errorf("%w: it has no version", ErrDamaged)
	}
	return nil
}
