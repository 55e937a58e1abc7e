package importer

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"muster/inventory"
)

// WriteText prints the plan for a person: the counts, each change with its
// columns, then what is wrong, what was ignored and what agents see otherwise.
// Values are quoted, so that a file cannot write to the terminal.
func (p *Plan) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", p.source(), p.counts())
	for _, e := range p.Edits {
		mark := "~"
		if e.New {
			mark = "+"
		}
		fmt.Fprintf(&b, "%s %s %s %s\n", mark, e.Noun, printable(e.Key), printable(e.Title))
		for _, f := range e.Fields {
			switch {
			case e.New:
				fmt.Fprintf(&b, "    %s: %q\n", f.Column, f.After)
			case f.After == "":
				fmt.Fprintf(&b, "    %s: %q → cleared\n", f.Column, f.Before)
			default:
				fmt.Fprintf(&b, "    %s: %q → %q\n", f.Column, f.Before, f.After)
			}
		}
	}
	writeProblems(&b, "wrong", p.Problems)
	writeProblems(&b, "note", p.Notices)
	for _, d := range p.Drift {
		fmt.Fprintf(&b, "drift: %s: %s: the file says %q, the agent sees %q\n", printable(d.String()), printable(d.Key), d.Declared, d.Observed)
	}
	if len(p.Problems) > 0 && !p.AcceptGood {
		b.WriteString("Nothing is changed while a row is wrong. Correct the rows, or accept the good ones with --accept-good.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Plan) counts() string {
	added := p.Added()
	counts := fmt.Sprintf("%d new, %d changed, %d unchanged", added, len(p.Edits)-added, p.Unchanged)
	if p.Skipped > 0 {
		counts += fmt.Sprintf(", %d skipped", p.Skipped)
	}
	return counts + fmt.Sprintf(", %d rejected", p.Rejected())
}

func writeProblems(b *strings.Builder, mark string, problems []Problem) {
	for _, p := range problems {
		fmt.Fprintf(b, "%s: %s", mark, printable(p.Place.String()))
		if p.Value != "" {
			fmt.Fprintf(b, ": %q", p.Value)
		}
		fmt.Fprintf(b, ": %s\n", printable(p.sentence()))
	}
}

// printable replaces control characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7F && r < 0xA0 {
			return '·'
		}
		return r
	}, s)
}

// planDocument is the plan for a program.
type planDocument struct {
	Source     string    `json:"source"`
	Applies    bool      `json:"applies"`
	AcceptGood bool      `json:"accept_good"`
	New        int       `json:"new"`
	Changed    int       `json:"changed"`
	Unchanged  int       `json:"unchanged"`
	Skipped    int       `json:"skipped"`
	Rejected   int       `json:"rejected"`
	Edits      []Edit    `json:"edits"`
	Problems   []Problem `json:"problems"`
	Notices    []Problem `json:"notices"`
	Drift      []Drift   `json:"drift"`
}

// MarshalJSON is the plan for a program: counts, edits, problems, notices, drift.
func (p *Plan) MarshalJSON() ([]byte, error) {
	added := p.Added()
	return json.Marshal(planDocument{
		Source: p.source(), Applies: p.Applies(), AcceptGood: p.AcceptGood,
		New: added, Changed: len(p.Edits) - added, Unchanged: p.Unchanged, Skipped: p.Skipped, Rejected: p.Rejected(),
		Edits: orEmpty(p.Edits), Problems: orEmpty(p.Problems), Notices: orEmpty(p.Notices), Drift: orEmpty(p.Drift),
	})
}

// orEmpty makes an empty list [] rather than null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// DiffBatch prints a batch that is already known for a person: what an undo
// would take back, what an earlier import did.
func DiffBatch(w io.Writer, batch inventory.Batch) error {
	var b strings.Builder
	for _, c := range batch.Changes {
		mark := "~"
		switch {
		case c.Before == nil:
			mark = "+"
		case c.After == nil:
			mark = "-"
		}
		fmt.Fprintf(&b, "%s %s %s\n", mark, c.Noun, printable(c.Key))
		for _, f := range changedFields(c) {
			fmt.Fprintf(&b, "    %s: %s → %s\n", f.Column, printable(f.Before), printable(f.After))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
