package cli

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"muster/controller/programme"
	"muster/controller/refresh"
	"muster/inventory"
)

// swapWord is the body of every word about a swap that exists: each fills in its
// own fields, and an empty one does not travel.
type swapWord struct {
	Visit   string             `json:"visit,omitempty"`
	Crew    string             `json:"crew,omitempty"`
	New     string             `json:"new,omitempty"`
	Old     string             `json:"old,omitempty"`
	NoOld   bool               `json:"no_old,omitempty"`
	InPlace bool               `json:"in_place,omitempty"`
	Checks  []refresh.Checking `json:"checks,omitempty"`
	Reason  string             `json:"reason,omitempty"`
	Next    inventory.Date     `json:"next,omitempty"`
	Asset   string             `json:"asset,omitempty"`
	Where   string             `json:"where,omitempty"`
	said
}

// swapAct is one of the actions on a swap.
type swapAct struct {
	use, short, long, example string
	flags                     func(*cobra.Command, *swapWord)
	args                      cobra.PositionalArgs // SWAP alone where it is not given
	fill                      func(w *swapWord, args []string) error
}

func (a swapAct) command(s *session) *cobra.Command {
	var w swapWord
	verb := strings.Fields(a.use)[0]
	cmd := &cobra.Command{Use: a.use, Short: a.short, Long: a.long, Example: a.example, Args: a.args}
	if a.args == nil {
		cmd.Args = exactly("SWAP")
	}
	if a.flags != nil {
		a.flags(cmd, &w)
	}
	w.flags(cmd.Flags())
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := verb + " swap " + args[0]
		if err := w.check(what); err != nil {
			return err
		}
		if err := checkDay(what, "next", string(w.Next)); err != nil {
			return err
		}
		if a.fill != nil {
			if err := a.fill(&w, args); err != nil {
				return err
			}
		}
		return say(s, cmd, word[programme.SwapDone]{
			what: what, method: http.MethodPost, path: keyPath("/swaps")(args[0]) + "/" + verb, body: w, asJSON: *asJSON, draw: drawSwapDone,
		})
	}
	return cmd
}

func swapActs(s *session) []*cobra.Command {
	var commands []*cobra.Command
	for _, a := range append(swapSteps(), swapWaysBack()...) {
		commands = append(commands, a.command(s))
	}
	return commands
}

const typedLong = "\n\nSWAP is its id, or a serial, asset tag or position as typed or scanned."

func swapSteps() []swapAct {
	var checks []string
	return []swapAct{
		{
			use: "schedule SWAP", short: "Put a swap on a visit", example: "  muster swap schedule E101-FRONT-1 --visit V-E101-1",
			flags: func(cmd *cobra.Command, w *swapWord) {
				cmd.Flags().StringVar(&w.Visit, "visit", "", "the visit")
				cmd.Flags().StringVar(&w.Crew, "crew", "", "who does it; the visit's crew where it is not given")
			},
			fill: func(w *swapWord, args []string) error {
				return needed("schedule swap "+args[0], [2]string{"visit", w.Visit})
			},
		},
		{
			use: "do SWAP", short: "Say that the new machine stands there",
			long:    "Say that the new machine stands there. Old and new are as planned where they are not\ngiven. It is verified later, by evidence." + typedLong,
			example: "  muster swap do E101-FRONT-1 --new PF4ABCDE --old MXL0456DEF --check signed-in=yes\n  muster swap do PF4ABCDE --dry-run",
			flags: func(cmd *cobra.Command, w *swapWord) {
				flags := cmd.Flags()
				flags.StringVar(&w.New, "new", "", "serial or tag of the machine that stands there now")
				flags.StringVar(&w.Old, "old", "", "serial or tag of the one that stood there")
				flags.BoolVar(&w.NoOld, "no-old", false, "nothing stood there")
				flags.BoolVar(&w.InPlace, "in-place", false, "the same machine, installed anew")
				flags.StringVar(&w.Crew, "crew", "", "who did it")
				flags.StringArrayVar(&checks, "check", nil, "what was tried, as signed-in=yes or printed=no:paper out; can be given again")
				cmd.MarkFlagsMutuallyExclusive("old", "no-old", "in-place")
			},
			fill: func(w *swapWord, args []string) (err error) {
				w.Checks, err = readChecks("do swap "+args[0], checks)
				return err
			},
		},
		{
			use: "check SWAP NAME=yes|no[:NOTE]…", short: "Record what a person tried at the desk",
			example: "  muster swap check E101-FRONT-1 signed-in=yes e-mail=yes \"printed=no:paper out\"",
			args: func(cmd *cobra.Command, args []string) error {
				if len(args) < 2 {
					return Hint(usagef("cannot run %s: want SWAP and at least one NAME=yes or NAME=no", cmd.CommandPath()), "see `"+cmd.CommandPath()+" --help`")
				}
				return nil
			},
			fill: func(w *swapWord, args []string) (err error) {
				w.Checks, err = readChecks("check swap "+args[0], args[1:])
				return err
			},
		},
		{
			use: "hand-in SWAP", short: "Scan the old machine in",
			long:    "Scan the old machine in. SWAP may be the old machine itself." + typedLong,
			example: "  muster swap hand-in MXL0456DEF --where \"depot, cage 3\"",
			flags: func(cmd *cobra.Command, w *swapWord) {
				cmd.Flags().StringVar(&w.Asset, "asset", "", "serial or tag that was scanned; the old machine of the swap where it is not given")
				cmd.Flags().StringVar(&w.Where, "where", "", "where it is kept")
			},
		},
		{use: "close SWAP", short: "Close a verified swap", example: "  muster swap close E101-FRONT-1"},
	}
}

