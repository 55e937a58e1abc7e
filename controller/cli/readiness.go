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

// readinessCommand lists how gates stand, or shows one site, or one gate at it.
func readinessCommand(s *session) *cobra.Command {
	cmd := listCommand(s, listing[inventory.Evaluation]{
		use: "readiness", noun: "readiness", path: "/readiness", short: "Say how sites stand at their gates, now or as it was known then",
		example: "  muster readiness --gate site-go-live --verdict blocked\n  muster readiness E101 --as-of 2026-11-20\n  muster readiness E101 devices-ready",
		flags: []filter{
			{"as-of", "a day (its end) or an instant: as it was known then"},
			{"gate", "only this gate"},
			{"wave", "only sites of this wave"},
			{"verdict", "ready, blocked or undecided"},
		},
		head:  append([]string{"site"}, gateHead()...),
		row:   func(v inventory.Evaluation) []string { return append([]string{v.Site}, gateRow(v)...) },
		empty: "nothing is judged: no gate applies to a site, or it was not judged then",
	})
	cmd.Use = "readiness [SITE [GATE]]"
	cmd.Args = cobra.MaximumNArgs(2)
	list := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return list(cmd, args)
		}
		what := "show the readiness of " + strings.Join(args, ", ")
		for _, name := range []string{"gate", "wave", "verdict", "csv", "limit"} {
			if cmd.Flags().Changed(name) {
				return usagef("cannot %s: --%s is for the list of all", what, name)
			}
		}
		query := url.Values{}
		if asOf := cmd.Flag("as-of").Value.String(); asOf != "" {
			query.Set("as_of", asOf)
		}
		asJSON := cmd.Flags().Changed("json")
		if len(args) == 2 {
			return ask(s, cmd, what, keyPath(keyPath("/readiness")(args[0]))(args[1]), query, asJSON, drawEvaluation)
		}
		return ask(s, cmd, what, keyPath("/readiness")(args[0]), query, asJSON, drawReadiness)
	}
	return cmd
}

func gateHead() []string {
	return []string{"gate", "verdict", "in scope", "pass", "fail", "unknown", "stale", "waived", "blockers", "as of"}
}

func gateRow(e inventory.Evaluation) []string {
	var sum inventory.CriterionResult
	for _, c := range e.Criteria {
		sum.InScope += c.InScope
		sum.Pass += c.Pass
		sum.Fail += c.Fail
		sum.Unknown += c.Unknown
		sum.Stale += c.Stale
		sum.Waived += c.Waived
	}
	return []string{
		e.Gate, string(e.Verdict), count(sum.InScope), count(sum.Pass), count(sum.Fail), count(sum.Unknown), count(sum.Stale), count(sum.Waived),
		count(len(e.Blockers) + e.MoreBlockers), when(e.AsOf),
	}
}

func drawReadiness(out io.Writer, r programme.SiteReadiness) error {
	var swaps []string
	for _, one := range tallied(r.Swaps) {
		if one.n > 0 {
			swaps = append(swaps, fmt.Sprintf("%d %s", one.n, one.name))
		}
	}
	err := pairs(out, [][2]string{
		{"site", strings.TrimSpace(r.Site + " " + r.Name)},
		{"wave", r.Wave},
		{r.Gate, string(r.Verdict)},
		{"positions", fmt.Sprintf("%d in scope: %s", r.Swaps.InScope, strings.Join(swaps, ", "))},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	rows := make([][]string, 0, len(r.Gates))
	for _, e := range r.Gates {
		rows = append(rows, gateRow(e))
	}
	if err := table(out, gateHead(), rows); err != nil {
		return err
	}
	var lines [][2]string
	for _, v := range r.SignOffs {
		lines = append(lines, [2]string{"sign-off of " + v.Gate, strings.TrimSpace(fmt.Sprintf("%s %s %s", v.State, v.By, when(v.At)))})
	}
	for _, w := range r.Waivers {
		lines = append(lines, [2]string{"waiver " + w.ID, fmt.Sprintf("%s until %s, %s: %s", waived(w), w.Until, w.Owner, w.Reason)})
	}
	if len(lines) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	return pairs(out, lines)
}

// drawEvaluation is a gate at a site by its criteria. Its id is what a signer names
// as seen.
func drawEvaluation(out io.Writer, e inventory.Evaluation) error {
	err := pairs(out, [][2]string{
		{"site", e.Site},
		{"gate", e.Gate + ", version " + e.GateVersion},
		{"verdict", string(e.Verdict)},
		{"judged", when(e.At)},
		{"as of", when(e.AsOf)},
		{"evaluation", e.ID},
		{"blockers", strconv.Itoa(len(e.Blockers) + e.MoreBlockers)},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	rows := make([][]string, 0, len(e.Criteria))
	for _, c := range e.Criteria {
		rows = append(rows, []string{
			c.ID, string(c.Verdict), count(c.InScope), count(c.Pass), count(c.Fail), count(c.Unknown), count(c.Stale), count(c.Waived), c.Need, c.Reason,
		})
	}
	return table(out, []string{"criterion", "verdict", "in scope", "pass", "fail", "unknown", "stale", "waived", "need", "why"}, rows)
}

func accessCommand(s *session) *cobra.Command {
	return listCommand(s, listing[programme.AccessCell]{
		use: "access", noun: "access", path: "/access", short: "Say how each class of workstation reaches each service at each site",
		example: "  muster access --site E101\n  muster access --service records --csv",
		flags:   []filter{{"site", "at this site"}, {"service", "of this service"}},
		head:    []string{"site", "service", "class", "reached", "p95", "newest", "errors"},
		row: func(v programme.AccessCell) []string {
			reached := "not probed"
			if v.Workstations > 0 {
				reached = fmt.Sprintf("%d of %d", v.Reached, v.Workstations)
			}
			return []string{v.Site, v.Service, v.Class, reached, millis(v.P95Millis), when(v.At), strings.Join(v.Errors, "; ")}
		},
		empty: "no service is probed from any site",
	})
}
