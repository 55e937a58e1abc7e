package stops

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Kinds of utmp records (utmp.h) that are read. The others are of people who
// signed in: only their instant counts, as a sign of life.
const (
	utmpRunLevel = 1
	utmpBoot     = 2
	utmpDead     = 8
)

// layout is how glibc lays a record out: 32-bit times for the sake of old
// programs on most processors, 64-bit ones on newer.
type layout struct {
	size    int
	seconds int // offset of the time
	wide    bool
}

// layoutFor is the layout on a processor, by Go's name for it.
func layoutFor(processor string) layout {
	switch processor {
	case "arm64", "riscv64", "loong64":
		return layout{size: 400, seconds: 344, wide: true}
	}
	return layout{size: 384, seconds: 340}
}

// Offsets that all layouts share.
const (
	utmpPid  = 4
	utmpUser = 44
	utmpHost = 76
)

// utmpRecord is what is read of one record.
type utmpRecord struct {
	kind  int
	level byte   // of a run level: '0' halts, '6' restarts
	name  string // of a run level or boot alone: "shutdown", "runlevel", "reboot"
	at    time.Time
}

// parseUtmp reads whole records; what is left over at the end is torn and is
// passed over, as are records of no known kind and without a time.
func parseUtmp(b []byte, l layout) []utmpRecord {
	records := make([]utmpRecord, 0, len(b)/l.size)
	le := binary.LittleEndian
	for ; len(b) >= l.size; b = b[l.size:] {
		r := utmpRecord{kind: int(int16(le.Uint16(b)))}
		if r.kind < utmpRunLevel || r.kind > utmpDead {
			continue
		}
		seconds := int64(int32(le.Uint32(b[l.seconds:])))
		if l.wide {
			seconds = int64(le.Uint64(b[l.seconds:]))
		}
		if seconds <= 0 || seconds > 1<<34 {
			continue
		}
		r.at = time.Unix(seconds, 0).UTC()
		if r.kind == utmpRunLevel || r.kind == utmpBoot {
			r.level = b[utmpPid]
			r.name, _ = cutZero(b[utmpUser:utmpHost])
		}
		records = append(records, r)
	}
	return records
}

func cutZero(b []byte) (string, bool) {
	before, _, found := bytes.Cut(b, []byte{0})
	return string(before), found
}
