package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File is the seam between the journal and the disk. The operating system's
// files satisfy it, and a test's that forgets what was not synced.
type File interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Close() error
}

// ErrInUse is wrapped when another process has the journal open.
var ErrInUse = errors.New("in use by a running agent")

// diskFile syncs content only: the journal never changes its length, so its
// metadata need not follow.
type diskFile struct{ *os.File }

func (f diskFile) Sync() error { return syncContent(f.File) }

// relaxedFile leaves it to the system when to write.
type relaxedFile struct{ *os.File }

func (relaxedFile) Sync() error { return nil }

// openFile opens or makes the journal and locks it for this process.
func openFile(path string, relaxed bool) (File, error) {
	_, statErr := os.Stat(path)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open journal: %w", err)
	}
	if err := lockFile(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cannot open journal %s: %w", path, err)
	}
	if relaxed {
		return relaxedFile{f}, nil
	}
	if errors.Is(statErr, os.ErrNotExist) {
		if err := syncFolder(filepath.Dir(path)); err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("cannot open journal: %w", err)
		}
	}
	return diskFile{f}, nil
}
