package store

import (
	"slices"
	"strings"
	"unicode"
)

// Bounds of search: longer words are cut, further ones ignored.
const (
	maxWordBytes  = 48
	maxQueryWords = 8
)

// searchWords is what a text can be found by: each of its words in lower case,
// and the whole without what stands between them, so that "LIB-0042" is found
// by lib, 0042, lib0042 and lib-00.
func searchWords(texts ...string) []string {
	var found []string
	for _, text := range texts {
		parts := strings.FieldsFunc(strings.ToLower(text), separator)
		if len(parts) > 1 {
			found = append(found, cutWord(strings.Join(parts, "")))
		}
		for _, part := range parts {
			found = append(found, cutWord(part))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// macWords is an address without its colons only: its bytes would be found
// everywhere.
func macWords(macs []string) []string {
	found := make([]string, 0, len(macs))
	for _, mac := range macs {
		found = append(found, strings.ReplaceAll(strings.ToLower(mac), ":", ""))
	}
	return found
}

// queryWords is the prefixes that a query asks for, each of which must match.
func queryWords(query string) []string {
	var found []string
	for word := range strings.FieldsSeq(strings.ToLower(query)) {
		word = cutWord(strings.Join(strings.FieldsFunc(word, separator), ""))
		if word != "" && !slices.Contains(found, word) {
			found = append(found, word)
		}
	}
	return found[:min(len(found), maxQueryWords)]
}

func separator(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func cutWord(word string) string {
	if len(word) <= maxWordBytes {
		return word
	}
	return strings.ToValidUTF8(word[:maxWordBytes], "")
}

// prefixRange is the range [from, to) of words that begin with prefix. UTF-8
// holds no byte 0xff, so that one ends every range.
func prefixRange(prefix string) (from, to []byte) {
	return []byte(prefix), append([]byte(prefix), 0xff)
}
