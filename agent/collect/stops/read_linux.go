package stops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"muster/inventory"
)

// Bounds of what is read.
const (
	mostUtmp  = 4 << 20 // bytes at the end of wtmp, some ten thousand records
	mostFiles = 200     // of a folder
)

// Read lists how the last boots ended, newest first, at most Most. Root is "/"
// but for tests. The error says why nothing is known.
func Read(ctx context.Context, root string) ([]inventory.Stop, error) {
	records, err := readUtmp(root)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	traces := slices.Concat(leftOpen(root), crashes(root))
	endings := endingsOf(records)
	if err != nil && len(traces) == 0 {
		return nil, err
	}
	return merge(endings, traces), nil
}

// readUtmp reads wtmp and the one before it, for it is rotated.
func readUtmp(root string) ([]utmpRecord, error) {
	l := layoutFor(runtime.GOARCH)
	var records []utmpRecord
	var last error
	for _, name := range []string{"var/log/wtmp.1", "var/log/wtmp"} {
		b, err := tail(filepath.Join(root, name), mostUtmp/l.size*l.size, l.size)
		records, last = append(records, parseUtmp(b, l)...), err
	}
	switch {
	case len(records) > 0:
		return records, nil
	case errors.Is(last, fs.ErrNotExist):
		return nil, errors.New("there is no wtmp")
	case last != nil:
		return nil, fmt.Errorf("cannot read wtmp: %w", last)
	}
	return nil, errors.New("wtmp is empty")
}

// tail reads at most the last so many bytes of a file of records of that size.
func tail(name string, most, record int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // opened for reading
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errors.New("it is no file"))
	}
	whole := info.Size() / int64(record) * int64(record)
	from := max(whole-int64(most), 0)
	return io.ReadAll(io.NewSectionReader(f, from, whole-from))
}

// leftOpen finds journal files that were never closed. One of this very boot is
// of a journald that crashed alone.
func leftOpen(root string) []trace {
	present := bootID(root)
	var traces []trace
	for _, name := range glob(filepath.Join(root, "var/log/journal/*/system*.journal~")) {
		file, ok := parseJournalHeader(head(name, journalHeader))
		if ok && file.open && file.boot != present {
			traces = append(traces, trace{
				at: file.tailAt, kind: inventory.StopUnclean, source: "journald", detail: "the journal was not closed",
			})
		}
	}
	return traces
}

func bootID(root string) string {
	id := string(head(filepath.Join(root, "proc/sys/kernel/random/boot_id"), 64))
	return strings.ReplaceAll(strings.TrimSpace(id), "-", "")
}

// crashes finds what the kernel left in the machine's persistent store as it
// died, and what systemd has moved out of there. Only the first line is read.
func crashes(root string) []trace {
	var traces []trace
	for _, pattern := range []string{"sys/fs/pstore/dmesg-*", "var/lib/systemd/pstore/*/dmesg-*", "var/lib/systemd/pstore/*/*/dmesg-*"} {
		for _, name := range glob(filepath.Join(root, pattern)) {
			info, err := os.Stat(name)
			if err != nil || !info.Mode().IsRegular() || !strings.HasPrefix(string(head(name, 16)), "Panic#") {
				continue // an oops does not end a boot
			}
			at := info.ModTime().UTC()
			same := func(t trace) bool { return at.Sub(t.at).Abs() < crashSlack } // one panic has several parts
			if !slices.ContainsFunc(traces, same) {
				traces = append(traces, trace{at: at, kind: inventory.StopCrash, source: "pstore", detail: "kernel panic"})
			}
		}
	}
	return traces
}

func glob(pattern string) []string {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil // a bad pattern: cannot be
	}
	return names[max(0, len(names)-mostFiles):]
}

// head reads the first bytes of a file; nothing where it cannot.
func head(name string, most int64) []byte {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close() // opened for reading
	b, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil
	}
	return b
}
