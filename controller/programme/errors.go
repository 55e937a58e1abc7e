package programme

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"muster/controller/refresh"
	"muster/inventory"
)

// Refusal is why an action was not done, in words for the person who asked, and
// what would help.
type Refusal struct {
	Why  string
	Help string
	// Conflict says that somebody else was faster.
	Conflict bool
	// Rows are the problems of a sheet, where one was sent.
	Rows refresh.RowProblems
}

// Error implements error.
func (r *Refusal) Error() string { return r.Why }

// Hint is what would help; it may be empty.
func (r *Refusal) Hint() string { return r.Help }

func refused(format string, args ...any) *Refusal { return &Refusal{Why: fmt.Sprintf(format, args...)} }

// decided turns what a pure room refuses into a refusal. Every error of theirs is
// one: they do no I/O.
func decided(err error) error {
	r := &Refusal{Why: err.Error()}
	var conflict *refresh.Conflict
	var rows refresh.RowProblems
	var hinted interface{ Hint() string }
	switch {
	case err == nil:
		return nil
	case errors.Is(err, inventory.ErrNotFound):
		return err
	case errors.As(err, &conflict):
		r.Conflict, r.Help = true, conflict.Hint()
	case errors.As(err, &rows):
		r.Rows = rows
	case errors.As(err, &hinted):
		r.Help = hinted.Hint()
	}
	return r
}

// begin takes work for an action of a desk that is open.
func (d *Desk) begin() error {
	d.work.Lock()
	d.mu.RLock()
	open := d.open
	d.mu.RUnlock()
	if !open {
		d.work.Unlock()
		return ErrClosed
	}
	return nil
}

// newID is a mark and eight of 0–9, a–z that nobody can guess or mistake.
func newID(mark string) string { return mark + strings.ToLower(rand.Text()[:8]) }
