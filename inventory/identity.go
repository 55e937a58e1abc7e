package inventory

import (
	"encoding/hex"
	"net"
	"regexp"
	"slices"
	"strings"
)

// Identity is what tells one machine from another: SMBIOS UUID, serial number
// and the addresses of its built-in network cards, in canonical form.
type Identity struct {
	UUID   string   `json:"uuid,omitempty"`
	Serial string   `json:"serial,omitempty"`
	MACs   []string `json:"macs,omitempty"`
}

// IdentityKey is one usable key of an Identity.
type IdentityKey struct {
	Kind  string // uuid, serial or mac
	Value string
}

// Keys returns the keys that identify something, strongest first. Junk (a
// serial "To Be Filled By O.E.M.", a UUID of all F) yields no key.
func (id Identity) Keys() []IdentityKey {
	var keys []IdentityKey
	if uuid := CanonicalUUID(id.UUID); uuid != "" && !JunkUUID(uuid) {
		keys = append(keys, IdentityKey{"uuid", uuid})
	}
	if serial := strings.ToUpper(strings.TrimSpace(id.Serial)); !JunkSerial(serial) {
		keys = append(keys, IdentityKey{"serial", serial})
	}
	for _, mac := range id.MACs {
		if mac := CanonicalMAC(mac); mac != "" && !JunkMAC(mac) {
			keys = append(keys, IdentityKey{"mac", mac})
		}
	}
	return keys
}

// Same reports whether two identities are one machine: they share a key and no
// stronger key of both disagrees.
func (id Identity) Same(other Identity) bool {
	mine, theirs := id.Keys(), other.Keys()
	for _, kind := range []string{"uuid", "serial"} {
		a, b := valueOf(mine, kind), valueOf(theirs, kind)
		if a != "" && b != "" {
			return a == b
		}
	}
	return slices.ContainsFunc(mine, func(k IdentityKey) bool { return k.Kind == "mac" && slices.Contains(theirs, k) })
}

func valueOf(keys []IdentityKey, kind string) string {
	for _, k := range keys {
		if k.Kind == kind {
			return k.Value
		}
	}
	return ""
}

// Serials that makers leave in place of a number, lower case.
var junkSerials = []string{
	"", "to be filled by o.e.m.", "to be filled by o.e.m", "default string", "system serial number",
	"none", "n/a", "na", "not specified", "not applicable", "unknown", "oem", "o.e.m.", "chassis serial number",
	"serial", "123456789", "0123456789", "1234567890", "invalid", "empty", "xxxxxxx",
}

// JunkSerial reports whether a serial identifies nothing.
func JunkSerial(serial string) bool {
	s := strings.ToLower(strings.TrimSpace(serial))
	return len(s) < 4 || slices.Contains(junkSerials, s) || oneCharacter(s) || DestroyedSerial(s)
}

var scientific = regexp.MustCompile(`^[0-9]([.,][0-9]+)?[eE]\+[0-9]+$`)

// DestroyedSerial reports whether a spreadsheet turned the serial into a
// rounded number such as 5.02E+18.
func DestroyedSerial(serial string) bool { return scientific.MatchString(strings.TrimSpace(serial)) }

// UUIDs known to be burnt into many machines.
var sharedUUIDs = []string{
	"03000200-0400-0500-0006-000700080009",
	"00020003-0004-0005-0006-000700080009",
	"12345678-1234-5678-90ab-cddeefaabbcc",
	"fefefefe-fefe-fefe-fefe-fefefefefefe",
}

// JunkUUID reports whether a canonical UUID identifies nothing.
func JunkUUID(uuid string) bool {
	return oneCharacter(strings.ReplaceAll(uuid, "-", "")) || slices.Contains(sharedUUIDs, uuid)
}

// CanonicalUUID is uuid in lower case with dashes, or empty if it is no UUID.
func CanonicalUUID(uuid string) string {
	s := strings.ToLower(strings.Trim(strings.TrimSpace(uuid), "{}"))
	digits := strings.ReplaceAll(s, "-", "")
	if len(digits) != 32 {
		return ""
	}
	if _, err := hex.DecodeString(digits); err != nil {
		return ""
	}
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// CanonicalMAC is a 48-bit address in lower case with colons, or empty.
func CanonicalMAC(mac string) string {
	s := strings.TrimSpace(mac)
	if len(s) == 12 && !strings.ContainsAny(s, ":-.") {
		s = s[:4] + "." + s[4:8] + "." + s[8:]
	}
	hw, err := net.ParseMAC(s)
	if err != nil || len(hw) != 6 {
		return ""
	}
	return hw.String()
}

// Makers of docks and software adapters whose addresses travel between machines.
var borrowedMACs = []string{
	"00:50:56", "00:0c:29", "00:05:69", // VMware
	"08:00:27", "0a:00:27", // VirtualBox
	"00:15:5d", // Hyper-V
	"00:ff",    // TAP adapters
	"00:05:9a", // Cisco AnyConnect
	"02:00:4c", // Microsoft loopback
}

// JunkMAC reports whether a canonical address never identifies a machine:
// locally administered, multicast, all one digit, or of a dock or VPN adapter.
func JunkMAC(mac string) bool {
	hw, err := net.ParseMAC(mac)
	if err != nil || len(hw) != 6 || hw[0]&0x03 != 0 {
		return true
	}
	return oneCharacter(strings.ReplaceAll(mac, ":", "")) ||
		slices.ContainsFunc(borrowedMACs, func(prefix string) bool { return strings.HasPrefix(mac, prefix) })
}

func oneCharacter(s string) bool {
	return s != "" && strings.Count(s, s[:1]) == len(s)
}
