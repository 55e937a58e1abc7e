package cli

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"muster/controller/programme"
	"muster/inventory"
)

func historyCommand(s *session) *cobra.Command {
	return group("history", "History: changes, burn-up, gate, export", historyChanges(s),
		listCommand(s, listing[inventory.BurnDay]{
			use: "burn-up", noun: "the burn-up", path: "/history/burn-up", short: "List scope, swapped, verified and ready sites by day",
			example: "  muster history burn-up --from 2026-11-01 --csv",
			flags:   []filter{{"from", "a day; ninety days ago where it is not given"}, {"to", "a day; today where it is not given"}},
			head:    []string{"day", "scope", "swapped", "verified", "ready sites"},
			row: func(v inventory.BurnDay) []string {
				return []string{string(v.Day), strconv.Itoa(v.Scope), strconv.Itoa(v.Swapped), strconv.Itoa(v.Verified), strconv.Itoa(v.Ready)}
			},
			empty: "nothing is known of these days",
		}),
		historyGate(s), historyExport(s))
}

func historyChanges(s *session) *cobra.Command {
	var from, to, site string
	cmd := &cobra.Command{
		Use: "changes", Short: "Say what changed between two instants, and why", Args: cobra.NoArgs,
		Example: "  muster history changes --from 2026-11-13 --to 2026-11-20\n  muster history changes --from 2026-11-20 --site E101",
	}
	cmd.Flags().StringVar(&from, "from", "", "a day (its end) or an instant")
	cmd.Flags().StringVar(&to, "to", "", "the same; now where it is not given")
	cmd.Flags().StringVar(&site, "site", "", "at this site only")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		const what = "say what changed"
		if err := needed(what, [2]string{"from", from}); err != nil {
			return err
		}
		query := url.Values{}
		for name, value := range map[string]string{"from": from, "to": to, "site": site} {
			if value != "" {
				query.Set(name, value)
			}
		}
		return ask(s, cmd, what, "/history/changes", query, *asJSON, drawChanges)
	}
	return cmd
}

func drawChanges(out io.Writer, c programme.Changes) error {
	fmt.Fprintf(out, "from %s to %s: %s, %s, %s\n", when(c.From), when(c.To), many(len(c.Gates), "verdict", "verdicts"),
		many(len(c.Swaps), "word about swaps", "words about swaps"), many(len(c.Scope), "change of scope", "changes of scope"))
	if err := someRows(out, []string{"site", "gate", "from", "to", "why"}, c.Gates, func(g programme.SiteChange) []string {
		return []string{g.Site, g.Gate, first(string(g.From), "not judged"), string(g.To), strings.Join(g.Why, "; ")}
	}); err != nil {
		return err
	}
	if err := someRows(out, []string{"occurred", "position", "what", "author"}, c.Swaps, func(w programme.SwapChange) []string {
		return []string{when(w.OccurredAt), w.Position, w.Kind, w.Author}
	}); err != nil {
		return err
	}
	if err := someRows(out, []string{"occurred", "position", "what", "author"}, c.Scope, func(e inventory.Event) []string {
		return []string{when(e.OccurredAt), e.Subject.Key, e.Kind, e.Author}
	}); err != nil {
		return err
	}
	if c.More {
		_, err := fmt.Fprintln(out, "\nthere is more: ask for a shorter time, or for one site")
		return err
	}
	return nil
}

// someRows is a table behind an empty line, or nothing where there are no rows.
func someRows[T any](out io.Writer, head []string, items []T, row func(T) []string) error {
	if len(items) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	rows := make([][]string, 0, len(items))
	for _, item := range items {
		rows = append(rows, row(item))
	}
	return table(out, head, rows)
}

// historyGate lists what a gate said of a site. Its address holds both, so it is no
// list of its own.
func historyGate(s *session) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "gate SITE GATE", Short: "List what a gate said of a site, newest first", Args: exactly("SITE", "GATE"),
		Example: "  muster history gate E101 site-go-live --limit 10",
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "at most this many; 0 is all")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := "list what " + args[1] + " said of " + args[0]
		if limit < 0 {
			return usagef("cannot %s: --limit %d is negative", what, limit)
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		l := listing[inventory.Evaluation]{
			noun: "evaluations", head: append([]string{"at"}, gateHead()...),
			row:   func(v inventory.Evaluation) []string { return append([]string{when(v.At)}, gateRow(v)...) },
			empty: "it was not judged yet",
		}
		items, err := c.all(cmd.Context(), what, keyPath(keyPath("/readiness")(args[0]))(args[1])+"/history", url.Values{}, limit)
		if err != nil {
			return err
		}
		return l.print(cmd.OutOrStdout(), items, *asJSON)
	}
	return cmd
}

func historyExport(s *session) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "export", Short: "Export everything about the programme as JSON lines", Args: cobra.NoArgs, Example: "  muster history export --to programme.jsonl",
	}
	cmd.Flags().StringVar(&to, "to", "", "file to write; standard output where it is not given")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.download(cmd, "export the programme", "/history/export", to)
	}
	return cmd
}
