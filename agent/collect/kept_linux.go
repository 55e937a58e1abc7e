package collect

import "time"

// keptFor is how long is believed what changes over weeks, and costs a good part of
// a look at the machine's health: how worn a disk is, how many processors there are.
const keptFor = time.Hour

// kept is a reading that is believed for a while.
type kept[T any] struct {
	value T
	at    time.Time // zero: never read
}

// or returns what is kept, or reads anew what is too old.
func (k kept[T]) or(now time.Time, read func() T) kept[T] {
	if age := now.Sub(k.at); !k.at.IsZero() && age >= 0 && age < keptFor {
		return k
	}
	return kept[T]{value: read(), at: now}
}
