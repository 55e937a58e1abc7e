package importer

import (
	"fmt"
	"slices"
	"strings"

	"muster/inventory"
)

// references finds the nouns that cells name by key, those of the same import
// among them.
type references struct {
	of map[inventory.Noun]*nounIndex
}

// nounIndex finds keys of one noun.
type nounIndex struct {
	keys   []string
	byName spelling          // made when it is first asked
	nearby map[string]string // suggestions given so far
}

// know notes what the nouns of a kind become.
func know[N any](p *planner, noun inventory.Noun, nouns []N, keyOf func(*N) string) {
	x := &nounIndex{keys: make([]string, len(nouns)), nearby: map[string]string{}}
	for i := range nouns {
		x.keys[i] = keyOf(&nouns[i])
	}
	if p.refs.of == nil {
		p.refs.of = map[inventory.Noun]*nounIndex{}
	}
	p.refs.of[noun] = x
}

// resolve turns what a file calls a noun into its key.
func (r *references) resolve(noun inventory.Noun, value string) (string, error) {
	x := r.of[noun]
	if x.byName.exact == nil {
		present := make(map[string]*string, len(x.keys))
		for i := range x.keys {
			present[x.keys[i]] = &x.keys[i]
		}
		x.byName = newSpelling(present)
	}
	if key, ok := x.byName.known(value); ok {
		return key, nil
	}
	return "", &cellError{why: fmt.Sprintf("there is no such %s", noun), suggestion: x.suggest(value)}
}

// maxCompared is how many keys a wrong one is compared with: staff numbers are
// many, and none resembles another for a reason.
const maxCompared = 1000

func (x *nounIndex) suggest(value string) string {
	if s, ok := x.nearby[value]; ok {
		return s
	}
	if len(x.nearby) >= maxSuggested || len(x.keys) > maxCompared {
		return ""
	}
	x.nearby[value] = didYouMean(nearest(value, x.keys, 3))
	return x.nearby[value]
}

// ref is a column that names another noun by its key.
func ref[N any](c Column, noun inventory.Noun, field func(*N) *string) column[N] {
	col := text(c, field)
	col.set = func(n *N, value string, r *reading) error {
		key, err := r.refs.resolve(noun, value)
		if err == nil {
			*field(n) = key
		}
		return err
	}
	return col
}

// siteList is a column that names several sites by code, name or alias.
func siteList[N any](c Column, field func(*N) *[]string) column[N] {
	col := list(c, field, asItIs)
	col.set = func(n *N, value string, r *reading) error {
		codes, err := readSites(value, r)
		if err == nil {
			*field(n) = codes
		}
		return err
	}
	col.add = func(n *N, value string, r *reading) error {
		codes, err := readSites(value, r)
		for _, code := range codes {
			if !slices.Contains(*field(n), code) {
				*field(n) = append(slices.Clone(*field(n)), code)
			}
		}
		return err
	}
	return col
}

func readSites(value string, r *reading) ([]string, error) {
	return readList(value, func(one string) (string, error) {
		code, err := r.sites.resolve(one)
		if err != nil {
			why, suggestion := explain(err)
			return "", &cellError{why: fmt.Sprintf("%q: %s", shorten(one), why), suggestion: suggestion}
		}
		return code, nil
	})
}

// readCode reads a short key that people made up, in capitals as a site's.
func readCode(value string) (string, error) {
	if code := strings.ToUpper(value); inventory.ValidSiteCode(code) {
		return code, nil
	}
	return "", &cellError{why: "not a code: want 1 to 16 of A-Z, 0-9, - and _"}
}
