package stops

import (
	"encoding/binary"
	"encoding/hex"
	"time"
)

// A journal file of systemd begins with a header (systemd's JOURNAL_FILE_FORMAT).
// One that was not closed is renamed to *.journal~ at the next boot and keeps its
// state: so the header alone tells that a boot ended without a clean stop, and
// when its last entry was written. No entry is read.
const (
	journalSignature = "LPKSHHRH"
	journalHeader    = 208
	journalOnline    = 1 // state of a file that is being written

	journalState    = 16
	journalBoot     = 56 // boot id of the last entry
	journalEntries  = 152
	journalTailTime = 192 // of the last entry, microseconds since 1970
)

// journalFile is what is read of a header.
type journalFile struct {
	open   bool   // never closed
	boot   string // 32 hexadecimal digits
	tailAt time.Time
}

// parseJournalHeader returns false for what is no header of a journal with entries.
func parseJournalHeader(b []byte) (journalFile, bool) {
	le := binary.LittleEndian
	if len(b) < journalHeader || string(b[:8]) != journalSignature || le.Uint64(b[journalEntries:]) == 0 {
		return journalFile{}, false
	}
	micro := le.Uint64(b[journalTailTime:])
	if micro == 0 || micro > 1<<54 {
		return journalFile{}, false
	}
	return journalFile{
		open: b[journalState] == journalOnline, boot: hex.EncodeToString(b[journalBoot : journalBoot+16]),
		tailAt: time.UnixMicro(int64(micro)).UTC().Truncate(time.Second),
	}, true
}
