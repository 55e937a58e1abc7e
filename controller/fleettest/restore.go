package fleettest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"muster/controller/app"
	"muster/controller/backup"
	"muster/controller/store"
)

const passphrase = "correct horse battery staple"

func (f *Fleet) data() string { return filepath.Join(f.dir, "controller") }

// Backup backs the running controller up.
func (f *Fleet) Backup() []byte {
	f.t.Helper()
	var b bytes.Buffer
	f.look(func(ctx context.Context, s *store.Store) error {
		_, err := backup.Write(ctx, &b, backup.Sources{
			Database: s, CADir: app.CADir(f.data()), GatesDir: app.GatesDir(f.data()), Program: "test",
		}, passphrase)
		return err
	})
	return b.Bytes()
}

// LoseController ends the controller and everything that it kept; Restore brings
// it back from a backup.
func (f *Fleet) LoseController() {
	f.t.Helper()
	f.StopController()
	if err := os.RemoveAll(f.data()); err != nil {
		f.t.Fatal(err)
	}
}

// Restore puts a backup into the place of a lost controller and starts it.
func (f *Fleet) Restore(b []byte) {
	f.t.Helper()
	if err := os.MkdirAll(f.data(), 0o700); err != nil {
		f.t.Fatal(err)
	}
	_, err := backup.Restore(context.Background(), bytes.NewReader(b), backup.Into{
		DatabaseURL: "sqlite:" + filepath.Join(f.data(), "muster.db"), CADir: app.CADir(f.data()), GatesDir: app.GatesDir(f.data()),
	}, passphrase)
	if err != nil {
		f.t.Fatal(err)
	}
	f.StartController()
}
