package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"muster/inventory"
)

// erased is one line of the file of erasures. It names a number, never a person.
type erased struct {
	Noun     inventory.Noun `json:"noun"`
	Key      string         `json:"key"`
	ErasedAt time.Time      `json:"erased_at"`
	Author   string         `json:"author,omitempty"`
}

func (e erased) same(other erased) bool { return e.Noun == other.Noun && e.Key == other.Key }

// erasureFile is a path; empty: there is no file. Lines of JSON are appended and
// never changed.
type erasureFile string

// Bounds of the file: a line for each member of staff of a large county.
const (
	maxErasureFile = 64 << 20
	maxErasureLine = 4096
)

// read is every erasure that was written down whole. The last line is none where a
// power cut tore it: its erasure was not made either.
func (f erasureFile) read() ([]erased, error) {
	if f == "" {
		return nil, nil
	}
	file, err := os.Open(string(f))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	content, err := io.ReadAll(io.LimitReader(file, maxErasureFile+1))
	if err != nil {
		return nil, err
	}
	all, err := readErasures(content)
	if err != nil {
		return nil, fmt.Errorf("cannot read the erasures in %s: %w", string(f), err)
	}
	return all, nil
}

func readErasures(content []byte) ([]erased, error) {
	if len(content) > maxErasureFile {
		return nil, fmt.Errorf("more than %d bytes", maxErasureFile)
	}
	var all []erased
	for line := 1; ; line++ {
		text, rest, whole := bytes.Cut(content, []byte("\n"))
		if !whole {
			return all, nil
		}
		content = rest
		var e erased
		if len(text) > maxErasureLine {
			return nil, fmt.Errorf("line %d is longer than %d bytes", line, maxErasureLine)
		}
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if e.Noun == "" || e.Key == "" {
			return nil, fmt.Errorf("line %d names nobody", line)
		}
		all = append(all, e)
	}
}

// add appends one line and waits until it is on disk.
func (f erasureFile) add(e erased) error {
	if f == "" {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(string(f), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the erasure down: %w", err)
	}
	err = appendLine(file, line)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = syncFile(filepath.Dir(string(f)))
	}
	if err != nil {
		return fmt.Errorf("cannot write the erasure down: %w", err)
	}
	return nil
}

// appendLine writes behind the last whole line: a torn one is written over.
func appendLine(file *os.File, line []byte) error {
	content, err := io.ReadAll(io.LimitReader(file, maxErasureFile))
	if err != nil {
		return err
	}
	end := int64(bytes.LastIndexByte(content, '\n') + 1)
	if err := file.Truncate(end); err != nil {
		return err
	}
	if _, err := file.WriteAt(append(line, '\n'), end); err != nil {
		return err
	}
	return file.Sync()
}
