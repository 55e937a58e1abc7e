package app

import (
	"context"
	"errors"
	"slices"
)

// stack holds what must be undone, in the order in which it was done.
type stack []func(context.Context) error

// push registers a teardown the moment there is something to tear down.
func (s *stack) push(undo func(context.Context) error) { *s = append(*s, undo) }

// unwind undoes everything, last first, whatever fails on the way.
func (s *stack) unwind(ctx context.Context) error {
	var errs []error
	for i := range slices.Backward(*s) {
		errs = append(errs, (*s)[i](ctx))
	}
	*s = nil
	return errors.Join(errs...)
}
