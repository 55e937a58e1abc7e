package mesh

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func FuzzHeader(f *testing.F) {
	f.Add([]byte{labelByte, 2, 's', '1', 0, 1, 2})
	f.Add([]byte{labelByte, 0})
	f.Add([]byte{labelByte, 255, 'x'})
	f.Add([]byte{labelByte})
	f.Add([]byte{tlsByte, 3, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, packet []byte) {
		label, rest, err := splitHeader(packet)
		if err != nil {
			return
		}
		if len(label) == 0 || len(label) > MaxLabel {
			t.Fatalf("label of %d bytes", len(label))
		}
		if again := append(appendHeader(nil, string(label)), rest...); !bytes.Equal(again, packet) {
			t.Fatalf("%x came back as %x", packet, again)
		}
	})
}

func FuzzLeaveNotice(f *testing.F) {
	good, err := LeaveNotice{Member: "w00000001.abcde", Reason: inventory.LeaveSleep, Number: 7}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{1, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := DecodeLeaveNotice(b)
		if err != nil {
			return
		}
		again, err := n.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x came back as %x (%v)", b, again, err)
		}
	})
}

func FuzzUnheardNotice(f *testing.F) {
	good, err := UnheardNotice{Member: "w00000001.abcde", Number: 7}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{1, 9})
	f.Add(good[:9])
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := DecodeUnheardNotice(b)
		if err != nil {
			return
		}
		again, err := n.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x came back as %x (%v)", b, again, err)
		}
	})
}

func FuzzDirect(f *testing.F) {
	ring, err := newKeyRing([][]byte{bytes.Repeat([]byte{1}, KeyBytes)})
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := sealDirect(ring, "s1", DirectProbe, []byte("where"))
	if err != nil {
		f.Fatal(err)
	}
	_, good, err := splitHeader(sealed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{directByte})
	f.Fuzz(func(t *testing.T, b []byte) {
		// Each process of the fuzzer seals its own seed; all say the same.
		if kind, body, ok := openDirect(ring, "s1", b); ok && (kind != DirectProbe || string(body) != "where") {
			t.Fatalf("forged: kind %d, %q", kind, body)
		}
		if _, _, ok := openDirect(ring, "s2", b); ok {
			t.Fatal("opened under another label")
		}
	})
}

func FuzzTags(f *testing.F) {
	f.Add("a", "1.0", "run", "ok", "disk 3%")
	f.Add("c", strings.Repeat("v", 600), "", "\xff", "")
	f.Fuzz(func(t *testing.T, role, version, run, uplink, health string) {
		tags := DecodeTags(map[string]string{
			keyRole: role, keyVersion: version, keyRun: run, keyUplink: uplink, keyHealth: health,
		})
		encoded, err := tags.Encode()
		if err != nil {
			t.Fatalf("what was decoded does not encode: %v", err)
		}
		size := 0
		for k, v := range encoded {
			size += 2*3 + len(k) + len(v) // msgpack's headers at most
		}
		if size > 500 {
			t.Fatalf("%d bytes of tags", size)
		}
		if diff := cmp.Diff(tags, DecodeTags(encoded)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzMemberName(f *testing.F) {
	f.Add("w00000001.abcde")
	f.Add("c1")
	f.Fuzz(func(t *testing.T, name string) {
		workstation, run, ok := ParseMemberName(name)
		if ok && MemberName(workstation, run) != name {
			t.Fatalf("%q came back as %q", name, MemberName(workstation, run))
		}
		if ok && !validName(name) {
			t.Fatalf("%q is a workstation's name and no member name", name)
		}
	})
}

func TestTagsThatAreTooLongAreRefusedByName(t *testing.T) {
	_, err := Tags{Health: strings.Repeat("x", maxTagHealth+1)}.Encode()
	if err == nil || !strings.Contains(err.Error(), "health of 201 bytes, the limit is 200") {
		t.Errorf("error %v", err)
	}
}

func TestKeysThatAMemberChangedAreRestored(t *testing.T) {
	first, second, foreign := key(1), key(2), key(3)
	ring, err := newKeyRing([][]byte{first, second})
	if err != nil {
		t.Fatal(err)
	}
	if ring.restore() {
		t.Error("an untouched ring was restored")
	}
	for name, change := range map[string]func() error{
		"install": func() error { return ring.ring.AddKey(foreign) },
		"use":     func() error { return ring.ring.UseKey(second) },
		"remove":  func() error { return ring.ring.RemoveKey(second) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if !ring.restore() {
			t.Errorf("%s went unnoticed", name)
		}
		if keys := ring.ring.GetKeys(); len(keys) != 2 || !bytes.Equal(keys[0], first) || !bytes.Equal(keys[1], second) {
			t.Errorf("after %s the ring is %x", name, keys)
		}
	}
}

func key(b byte) []byte { return bytes.Repeat([]byte{b}, KeyBytes) }
