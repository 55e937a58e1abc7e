package store

import (
	"context"
	"fmt"
	"os"
)

// OpenExisting opens a database that is there and has this program's version: a
// command beside a running controller must neither make one nor migrate it.
func OpenExisting(ctx context.Context, o Options) (*Store, error) {
	e, err := engineOf(o.URL)
	if err != nil {
		return nil, err
	}
	if f, ok := e.(sqliteFile); ok {
		if _, err := os.Stat(f.path); err != nil {
			return nil, fmt.Errorf("cannot open %s: %w", e.name(), err)
		}
	}
	o.existing = true
	return Open(ctx, o)
}
