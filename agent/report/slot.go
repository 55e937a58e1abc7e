package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"muster/inventory/wire"
)

// A slot is one record in the ring, little-endian:
//
//	  0  checksum     CRC-32C of the rest
//	  4  run          first eight bytes of the run id's SHA-256
//	 12  number
//	 20  boot clock   nanoseconds
//	 28  wall         microseconds since 1970
//	 36  packet age   nanoseconds, as is the acknowledgement's at 44
//	 52  peers        two bytes, as are the known ones at 54
//	 56  kind, gateway, carrier, power: one byte each
//	 60  address      length, then 16 bytes
//	 77  boot id      length, then 64 bytes
//	142  reason       length, then 100 bytes
//	243  outside      one byte, zero where nobody asked
//
// 256 bytes divide every sector and page, so no write of one slot touches a
// sector that it does not own in part already.
const (
	slotSize   = 256
	maxBoot    = 64
	maxReason  = 100
	offAddr    = 60
	offBoot    = 77
	offReason  = 142
	offOutside = 243
	slotsAPage = 4096 / slotSize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// The codes of a slot; an index is what is written, so order is for ever.
var (
	kindCodes  = []wire.RecordKind{"", wire.RecordTick, wire.RecordEdge, wire.RecordStart, wire.RecordLeave}
	reachCodes = []wire.Reachable{wire.Unknown, wire.Yes, wire.No}
	// outsideCodes: an agent before this field left zero.
	outsideCodes = []wire.Reachable{"", wire.Yes, wire.No}
	powerCodes   = []wire.PowerSource{wire.PowerUnknown, wire.PowerMains, wire.PowerBattery}
)

// runTag marks the slots of one run: what an earlier run left in the file is
// not taken for this run's.
func runTag(run string) [8]byte {
	sum := sha256.Sum256([]byte(run))
	return [8]byte(sum[:8])
}

// encodeSlot writes r into b, which has slotSize bytes.
func encodeSlot(b []byte, tag [8]byte, r wire.JournalRecord) {
	clear(b)
	le := binary.LittleEndian
	copy(b[4:], tag[:])
	le.PutUint64(b[12:], r.N)
	le.PutUint64(b[20:], uint64(r.BootClock))
	le.PutUint64(b[28:], uint64(r.Wall.UnixMicro()))
	le.PutUint64(b[36:], uint64(r.PacketAge))
	le.PutUint64(b[44:], uint64(r.AckAge))
	le.PutUint16(b[52:], clip16(r.Peers))
	le.PutUint16(b[54:], clip16(r.PeersKnown))
	b[56] = code(kindCodes, r.Kind)
	b[57] = code(reachCodes, r.Gateway)
	b[58] = code(reachCodes, r.Carrier)
	b[59] = code(powerCodes, r.Power)
	if r.Addr.IsValid() {
		putBytes(b[offAddr:], r.Addr.WithZone("").AsSlice(), 16)
	}
	putBytes(b[offBoot:], []byte(r.Boot), maxBoot)
	putBytes(b[offReason:], []byte(clipReason(r.Reason)), maxReason)
	b[offOutside] = code(outsideCodes, r.Outside)
	le.PutUint32(b, crc32.Checksum(b[4:slotSize], castagnoli))
}

// decodeSlot reads what encodeSlot wrote; false means the slot was never
// written, is torn, or belongs to another run.
func decodeSlot(b []byte, tag [8]byte, run string) (wire.JournalRecord, bool) {
	var r wire.JournalRecord
	le := binary.LittleEndian
	if len(b) < slotSize || !bytes.Equal(b[4:12], tag[:]) {
		return r, false
	}
	if le.Uint32(b) != crc32.Checksum(b[4:slotSize], castagnoli) {
		return r, false
	}
	r = wire.JournalRecord{
		Run:        run,
		N:          le.Uint64(b[12:]),
		BootClock:  time.Duration(le.Uint64(b[20:])),
		Wall:       time.UnixMicro(int64(le.Uint64(b[28:]))).UTC(),
		PacketAge:  time.Duration(le.Uint64(b[36:])),
		AckAge:     time.Duration(le.Uint64(b[44:])),
		Peers:      int(le.Uint16(b[52:])),
		PeersKnown: int(le.Uint16(b[54:])),
	}
	if int(b[56]) >= len(kindCodes) || int(b[57]) >= len(reachCodes) ||
		int(b[58]) >= len(reachCodes) || int(b[59]) >= len(powerCodes) || int(b[offOutside]) >= len(outsideCodes) {
		return r, false
	}
	r.Kind, r.Gateway, r.Carrier = kindCodes[b[56]], reachCodes[b[57]], reachCodes[b[58]]
	r.Power, r.Outside = powerCodes[b[59]], outsideCodes[b[offOutside]]
	addr, okAddr := getBytes(b[offAddr:], 16)
	boot, okBoot := getBytes(b[offBoot:], maxBoot)
	reason, okReason := getBytes(b[offReason:], maxReason)
	if !okAddr || !okBoot || !okReason {
		return r, false
	}
	r.Addr, _ = netip.AddrFromSlice(addr)
	r.Boot, r.Reason = string(boot), string(reason)
	return r, r.Validate() == nil
}

func clip16(n int) uint16 { return uint16(min(max(n, 0), math.MaxUint16)) }

func code[T comparable](codes []T, v T) byte { return byte(max(slices.Index(codes, v), 0)) }

// clipReason cuts a reason to the slot without splitting a character.
func clipReason(s string) string {
	if len(s) <= maxReason {
		return s
	}
	return strings.ToValidUTF8(s[:maxReason], "")
}

func putBytes(b, v []byte, limit int) {
	n := copy(b[1:1+limit], v)
	b[0] = byte(n)
}

func getBytes(b []byte, limit int) ([]byte, bool) {
	n := int(b[0])
	if n > limit {
		return nil, false
	}
	return b[1 : 1+n], true
}
