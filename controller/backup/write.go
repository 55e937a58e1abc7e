package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"muster/controller/store"
)

// Database is what a backup needs of the store.
type Database interface {
	Backup(ctx context.Context, path string) error
	Engine() string
}

// Sources says what to back up. CADir must exist; ConfigPath and GatesDir are
// left out where they are empty or absent.
type Sources struct {
	Database   Database
	CADir      string
	ConfigPath string
	GatesDir   string
	Program    string // version of this program
	TempDir    string // room for a copy of the database while it is packed; empty: the system's
	Now        func() time.Time

	work int // log2 of scrypt's N; 0: age's own, about a second of work
}

// minPassphrase is the shortest passphrase taken: whoever holds the bundle may
// try passphrases for ever, and it holds the CA's key.
const minPassphrase = 12

// Write packs the sources into w, encrypted, and returns what it packed. It may
// run while the controller works. On an error what was written to w is useless.
func Write(ctx context.Context, w io.Writer, from Sources, passphrase string) (Manifest, error) {
	m, err := write(ctx, w, from, passphrase)
	if err != nil {
		return m, fmt.Errorf("cannot write backup: %w", err)
	}
	return m, nil
}

func write(ctx context.Context, w io.Writer, from Sources, passphrase string) (m Manifest, err error) {
	if len(passphrase) < minPassphrase {
		return m, fmt.Errorf("the passphrase is shorter than %d characters", minPassphrase)
	}
	temp, err := os.MkdirTemp(from.TempDir, "muster-backup-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	contents, err := from.gather(ctx, filepath.Join(temp, entryDatabase))
	if err != nil {
		return m, err
	}
	if m, err = from.manifest(contents); err != nil {
		return m, err
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return m, err
	}
	if from.work > 0 {
		recipient.SetWorkFactor(from.work)
	}
	sealed, err := age.Encrypt(w, recipient)
	if err != nil {
		return m, err
	}
	zipped, err := gzip.NewWriterLevel(sealed, gzip.BestSpeed)
	if err != nil {
		return m, err
	}
	packed := tar.NewWriter(zipped)
	if err := pack(ctx, packed, m, contents); err != nil {
		return m, err
	}
	return m, errors.Join(packed.Close(), zipped.Close(), sealed.Close())
}

// content is one entry: its bytes, or the file that holds them.
type content struct {
	File
	bytes []byte
	path  string
}

// gather copies the database to path and reads everything else.
func (from Sources) gather(ctx context.Context, path string) ([]content, error) {
	if err := from.Database.Backup(ctx, path); err != nil {
		return nil, err
	}
	database, err := measured(ctx, path)
	if err != nil {
		return nil, err
	}
	contents := []content{database}
	ca, err := readFolder(from.CADir, entryCA)
	if err != nil {
		return nil, err
	}
	if len(ca) == 0 {
		return nil, fmt.Errorf("the CA folder %s is empty", from.CADir)
	}
	contents = append(contents, ca...)
	if exists(from.ConfigPath) {
		config, err := readFile(from.ConfigPath, entryConfig)
		if err != nil {
			return nil, err
		}
		contents = append(contents, config)
	}
	if exists(from.GatesDir) {
		gates, err := readFolder(from.GatesDir, entryGates)
		if err != nil {
			return nil, err
		}
		contents = append(contents, gates...)
	}
	return contents, nil
}

func exists(path string) bool {
	if path == "" {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}

// measured is the copy of the database with its size and sum.
func measured(ctx context.Context, path string) (content, error) {
	file, err := os.Open(path)
	if err != nil {
		return content{}, err
	}
	defer file.Close() // only read
	sum := sha256.New()
	n, err := io.Copy(sum, reader{ctx, file})
	return content{File: File{entryDatabase, n, hex.EncodeToString(sum.Sum(nil))}, path: path}, err
}

// readFolder reads the files of a folder, named below prefix.
func readFolder(dir, prefix string) (contents []content, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		c, err := readFile(path, prefix+filepath.ToSlash(below))
		contents = append(contents, c)
		return err
	})
	return contents, err
}

func readFile(path, name string) (content, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return content{}, err
	}
	if !stat.Mode().IsRegular() {
		return content{}, fmt.Errorf("%s is not a regular file", path)
	}
	if stat.Size() > maxFile {
		return content{}, fmt.Errorf("%s has %d bytes, the limit is %d", path, stat.Size(), maxFile)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return content{}, err
	}
	sum := sha256.Sum256(b)
	return content{File: File{name, int64(len(b)), hex.EncodeToString(sum[:])}, bytes: b}, nil
}

func (from Sources) manifest(contents []content) (Manifest, error) {
	now := time.Now
	if from.Now != nil {
		now = from.Now
	}
	schema, err := store.SchemaVersion()
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{Format: Format, Program: from.Program, Engine: from.Database.Engine(), Schema: schema, MadeAt: now().UTC()}
	for _, c := range contents {
		m.Files = append(m.Files, c.File)
	}
	// Held against the reader's own bounds: what cannot be restored is no backup.
	encoded, err := json.Marshal(m)
	if err != nil {
		return m, err
	}
	_, err = readManifest(encoded)
	return m, err
}

func pack(ctx context.Context, packed *tar.Writer, m Manifest, contents []content) error {
	encoded, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	first := content{File: File{Name: entryManifest, Bytes: int64(len(encoded))}, bytes: encoded}
	for _, c := range slices.Insert(contents, 0, first) {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: c.Name, Size: c.Bytes, Mode: 0o600, ModTime: m.MadeAt.Truncate(time.Second), Format: tar.FormatPAX}
		if err := packed.WriteHeader(header); err != nil {
			return err
		}
		if err := c.copyTo(ctx, packed); err != nil {
			return fmt.Errorf("entry %s: %w", strings.TrimSpace(c.Name), err)
		}
	}
	return nil
}

func (c content) copyTo(ctx context.Context, w io.Writer) error {
	if c.path == "" {
		_, err := io.Copy(w, bytes.NewReader(c.bytes))
		return err
	}
	file, err := os.Open(c.path)
	if err != nil {
		return err
	}
	defer file.Close() // only read
	_, err = io.Copy(w, reader{ctx, file})
	return err
}

// reader ends when its context does.
type reader struct {
	ctx context.Context // lives no longer than the copying
	io.Reader
}

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
