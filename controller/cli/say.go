package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"muster/controller/refresh"
	"muster/inventory"
)

// word is one thing that a person says to the controller: where it is sent, and how
// a person reads what came of it.
type word[T any] struct {
	what   string // the verb of its error: "plan swaps"
	method string
	path   string
	body   any
	asJSON bool
	draw   func(io.Writer, T) error
}

func say[T any](s *session, cmd *cobra.Command, w word[T]) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	v, raw, err := send[T](cmd.Context(), c, w.what, w.method, w.path, w.body)
	if err != nil {
		return err
	}
	if w.asJSON {
		_, err = cmd.OutOrStdout().Write(pretty(raw))
		return err
	}
	return w.draw(cmd.OutOrStdout(), v)
}

// said is what every word about a swap carries.
type said struct {
	At      string `json:"at,omitempty"`
	Why     string `json:"why,omitempty"`
	Version int    `json:"version,omitempty"`
	DryRun  bool   `json:"dry_run,omitempty"`
}

func (w *said) flags(flags *pflag.FlagSet) {
	flags.StringVar(&w.At, "at", "", "when it happened (RFC 3339); now where it is not given")
	flags.StringVar(&w.Why, "why", "", "why it is recorded late or out of its order")
	flags.IntVar(&w.Version, "if-version", 0, "refuse it where somebody has said something since this version")
	flags.BoolVar(&w.DryRun, "dry-run", false, "say what it would do, and do nothing")
}

// check refuses what the controller would refuse in other words.
func (w *said) check(what string) error {
	if w.Version < 0 {
		return usagef("cannot %s: --if-version %d is negative", what, w.Version)
	}
	return checkInstant(what, "at", w.At)
}

func checkInstant(what, flag, text string) error {
	if _, err := time.Parse(time.RFC3339, text); text != "" && err != nil {
		return usagef("cannot %s: --%s %q is not an instant such as 2026-11-23T10:40:00Z", what, flag, text)
	}
	return nil
}

func checkDay(what, flag, text string) error {
	if _, err := inventory.ParseDate(text); err != nil {
		return usagef("cannot %s: --%s %q is not a day such as 2026-12-01", what, flag, text)
	}
	return nil
}

// needed refuses a flag that is left out. pairs are names and values.
func needed(what string, flags ...[2]string) error {
	for _, f := range flags {
		if strings.TrimSpace(f[1]) == "" {
			return usagef("cannot %s: --%s is missing", what, f[0])
		}
	}
	return nil
}

// readChecks reads what a person tried: NAME=yes or NAME=no, and behind a colon a
// note, as in printed=no:paper out.
func readChecks(what string, texts []string) ([]refresh.Checking, error) {
	checks := make([]refresh.Checking, 0, len(texts))
	for _, text := range texts {
		name, rest, found := strings.Cut(text, "=")
		passed, note, _ := strings.Cut(rest, ":")
		if !found || name == "" || passed != "yes" && passed != "no" {
			return nil, Hint(usagef("cannot %s: cannot read check %q", what, text), "write signed-in=yes, or printed=no:paper out")
		}
		checks = append(checks, refresh.Checking{Name: name, Passed: passed == "yes", Note: strings.TrimSpace(note)})
	}
	return checks, nil
}

// when is an instant as people read it in tables; unset is empty.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// dry says at the end that nothing was done.
func dry(out io.Writer, is bool) error {
	if !is {
		return nil
	}
	_, err := fmt.Fprintln(out, "dry run: nothing was recorded")
	return err
}