func swapWaysBack() []swapAct {
	reason := func(cmd *cobra.Command, w *swapWord) { cmd.Flags().StringVar(&w.Reason, "reason", "", "why") }
	withNext := func(cmd *cobra.Command, w *swapWord) {
		reason(cmd, w)
		cmd.Flags().StringVar((*string)(&w.Next), "next", "", "the day on which it is tried again")
	}
	wantsReason := func(verb string) func(*swapWord, []string) error {
		return func(w *swapWord, args []string) error {
			return needed(verb+" swap "+args[0], [2]string{"reason", w.Reason})
		}
	}
	return []swapAct{
		{
			use: "fail SWAP", short: "Say that a swap was not done, why, and when it is tried again",
			example: "  muster swap fail E101-FRONT-1 --reason \"the room was locked\" --next 2026-12-08", flags: withNext,
			fill: func(w *swapWord, args []string) error {
				return needed("fail swap "+args[0], [2]string{"reason", w.Reason}, [2]string{"next", string(w.Next)})
			},
		},
		{
			use: "undo SWAP", short: "Take back the last word: it was a mistake",
			example: "  muster swap undo E101-FRONT-1 --reason \"wrong desk scanned\"", flags: reason, fill: wantsReason("undo"),
		},
		{
			use: "roll-back SWAP", short: "Say that the old machine stands there again",
			example: "  muster swap roll-back E101-FRONT-1 --reason \"the scanner has no driver\" --next 2026-12-08", flags: withNext, fill: wantsReason("roll-back"),
		},
		{
			use: "cancel SWAP", short: "Say that a swap will not be done",
			example: "  muster swap cancel E101-FRONT-1 --reason \"the desk is given up\"", flags: reason, fill: wantsReason("cancel"),
		},
	}
}

func drawSwapDone(out io.Writer, d programme.SwapDone) error {
	v := d.Swap
	text := fmt.Sprintf("%s at %s is %s", v.ID, v.Position, swapState(v))
	if v.Visit != "" && v.State == inventory.SwapScheduled {
		text += " on " + v.Visit
	}
	if v.Next.Set() {
		text += ", to be tried again on " + string(v.Next)
	}
	if _, err := fmt.Fprintln(out, printable(text)); err != nil {
		return err
	}
	for _, a := range d.Assets {
		at := ""
		if a.Position != "" {
			at = " at " + a.Position
		}
		if _, err := fmt.Fprintln(out, printable(fmt.Sprintf("  %s is %s%s", a.Tag, first(string(a.State), string(inventory.AssetInService)), at))); err != nil {
			return err
		}
	}
	if !v.HandedInAt.IsZero() {
		if _, err := fmt.Fprintln(out, printable(fmt.Sprintf("  %s is handed in, scanned by %s", v.Old, v.HandedInBy))); err != nil {
			return err
		}
	}
	for _, missing := range v.Missing {
		if _, err := fmt.Fprintln(out, printable("  not verified yet: "+missing)); err != nil {
			return err
		}
	}
	return dry(out, d.DryRun)
}
