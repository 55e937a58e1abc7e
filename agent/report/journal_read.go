package report

import (
	"muster/inventory/wire"
)

// Span returns at most limit records of one boot between two readings of its
// clock, both included, newest first. Only what is on disk is returned, for a
// number that has travelled must never come back with another content.
func (j *Journal) Span(span wire.JournalSpan, limit int) []wire.JournalRecord {
	var records []wire.JournalRecord
	seen := false
	j.Walk(func(r wire.JournalRecord) bool {
		if r.Boot != span.Boot {
			return !seen // the records of one boot stand together
		}
		seen = true
		if r.BootClock <= span.To && r.BootClock >= span.From {
			records = append(records, r)
		}
		return r.BootClock >= span.From && len(records) < limit
	})
	return records
}

// Events returns at most limit records other than ticks with numbers above
// after, newest first.
func (j *Journal) Events(after uint64, limit int) []wire.JournalRecord {
	var records []wire.JournalRecord
	j.Walk(func(r wire.JournalRecord) bool {
		if r.N <= after {
			return false
		}
		if r.Kind != wire.RecordTick {
			records = append(records, r)
		}
		return len(records) < limit
	})
	return records
}

// Walk visits the records on disk, newest first, until visit says no. It holds
// the journal's lock: visit must be quick and must not call the journal.
func (j *Journal) Walk(visit func(wire.JournalRecord) bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	_ = j.sync() // what could not be synced is not visited
	var page [slotsAPage * slotSize]byte
	oldest := uint64(1)
	if capacity := uint64(j.head.Capacity); j.last > capacity {
		oldest = j.last - capacity + 1
	}
	for n := j.synced; n >= oldest && n > 0; {
		index := (n - 1) % uint64(j.head.Capacity)
		first := index - index%slotsAPage
		read, _ := j.file.ReadAt(page[:(index-first+1)*slotSize], ringOffset+int64(first)*slotSize)
		for i := int(index - first); i >= 0 && n >= oldest && n > 0; i-- {
			if end := (i + 1) * slotSize; end <= read {
				r, ok := decodeSlot(page[i*slotSize:end], j.tag, j.head.Run)
				if ok && r.N == n && !visit(r) {
					return
				}
			}
			n--
		}
	}
}
