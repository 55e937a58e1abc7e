package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"muster/agent/report"
	"muster/agent/seal"
	"muster/inventory"
)

const (
	journalFile = "journal.ring"
	statusFile  = "status.json"
	meshFolder  = "mesh" // what the pool remembers
)

// open takes the state folder: whoever has the journal has the folder. A copy of
// another machine's folder is wiped here.
func (a *App) open(ctx context.Context) error {
	var err error
	if a.vault, err = seal.Open(a.opts.StateDir); err != nil {
		return err
	}
	if a.opts.Relaxed {
		a.vault.Relax()
	}
	if err := os.MkdirAll(a.path(meshFolder), 0o700); err != nil {
		return fmt.Errorf("cannot open state folder: %w", err)
	}
	if a.journal, err = a.openJournal(); err != nil {
		return err
	}
	a.stack.push(func(context.Context) error { return a.journal.Close() })
	if err := a.unseal(ctx); err != nil {
		return err
	}
	settings, err := a.vault.Settings()
	if err != nil {
		a.log.WarnContext(ctx, "settings are lost, the controller will send them", "error", err)
	}
	if settings != nil {
		a.settings = *settings
	}
	if a.placement.at, err = a.vault.Placed(); err != nil {
		a.log.WarnContext(ctx, "the place is lost, the controller will say it again", "error", err)
	}
	return nil
}

func (a *App) path(name string) string { return filepath.Join(a.opts.StateDir, name) }

func (a *App) openJournal() (*report.Journal, error) {
	o := report.JournalOptions{Path: a.path(journalFile), Size: a.opts.JournalSize, Relaxed: a.opts.Relaxed}
	if a.opts.JournalFile != nil {
		var err error
		if o.File, err = a.opts.JournalFile(o.Path); err != nil {
			return nil, err
		}
	}
	return report.OpenJournal(o)
}

// unseal reads the seal. One that lies on another machine than it was made for,
// or that is damaged, goes, and the journal with it.
func (a *App) unseal(ctx context.Context) error {
	sealed, err := a.vault.Seal()
	if err != nil && !errors.Is(err, seal.ErrDamaged) {
		return err
	}
	why := ""
	if err != nil {
		why = err.Error()
	}
	if sealed != nil {
		identity := a.opts.Machine.Identity(ctx)
		var imaged bool
		if why, imaged = seal.Imaged(sealed.Identity, identity); !imaged {
			return a.reseal(sealed, seal.Grown(sealed.Identity, identity))
		}
	}
	if why == "" {
		return nil // a new machine
	}
	a.log.WarnContext(ctx, "this copy of an agent enrols anew", "why", why)
	if err := errors.Join(a.journal.Close(), wipe(a.opts.StateDir), os.MkdirAll(a.path(meshFolder), 0o700)); err != nil {
		return err
	}
	a.journal, err = a.openJournal()
	return err
}

// reseal takes a seal into use and keeps what was learnt of the machine since.
func (a *App) reseal(s *seal.Seal, grown inventory.Identity) error {
	if !reflect.DeepEqual(grown, s.Identity) {
		s.Identity = grown
		if err := a.vault.PutSeal(*s); err != nil {
			return err
		}
	}
	a.seal = s
	return nil
}

// wipe removes everything that makes the agent this machine's, and leaves the
// join token. The journal must be closed.
func wipe(dir string) error {
	vault, err := seal.Open(dir)
	if err != nil {
		return err
	}
	names := append([]string{journalFile, statusFile}, report.Files()...)
	return errors.Join(vault.Wipe(), vault.Remove(names...), os.RemoveAll(filepath.Join(dir, meshFolder)))
}

// PrepareImage wipes key, certificate, settings and journal from a state folder
// whose machine is about to be imaged, and leaves the join token: each copy
// enrols as itself. It wraps report.ErrInUse while an agent runs there.
func PrepareImage(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("cannot prepare for imaging: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, journalFile)); err == nil {
		journal, err := report.OpenJournal(report.JournalOptions{
			Path: filepath.Join(dir, journalFile), Size: DefaultJournalSize,
		})
		if err != nil {
			return fmt.Errorf("cannot prepare for imaging: %w", err)
		}
		if err := journal.Close(); err != nil {
			return fmt.Errorf("cannot prepare for imaging: %w", err)
		}
	}
	if err := wipe(dir); err != nil {
		return fmt.Errorf("cannot prepare for imaging: %w", err)
	}
	return nil
}
