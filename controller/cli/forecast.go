package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"muster/controller/programme"
	"muster/inventory"
)

func forecastCommand(s *session) *cobra.Command {
	var of, whatIf string
	cmd := &cobra.Command{
		Use: "forecast", Short: "Say when a programme will be done, with odds, as planned or with changes", Args: cobra.NoArgs,
		Long: "Say when a programme will be done, with odds, as planned or with changes. Changes are\n" +
			"parted by semicolons, such as crews=6, wave W3 not before 2027-02-01, scope -120.",
		Example: "  muster forecast\n  muster forecast --what-if 'crews=6; wave W3 out'",
	}
	cmd.Flags().StringVar(&of, "programme", "", "of this programme; the first of the register where it is not given")
	cmd.Flags().StringVar(&whatIf, "what-if", "", "changes, parted by semicolons")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		if of != "" {
			query.Set("programme", of)
		}
		if changes := changesIn(whatIf); len(changes) > 0 {
			query["change"] = changes
		}
		return ask(s, cmd, "forecast", "/forecast", query, *asJSON, drawForecast)
	}
	return cmd
}

// changesIn parts changes at semicolons.
func changesIn(texts ...string) []string {
	changes := []string{}
	for _, text := range texts {
		for one := range strings.SplitSeq(text, ";") {
			if one = strings.TrimSpace(one); one != "" {
				changes = append(changes, one)
			}
		}
	}
	return changes
}

func oddsRow(name string, done, left int, target inventory.Date, o inventory.Odds) []string {
	byTarget := "?"
	if share, known := o.ByTarget.Get(); known {
		byTarget = fmt.Sprintf("%.0f %%", 100*share)
	}
	return []string{name, strconv.Itoa(done), strconv.Itoa(left), string(o.P50), string(o.P85), string(o.P95), string(target), byTarget, first(o.Word, o.Refused)}
}

func drawForecast(out io.Writer, f inventory.Forecast) error {
	b := f.Basis
	rows := [][]string{
		oddsRow("programme "+f.Programme, b.Done, b.Left, f.Target, f.Odds),
		oddsRow("  with growing scope", b.Done, b.Left, f.Target, f.Growing),
	}
	for _, w := range f.Waves {
		rows = append(rows, oddsRow("wave "+w.Code, w.Done, w.Left, w.Target, w.Odds))
	}
	for _, g := range f.Gates {
		rows = append(rows, oddsRow("gate "+g.Code, g.Done, g.Left, g.Target, g.Odds))
	}
	if err := table(out, []string{"of", "done", "left", "p50", "p85", "p95", "target", "by target", "in words"}, rows); err != nil {
		return err
	}
	fmt.Fprintln(out)
	history := "none: nothing was verified yet"
	if b.From.Set() {
		history = fmt.Sprintf("%s to %s, %s", b.From, b.To, many(b.WorkingDays, "working day", "working days"))
	}
	lines := [][2]string{
		{"history", history},
		{"crews", strconv.Itoa(b.Crews)},
		{"scope added", count(b.ScopeAdded)},
		{"trials", fmt.Sprintf("%d, seed %d", b.Trials, b.Seed)},
	}
	for _, assumed := range b.Assumes {
		lines = append(lines, [2]string{"assumes", assumed})
	}
	return pairs(out, lines)
}

