package importer

import "strings"

// spelling finds the way in which a key was first written: a tag typed in lower
// case is the asset that is known in capitals, not a second one.
type spelling struct {
	exact  map[string]bool
	folded map[string]string
}

func newSpelling[N any](current map[string]*N) spelling {
	s := spelling{exact: make(map[string]bool, len(current)), folded: make(map[string]string, len(current))}
	for key := range current {
		s.exact[key] = true
		folded := strings.ToLower(key)
		if other, taken := s.folded[folded]; !taken || key < other {
			s.folded[folded] = key // of two that differ in case only, always the same one
		}
	}
	return s
}

func (s spelling) of(key string) string {
	if s.exact[key] {
		return key
	}
	folded := strings.ToLower(key)
	if known, ok := s.folded[folded]; ok {
		return known
	}
	s.exact[key], s.folded[folded] = true, key
	return key
}

// known is the key as it is written where it is known at all.
func (s spelling) known(key string) (string, bool) {
	if s.exact[key] {
		return key, true
	}
	known, ok := s.folded[strings.ToLower(key)]
	return known, ok
}
