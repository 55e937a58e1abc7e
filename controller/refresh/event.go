package refresh

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"muster/inventory"
)

// Body is the body of every event of a swap: the version that the swap has once
// it is recorded, why it was said out of its order, and what was said.
type Body struct {
	Version int             `json:"version"`
	Why     string          `json:"why,omitempty"`
	Say     json.RawMessage `json:"say,omitempty"`
}

// body is what was said: it changes the swap.
type body interface {
	kind() string
	apply(s *inventory.Swap, e inventory.Event)
}

func (Plan) kind() string     { return inventory.EventSwapPlanned }
func (Schedule) kind() string { return inventory.EventSwapScheduled }
func (Do) kind() string       { return inventory.EventSwapDone }
func (Fail) kind() string     { return inventory.EventSwapFailed }
func (Undo) kind() string     { return inventory.EventSwapUndone }
func (RollBack) kind() string { return inventory.EventSwapRolledBack }
func (Cancel) kind() string   { return inventory.EventSwapCancelled }
func (Check) kind() string    { return inventory.EventSwapChecked }
func (HandIn) kind() string   { return inventory.EventSwapHandedIn }
func (Close) kind() string    { return inventory.EventSwapClosed }

// NewSeen is the evidence that the new machine works where it should.
type NewSeen struct {
	Reason string `json:"reason"`
}

// OldGone is the evidence, or the word, that the old machine is gone.
type OldGone struct {
	Grade  inventory.HalfGrade `json:"grade"`
	Reason string              `json:"reason"`
}

// Verified says that both halves are known.
type Verified struct {
	Declared bool `json:"declared,omitempty"` // a half rests on a person's word
}

// Unverified says that what a half rested on was wrong.
type Unverified struct {
	Old    bool   `json:"old,omitempty"` // the half of the old machine is open again
	New    bool   `json:"new,omitempty"`
	Reason string `json:"reason"`
}

func (NewSeen) kind() string    { return inventory.EventSwapNew }
func (OldGone) kind() string    { return inventory.EventSwapOld }
func (Verified) kind() string   { return inventory.EventSwapVerified }
func (Unverified) kind() string { return inventory.EventSwapUnverified }

// maxEventBytes bounds the body of one event.
const maxEventBytes = 64 << 10

// Read returns what an event of a swap says: an Action, NewSeen, OldGone,
// Verified or Unverified.
func Read(e inventory.Event) (Body, any, error) {
	b, say, err := read(e)
	return b, say, err
}

func read(e inventory.Event) (Body, body, error) {
	var b Body
	if len(e.Body) > maxEventBytes {
		return b, nil, fmt.Errorf("cannot read %s of %s: larger than %d bytes", e.Kind, e.Subject.Key, maxEventBytes)
	}
	if err := strict(e.Body, &b); err != nil {
		return b, nil, fmt.Errorf("cannot read %s of %s: %w", e.Kind, e.Subject.Key, err)
	}
	say, err := said(e.Kind, b.Say)
	if err != nil {
		return b, nil, fmt.Errorf("cannot read %s of %s: %w", e.Kind, e.Subject.Key, err)
	}
	return b, say, nil
}

func said(kind string, text json.RawMessage) (body, error) {
	switch kind {
	case inventory.EventSwapPlanned:
		return decode[Plan](text)
	case inventory.EventSwapScheduled:
		return decode[Schedule](text)
	case inventory.EventSwapDone:
		return decode[Do](text)
	case inventory.EventSwapFailed:
		return decode[Fail](text)
	case inventory.EventSwapUndone:
		return decode[Undo](text)
	case inventory.EventSwapRolledBack:
		return decode[RollBack](text)
	case inventory.EventSwapCancelled:
		return decode[Cancel](text)
	case inventory.EventSwapChecked:
		return decode[Check](text)
	case inventory.EventSwapHandedIn:
		return decode[HandIn](text)
	case inventory.EventSwapClosed:
		return decode[Close](text)
	case inventory.EventSwapNew:
		return decode[NewSeen](text)
	case inventory.EventSwapOld:
		return decode[OldGone](text)
	case inventory.EventSwapVerified:
		return decode[Verified](text)
	case inventory.EventSwapUnverified:
		return decode[Unverified](text)
	default:
		return nil, errors.New("no event of a swap")
	}
}

func decode[T body](text json.RawMessage) (body, error) {
	var say T
	if len(text) == 0 {
		return say, nil
	}
	err := strict(text, &say)
	return say, err
}

// strict refuses what it does not know: an event that is read half would fold
// to another state than the one that was recorded.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its body")
	}
	return nil
}

// write makes the event of what was said.
func write(swap string, say body, step Body, author string, occurred, recorded time.Time) inventory.Event {
	// What is said are texts, truths and dates of our own types: they always encode.
	step.Say, _ = json.Marshal(say)
	text, _ := json.Marshal(step)
	return inventory.Event{
		Kind: say.kind(), Subject: inventory.Subject{Noun: inventory.NounSwap, Key: swap},
		OccurredAt: occurred.UTC(), RecordedAt: recorded.UTC(), Author: author, Body: text,
	}
}
