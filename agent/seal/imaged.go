package seal

import (
	"fmt"

	"muster/inventory"
)

// Imaged reports whether a seal was made for another machine than the one it
// lies on, and why. Only what can be compared counts: a swapped network card, a
// field that cannot be read today or junk from the maker is the same machine.
func Imaged(sealed, now inventory.Identity) (why string, imaged bool) {
	if sealed.Same(now) {
		return "", false
	}
	before, after := strongest(sealed), strongest(now)
	for _, kind := range []string{"uuid", "serial"} {
		if before[kind] != "" && after[kind] != "" {
			return fmt.Sprintf("the %s was %s and is %s", kind, before[kind], after[kind]), true
		}
	}
	strong := func(keys map[string]string) bool { return keys["uuid"] != "" || keys["serial"] != "" }
	if strong(before) || strong(after) || before["mac"] == "" || after["mac"] == "" {
		return "", false
	}
	return fmt.Sprintf("the network cards were %s and are %s", before["mac"], after["mac"]), true
}

// Grown is what to seal from now on, for one machine: what was known stays known
// where it cannot be read today, so that no single bad day loosens the seal.
func Grown(sealed, now inventory.Identity) inventory.Identity {
	keys := strongest(now)
	if keys["uuid"] == "" {
		now.UUID = sealed.UUID
	}
	if keys["serial"] == "" {
		now.Serial = sealed.Serial
	}
	if keys["mac"] == "" {
		now.MACs = sealed.MACs
	}
	return now
}

// strongest is the first usable key of each kind.
func strongest(id inventory.Identity) map[string]string {
	first := make(map[string]string, 3)
	for _, k := range id.Keys() {
		if first[k.Kind] == "" {
			first[k.Kind] = k.Value
		}
	}
	return first
}
