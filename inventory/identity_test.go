package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func TestJunkIdentifiesNothing(t *testing.T) {
	for _, serial := range []string{
		"", " ", "0", "None", "To Be Filled By O.E.M.", "TO BE FILLED BY O.E.M.", "Default string", "System Serial Number", "0000000000",
		"123456789", "XXXXXXXXXXXX", "----", " default string ", "5.02E+18", "5,02E+18", "1e+10",
	} {
		if !inventory.JunkSerial(serial) {
			t.Errorf("serial %q identifies a machine", serial)
		}
	}
	for _, serial := range []string{"5CG0123ABC", "MXL0456DEF", "PF4ABCDE", "1234567891", "E123", "5E12345678"} {
		if inventory.JunkSerial(serial) {
			t.Errorf("serial %q is taken for junk", serial)
		}
	}
	for _, uuid := range []string{
		"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "03000200-0400-0500-0006-000700080009",
	} {
		if !inventory.JunkUUID(uuid) {
			t.Errorf("UUID %s identifies a machine", uuid)
		}
	}
	for _, mac := range []string{
		"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "02:42:ac:11:00:02", "01:00:5e:00:00:01", "00:50:56:12:34:56", "08:00:27:12:34:56", "00:ff:aa:bb:cc:dd", "nonsense", "",
	} {
		if !inventory.JunkMAC(mac) {
			t.Errorf("MAC %s identifies a machine", mac)
		}
	}
	if inventory.JunkMAC("3c:52:82:0a:1b:2c") {
		t.Error("a built-in card is taken for junk")
	}
}

func TestKeysAreCanonicalAndStrongestFirst(t *testing.T) {
	id := inventory.Identity{
		UUID: "{4C4C4544-0042-3510-8052-C4C04F584E32}", Serial: " 5cg0123abc ",
		MACs: []string{"3C-52-82-0A-1B-2C", "3c52.820a.1b2d", "3c52820a1b2e", "02:42:ac:11:00:02", "nonsense"},
	}
	want := []inventory.IdentityKey{
		{Kind: "uuid", Value: "4c4c4544-0042-3510-8052-c4c04f584e32"},
		{Kind: "serial", Value: "5CG0123ABC"},
		{Kind: "mac", Value: "3c:52:82:0a:1b:2c"},
		{Kind: "mac", Value: "3c:52:82:0a:1b:2d"},
		{Kind: "mac", Value: "3c:52:82:0a:1b:2e"},
	}
	if diff := cmp.Diff(want, id.Keys()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAStrongerKeyThatDiffersOutweighsAWeakerOneThatAgrees(t *testing.T) {
	const uuidA, uuidB = "4c4c4544-0042-3510-8052-c4c04f584e32", "4c4c4544-0042-3510-8052-c4c04f584e33"
	dock := []string{"3c:52:82:0a:1b:2c"}
	for name, c := range map[string]struct {
		a, b inventory.Identity
		want bool
	}{
		"same UUID, other serial":   {inventory.Identity{UUID: uuidA, Serial: "AAAA1"}, inventory.Identity{UUID: uuidA, Serial: "BBBB2"}, true},
		"other UUID, same serial":   {inventory.Identity{UUID: uuidA, Serial: "AAAA1"}, inventory.Identity{UUID: uuidB, Serial: "AAAA1"}, false},
		"other serial, same MAC":    {inventory.Identity{Serial: "AAAA1", MACs: dock}, inventory.Identity{Serial: "BBBB2", MACs: dock}, false},
		"junk serials, same MAC":    {inventory.Identity{Serial: "None", MACs: dock}, inventory.Identity{Serial: "None", MACs: dock}, true},
		"junk on both sides":        {inventory.Identity{Serial: "None"}, inventory.Identity{Serial: "None"}, false},
		"nothing in common to hold": {inventory.Identity{UUID: uuidA}, inventory.Identity{Serial: "AAAA1"}, false},
	} {
		if got := c.a.Same(c.b); got != c.want || c.b.Same(c.a) != got {
			t.Errorf("%s: same is %v and %v", name, got, c.b.Same(c.a))
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("{4C4C4544-0042-3510-8052-C4C04F584E32}")
	f.Add("3c52.820a.1b2c")
	f.Add("é:é")
	f.Fuzz(func(t *testing.T, s string) {
		if u := inventory.CanonicalUUID(s); u != "" && (inventory.CanonicalUUID(u) != u || len(u) != 36) {
			t.Errorf("UUID %q is not canonical", u)
		}
		if m := inventory.CanonicalMAC(s); m != "" && (inventory.CanonicalMAC(m) != m || len(m) != 17) {
			t.Errorf("MAC %q is not canonical", m)
		}
		inventory.JunkMAC(s)
		if inventory.JunkSerial(s) != inventory.JunkSerial(strings.TrimSpace(s)) {
			t.Errorf("spaces around %q make a difference", s)
		}
	})
}