func baselineCommand(s *session) *cobra.Command {
	var body struct {
		Programme string `json:"programme,omitempty"`
		Approver  string `json:"approver"`
		Reason    string `json:"reason,omitempty"`
	}
	freeze := &cobra.Command{
		Use: "freeze", Short: "Freeze what is promised now: date, scope and waves", Args: cobra.NoArgs,
		Example: "  muster baseline freeze --approver \"A. Reeve\"\n  muster baseline freeze --approver \"A. Reeve\" --reason \"wave 3 is put off\"",
	}
	freeze.Flags().StringVar(&body.Approver, "approver", "", "who approved it")
	freeze.Flags().StringVar(&body.Reason, "reason", "", "why; needed where there is a baseline already")
	freeze.Flags().StringVar(&body.Programme, "programme", "", "of this programme; the first of the register where it is not given")
	asJSON := jsonFlag(freeze.Flags())
	freeze.RunE = func(cmd *cobra.Command, _ []string) error {
		const what = "freeze the baseline"
		if err := needed(what, [2]string{"approver", body.Approver}); err != nil {
			return err
		}
		return say(s, cmd, word[inventory.Baseline]{
			what: what, method: http.MethodPost, path: "/baselines", body: body, asJSON: *asJSON,
			draw: func(out io.Writer, b inventory.Baseline) error {
				_, err := fmt.Fprintln(out, printable(fmt.Sprintf("%s, baseline %d: %s by %s, %s; %s approved it",
					b.Programme, b.Number, many(b.Scope, "position", "positions"), first(string(b.Target), "no date"), many(len(b.Waves), "wave", "waves"), b.Approver)))
				return err
			},
		})
	}
	return group("baseline", "Baselines: list, freeze",
		listCommand(s, listing[inventory.Baseline]{
			noun: "baselines", path: "/baselines", short: "List what was promised", example: "  muster baseline list --csv",
			flags: []filter{{"programme", "of this programme"}},
			head:  []string{"programme", "number", "target", "scope", "waves", "approver", "reason", "frozen"},
			row: func(v inventory.Baseline) []string {
				return []string{v.Programme, strconv.Itoa(v.Number), string(v.Target), strconv.Itoa(v.Scope), count(len(v.Waves)), v.Approver, v.Reason, when(v.At)}
			},
			empty: "nothing was promised: `muster baseline freeze --approver NAME` does",
		}),
		freeze,
	)
}

func whatIfCommand(s *session) *cobra.Command {
	return group("what-if", "What-ifs: list, show, save, compare",
		listCommand(s, listing[programme.WhatIf]{
			noun: "what-ifs", path: "/what-ifs", short: "List what-ifs as they were saved", example: "  muster what-if list",
			head: []string{"name", "programme", "changes", "p50", "p85", "p95", "by", "saved"},
			row: func(v programme.WhatIf) []string {
				f := v.Forecast
				return []string{v.Name, v.Programme, strings.Join(v.Changes, "; "), string(f.P50), string(f.P85), string(f.P95), v.By, when(v.At)}
			},
			empty: "no what-if was saved",
		}),
		showCommand(s, "what-if", "NAME", "Show a what-if as it was saved", "  muster what-if show six-crews", keyPath("/what-ifs"), drawWhatIf),
		whatIfSave(s), whatIfCompare(s),
	)
}

func drawWhatIf(out io.Writer, w programme.WhatIf) error {
	err := pairs(out, [][2]string{
		{"name", w.Name}, {"changes", strings.Join(w.Changes, "; ")}, {"saved", w.By + " " + when(w.At)},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	return drawForecast(out, w.Forecast)
}

func whatIfSave(s *session) *cobra.Command {
	var of string
	cmd := &cobra.Command{
		Use: "save NAME CHANGE…", Short: "Play changes and save them under a name",
		Example: "  muster what-if save six-crews 'crews=6 from 2027-01-04'\n  muster what-if save later 'wave W3 not before 2027-02-01; crews=6'",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return exactly("NAME", "CHANGE")(cmd, args)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&of, "programme", "", "of this programme; the first of the register where it is not given")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"changes": changesIn(args[1:]...)}
		if of != "" {
			body["programme"] = of
		}
		return say(s, cmd, word[programme.WhatIf]{
			what: "save what-if " + args[0], method: http.MethodPut, path: keyPath("/what-ifs")(args[0]), body: body, asJSON: *asJSON, draw: drawWhatIf,
		})
	}
	return cmd
}

func whatIfCompare(s *session) *cobra.Command {
	cmd := &cobra.Command{Use: "compare NAME…", Short: "Play what-ifs side by side with the plan as it stands", Example: "  muster what-if compare six-crews later", Args: cobra.MinimumNArgs(1)}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(s, cmd, "compare "+strings.Join(args, ", "), "/what-if-comparison", url.Values{"name": args}, *asJSON, func(out io.Writer, c programme.Comparison) error {
			rows := make([][]string, 0, len(c.Columns))
			for _, one := range c.Columns {
				later := "?"
				if n, known := one.LaterDays.Get(); known {
					later = fmt.Sprintf("%+d", n)
				}
				if one.Name == "" { // what the others are held against
					later = ""
				}
				row := oddsRow(first(one.Name, "as planned"), 0, 0, "", one.Odds)
				rows = append(rows, []string{row[0], row[3], row[4], row[5], later, row[7], row[8], strings.Join(one.Changes, "; ")})
			}
			return table(out, []string{"name", "p50", "p85", "p95", "working days later", "by target", "in words", "changes"}, rows)
		})
	}
	return cmd
}
