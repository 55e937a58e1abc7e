package stage

import (
	"io"
	"sync"
)

// disk is the file of one machine's journal. What was not synced is gone after a
// crash, which an operating system's page cache would survive in a test.
type disk struct {
	mu     sync.Mutex // guards what follows
	seen   []byte     // what the machine reads
	kept   []byte     // what a crash leaves
	dirty  [][2]int   // spans of seen that are not in kept yet
	broken bool       // the machine stands still or is off: nothing is written
}

// ReadAt implements report.File.
func (d *disk) ReadAt(b []byte, at int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at >= int64(len(d.seen)) {
		return 0, io.EOF
	}
	n := copy(b, d.seen[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements report.File.
func (d *disk) WriteAt(b []byte, at int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return len(b), nil
	}
	if end := int(at) + len(b); end > len(d.seen) {
		d.seen = append(d.seen, make([]byte, end-len(d.seen))...)
	}
	copy(d.seen[at:], b)
	d.dirty = append(d.dirty, [2]int{int(at), int(at) + len(b)})
	return len(b), nil
}

// Sync implements report.File.
func (d *disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return nil
	}
	if len(d.kept) < len(d.seen) {
		d.kept = append(d.kept, make([]byte, len(d.seen)-len(d.kept))...)
	}
	for _, span := range d.dirty {
		copy(d.kept[span[0]:span[1]], d.seen[span[0]:span[1]])
	}
	d.dirty = d.dirty[:0]
	return nil
}

// Close implements report.File; the next start finds the disk as it is.
func (d *disk) Close() error { return nil }

// freeze lets nothing more be written, thaw lets it again.
func (d *disk) freeze(frozen bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = frozen
}

// crash loses what was not synced, and what is written until the next thaw.
func (d *disk) crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = true
	d.seen = append(d.seen[:0], d.kept...)
	d.dirty = d.dirty[:0]
}

// copyTo makes another disk the same, as an image does.
func (d *disk) copyTo(other *disk) {
	d.mu.Lock()
	seen := append([]byte(nil), d.seen...)
	d.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	other.seen, other.kept, other.dirty = seen, append([]byte(nil), seen...), nil
}
