package collect

import (
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// structureOf makes one SMBIOS structure: values at offsets of the formatted
// area (byte, uint16, uint32, []byte, or a string, which is put behind and
// numbered).
func structureOf(kind byte, length int, fields map[int]any) []byte {
	area := make([]byte, length)
	area[0], area[1] = kind, byte(length)
	binary.LittleEndian.PutUint16(area[2:], uint16(kind)<<8|1)
	var text []byte
	number := byte(0)
	for at := range length { // in order, so that strings are numbered the same each time
		switch v := fields[at].(type) {
		case byte:
			area[at] = v
		case uint16:
			binary.LittleEndian.PutUint16(area[at:], v)
		case uint32:
			binary.LittleEndian.PutUint32(area[at:], v)
		case []byte:
			copy(area[at:], v)
		case string:
			number++
			area[at] = number
			text = append(append(text, v...), 0)
		}
	}
	if len(text) == 0 {
		text = []byte{0}
	}
	return append(append(area, text...), 0)
}

func endOfTable() []byte { return structureOf(smbiosEnd, 4, nil) }

// sampleTable is the table of a desktop with two slots, one of them empty.
func sampleTable(tb testing.TB) []byte {
	tb.Helper()
	uuid, err := hex.DecodeString("44454c4c5800104b8032b7c04f504e32")
	if err != nil {
		tb.Fatal(err)
	}
	var table []byte
	for _, s := range [][]byte{
		structureOf(smbiosBIOS, 0x18, map[int]any{4: "Dell Inc.", 5: "1.30.0", 8: "03/20/2024", 0x13: byte(0x0d)}),
		structureOf(smbiosSystem, 0x1b, map[int]any{4: "Dell Inc.", 5: "OptiPlex 3060", 7: "7XK2PN2", 8: uuid}),
		structureOf(smbiosChassis, 0x16, map[int]any{4: "Dell Inc.", 5: byte(3 | 0x80)}),
		structureOf(smbiosProcessor, 0x30, map[int]any{0x10: "Intel(R) Core(TM) i5-8500 CPU @ 3.00GHz", 0x14: uint16(4100), 0x16: uint16(3000)}),
		structureOf(smbiosMemory, 0x28, map[int]any{
			0x0c: uint16(8192), 0x10: "DIMM1", 0x12: byte(0x1a), 0x15: uint16(2667), 0x17: "Hynix", 0x18: "2D5A6B7C", 0x1a: "HMA81GU6CJR8N-VK  ",
			0x20: uint16(2666),
		}),
		structureOf(smbiosMemory, 0x28, map[int]any{0x10: "DIMM2", 0x17: "Not Specified"}),
		endOfTable(),
	} {
		table = append(table, s...)
	}
	return table
}

// sampleEDID is a base block with a maker and, if it is not empty, a name.
func sampleEDID(maker string, product uint16, name string) []byte {
	b := make([]byte, 128)
	copy(b, edidMagic)
	var id uint16
	for i := range 3 {
		id = id<<5 | uint16(maker[i]-'A'+1)
	}
	binary.BigEndian.PutUint16(b[8:], id)
	binary.LittleEndian.PutUint16(b[10:], product)
	if name != "" {
		d := b[72:90]
		d[3] = 0xfc
		copy(d[5:], name+"\n            ")
	}
	return b
}
