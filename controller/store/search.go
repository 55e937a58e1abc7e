package store

import (
	"fmt"
	"strings"
)

// few is how many matches of one word are fetched at once. Below it the rarest
// word leads and the other words are looked up for its matches; above it the
// matches are so dense that walking the list in its own order fills a page soon.
const few = 4000

// search narrows the selection to the keys for which each word of query begins
// one of their words. words is a table (word, of), key the list's own column.
func (c *selection) search(t tx, key, words, of, query string) error {
	prefixes := queryWords(query)
	if len(prefixes) == 0 {
		c.empty = c.empty || strings.TrimSpace(query) != "" // nothing but punctuation
		return nil
	}
	rarest, matches, err := rarestWord(t, words, prefixes)
	if err != nil {
		return err
	}
	if matches == 0 {
		c.empty = true
		return nil
	}
	for _, prefix := range prefixes {
		from, to := prefixRange(prefix)
		low, high := c.arg(from), c.arg(to)
		if prefix == rarest && matches < few {
			c.conditions = append(c.conditions, fmt.Sprintf(
				"%s IN (SELECT %s FROM %s WHERE word >= %s AND word < %s)", key, of, words, low, high))
			continue
		}
		c.conditions = append(c.conditions, fmt.Sprintf(
			"EXISTS (SELECT 1 FROM %s hit WHERE hit.%s = %s AND hit.word >= %s AND hit.word < %s)", words, of, key, low, high))
	}
	return nil
}

// rarestWord is the prefix with the fewest matches, counted up to few.
func rarestWord(t tx, words string, prefixes []string) (rarest string, matches int, err error) {
	matches = few + 1
	for _, prefix := range prefixes {
		from, to := prefixRange(prefix)
		var n int
		query := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE word >= $1 AND word < $2 LIMIT %d) AS m", words, few)
		if err := t.one(query, []any{from, to}, &n); err != nil {
			return "", 0, err
		}
		if n < matches {
			rarest, matches = prefix, n
		}
	}
	return rarest, matches, nil
}
