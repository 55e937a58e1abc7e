package refresh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"muster/inventory"
)

// MaxTyped bounds what a person types or a scanner sends, in bytes.
const MaxTyped = 200

// By what a candidate was found.
const (
	BySerial   = "serial"
	ByTag      = "tag"
	ByPosition = "position"
)

// Candidate is one thing that was meant: an asset, or a position.
type Candidate struct {
	By       string              `json:"by"`
	Asset    *inventory.Asset    `json:"asset,omitempty"`
	Position *inventory.Position `json:"position,omitempty"`
}

// Key is the asset's tag or the position's code.
func (c Candidate) Key() string {
	switch {
	case c.Asset != nil:
		return c.Asset.Tag
	case c.Position != nil:
		return c.Position.Code
	default:
		return ""
	}
}

// Found is what was typed or scanned, and what that may be. Nothing is guessed:
// more than one candidate is a question.
type Found struct {
	Typed      string      `json:"typed"`
	Candidates []Candidate `json:"candidates"`
	// Review says why a person must look before it counts: a number that
	// identifies nothing, or one that several machines have.
	Review string `json:"review,omitempty"`
}

// One is the only candidate.
func (f Found) One() (Candidate, bool) {
	if len(f.Candidates) != 1 || f.Review != "" {
		return Candidate{}, false
	}
	return f.Candidates[0], true
}

// Why says why there is not one candidate; it is empty where there is.
func (f Found) Why() string {
	switch {
	case f.Review != "":
		return f.Review
	case len(f.Candidates) == 0:
		return fmt.Sprintf("%.60q is no serial, tag or position in the register", f.Typed)
	case len(f.Candidates) > 1:
		keys := make([]string, 0, len(f.Candidates))
		for _, c := range f.Candidates {
			keys = append(keys, c.By+" of "+c.Key())
		}
		return fmt.Sprintf("%.60q is the %s", f.Typed, strings.Join(keys, " and the "))
	default:
		return ""
	}
}

// Index finds assets and positions by what stands on their labels.
type Index struct {
	serials   map[string][]inventory.Asset
	tags      map[string][]inventory.Asset
	positions map[string][]inventory.Position
}

// NewIndex returns an index over the register.
func NewIndex(assets []inventory.Asset, positions []inventory.Position) *Index {
	x := &Index{
		serials: make(map[string][]inventory.Asset, len(assets)), tags: make(map[string][]inventory.Asset, len(assets)),
		positions: make(map[string][]inventory.Position, len(positions)),
	}
	for _, a := range assets {
		if serial := folded(a.Serial); !inventory.JunkSerial(serial) {
			x.serials[serial] = append(x.serials[serial], a)
		}
		x.tags[folded(a.Tag)] = append(x.tags[folded(a.Tag)], a)
	}
	for _, p := range positions {
		x.positions[folded(p.Code)] = append(x.positions[folded(p.Code)], p)
	}
	return x
}

func folded(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// Resolve says what was meant by a serial, a tag or a position's code. Case and
// the space around it do not matter, nor does what scanners send before it.
func (x *Index) Resolve(typed string) Found {
	f := Found{Typed: typed}
	if len(typed) > MaxTyped || !printable(strings.TrimSpace(typed)) {
		f.Typed = strings.ToValidUTF8(typed[:min(len(typed), MaxTyped)], "")
		f.Review = fmt.Sprintf("longer than %d bytes, or not printable: no label says that", MaxTyped)
		return f
	}
	for _, key := range readings(typed) {
		if f.Candidates = x.at(key); len(f.Candidates) > 0 {
			break
		}
	}
	if len(f.Candidates) == 0 {
		f.Review = junk(typed)
	}
	if twins := serialTwins(f.Candidates); len(twins) > 1 {
		f.Review = fmt.Sprintf("serial %s is that of %s: scan the tag", folded(typed), strings.Join(twins, " and "))
	}
	return f
}

// junk says why a number identifies nothing.
func junk(typed string) string {
	key := strings.TrimSpace(typed)
	switch {
	case key == "":
		return "nothing was typed"
	case inventory.DestroyedSerial(key):
		return fmt.Sprintf("%s was destroyed by a spreadsheet: its digits are lost, scan the label", key)
	case len(key) >= 4 && inventory.JunkSerial(key):
		return fmt.Sprintf("%q is what makers leave in place of a serial: scan the tag", key)
	default:
		return ""
	}
}

// at finds what has exactly this key, each asset once.
func (x *Index) at(key string) []Candidate {
	var found []Candidate
	seen := map[string]bool{}
	add := func(by string, assets []inventory.Asset) {
		for _, a := range assets {
			if !seen[a.Tag] {
				seen[a.Tag] = true
				found = append(found, Candidate{By: by, Asset: &a})
			}
		}
	}
	add(ByTag, x.tags[key])
	add(BySerial, x.serials[key])
	for _, p := range x.positions[key] {
		found = append(found, Candidate{By: ByPosition, Position: &p})
	}
	slices.SortStableFunc(found, func(a, b Candidate) int { return cmp.Compare(a.Key(), b.Key()) })
	return found
}

// readings is what a scanned text may stand for, the plainest first. Scanners
// send a symbology mark such as "]C1", labels put a data identifier before a
// serial (S), and one maker puts 1S, the machine's type of ten characters and
// then its serial.
func readings(typed string) []string {
	key := folded(typed)
	all := []string{key}
	if len(key) > 3 && key[0] == ']' {
		key = key[3:]
		all = append(all, key)
	}
	for _, mark := range []string{"S/N:", "S/N", "SN:", "SERIAL:", "TAG:"} {
		if rest, ok := strings.CutPrefix(key, mark); ok {
			key = strings.TrimSpace(rest)
			all = append(all, key)
			break
		}
	}
	if rest, ok := strings.CutPrefix(key, "1S"); ok && len(rest) > 10 {
		all = append(all, rest[10:])
	}
	if rest, ok := strings.CutPrefix(key, "S"); ok && rest != "" {
		all = append(all, rest)
	}
	return all
}

// serialTwins lists the tags that one serial belongs to.
func serialTwins(found []Candidate) []string {
	var tags []string
	for _, c := range found {
		if c.By == BySerial {
			tags = append(tags, c.Key())
		}
	}
	return tags
}
