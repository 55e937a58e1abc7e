package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"muster/controller/api"
	"muster/controller/cli"
	"muster/controller/identity"
	"muster/inventory"
)

func (a *App) backups() string { return filepath.Join(a.opts.Data, "backups") }

// takeFolder makes the data folder and holds it for this process alone: two
// controllers on one database would acknowledge the same report twice.
func (a *App) takeFolder(context.Context) error {
	if err := os.MkdirAll(a.opts.Data, 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder: %w", err)
	}
	release, err := Hold(a.opts.Data)
	if err != nil {
		return err
	}
	a.later(func(context.Context) error { return release() })
	return nil
}

// Hold takes a data folder for this process until release.
func Hold(data string) (release func() error, err error) {
	if release, err = lock(filepath.Join(data, "lock")); err != nil {
		return nil, fmt.Errorf("cannot use data folder %s: %w", data, err)
	}
	return release, nil
}

// CADir is the folder of the CA within a data folder.
func CADir(data string) string { return filepath.Join(data, "ca") }

// GatesDir is the folder of the gates within a data folder.
func GatesDir(data string) string { return filepath.Join(data, "gates") }

// Erasures is the file within a data folder that remembers whose personal values
// were erased. It is no part of a backup: it outlives the restore of an older one.
func Erasures(data string) string { return filepath.Join(data, "erasures") }

// metaCA remembers the CA that agents trust, so that a lost or foreign CA file
// is an error at start instead of a county that falls silent.
const metaCA = "ca-fingerprint"

func (a *App) openAuthority(ctx context.Context) error {
	expect, err := a.store.Meta(ctx, metaCA)
	if err != nil && !errors.Is(err, inventory.ErrNotFound) {
		return fmt.Errorf("cannot read which CA the agents trust: %w", err)
	}
	a.authority, err = identity.Open(identity.Options{
		Dir: CADir(a.opts.Data), Expect: expect, Now: a.opts.Now, Log: a.opts.Log,
	})
	if err != nil || expect != "" {
		return err
	}
	if err := a.store.SetMeta(ctx, metaCA, a.authority.Fingerprint()); err != nil {
		return fmt.Errorf("cannot note which CA the agents trust: %w", err)
	}
	return nil
}

// admitAdministrator sees to it that somebody can use the API: with the token
// that was given, with the one that an earlier start left in the data folder, or
// with a new one.
func (a *App) admitAdministrator(ctx context.Context) error {
	secret := a.opts.APIToken
	if secret == "" {
		kept, err := cli.ReadConnection(a.opts.Data)
		if err == nil && kept.Token != "" {
			secret = kept.Token
		}
	}
	token, fresh := api.NewAPIToken("administrator", inventory.RoleAdmin, "start", a.opts.Now())
	if secret == "" {
		secret = fresh
	}
	a.secret = secret
	_, err := a.store.APITokenByHash(ctx, api.HashToken(secret))
	if !errors.Is(err, inventory.ErrNotFound) {
		return err
	}
	token.Hash = api.HashToken(secret)
	if err := a.store.AddAPIToken(ctx, token); err != nil {
		return fmt.Errorf("cannot keep the administrator's API token: %w", err)
	}
	return nil
}

// leaveConnection tells the commands on this machine how to reach the
// controller. The file is readable by the owner of the data folder only.
func (a *App) leaveConnection(context.Context) error {
	scheme := "http://"
	if a.opts.TLSCert != "" {
		scheme = "https://"
	}
	return cli.WriteConnection(a.opts.Data, cli.Connection{Server: scheme + a.WebAddr(), Token: a.secret})
}
