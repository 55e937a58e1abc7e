package programme

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// nounAccess is under what the newest probes of a site are kept.
const nounAccess inventory.Noun = "access"

// swapBook is every swap, found by position and by machine.
type swapBook struct {
	byID       map[string]inventory.Swap
	ofPosition map[string][]string
	ofAsset    map[string][]string
}

func newSwapBook() swapBook {
	return swapBook{byID: map[string]inventory.Swap{}, ofPosition: map[string][]string{}, ofAsset: map[string][]string{}}
}

// put takes a swap as it now is.
func (b *swapBook) put(s inventory.Swap) {
	was, known := b.byID[s.ID]
	b.byID[s.ID] = s
	if !known {
		b.ofPosition[s.Position] = append(b.ofPosition[s.Position], s.ID)
	}
	for _, tag := range tagsOf(was) {
		if !slices.Contains(tagsOf(s), tag) {
			b.ofAsset[tag] = slices.DeleteFunc(b.ofAsset[tag], func(id string) bool { return id == s.ID })
		}
	}
	for _, tag := range tagsOf(s) {
		if !slices.Contains(b.ofAsset[tag], s.ID) {
			b.ofAsset[tag] = append(b.ofAsset[tag], s.ID)
		}
	}
}

// tagsOf lists the machines that a swap names.
func tagsOf(s inventory.Swap) []string {
	var tags []string
	for _, tag := range []string{s.Old, s.New, s.PlannedOld, s.PlannedNew} {
		if tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// related lists other swaps of a position or with one of the machines.
func (b *swapBook) related(position string, tags ...string) []inventory.Swap {
	ids := slices.Clone(b.ofPosition[position])
	for _, tag := range tags {
		ids = append(ids, b.ofAsset[tag]...)
	}
	slices.Sort(ids)
	var found []inventory.Swap
	for _, id := range slices.Compact(ids) {
		found = append(found, b.byID[id])
	}
	return found
}

// readStates reads every state of a noun.
func readStates[T any](ctx context.Context, s Store, noun inventory.Noun, take func(inventory.State, T)) error {
	filter := inventory.StateFilter{Noun: noun, Page: inventory.Page{Limit: inventory.MaxPage}}
	for {
		states, next, err := s.States(ctx, filter)
		if err != nil {
			return err
		}
		for _, state := range states {
			var body T
			if err := json.Unmarshal(state.Body, &body); err != nil {
				return fmt.Errorf("cannot read %s %q: %w", noun, state.Key, err)
			}
			take(state, body)
		}
		if next == "" {
			return nil
		}
		filter.After = next
	}
}

// stateOf writes a body down as a state.
func stateOf(noun inventory.Noun, key, site string, version int, by string, at time.Time, body any) (inventory.State, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return inventory.State{}, fmt.Errorf("cannot write %s %q: %w", noun, key, err)
	}
	return inventory.State{Noun: noun, Key: key, Site: site, Version: version, ChangedAt: at.UTC(), ChangedBy: by, Body: text}, nil
}

// swapStates are the states that lead from the version that is kept to the swap as
// it now is: one for each version, since the store takes them one by one.
func swapStates(s inventory.Swap, kept int) ([]inventory.State, error) {
	body := s
	body.Missing = nil // told whenever it is asked
	var states []inventory.State
	for version := kept + 1; version <= s.Version; version++ {
		state, err := stateOf(inventory.NounSwap, s.ID, s.Site, version, s.ChangedBy, s.ChangedAt, body)
		if err != nil {
			return nil, err
		}
		states = append(states, state)
	}
	return states, nil
}

// event is one event of this room's own.
func event(kind string, noun inventory.Noun, key, author string, at, now time.Time, body any) (inventory.Event, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return inventory.Event{}, fmt.Errorf("cannot write event %s: %w", kind, err)
	}
	return inventory.Event{
		Kind: kind, Subject: inventory.Subject{Noun: noun, Key: key}, OccurredAt: at.UTC(), RecordedAt: now.UTC(), Author: author, Body: text,
	}, nil
}
