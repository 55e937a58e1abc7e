package collect

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"muster/inventory"
)

// maxText bounds a name, in bytes.
const maxText = 200

// clean makes text from outside fit to travel: up to the first NUL, without
// control and format characters, runs of white space as one blank, valid UTF-8,
// at most maxText bytes.
func clean(s string) string {
	if len(s) > 8*maxText {
		s = s[:8*maxText]
	}
	s, _, _ = strings.Cut(s, "\x00")
	var b strings.Builder
	blank := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			blank = true
			continue
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		if b.Len()+utf8.RuneLen(r) > maxText {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ")
}

// What makers leave in place of a name or number, lower case.
var placeholders = []string{
	"to be filled by o.e.m.", "to be filled by o.e.m", "default string", "system manufacturer",
	"system product name", "system version", "system serial number", "chassis serial number", "not specified",
	"not applicable", "unknown", "none", "n/a", "o.e.m.", "oem", "invalid", "undefined", "no dimm", "[empty]", "empty",
	"partnum0", "manufacturer0", "sernum0", "0", "00000000", "ffffffff",
}

// placeholder reports whether a cleaned text is what a maker leaves when
// nothing was filled in.
func placeholder(s string) bool {
	return s == "" || slices.Contains(placeholders, strings.ToLower(s)) ||
		strings.Trim(s, "0") == "" || strings.Trim(strings.ToLower(s), "x") == ""
}

// named is a fact from a text of the firmware; what stands for nothing is unknown.
func named(source, s string) inventory.Fact[string] {
	s = clean(s)
	switch {
	case s == "":
		return inventory.Unknown[string](source + " is empty")
	case placeholder(s):
		return inventory.Unknown[string](source + " holds only the placeholder \"" + s + "\"")
	}
	return inventory.Known(s)
}

// serial is a fact from a serial number; one that identifies nothing is unknown.
func serial(source, s string) inventory.Fact[string] {
	f := named(source, s)
	if v, ok := f.Get(); ok && inventory.JunkSerial(v) {
		return inventory.Unknown[string](source + " holds only the placeholder \"" + v + "\"")
	}
	return f
}

// shortName drops the domain of a computer's name.
func shortName(name string) string {
	short, _, _ := strings.Cut(name, ".")
	if short == "" {
		return name
	}
	return short
}

// tidyPrograms cleans, sorts and compacts a list of programs.
func tidyPrograms(programs []inventory.Program) []inventory.Program {
	kept := programs[:0]
	for _, p := range programs {
		p.Name, p.Version, p.Maker = clean(p.Name), clean(p.Version), clean(p.Maker)
		if p.Name != "" {
			kept = append(kept, p)
		}
	}
	sort.Slice(kept, func(i, j int) bool { return compareProgram(kept[i], kept[j]) < 0 })
	return slices.Compact(kept)
}

func compareProgram(a, b inventory.Program) int {
	for _, pair := range [][2]string{
		{strings.ToLower(a.Name), strings.ToLower(b.Name)},
		{a.Name, b.Name},
		{a.Version, b.Version},
		{a.Source, b.Source},
		{a.Maker, b.Maker},
	} {
		if n := strings.Compare(pair[0], pair[1]); n != 0 {
			return n
		}
	}
	return 0
}
