package readiness

import (
	"slices"
	"strings"
	"unicode"
)

// CompareVersions compares two versions as people and packagers write them:
// -1, 0 or +1. Numbers compare as numbers, however long; a missing part is 0, so
// that 2.1 is 2.1.0; words such as beta and rc come before the release that they
// lead to, other words after it. A leading v, a Debian epoch, a note in
// parentheses ("115.0 (x64 en-GB)") and what follows a plus are understood.
func CompareVersions(a, b string) int {
	epochA, a := cleanVersion(a)
	epochB, b := cleanVersion(b)
	if c := compareNumbers(epochA, epochB); c != 0 {
		return c
	}
	x, y := versionParts(a), versionParts(b)
	for i := range max(len(x), len(y)) {
		if c := compareParts(partAt(x, i), partAt(y, i)); c != 0 {
			return c
		}
	}
	return 0
}

// earlyWords lead to a release, in their order.
var earlyWords = []string{"dev", "snapshot", "nightly", "alpha", "a", "beta", "b", "preview", "pre", "rc"}

func cleanVersion(v string) (epoch, rest string) {
	v = strings.TrimSpace(v)
	if len(v) > 200 {
		v = v[:200]
	}
	v, _, _ = strings.Cut(v, "(")
	if e, after, ok := strings.Cut(v, ":"); ok && e != "" && strings.Trim(e, "0123456789") == "" {
		epoch, v = e, after
	}
	v, _, _ = strings.Cut(v, "+")
	v = strings.ToLower(strings.TrimSpace(v))
	if after, ok := strings.CutPrefix(v, "version"); ok {
		v = strings.TrimSpace(after)
	}
	if after, ok := strings.CutPrefix(v, "v"); ok && after != "" && unicode.IsDigit(rune(after[0])) {
		v = after
	}
	return epoch, v
}

// versionParts splits at every separator, and where digits and letters meet.
func versionParts(v string) []string {
	var parts []string
	start, class := 0, 0
	flush := func(end int) {
		if end > start && class != 0 {
			parts = append(parts, v[start:end])
		}
	}
	for i, r := range v {
		is := 0
		switch {
		case r >= '0' && r <= '9':
			is = 1
		case unicode.IsLetter(r):
			is = 2
		}
		if is != class {
			flush(i)
			start, class = i, is
		}
	}
	flush(len(v))
	return parts
}

func partAt(parts []string, i int) string {
	if i < len(parts) {
		return parts[i]
	}
	return ""
}

// compareParts of which either may be missing: "" stands for the release, and for
// the number 0.
func compareParts(a, b string) int {
	rankA, rankB := rankOf(a), rankOf(b)
	switch {
	case rankA == rankNumber && rankB == rankNumber:
		return compareNumbers(a, b)
	case rankA != rankB:
		if rankA < rankB {
			return -1
		}
		return 1
	case rankA == rankEarly:
		return sign(slices.Index(earlyWords, a) - slices.Index(earlyWords, b))
	default:
		return strings.Compare(a, b)
	}
}

const (
	rankEarly = iota
	rankNumber
	rankLate // an a after 9: 1.0.2k is later than 1.0.2
)

func rankOf(part string) int {
	switch {
	case part == "" || part[0] >= '0' && part[0] <= '9':
		return rankNumber
	case slices.Contains(earlyWords, part):
		return rankEarly
	default:
		return rankLate
	}
}

// compareNumbers compares digits of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return sign(len(a) - len(b))
	}
	return strings.Compare(a, b)
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	default:
		return 0
	}
}
