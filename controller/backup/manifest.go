package backup

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// Format is the version of the bundle's form.
const Format = 1

// Manifest says what a bundle holds.
type Manifest struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // version of the program that wrote it
	Engine  string    `json:"engine"`  // sqlite or postgres
	Schema  int64     `json:"schema"`  // version of the database, as the program knew it
	MadeAt  time.Time `json:"made_at"`
	Files   []File    `json:"files"`
}

// File is one entry of a bundle.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Entries of a bundle. Folders end with a slash.
const (
	entryManifest = "manifest.json"
	entryDatabase = "database"
	entryConfig   = "configuration"
	entryCA       = "ca/"
	entryGates    = "gates/"
)

// Bounds of a bundle.
const (
	maxManifest = 4 << 20
	maxFiles    = 10_000
	maxFile     = 16 << 20 // of all but the database
	maxDatabase = 1 << 40
	maxDepth    = 8
)

// Errors of Restore and Open, for a person and for a caller.
var (
	ErrPassphrase = errors.New("wrong passphrase, or the beginning of the file is damaged")
	ErrDamaged    = errors.New("the backup is damaged or cut short")
	ErrForeign    = errors.New("the file is no backup of muster")
)

// readManifest parses and bounds a manifest.
func readManifest(content []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(content, &m); err != nil {
		return m, fmt.Errorf("%w: its manifest cannot be read: %w", ErrDamaged, err)
	}
	if m.Format != Format {
		return m, fmt.Errorf("the backup has form %d and this program reads form %d: restore it with muster %s", m.Format, Format, m.Program)
	}
	if len(m.Files) > maxFiles {
		return m, fmt.Errorf("%w: %d files, the limit is %d", ErrDamaged, len(m.Files), maxFiles)
	}
	seen := make(map[string]bool, len(m.Files))
	for _, f := range m.Files {
		if err := f.check(); err != nil {
			return m, fmt.Errorf("%w: entry %.80q: %w", ErrDamaged, f.Name, err)
		}
		if seen[f.Name] {
			return m, fmt.Errorf("%w: entry %.80q is there twice", ErrDamaged, f.Name)
		}
		seen[f.Name] = true
	}
	if !seen[entryDatabase] {
		return m, fmt.Errorf("%w: it holds no database", ErrDamaged)
	}
	return m, nil
}

// check holds an entry against what a bundle may hold. A name never leads out of
// the folder it is put into.
func (f File) check() error {
	limit := int64(maxFile)
	switch {
	case f.Name == entryDatabase:
		limit = maxDatabase
	case f.Name == entryConfig:
	case strings.HasPrefix(f.Name, entryCA), strings.HasPrefix(f.Name, entryGates):
		if err := checkName(f.Name); err != nil {
			return err
		}
	default:
		return errors.New("it is none that a backup holds")
	}
	if f.Bytes < 0 || f.Bytes > limit {
		return fmt.Errorf("%d bytes, the limit is %d", f.Bytes, limit)
	}
	if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != 32 {
		return errors.New("it has no SHA-256")
	}
	return nil
}

func checkName(name string) error {
	switch {
	case len(name) > 400 || strings.ContainsAny(name, "\\:\x00"):
		return errors.New("its name is not usable")
	case path.Clean(name) != name || strings.Contains(name, ".."):
		return errors.New("its name leads elsewhere")
	case strings.Count(name, "/") > maxDepth:
		return errors.New("it lies too deep")
	}
	return nil
}
