package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"muster/inventory"
)

// maxLine bounds a one-line file of sysfs; maxFile a text such as /proc/cpuinfo.
const (
	maxLine = 4 << 10
	maxFile = 4 << 20
)

// readBytes reads at most limit bytes of a file below the root.
func (c *Collector) readBytes(name string, limit int64) ([]byte, error) {
	b, err := slurp(c.path(name), limit)
	if err != nil {
		return nil, plain(name, err)
	}
	return b, nil
}

// readLine reads a one-line file and trims it.
func (c *Collector) readLine(name string) (string, error) {
	b, err := c.readBytes(name, maxLine)
	return strings.TrimSpace(string(b)), err
}

func (c *Collector) readInt(name string) (int64, error) {
	s, err := c.readLine(name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%s holds %.20q, not a number", filepath.Base(name), s)
	}
	return n, nil
}

// list names what a folder holds, sorted.
func (c *Collector) list(name string) ([]string, error) {
	entries, err := os.ReadDir(c.path(name))
	if err != nil {
		return nil, plain(name, err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

func (c *Collector) exists(name string) bool {
	_, err := os.Stat(c.path(name))
	return err == nil
}

// linkBase is the last part of a link's target: sysfs names drivers this way.
func (c *Collector) linkBase(name string) (string, error) {
	target, err := os.Readlink(c.path(name))
	if err != nil {
		return "", plain(name, err)
	}
	return filepath.Base(target), nil
}

// fact reads a one-line file as a name.
func (c *Collector) fact(name string) inventory.Fact[string] {
	s, err := c.readLine(name)
	if err != nil {
		return inventory.Unknown[string](err.Error())
	}
	return named(filepath.Base(name), s)
}

// plain words an error for a person: "permission denied reading product_serial".
func plain(name string, err error) error {
	name = filepath.Base(name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("permission denied reading %s", name)
	case errors.Is(err, fs.ErrNotExist):
		return missing(name)
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return fmt.Errorf("cannot read %s: %w", name, err)
}

// missing is a file that is not there; it is fs.ErrNotExist.
type missing string

func (m missing) Error() string        { return "there is no " + string(m) }
func (m missing) Is(target error) bool { return target == fs.ErrNotExist }

// unknownErr is Unknown with the text of err.
func unknownErr[T any](err error) inventory.Fact[T] { return inventory.Unknown[T](err.Error()) }
