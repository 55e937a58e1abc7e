package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"muster/inventory"
)

// Edited is what a single edit made: the noun as it is now, and the number of
// the batch, which can be undone like an import. Batch 0 changed nothing.
type Edited[T any] struct {
	Batch int64 `json:"batch"`
	Item  *T    `json:"item,omitempty"`
}

// subject is one noun of the register that is being edited.
type subject[T any] struct {
	noun inventory.Noun
	key  string
	// match is the tag that the caller's copy has; empty: it does not ask.
	match string
	get   func(ctx context.Context) (T, error)
	// keyOf and siteOf read what must agree: the key with the address, the site
	// with the register. An empty site is in none.
	keyOf    func(T) string
	siteOf   func(T) string
	validate func(T) error
}

// put makes or replaces the noun.
func put[T any](ctx context.Context, a *API, s subject[T], after T) (Edited[T], error) {
	before, err := s.current(ctx)
	if err != nil {
		return Edited[T]{}, err
	}
	return s.apply(ctx, a, before, &after)
}

// merge changes the fields that the patch names (RFC 7396): null clears one.
func merge[T any](ctx context.Context, a *API, s subject[T], patch json.RawMessage) (Edited[T], error) {
	before, err := s.current(ctx)
	if err != nil {
		return Edited[T]{}, err
	}
	if before == nil {
		return Edited[T]{}, fmt.Errorf("cannot change %s %q: %w", s.noun, s.key, inventory.ErrNotFound)
	}
	after, err := patched(*before, patch)
	if err != nil {
		return Edited[T]{}, problem(http.StatusUnprocessableEntity, "urn:muster:field",
			fmt.Sprintf("cannot change %s %q: %s", s.noun, s.key, err))
	}
	return s.apply(ctx, a, before, &after)
}

// remove takes the noun out of the register.
func remove[T any](ctx context.Context, a *API, s subject[T]) (Edited[T], error) {
	before, err := s.current(ctx)
	if err != nil {
		return Edited[T]{}, err
	}
	if before == nil {
		return Edited[T]{}, fmt.Errorf("cannot remove %s %q: %w", s.noun, s.key, inventory.ErrNotFound)
	}
	return s.apply(ctx, a, before, nil)
}

func (s subject[T]) current(ctx context.Context) (*T, error) {
	before, err := s.get(ctx)
	switch {
	case errors.Is(err, inventory.ErrNotFound) && s.match == "":
		return nil, nil // a noun that is not there is an answer
	case errors.Is(err, inventory.ErrNotFound):
		return nil, s.overtaken("it is no longer there")
	case err != nil:
		return nil, fmt.Errorf("cannot read %s %q: %w", s.noun, s.key, err)
	}
	if s.match == "" {
		return &before, nil
	}
	tag, err := tagFor(before)
	if err != nil {
		return nil, err
	}
	if !hasTag(s.match, tag) {
		return nil, s.overtaken("it was changed since it was read")
	}
	return &before, nil
}

// overtaken refuses an edit of a copy that is no longer the noun (RFC 9110, If-Match).
func (s subject[T]) overtaken(why string) error {
	return problem(http.StatusPreconditionFailed, "urn:muster:changed", fmt.Sprintf("cannot change %s %q: %s; read it again", s.noun, s.key, why))
}

// apply makes the edit a batch of one change, as an import would.
func (s subject[T]) apply(ctx context.Context, a *API, before, after *T) (Edited[T], error) {
	change := inventory.Change{Noun: s.noun, Key: s.key}
	var err error
	if before != nil {
		if change.Before, err = json.Marshal(before); err != nil {
			return Edited[T]{}, err
		}
	}
	if after != nil {
		if err = s.check(ctx, a, *after); err != nil {
			return Edited[T]{}, err
		}
		if change.After, err = json.Marshal(after); err != nil {
			return Edited[T]{}, err
		}
	}
	if bytes.Equal(change.Before, change.After) {
		return Edited[T]{Item: after}, nil
	}
	batch := inventory.Batch{
		Source: fmt.Sprintf("edit of %s %s", s.noun, s.key), Author: author(callerOf(ctx)),
		MadeAt: a.clock(), Changes: []inventory.Change{change},
	}
	number, err := a.Store.Apply(ctx, batch)
	if err != nil {
		return Edited[T]{}, fmt.Errorf("cannot change %s %q: %w", s.noun, s.key, err)
	}
	a.Operator.RegisterChanged(ctx)
	return Edited[T]{Batch: number, Item: after}, nil
}

func (s subject[T]) check(ctx context.Context, a *API, after T) error {
	if key := s.keyOf(after); key != s.key {
		return problem(http.StatusUnprocessableEntity, "urn:muster:field",
			fmt.Sprintf("the body names %s %q, the address %q: a key never changes", s.noun, key, s.key))
	}
	if err := s.validate(after); err != nil {
		return err
	}
	site := s.siteOf(after)
	if site == "" {
		return nil
	}
	_, err := a.Store.Site(ctx, site)
	if errors.Is(err, inventory.ErrNotFound) {
		return inventory.FieldErrors{{Field: "site", Why: fmt.Sprintf("there is no site %q", site)}}
	}
	return err
}

// patched is before with the patch's fields; a field that is not the noun's is
// an error.
func patched[T any](before T, patch json.RawMessage) (T, error) {
	var after T
	held, err := json.Marshal(before)
	if err != nil {
		return after, err
	}
	var fields, changes map[string]json.RawMessage
	if err = json.Unmarshal(held, &fields); err != nil {
		return after, err
	}
	if err = json.Unmarshal(patch, &changes); err != nil {
		return after, errors.New("the body is not a JSON object")
	}
	for name, value := range changes {
		if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
			delete(fields, name)
			continue
		}
		fields[name] = value
	}
	whole, err := json.Marshal(fields)
	if err != nil {
		return after, err
	}
	decoder := json.NewDecoder(bytes.NewReader(whole))
	decoder.DisallowUnknownFields()
	return after, decoder.Decode(&after)
}
