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
	"muster/controller/refresh"
	"muster/inventory"
)

func swapCommand(s *session) *cobra.Command {
	return group("swap", "Swaps: list, show, tally, resolve, plan, schedule, do, fail, undo …",
		append([]*cobra.Command{
			listCommand(s, listing[inventory.Swap]{
				noun: "swaps", path: "/swaps", short: "List swaps",
				example: "  muster swap list --site E101\n  muster swap list --visit V-E101-1 --state swapped --csv",
				flags: []filter{
					{"site", "at this site"},
					{"wave", "at the sites of this wave"},
					{"visit", "on this visit"},
					{"position", "at this position"},
					{"state", "planned, scheduled, swapped, verified, closed, failed, rolled-back or cancelled"},
				},
				head: []string{"id", "position", "state", "old", "new", "visit", "done", "by", "missing or why"},
				row: func(v inventory.Swap) []string {
					return []string{
						v.ID, v.Position, swapState(v), v.Old, v.New, v.Visit, when(v.DoneAt), v.DoneBy,
						first(strings.Join(v.Missing, "; "), v.Reason),
					}
				},
				empty: "no swaps match; `muster swap plan --wave W1` plans those of a wave",
			}),
			showCommand(s, "swap", "SWAP", "Show a swap by its id, or a serial, tag or position, with what is missing",
				"  muster swap show E101-FRONT-1\n  muster swap show 5CG0123ABC", keyPath("/swaps"), drawSwap),
			swapTally(s), swapResolve(s), swapPlan(s),
		}, swapActs(s)...)...)
}

// swapState says of a verified swap whether a half of it rests on a person's word.
func swapState(v inventory.Swap) string {
	if v.Declared {
		return string(v.State) + ", declared"
	}
	return string(v.State)
}

func drawSwap(out io.Writer, v inventory.Swap) error {
	half := func(h inventory.Half) string {
		if !h.Done() {
			return first(h.Reason, "open")
		}
		return strings.TrimSpace(fmt.Sprintf("%s at %s %s", h.Grade, when(h.At), h.Reason))
	}
	done, handedIn := "", ""
	if !v.DoneAt.IsZero() {
		done = when(v.DoneAt) + " by " + first(v.DoneBy, "nobody named")
	}
	if !v.HandedInAt.IsZero() {
		handedIn = when(v.HandedInAt) + " by " + v.HandedInBy
	}
	lines := [][2]string{
		{"swap", v.ID},
		{"position", v.Position},
		{"site", v.Site},
		{"state", swapState(v)},
		{"old", v.Old},
		{"new", v.New},
		{"planned for", string(v.PlannedFor)},
		{"visit", v.Visit},
		{"crew", v.Crew},
		{"done", done},
		{"new machine", half(v.NewHalf)},
		{"old machine", half(v.OldHalf)},
		{"verified", when(v.VerifiedAt)},
		{"handed in", handedIn},
		{"reason", v.Reason},
		{"next", string(v.Next)},
		{"version", strconv.Itoa(v.Version)},
	}
	for _, c := range v.Checks {
		passed := "no"
		if c.Passed {
			passed = "yes"
		}
		lines = append(lines, [2]string{c.Name, strings.TrimSpace(fmt.Sprintf("%s, %s at %s %s", passed, c.By, when(c.At), c.Note))})
	}
	for _, missing := range v.Missing {
		lines = append(lines, [2]string{"missing", missing})
	}
	return pairs(out, lines)
}

func swapTally(s *session) *cobra.Command {
	var site, wave string
	cmd := &cobra.Command{
		Use: "tally", Short: "Count positions by how their swap stands", Args: cobra.NoArgs,
		Example: "  muster swap tally\n  muster swap tally --wave W1",
	}
	cmd.Flags().StringVar(&site, "site", "", "of this site")
	cmd.Flags().StringVar(&wave, "wave", "", "of the sites of this wave")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query := url.Values{}
		for name, value := range map[string]string{"site": site, "wave": wave} {
			if value != "" {
				query.Set(name, value)
			}
		}
		return ask(s, cmd, "count swaps", "/swap-tally", query, *asJSON, drawTally)
	}
	return cmd
}

func drawTally(out io.Writer, t refresh.Tally) error {
	lines := [][2]string{{"in scope", strconv.Itoa(t.InScope)}}
	for _, one := range tallied(t) {
		lines = append(lines, [2]string{one.name, strconv.Itoa(one.n)})
	}
	return pairs(out, append(lines, [2]string{"declared", strconv.Itoa(t.Declared) + " of those verified or closed"},
		[2]string{"out of scope", strconv.Itoa(t.OutOfScope)}))
}

// part is one of the states that sum to a scope.
type part struct {
	name string
	n    int
}

func tallied(t refresh.Tally) []part {
	return []part{
		{"unplanned", t.Unplanned},
		{"planned", t.Planned},
		{"scheduled", t.Scheduled},
		{"swapped", t.Swapped},
		{"verified", t.Verified},
		{"closed", t.Closed},
		{"failed", t.Failed},
		{"rolled back", t.RolledBack},
	}
}

