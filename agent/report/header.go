package report

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Two copies of the header stand in pages of their own and are written in turn:
// a torn write leaves the other one. The one with the higher generation counts.
const (
	headerPage  = 4096
	headerSize  = 512
	ringOffset  = 2 * headerPage
	maxCapacity = 1 << 22 // slots: a journal of 1 GiB
	maxNumber   = 1 << 61 // of records and reports; more is damage
)

var headerMagic = []byte("MUSTERJ1")

// header is what the file says of itself.
type header struct {
	Generation  uint64
	Capacity    uint32 // slots in the ring
	SeqReserved uint64 // report numbers up to here may have been used
	Run         string
}

func (h header) encode() []byte {
	b := make([]byte, headerSize)
	le := binary.LittleEndian
	copy(b[4:], headerMagic)
	le.PutUint64(b[12:], h.Generation)
	le.PutUint32(b[20:], h.Capacity)
	le.PutUint64(b[24:], h.SeqReserved)
	putBytes(b[32:], []byte(h.Run), maxBoot)
	le.PutUint32(b, crc32.Checksum(b[4:], castagnoli))
	return b
}

func decodeHeader(b []byte) (header, bool) {
	le := binary.LittleEndian
	if len(b) < headerSize || !bytes.Equal(b[4:12], headerMagic) ||
		le.Uint32(b) != crc32.Checksum(b[4:headerSize], castagnoli) {
		return header{}, false
	}
	run, ok := getBytes(b[32:], maxBoot)
	h := header{
		Generation:  le.Uint64(b[12:]),
		Capacity:    le.Uint32(b[20:]),
		SeqReserved: le.Uint64(b[24:]),
		Run:         string(run),
	}
	return h, ok && len(run) >= 4 && h.Capacity >= slotsAPage && h.Capacity <= maxCapacity &&
		h.SeqReserved <= maxNumber && h.Generation <= maxNumber
}

// offset is where this generation of the header is written.
func (h header) offset() int64 { return int64(h.Generation%2) * headerPage }
