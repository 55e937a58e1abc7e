package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// few is how many matches of one word are fetched at once. Below it the rarest
// word leads and the other words are looked up for its matches.
const few = 4000

// near is how far the list is walked in its own order for a page whose words
// have more matches than few: mostly they are so dense that it fills soon.
const near = 2000

// search narrows the selection to the keys for which each word of query begins
// one of their words. words is a table (word, of), key the column of the listed
// table that of refers to.
func (c *selection) search(t tx, key column, words, of, query string) error {
	prefixes := queryWords(query)
	if len(prefixes) == 0 {
		c.empty = c.empty || strings.TrimSpace(query) != "" // nothing but punctuation
		return nil
	}
	prefixes, matches, err := rarestFirst(t, words, prefixes)
	if err != nil {
		return err
	}
	if matches == 0 {
		c.empty = true
		return nil
	}
	if matches >= few && len(c.conditions) == 0 {
		dense, err := c.fillsSoon(t, key, words, of, prefixes)
		if err != nil {
			return err
		}
		if !dense {
			c.gather(key, words, of, prefixes)
			return nil
		}
	}
	for i, prefix := range prefixes {
		low, high := c.prefixArgs(prefix)
		if i == 0 && matches < few {
			c.conditions = append(c.conditions, fmt.Sprintf(
				"%s IN (SELECT %s FROM %s WHERE word >= %s AND word < %s)", key, of, words, low, high))
			continue
		}
		c.conditions = append(c.conditions, hit(key.String(), words, of, low, high))
	}
	return nil
}

// column is a column of a table, by the alias that the table has in a list.
type column struct{ table, alias, name string }

func (c column) String() string { return c.alias + "." + c.name }

func (c *selection) prefixArgs(prefix string) (low, high string) {
	from, to := prefixRange(prefix)
	return c.arg(from), c.arg(to)
}

// hit is the condition that one of key's words lies in a range.
func hit(key, words, of, low, high string) string {
	return fmt.Sprintf("EXISTS (SELECT 1 FROM %s hit WHERE hit.%s = %s AND hit.word >= %s AND hit.word < %s)", words, of, key, low, high)
}

// fillsSoon reports whether the page is full within the next keys of the list.
func (c *selection) fillsSoon(t tx, key column, words, of string, prefixes []string) (bool, error) {
	walk := selection{limit: c.limit}
	after := walk.arg(c.after)
	for _, prefix := range prefixes {
		low, high := walk.prefixArgs(prefix)
		walk.conditions = append(walk.conditions, hit("next."+key.name, words, of, low, high))
	}
	query := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM (SELECT %s FROM %s WHERE %s > %s ORDER BY %s LIMIT %d) AS next WHERE %s LIMIT %d) AS hits",
		key.name, key.table, key.name, after, key.name, near, strings.Join(walk.conditions, " AND "), c.limit+1)
	var n int
	err := t.one(query, walk.args, &n)
	return n > c.limit, err
}

// gather takes the page's keys from the words alone: a pass over an index for
// each of the two rarest words, however few of their matches are the same, and a
// look at the others for each match of both.
func (c *selection) gather(key column, words, of string, prefixes []string) {
	after := c.arg(c.after)
	pass := func(prefix string) string {
		low, high := c.prefixArgs(prefix)
		return fmt.Sprintf("SELECT %s FROM %s WHERE word >= %s AND word < %s AND %s > %s", of, words, low, high, of, after)
	}
	var found string
	if len(prefixes) == 1 {
		found = strings.Replace(pass(prefixes[0]), "SELECT", "SELECT DISTINCT", 1)
	} else {
		found = pass(prefixes[0]) + " INTERSECT " + pass(prefixes[1])
	}
	if len(prefixes) > 2 {
		var hits []string
		for _, prefix := range prefixes[2:] {
			low, high := c.prefixArgs(prefix)
			hits = append(hits, hit("found."+of, words, of, low, high))
		}
		found = fmt.Sprintf("SELECT %s FROM (%s) AS found WHERE %s", of, found, strings.Join(hits, " AND "))
	}
	c.conditions = append(c.conditions, fmt.Sprintf("%s IN (%s ORDER BY %s LIMIT %d)", key, found, of, c.limit+1))
}

// countTo is how far matches are counted: beyond it a word is merely broad.
const countTo = 50_000

// rarestFirst sorts prefixes by their number of matches, and says that of the
// first.
func rarestFirst(t tx, words string, prefixes []string) (sorted []string, matches int, err error) {
	counts := make(map[string]int, len(prefixes))
	for _, prefix := range prefixes {
		from, to := prefixRange(prefix)
		var n int
		query := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE word >= $1 AND word < $2 LIMIT %d) AS m", words, countTo)
		if err := t.one(query, []any{from, to}, &n); err != nil {
			return nil, 0, err
		}
		counts[prefix] = n
	}
	sorted = slices.SortedFunc(slices.Values(prefixes), func(a, b string) int { return cmp.Compare(counts[a], counts[b]) })
	return sorted, counts[sorted[0]], nil
}
