package collect

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func TestAnSMBIOSTableNamesTheMachine(t *testing.T) {
	s, err := parseSMBIOS(sampleTable(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.system.strFact("maker", 4); got.Or("") != "Dell Inc." {
		t.Errorf("maker %s", got)
	}
	if got := s.uuid(); got.Or("") != "4c4c4544-0058-4b10-8032-b7c04f504e32" {
		t.Errorf("UUID %s: its first fields are little-endian", got)
	}
	if got := s.chassisKind(); got.Or("") != "desktop" {
		t.Errorf("chassis %s", got)
	}
	if mhz, ok := s.cpuMHz(); !ok || mhz != 3000 {
		t.Errorf("%d MHz, %v", mhz, ok)
	}
	want := []inventory.Module{
		{Slot: "DIMM1", Bytes: 8 << 30, Kind: "DDR4", MHz: 2666, Maker: "Hynix", PartNo: "HMA81GU6CJR8N-VK", SerialNo: "2D5A6B7C", Populated: true},
		{Slot: "DIMM2"},
	}
	if diff := cmp.Diff(want, s.modules().Or(nil)); diff != "" {
		t.Errorf("modules (-want +got):\n%s", diff)
	}
	if supported, ok := s.uefiSupported(); !ok || !supported {
		t.Errorf("UEFI supported: %v, %v", supported, ok)
	}
}

func TestModuleSizesAreReadInEveryEncoding(t *testing.T) {
	for name, c := range map[string]struct {
		fields map[int]any
		want   int64
	}{
		"empty slot":     {map[int]any{}, 0},
		"not known":      {map[int]any{0x0c: uint16(0xffff)}, 0},
		"MiB":            {map[int]any{0x0c: uint16(4096)}, 4 << 30},
		"KiB":            {map[int]any{0x0c: uint16(0x8000 | 512)}, 512 << 10},
		"extended":       {map[int]any{0x0c: uint16(0x7fff), 0x1c: uint32(65536)}, 64 << 30},
		"extended, 2 TB": {map[int]any{0x0c: uint16(0x7fff), 0x1c: uint32(2 << 20)}, 2 << 40},
	} {
		s, err := parseSMBIOS(structureOf(smbiosMemory, 0x28, c.fields))
		if err != nil || len(s.memory) != 1 {
			t.Fatalf("%s: %v, %d modules", name, err, len(s.memory))
		}
		if got := moduleBytes(&s.memory[0]); got != c.want {
			t.Errorf("%s: %d bytes, want %d", name, got, c.want)
		}
	}
}

func TestADamagedTableKeepsWhatCameBefore(t *testing.T) {
	whole := sampleTable(t)
	system := structureOf(smbiosBIOS, 0x18, nil)
	for cut := range len(whole) {
		s, err := parseSMBIOS(whole[:cut])
		if cut > len(system)+200 && s.system == nil {
			t.Fatalf("cut at %d of %d: the machine's name is lost (%v)", cut, len(whole), err)
		}
	}
	for name, table := range map[string][]byte{
		"empty":               nil,
		"length below header": {1, 3, 0, 0, 0, 0},
		"length beyond end":   {1, 200, 0, 0, 0, 0},
		"too long":            make([]byte, maxSMBIOS+1),
	} {
		if _, err := parseSMBIOS(table); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestATableWithoutEndIsBounded(t *testing.T) {
	table := []byte(strings.Repeat("\x02\x04\x00\x00\x00\x00", 2*maxSMBIOSStructures))
	if _, err := parseSMBIOS(table); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v", err)
	}
}

func TestMissingStructuresAreUnknownWithAReason(t *testing.T) {
	var s smbios
	for name, reason := range map[string]string{
		"uuid": s.uuid().Reason(), "chassis": s.chassisKind().Reason(), "modules": s.modules().Reason(),
		"maker": s.system.strFact("maker", 4).Reason(),
	} {
		if reason == "" || reason == inventory.NotRead {
			t.Errorf("%s: reason %q", name, reason)
		}
	}
}

func TestJunkOfTheFirmwareIsUnknown(t *testing.T) {
	for _, junk := range []string{"", "   ", "To Be Filled By O.E.M.", "Default string", "System Serial Number", "0", "0000000000", "123456789", "XXXXXXX"} {
		if f := serial("product_serial", junk); f.Known() {
			t.Errorf("serial %q is taken for a serial", junk)
		}
	}
	for _, junk := range []string{"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "03000200-0400-0500-0006-000700080009", "not a uuid"} {
		if f := uuidFact(junk); f.Known() {
			t.Errorf("UUID %q is taken for a UUID", junk)
		}
	}
}

func FuzzSMBIOS(f *testing.F) {
	f.Add(sampleTable(f))
	f.Add([]byte{17, 40, 0, 0})
	f.Add(endOfTable())
	f.Fuzz(func(t *testing.T, table []byte) {
		s, _ := parseSMBIOS(table)
		for _, m := range s.modules().Or(nil) {
			if m.Bytes < 0 || len(m.Slot) > maxText || len(m.PartNo) > maxText {
				t.Fatalf("module %+v", m)
			}
		}
		for _, fact := range []inventory.Fact[string]{s.uuid(), s.chassisKind(), s.system.strFact("maker", 4), s.bios.strFact("version", 5)} {
			if v, ok := fact.Get(); ok && (v == "" || len(v) > maxText || clean(v) != v) {
				t.Fatalf("known but not clean: %q", v)
			}
		}
	})
}

func FuzzEDID(f *testing.F) {
	f.Add(sampleEDID("DEL", 0x40a1, "DELL P2419H"))
	f.Add(sampleEDID("ZZZ", 1, ""))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, edid []byte) {
		name, err := monitorName(edid)
		if err == nil && (name == "" || len(name) > maxText || clean(name) != name) {
			t.Fatalf("name %q", name)
		}
	})
}

func TestMonitorsAreNamed(t *testing.T) {
	for want, edid := range map[string][]byte{
		"DELL P2419H":         sampleEDID("DEL", 1, "DELL P2419H"),
		"Iiyama monitor 6612": sampleEDID("IVM", 0x6612, ""),
		"Samsung S24E450":     sampleEDID("SAM", 2, "S24E450"),
	} {
		if got, err := monitorName(edid); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if _, err := monitorName([]byte{1, 2, 3}); err == nil {
		t.Error("a damaged EDID has a name")
	}
}
