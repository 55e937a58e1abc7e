package report

import (
	"errors"
	"fmt"
	"sync"

	"muster/inventory/wire"
)

// seqBlock is how many report numbers are reserved by one synced header write.
// A process that is killed skips the rest of its block; gaps are harmless.
const seqBlock = 32

// JournalOptions says where a journal is. Size counts for a new file only.
type JournalOptions struct {
	Path string
	Size int64
	File File // nil: the file at Path, locked for this process
	// Relaxed never syncs the file at Path: a power cut may then lose it. The
	// demo's agents live on one disk by the thousand, and end with it.
	Relaxed bool
}

// Journal is the ring file. What was synced is there again on reopening,
// whatever happened in between; what was not may be lost, and is never handed
// out by a reading method before it is synced. Being preallocated it needs no
// space on a full disk. All methods are safe for concurrent use and may block
// on the disk.
type Journal struct {
	mu     sync.Mutex // guards all below
	file   File
	head   header
	tag    [8]byte
	last   uint64 // number of the newest record written
	synced uint64 // number of the newest record known to be on disk
	seq    uint64 // report number last handed out
	found  *wire.JournalRecord
	slot   [slotSize]byte
	closed bool
}

// ErrClosed is returned after Close.
var ErrClosed = errors.New("the journal is closed")

// Run is the id of this journal file: random, and new with each file.
func (j *Journal) Run() string { return j.head.Run }

// Found is the newest record that the file held when it was opened: the last
// thing an earlier process wrote.
func (j *Journal) Found() (wire.JournalRecord, bool) {
	if j.found == nil {
		return wire.JournalRecord{}, false
	}
	return *j.found, true
}

// Append writes a record into the ring, over the oldest. It sets the record's
// run and number and returns the number. The record is on disk after the next
// Sync.
func (j *Journal) Append(r wire.JournalRecord) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return 0, ErrClosed
	}
	r.Run, r.N = j.head.Run, j.last+1
	if err := r.Validate(); err != nil {
		return 0, fmt.Errorf("cannot append to journal: %w", err)
	}
	encodeSlot(j.slot[:], j.tag, r)
	if _, err := j.file.WriteAt(j.slot[:], j.slotOffset(r.N)); err != nil {
		return 0, fmt.Errorf("cannot append to journal: %w", err)
	}
	j.last = r.N
	return r.N, nil
}

// Sync puts every record written so far on disk.
func (j *Journal) Sync() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return ErrClosed
	}
	return j.sync()
}

func (j *Journal) sync() error {
	if j.synced == j.last {
		return nil
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("cannot sync journal: %w", err)
	}
	j.synced = j.last
	return nil
}

// NextSeq is the next report number of this run. It is never handed out again,
// whether the process lives or not.
func (j *Journal) NextSeq() (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return 0, ErrClosed
	}
	if j.seq+1 > j.head.SeqReserved {
		if err := j.reserve(j.seq + seqBlock); err != nil {
			return 0, err
		}
	}
	j.seq++
	return j.seq, nil
}

// reserve writes the next generation of the header.
func (j *Journal) reserve(upTo uint64) error {
	next := j.head
	next.Generation++
	next.SeqReserved = upTo
	if _, err := j.file.WriteAt(next.encode(), next.offset()); err != nil {
		return fmt.Errorf("cannot number report: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("cannot number report: %w", err)
	}
	j.head = next
	j.synced = j.last
	return nil
}

// Close syncs, gives unused report numbers back and closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	err := j.sync()
	if j.seq < j.head.SeqReserved {
		err = errors.Join(err, j.reserve(j.seq))
	}
	return errors.Join(err, j.file.Close())
}

func (j *Journal) slotOffset(n uint64) int64 {
	return ringOffset + int64((n-1)%uint64(j.head.Capacity))*slotSize
}
