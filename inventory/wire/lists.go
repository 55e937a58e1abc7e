package wire

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"muster/inventory"
)

// Lists travel apart from reports and are named by the hash of their JSON, so
// both sides must write the same bytes: hardware, firmware and operating system
// as json.Marshal writes them, software as Software.Encode does. The controller
// hashes a list's bytes as they came: it may know fields that the agent does not.

// HashBytes names the content of a list: the first half of its SHA-256 in
// lower-case hex.
func HashBytes(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// HashList returns the JSON of a hardware, firmware or OS list and its name.
func HashList(list any) (hash string, body []byte, err error) {
	body, err = json.Marshal(list)
	if err != nil {
		return "", nil, fmt.Errorf("cannot hash list: %w", err)
	}
	return HashBytes(body), body, nil
}

// Software is the list of programs, or why it could not be read.
type Software struct {
	inventory.Fact[[]inventory.Program]
}

// SoftwareOf is the list of programs, sorted and without repeats. It keeps
// programs and sorts it in place. Text that is not UTF-8 is mended first: JSON
// would mend it on the way, and the two sides would then hash different bytes.
func SoftwareOf(programs []inventory.Program) Software {
	for i, p := range programs {
		programs[i] = inventory.Program{
			Name: mend(p.Name), Version: mend(p.Version), Maker: mend(p.Maker), Source: mend(p.Source),
		}
	}
	sort.Slice(programs, func(i, j int) bool { return comparePrograms(programs[i], programs[j]) < 0 })
	programs = slices.Compact(programs)
	if programs == nil {
		programs = []inventory.Program{}
	}
	return Software{inventory.Known(programs)}
}

// SoftwareUnknown is the list that could not be read.
func SoftwareUnknown(reason string) Software {
	return Software{inventory.Unknown[[]inventory.Program](reason)}
}

// Encode returns the list's JSON and the hash that names it: an array of
// programs, or {"unknown": "why"}.
func (s Software) Encode() (hash string, body []byte, err error) { return HashList(s.Fact) }

// DecodeSoftware reads what Encode wrote.
func DecodeSoftware(body []byte) (Software, error) {
	var s Software
	if err := s.UnmarshalJSON(body); err != nil {
		return s, fmt.Errorf("cannot read software list: %w", err)
	}
	return s, nil
}

// DeltaTo is what turns s, named base, into next. Where either could not be
// read, or s is not known to the other side (base is empty), it is next whole.
func (s Software) DeltaTo(next Software, base string) SoftwareDelta {
	programs, known := next.Get()
	if !known {
		return SoftwareDelta{Unknown: next.Reason()}
	}
	before, known := s.Get()
	if !known || base == "" {
		return SoftwareDelta{Added: programs}
	}
	d := SoftwareDelta{Base: base}
	i, j := 0, 0
	for i < len(before) || j < len(programs) {
		switch order := compareAt(before, i, programs, j); {
		case order < 0:
			d.Removed = append(d.Removed, before[i])
			i++
		case order > 0:
			d.Added = append(d.Added, programs[j])
			j++
		default:
			i, j = i+1, j+1
		}
	}
	return d
}

// Apply turns base, the list named d.Base, into the list that d describes. It
// fails where d removes what base does not hold.
func (d SoftwareDelta) Apply(base Software) (Software, error) {
	if d.Unknown != "" {
		return SoftwareUnknown(d.Unknown), nil
	}
	if d.Base == "" {
		if len(d.Removed) > 0 {
			return Software{}, fmt.Errorf("cannot apply software delta: it removes %q from a list without base", d.Removed[0].Name)
		}
		return SoftwareOf(slices.Clone(d.Added)), nil
	}
	before, known := base.Get()
	if !known {
		return Software{}, fmt.Errorf("cannot apply software delta: the list %.40q is unknown (%s)", d.Base, base.Reason())
	}
	gone := make(map[inventory.Program]bool, len(d.Removed))
	for _, p := range d.Removed {
		gone[p] = true
	}
	programs := make([]inventory.Program, 0, len(before)+len(d.Added))
	for _, p := range before {
		if gone[p] {
			delete(gone, p)
			continue
		}
		programs = append(programs, p)
	}
	for p := range gone {
		return Software{}, fmt.Errorf("cannot apply software delta: it removes %.80q %.40q, which the list does not hold", p.Name, p.Version)
	}
	return SoftwareOf(append(programs, d.Added...)), nil
}

func mend(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func compareAt(before []inventory.Program, i int, after []inventory.Program, j int) int {
	switch {
	case i == len(before):
		return 1
	case j == len(after):
		return -1
	default:
		return comparePrograms(before[i], after[j])
	}
}

func comparePrograms(a, b inventory.Program) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Maker, b.Maker), cmp.Compare(a.Source, b.Source))
}