// ask shows one object that is no noun with a key.
func ask[T any](s *session, cmd *cobra.Command, what, path string, query url.Values, asJSON bool, draw func(io.Writer, T) error) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	v, raw, err := get[T](cmd.Context(), c, what, path, query)
	if err != nil {
		return err
	}
	if asJSON {
		_, err = cmd.OutOrStdout().Write(pretty(raw))
		return err
	}
	return draw(cmd.OutOrStdout(), v)
}

func swapResolve(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "resolve TYPED", Short: "Say what a typed or scanned number may mean", Args: exactly("TYPED"),
		Example: "  muster swap resolve 5CG0123ABC",
	}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(s, cmd, "resolve "+args[0], "/resolve", url.Values{"typed": {args[0]}}, *asJSON, drawFound)
	}
	return cmd
}

func drawFound(out io.Writer, f refresh.Found) error {
	rows := make([][]string, 0, len(f.Candidates))
	for _, c := range f.Candidates {
		row := []string{c.By, c.Key(), "", ""}
		switch {
		case c.Asset != nil:
			row[2], row[3] = "asset, "+string(c.Asset.Kind), c.Asset.Site
		case c.Position != nil:
			row[2], row[3] = "position", c.Position.Site
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		if err := table(out, []string{"found by", "key", "what", "site"}, rows); err != nil {
			return err
		}
	}
	if why := f.Why(); why != "" {
		_, err := fmt.Fprintln(out, printable(why))
		return err
	}
	return nil
}

func swapPlan(s *session) *cobra.Command {
	var body struct {
		Wave       string              `json:"wave,omitempty"`
		Site       string              `json:"site,omitempty"`
		Swaps      []programme.PlanRow `json:"swaps,omitempty"`
		PlannedFor string              `json:"planned_for,omitempty"`
		Visit      string              `json:"visit,omitempty"`
		said
	}
	var old string
	cmd := &cobra.Command{
		Use: "plan [POSITION[=NEW]…]", Short: "Plan swaps of a wave, a site or positions",
		Long: "Plan swaps: of every position in scope of a wave or a site that has none, or of the\n" +
			"positions named, each with the machine that will stand there, by serial or tag,\n" +
			"where it is known. The old one is what stands there.",
		Example: "  muster swap plan --wave W1 --for 2026-12-01\n  muster swap plan E101-FRONT-1=N20001 --visit V-E101-1",
	}
	flags := cmd.Flags()
	flags.StringVar(&body.Wave, "wave", "", "of the sites of this wave")
	flags.StringVar(&body.Site, "site", "", "of this site")
	flags.StringVar(&body.PlannedFor, "for", "", "the day they are planned for")
	flags.StringVar(&body.Visit, "visit", "", "put them on this visit at once")
	flags.StringVar(&old, "old", "", "serial or tag of the old machine of the one position named")
	body.flags(flags)
	asJSON := jsonFlag(flags)
	cmd.MarkFlagsMutuallyExclusive("wave", "site")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		const what = "plan swaps"
		switch {
		case len(args) == 0 && body.Wave == "" && body.Site == "":
			return Hint(usagef("cannot %s: say which: --wave, --site, or positions", what), "muster swap plan --wave W1")
		case len(args) > 0 && (body.Wave != "" || body.Site != ""):
			return usagef("cannot %s: positions stand beside --wave or --site", what)
		case old != "" && len(args) != 1:
			return usagef("cannot %s: --old is of one position, got %d", what, len(args))
		}
		if err := body.check(what); err != nil {
			return err
		}
		if err := checkDay(what, "for", body.PlannedFor); err != nil {
			return err
		}
		for _, arg := range args {
			position, machine, _ := strings.Cut(arg, "=")
			body.Swaps = append(body.Swaps, programme.PlanRow{Position: position, Old: old, New: machine})
		}
		return say(s, cmd, word[programme.Planned]{what: what, method: http.MethodPost, path: "/swaps", body: body, asJSON: *asJSON, draw: drawPlanned})
	}
	return cmd
}

func drawPlanned(out io.Writer, p programme.Planned) error {
	rows := make([][]string, 0, len(p.Swaps))
	for _, v := range p.Swaps {
		rows = append(rows, []string{v.ID, v.Position, string(v.State), v.Old, v.New, v.Visit})
	}
	if len(rows) > 0 {
		if err := table(out, []string{"id", "position", "state", "old", "new", "visit"}, rows); err != nil {
			return err
		}
	}
	for _, r := range p.Refused {
		if _, err := fmt.Fprintf(out, "not %s: %s\n", r.Position, printable(strings.Trim(r.Why+": "+r.Help, ": "))); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(out, "%s planned, %d refused\n", many(len(p.Swaps), "swap", "swaps"), len(p.Refused)); err != nil {
		return err
	}
	return dry(out, p.DryRun)
}
