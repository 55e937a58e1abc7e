package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"muster/inventory"
)

// squash brings a name into the form in which it is compared: lower-case letters
// and digits only, "&" as "and".
func squash(s string) string {
	s = strings.ReplaceAll(s, "&", " and ")
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// siteIndex finds sites by code, name, alias and the aliases of a map.
type siteIndex struct {
	codes   map[string]bool
	byName  map[string][]string // squashed name → codes
	names   []string            // every name once, for suggestions
	display map[string]string   // code → name
	nearby  map[string]string   // suggestions given so far: one bad name may stand in many rows
}

// maxSuggested bounds the work that a file full of wrong names can cause.
const maxSuggested = 500

func newSiteIndex(sites []inventory.Site, aliases map[string]string) *siteIndex {
	x := &siteIndex{
		codes: map[string]bool{}, byName: map[string][]string{},
		display: map[string]string{}, nearby: map[string]string{},
	}
	for i := range sites {
		x.insert(&sites[i])
	}
	for alias, code := range aliases {
		// The map was written for these files: its word is final.
		x.byName[squash(alias)] = []string{code}
	}
	return x
}

func (x *siteIndex) insert(s *inventory.Site) {
	x.codes[s.Code] = true
	x.display[s.Code] = s.Name
	for _, name := range append([]string{s.Name}, s.Aliases...) {
		key := squash(name)
		if key == "" {
			continue
		}
		if !slices.Contains(x.byName[key], s.Code) {
			x.byName[key] = append(x.byName[key], s.Code)
		}
		x.names = append(x.names, name)
	}
}

// resolve turns what a file calls a site into its code.
func (x *siteIndex) resolve(value string) (string, error) {
	if x.codes[value] {
		return value, nil
	}
	codes := x.byName[squash(value)]
	if upper := strings.ToUpper(value); len(codes) == 0 && x.codes[upper] {
		return upper, nil
	}
	switch {
	case len(codes) == 1 && x.codes[codes[0]]:
		return codes[0], nil
	case len(codes) == 1:
		return "", &cellError{why: fmt.Sprintf("the map says site %s, which the register does not know", codes[0])}
	case len(codes) > 1:
		return "", &cellError{why: fmt.Sprintf("several sites have this name: write one of the codes %s", strings.Join(codes, ", "))}
	default:
		return "", &cellError{why: "no site has this code, name or alias", suggestion: x.suggest(value)}
	}
}

// known is resolve for those who have another way when the name is unknown.
func (x *siteIndex) known(value string) (string, bool) {
	if value == "" {
		return "", false
	}
	if code := strings.ToUpper(value); x.codes[code] {
		return code, true
	}
	codes := x.byName[squash(value)]
	if len(codes) == 1 && x.codes[codes[0]] {
		return codes[0], true
	}
	return "", false
}

func (x *siteIndex) suggest(value string) string {
	if s, ok := x.nearby[value]; ok {
		return s
	}
	if len(x.nearby) >= maxSuggested {
		return ""
	}
	found := nearest(value, x.names, 3)
	for i, name := range found {
		found[i] = fmt.Sprintf("%s (%s)", x.byName[squash(name)][0], name)
	}
	if len(found) == 0 {
		for code := range x.codes {
			if distance(squash(value), squash(code)) == 1 {
				found = append(found, fmt.Sprintf("%s (%s)", code, x.display[code]))
			}
		}
		slices.Sort(found)
		found = found[:min(len(found), 3)]
	}
	x.nearby[value] = didYouMean(found)
	return x.nearby[value]
}

func didYouMean(found []string) string {
	if len(found) == 0 {
		return ""
	}
	return "did you mean " + strings.Join(found, " or ") + "?"
}

// nearest returns up to limit of known that value was probably meant to be: few
// typing errors apart, or one being the beginning of the other.
func nearest(value string, known []string, limit int) []string {
	type candidate struct {
		name string
		far  int
	}
	asked := squash(value)
	if asked == "" || len(asked) > 100 {
		return nil
	}
	var found []candidate
	for _, name := range known {
		key := squash(name)
		longer := max(len(key), len(asked))
		switch far := distanceWithin(asked, key, max(1, longer/4)); {
		case far >= 0:
			found = append(found, candidate{name, far})
		case min(len(key), len(asked)) >= 4 && (strings.HasPrefix(key, asked) || strings.HasPrefix(asked, key)):
			found = append(found, candidate{name, longer})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.name, b.name))
	})
	found = slices.CompactFunc(found, func(a, b candidate) bool { return a.name == b.name })
	names := make([]string, 0, limit)
	for _, c := range found[:min(len(found), limit)] {
		names = append(names, c.name)
	}
	return names
}

// distanceWithin is the distance of a and b, or -1 where it exceeds limit.
func distanceWithin(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return -1
	}
	if far := distance(a, b); far <= limit {
		return far
	}
	return -1
}

// distance is the number of typing errors between two strings: letters left
// out, added, exchanged, or swapped with their neighbour (optimal string
// alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
