package inventory

import "errors"

// Sentinels of whatever keeps the nouns. Callers act on them; the error that
// wraps one says what and why.
var (
	ErrNotFound   = errors.New("not found")
	ErrConflict   = errors.New("conflict")         // changed meanwhile, or already there
	ErrDependent  = errors.New("depended upon")    // something refers to it
	ErrFull       = errors.New("storage is full")  // nothing was written; try again after making room
	ErrTokenSpent = errors.New("join token spent") // used up, expired or revoked
)
