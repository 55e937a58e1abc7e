package report

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
)

// OpenJournal opens the journal, or makes one where there is none or where both
// headers are unreadable. It wraps ErrInUse when another process has it open.
func OpenJournal(o JournalOptions) (*Journal, error) {
	capacity := (o.Size - ringOffset) / slotSize
	if capacity < slotsAPage || capacity > maxCapacity {
		return nil, fmt.Errorf("cannot open journal: a size of %d bytes is not between %d and %d",
			o.Size, ringOffset+slotsAPage*slotSize, ringOffset+maxCapacity*slotSize)
	}
	file := o.File
	if file == nil {
		var err error
		if file, err = openFile(o.Path, o.Relaxed); err != nil {
			return nil, err
		}
	}
	j := &Journal{file: file}
	if err := j.load(uint32(capacity)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func (j *Journal) load(capacity uint32) error {
	h, ok, err := readHeaders(j.file)
	if err != nil {
		return fmt.Errorf("cannot read journal: %w", err)
	}
	if !ok {
		if h, err = initialise(j.file, capacity); err != nil {
			return fmt.Errorf("cannot make journal: %w", err)
		}
	}
	j.head, j.tag, j.seq = h, runTag(h.Run), h.SeqReserved
	if err := j.scan(); err != nil {
		return err
	}
	// What a killed process left may stand in the kernel's memory alone.
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("cannot sync journal: %w", err)
	}
	return nil
}

func readHeaders(f File) (best header, ok bool, err error) {
	b := make([]byte, headerSize)
	for page := range int64(2) {
		n, err := f.ReadAt(b, page*headerPage)
		if err != nil && !errors.Is(err, io.EOF) {
			return best, false, err
		}
		if h, good := decodeHeader(b[:n]); good && (!ok || h.Generation > best.Generation) {
			best, ok = h, true
		}
	}
	return best, ok, nil
}

// initialise gives the file its full length on disk before the header that
// makes it a journal. Stopped half-way it is made again.
func initialise(f File, capacity uint32) (header, error) {
	h := header{Generation: 1, Capacity: capacity, Run: strings.ToLower(rand.Text())}
	zeros := make([]byte, 64<<10)
	end := ringOffset + int64(capacity)*slotSize
	for at := int64(0); at < end; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), end-at)], at); err != nil {
			return h, err
		}
	}
	if err := f.Sync(); err != nil {
		return h, err
	}
	if _, err := f.WriteAt(h.encode(), h.offset()); err != nil {
		return h, err
	}
	return h, f.Sync()
}

// scan finds the newest record. A slot that is torn, empty or out of its place
// is passed over; a file that was cut short is as if its end were empty.
func (j *Journal) scan() error {
	buf := make([]byte, min(64<<10, int(j.head.Capacity)*slotSize))
	for at := 0; at < int(j.head.Capacity); {
		n, err := j.file.ReadAt(buf[:min(len(buf), (int(j.head.Capacity)-at)*slotSize)], ringOffset+int64(at)*slotSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("cannot read journal: %w", err)
		}
		for i := 0; (i+1)*slotSize <= n; i++ {
			j.consider(buf[i*slotSize:(i+1)*slotSize], uint64(at+i))
		}
		if n < slotSize {
			break
		}
		at += n / slotSize
	}
	if j.found != nil {
		j.last, j.synced = j.found.N, j.found.N
	}
	return nil
}

func (j *Journal) consider(b []byte, index uint64) {
	r, ok := decodeSlot(b, j.tag, j.head.Run)
	if ok && r.N <= maxNumber && (r.N-1)%uint64(j.head.Capacity) == index && (j.found == nil || r.N > j.found.N) {
		j.found = &r
	}
}
