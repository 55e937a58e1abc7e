package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"golang.org/x/term"

	"muster/controller/app"
	"muster/controller/backup"
	"muster/controller/cli"
	"muster/controller/store"
)

// place is where a controller's things are, as flags and configuration say.
type place struct {
	config         string
	data           string
	passphraseFile string
}

func (p *place) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.config, "config", "", "the controller's configuration file")
	cmd.Flags().StringVar(&p.data, "data", "", "the controller's data folder")
	cmd.Flags().StringVar(&p.passphraseFile, "passphrase-file", "", "file whose first line is the passphrase (or MUSTER_PASSPHRASE; otherwise it is asked for)")
}

// read is the configuration; only its data folder and store matter here.
func (p *place) read() (app.Config, error) {
	v := viper.New()
	if p.data != "" {
		v.Set("data", p.data)
	}
	if p.config == "" && p.data == "" && os.Getenv("MUSTER_DATA") == "" {
		return app.Config{}, cli.Hint(errors.New("cannot tell which controller is meant: no --config, --data or MUSTER_DATA"),
			"give the file or folder that `muster serve` was given")
	}
	// How agents reach the controller does not matter to its backup.
	v.Set("mesh_listen", "127.0.0.1:0")
	return app.ReadConfig(v, p.config)
}

func backupCommand() *cobra.Command {
	var p place
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write database, CA, configuration and gates into one encrypted file",
		Long: "Write everything that a controller needs to come back into one file, encrypted\n" +
			"with a passphrase. The controller may go on working meanwhile.",
		Example: "  muster backup /srv/backups/muster-2026-11-23.age --config /etc/muster/muster.yaml\n" +
			"  MUSTER_PASSPHRASE=… muster backup muster.age --data /var/lib/muster",
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.read()
			if err != nil {
				return err
			}
			passphrase, err := p.passphrase(cmd, true)
			if err != nil {
				return err
			}
			return writeBackup(cmd, c, p.config, args[0], passphrase)
		},
	}
	p.flags(cmd)
	return cmd
}

func writeBackup(cmd *cobra.Command, c app.Config, config, file, passphrase string) (err error) {
	ctx := cmd.Context()
	db, err := store.OpenExisting(ctx, store.Options{URL: c.StoreURL()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	out, err := os.OpenFile(file+".partial", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write backup: %w", err)
	}
	defer os.Remove(out.Name()) // gone already when all went well
	m, err := backup.Write(ctx, out, backup.Sources{
		Database: db, CADir: app.CADir(c.Data), ConfigPath: config, GatesDir: app.GatesDir(c.Data), Program: version,
	}, passphrase)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot write backup: %s exists already", file)
	}
	if err := os.Rename(out.Name(), file); err != nil {
		return fmt.Errorf("cannot write backup: %w", err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files, made at %s\n", file, len(m.Files), m.MadeAt.Format("2006-01-02 15:04:05 MST"))
	return err
}

func restoreCommand() *cobra.Command {
	var p place
	var replace bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in place",
		Long: "Verify a backup whole, then put it in place. The controller must be stopped. What\n" +
			"is there already is refused, or with --replace set aside, never deleted.",
		Example: "  muster restore /srv/backups/muster-2026-11-23.age --config /etc/muster/muster.yaml",
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.read()
			if err != nil {
				return err
			}
			passphrase, err := p.passphrase(cmd, false)
			if err != nil {
				return err
			}
			return putBack(cmd, c, p.config, args[0], passphrase, replace)
		},
	}
	p.flags(cmd)
	cmd.Flags().BoolVar(&replace, "replace", false, "set aside what is there already")
	return cmd
}

func putBack(cmd *cobra.Command, c app.Config, config, file, passphrase string, replace bool) (err error) {
	in, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("cannot restore: %w", err)
	}
	defer in.Close() // opened for reading
	release, err := holdAnew(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release(err == nil)) }()
	into := backup.Into{
		DatabaseURL: c.StoreURL(), CADir: app.CADir(c.Data), GatesDir: app.GatesDir(c.Data), Erasures: app.Erasures(c.Data), Replace: replace,
	}
	if config != "" {
		// The configuration in force is what found this folder; the old one lies beside it.
		into.ConfigPath = filepath.Join(c.Data, "restored-"+filepath.Base(config))
	}
	m, err := backup.Restore(cmd.Context(), in, into, passphrase)
	if errors.Is(err, store.ErrOccupied) {
		return cli.Hint(err, "--replace sets aside what is there, and deletes nothing")
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "restored %d files of %s, made by version %s\n",
		len(m.Files), m.MadeAt.Format("2006-01-02 15:04:05 MST"), m.Program)
	return err
}

// holdAnew holds a data folder, which it makes where there is none. Where nothing
// was put into a new folder, release takes it away again.
func holdAnew(data string) (release func(used bool) error, err error) {
	_, err = os.Lstat(data)
	fresh := errors.Is(err, os.ErrNotExist)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the data folder: %w", err)
	}
	free, err := app.Hold(data)
	if err != nil {
		return nil, cli.Hint(err, "stop the controller first")
	}
	return func(used bool) error {
		err := free()
		if fresh && !used {
			_ = os.Remove(filepath.Join(data, "lock"))
			_ = os.Remove(data) // refused where something lies in it
		}
		return err
	}, nil
}

func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return cli.Hint(cli.Usage(fmt.Errorf("cannot %s: want one file, got %d", cmd.Name(), len(args))), "see `"+cmd.CommandPath()+" --help`")
	}
	return nil
}

// passphrase takes the file's, the environment's, or what a person types; a new
// one is asked for twice.
func (p *place) passphrase(cmd *cobra.Command, fresh bool) (string, error) {
	if p.passphraseFile != "" {
		f, err := os.Open(p.passphraseFile)
		if err != nil {
			return "", fmt.Errorf("cannot read the passphrase: %w", err)
		}
		defer f.Close() // opened for reading
		return firstLine(f)
	}
	if passphrase := os.Getenv("MUSTER_PASSPHRASE"); passphrase != "" {
		return passphrase, nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", cli.Hint(errors.New("cannot ask for the passphrase: there is no terminal"), "set MUSTER_PASSPHRASE or --passphrase-file")
	}
	typed, err := ask(cmd.Context(), cmd.ErrOrStderr(), "Passphrase: ")
	if err != nil || !fresh {
		return typed, err
	}
	again, err := ask(cmd.Context(), cmd.ErrOrStderr(), "Once more: ")
	if err == nil && again != typed {
		err = errors.New("cannot take the passphrase: the two differ")
	}
	return typed, err
}

func ask(ctx context.Context, out io.Writer, prompt string) (string, error) {
	if _, err := fmt.Fprint(out, prompt); err != nil {
		return "", err
	}
	b, err := term.ReadPassword(int(os.Stdin.Fd()))
	_, _ = fmt.Fprintln(out) // the typed line end is not shown
	if err != nil {
		return "", fmt.Errorf("cannot read the passphrase: %w", err)
	}
	return string(b), ctx.Err()
}

func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("cannot read the passphrase: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
