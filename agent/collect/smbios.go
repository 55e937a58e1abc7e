package collect

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"muster/inventory"
)

// Bounds of an SMBIOS table: the largest that the 3.x entry point allows in
// practice, and more structures than any maker writes.
const (
	maxSMBIOS           = 1 << 20
	maxSMBIOSStructures = 4096
)

// Structure types of the SMBIOS specification (DMTF DSP0134, chapter 7).
const (
	smbiosBIOS      = 0
	smbiosSystem    = 1
	smbiosChassis   = 3
	smbiosProcessor = 4
	smbiosMemory    = 17
	smbiosEnd       = 127
)

// smbios is what we use of a machine's SMBIOS table.
type smbios struct {
	bios      *smbiosStructure
	system    *smbiosStructure
	chassis   *smbiosStructure
	processor *smbiosStructure
	memory    []smbiosStructure
}

// smbiosStructure is one structure: its formatted area with the header, and its
// strings.
type smbiosStructure struct {
	area []byte
	text []string
}

// parseSMBIOS walks the structures of a raw table (without its entry point).
// Structures before damage are kept: a truncated table still names the machine.
func parseSMBIOS(table []byte) (smbios, error) {
	var s smbios
	if len(table) == 0 {
		return s, errors.New("the SMBIOS table is empty")
	}
	if len(table) > maxSMBIOS {
		return s, fmt.Errorf("the SMBIOS table has %d bytes, the limit is %d", len(table), maxSMBIOS)
	}
	for n := range maxSMBIOSStructures {
		if len(table) < 4 {
			return s, nil // many tables lack the end-of-table structure
		}
		kind, length := table[0], int(table[1])
		if length < 4 || length > len(table) {
			return s, fmt.Errorf("the SMBIOS table is damaged at structure %d", n)
		}
		structure := smbiosStructure{area: table[:length]}
		var ok bool
		structure.text, table, ok = smbiosStrings(table[length:])
		s.keep(kind, structure)
		if !ok {
			return s, fmt.Errorf("the SMBIOS table ends within structure %d", n)
		}
		if kind == smbiosEnd {
			return s, nil
		}
	}
	return s, fmt.Errorf("the SMBIOS table has more than %d structures", maxSMBIOSStructures)
}

// smbiosStrings splits off the strings behind a formatted area: each ends with
// NUL, the set with another NUL; an empty set is two.
func smbiosStrings(b []byte) (text []string, rest []byte, ok bool) {
	if len(b) >= 2 && b[0] == 0 && b[1] == 0 {
		return nil, b[2:], true
	}
	for len(b) > 0 && b[0] != 0 {
		end := strings.IndexByte(string(b[:min(len(b), 1024)]), 0)
		if end < 0 || len(text) == 255 {
			return text, nil, false
		}
		text = append(text, clean(string(b[:end])))
		b = b[end+1:]
	}
	if len(b) == 0 {
		return text, nil, false
	}
	return text, b[1:], true
}

// keep remembers the first structure of each kind, and every memory module.
func (s *smbios) keep(kind byte, structure smbiosStructure) {
	slot := map[byte]**smbiosStructure{
		smbiosBIOS: &s.bios, smbiosSystem: &s.system, smbiosChassis: &s.chassis, smbiosProcessor: &s.processor,
	}[kind]
	switch {
	case kind == smbiosMemory:
		s.memory = append(s.memory, structure)
	case slot != nil && *slot == nil:
		*slot = &structure
	}
}

// byteAt, word and double read a number at an offset of the formatted area; an
// older table that does not reach there has ok false.
func (t *smbiosStructure) byteAt(at int) (byte, bool) {
	if t == nil || at >= len(t.area) {
		return 0, false
	}
	return t.area[at], true
}

func (t *smbiosStructure) word(at int) (uint16, bool) {
	if t == nil || at+2 > len(t.area) {
		return 0, false
	}
	return binary.LittleEndian.Uint16(t.area[at:]), true
}

func (t *smbiosStructure) double(at int) (uint32, bool) {
	if t == nil || at+4 > len(t.area) {
		return 0, false
	}
	return binary.LittleEndian.Uint32(t.area[at:]), true
}

// str is the string whose number stands at an offset; empty where there is none.
func (t *smbiosStructure) str(at int) string {
	n, ok := t.byteAt(at)
	if !ok || n == 0 || int(n) > len(t.text) {
		return ""
	}
	return t.text[n-1]
}

// strFact is str as a fact; what names the field for the reason.
func (t *smbiosStructure) strFact(what string, at int) inventory.Fact[string] {
	if t == nil {
		return inventory.Unknown[string]("the SMBIOS table has no " + what)
	}
	return named("SMBIOS "+what, t.str(at))
}

// uuid is the machine's UUID. Since version 2.6 the first three fields are
// little-endian, and every firmware since about 2009 writes them so.
func (s smbios) uuid() inventory.Fact[string] {
	if s.system == nil || len(s.system.area) < 0x18 {
		return inventory.Unknown[string]("the SMBIOS table has no UUID")
	}
	u := s.system.area[0x08:0x18]
	ordered := []byte{u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6]}
	ordered = append(ordered, u[8:]...)
	return uuidFact(hex.EncodeToString(ordered))
}

// uuidFact canonicalises a UUID; all 0, all F and the well-known shared ones
// identify nothing.
func uuidFact(text string) inventory.Fact[string] {
	uuid := inventory.CanonicalUUID(text)
	switch {
	case uuid == "":
		return inventory.Unknown[string]("the firmware's UUID is not a UUID")
	case inventory.JunkUUID(uuid):
		return inventory.Unknown[string]("the firmware's UUID " + uuid + " identifies nothing")
	}
	return inventory.Known(uuid)
}

// uefiSupported reports whether the firmware says that it implements UEFI.
func (s smbios) uefiSupported() (supported, ok bool) {
	b, ok := s.bios.byteAt(0x13)
	return b&0x08 != 0, ok
}
