package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"muster/inventory/wire"
)

// Names of the files that the Reporter keeps beside the journal.
const (
	outboxFile   = "outbox.json"
	progressFile = "progress.json"
	softwareFile = "software.json"
)

// Files lists what a Reporter keeps in its folder, for whoever wipes it.
func Files() []string { return []string{outboxFile, progressFile, softwareFile} }

// maxKept bounds what is read back.
const maxKept = 8 << 20

// outgoing is a report that was written and is not yet acknowledged: it is sent
// with these bytes until it is.
type outgoing struct {
	Run     string      `json:"run"`
	Seq     uint64      `json:"seq"`
	Body    Body        `json:"body"`
	Carried []wire.List `json:"carried,omitempty"` // lists in it
	Hashes  wire.Hashes `json:"hashes"`
	// Events is the highest number of the journal's events in it.
	Events uint64 `json:"events,omitempty"`
	// Stops names the ends of boots in it, or those acknowledged before.
	Stops string `json:"stops,omitempty"`
	// Steady names the hardware without what changes by the minute.
	Steady string `json:"steady,omitempty"`
}

// progress is what the controller has acknowledged.
type progress struct {
	Run    string             `json:"run"`
	Lists  wire.Hashes        `json:"lists"`  // content that the controller holds
	Events uint64             `json:"events"` // journal events up to here were sent
	Owed   []wire.JournalSpan `json:"owed,omitempty"`
	Steady string             `json:"steady,omitempty"` // see steadyHash
	Stops  string             `json:"stops,omitempty"`  // names the ends of boots that it holds
}

// maxOwed bounds the spans of journal that are remembered as owed; the oldest is
// forgotten, for the controller can ask for it.
const maxOwed = 8

// owe adds a span, newest last, merging it with one of the same boot that it
// touches.
func (p *progress) owe(span wire.JournalSpan) {
	span.From = max(span.From, 0)
	if span.Boot == "" || span.To < span.From {
		return
	}
	for i, s := range p.Owed {
		if s.Boot == span.Boot && span.From <= s.To && s.From <= span.To {
			span.From, span.To = min(s.From, span.From), max(s.To, span.To)
			p.Owed = slices.Delete(p.Owed, i, i+1)
			p.owe(span)
			return
		}
	}
	p.Owed = append(p.Owed, span)
	if len(p.Owed) > maxOwed {
		p.Owed = p.Owed[1:]
	}
}

// settle removes from the newest owed span what was read of it: records down to
// the boot clock oldest. done means that nothing older is left in it.
func (p *progress) settle(oldest time.Duration, done bool) {
	last := len(p.Owed) - 1
	if done || oldest <= p.Owed[last].From {
		p.Owed = p.Owed[:last]
		return
	}
	p.Owed[last].To = oldest - 1
}

// folder reads and replaces the Reporter's files. None needs to outlive a power
// cut: what the journal holds is the truth, and report numbers are its own.
type folder string

func (f folder) load(name string, into any) error {
	file, err := os.Open(filepath.Join(string(f), name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", name, err)
	}
	defer file.Close() // opened for reading
	b, err := io.ReadAll(io.LimitReader(file, maxKept))
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", file.Name(), err)
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(into); err != nil {
		return fmt.Errorf("cannot read %s: %w", file.Name(), err)
	}
	return nil
}

func (f folder) store(name string, content any) error {
	b, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("cannot keep %s: %w", name, err)
	}
	path := filepath.Join(string(f), name)
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		_ = os.Remove(path + ".new") // half of it on a full disk
		return fmt.Errorf("cannot keep %s: %w", name, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("cannot keep %s: %w", name, err)
	}
	return nil
}

func (f folder) remove(name string) error {
	err := os.Remove(filepath.Join(string(f), name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
