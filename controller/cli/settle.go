package cli

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"muster/controller/programme"
	"muster/inventory"
)

// waived is what a waiver is for.
func waived(w inventory.Waiver) string {
	text := w.Site + "/" + w.Gate + "/" + w.Criterion
	if w.Subject != "" {
		text += "/" + w.Subject
	}
	return text
}

func waiverCommand(s *session) *cobra.Command {
	end := &cobra.Command{Use: "end ID", Short: "End a waiver now", Args: exactly("ID"), Example: "  muster waiver end v1a2b3c4d"}
	asJSON := jsonFlag(end.Flags())
	end.RunE = func(cmd *cobra.Command, args []string) error {
		return say(s, cmd, word[inventory.Waiver]{
			what: "end waiver " + args[0], method: http.MethodDelete, path: keyPath("/waivers")(args[0]), asJSON: *asJSON,
			draw: func(out io.Writer, w inventory.Waiver) error {
				_, err := fmt.Fprintf(out, "%s is over: %s\n", w.ID, printable(waived(w)))
				return err
			},
		})
	}
	return group("waiver", "Waivers: list, give, end",
		listCommand(s, listing[inventory.Waiver]{
			noun: "waivers", path: "/waivers", short: "List waivers, the newest first", example: "  muster waiver list --site E101\n  muster waiver list --all --csv",
			flags: []filter{{"site", "at this site"}},
			sets:  []filter{{"all", "also those that ended"}},
			head:  []string{"id", "of", "owner", "until", "reason", "given by", "ended"},
			row: func(v inventory.Waiver) []string {
				return []string{v.ID, waived(v), v.Owner, string(v.Until), v.Reason, v.By, when(v.EndedAt)}
			},
			empty: "no waivers match",
		}),
		waiverGive(s), end,
	)
}

func waiverGive(s *session) *cobra.Command {
	var body struct {
		Site      string `json:"site"`
		Gate      string `json:"gate"`
		Criterion string `json:"criterion"`
		Subject   string `json:"subject,omitempty"`
		Owner     string `json:"owner"`
		Reason    string `json:"reason"`
		Until     string `json:"until"`
	}
	cmd := &cobra.Command{
		Use: "give SITE GATE CRITERION", Short: "Waive a criterion, or one thing in it, until a date", Args: exactly("SITE", "GATE", "CRITERION"),
		Example: "  muster waiver give E101 devices-ready swapped --of E101-OFFICE-4 --owner \"K. Moss\" \\\n    --reason \"the desk is rebuilt in January\" --until 2027-01-31",
	}
	flags := cmd.Flags()
	flags.StringVar(&body.Subject, "of", "", "key of one thing in it, such as a position; the whole criterion where it is not given")
	flags.StringVar(&body.Owner, "owner", "", "who answers for it")
	flags.StringVar(&body.Reason, "reason", "", "why")
	flags.StringVar(&body.Until, "until", "", "the last day on which it holds")
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body.Site, body.Gate, body.Criterion = args[0], args[1], args[2]
		what := "waive " + args[2] + " of " + args[1] + " at " + args[0]
		if err := needed(what, [2]string{"owner", body.Owner}, [2]string{"reason", body.Reason}, [2]string{"until", body.Until}); err != nil {
			return err
		}
		if err := checkDay(what, "until", body.Until); err != nil {
			return err
		}
		return say(s, cmd, word[inventory.Waiver]{
			what: what, method: http.MethodPost, path: "/waivers", body: body, asJSON: *asJSON,
			draw: func(out io.Writer, w inventory.Waiver) error {
				_, err := fmt.Fprintln(out, printable(fmt.Sprintf("%s: %s is waived until %s, %s answers for it", w.ID, waived(w), w.Until, w.Owner)))
				return err
			},
		})
	}
	return cmd
}

func blockerCommand(s *session) *cobra.Command {
	return group("blocker", "Blockers: list, care",
		listCommand(s, listing[inventory.Blocker]{
			noun: "blockers", path: "/blockers", short: "List what keeps sites from being ready, the oldest first",
			example: "  muster blocker list --wave W1\n  muster blocker list --owner \"K. Moss\" --overdue --csv",
			flags: []filter{
				{"site", "at this site"},
				{"wave", "at the sites of this wave"},
				{"gate", "of this gate"},
				{"criterion", "of this criterion"},
				{"owner", "of this role or person"},
			},
			sets: []filter{{"overdue", "only those whose due date is over"}},
			head: []string{"id", "standing", "why", "clears when", "owner", "since", "due", "note"},
			row: func(v inventory.Blocker) []string {
				return []string{v.ID, string(v.Standing), v.Reason, v.Clears, v.Owner, when(v.Since), string(v.Due), v.Note}
			},
			empty: "no blockers match",
		}),
		blockerCare(s),
	)
}

func blockerCare(s *session) *cobra.Command {
	var owner, due, note string
	cmd := &cobra.Command{
		Use: "care ID", Short: "Settle a blocker's owner, due date or note", Args: exactly("ID"),
		Long:    "Settle who sees to a blocker, until when, and what is to know. What is not given\nstays as it is; an empty --due or --note takes it away.",
		Example: "  muster blocker care E101/devices-ready/swapped/E101-FRONT-1 --owner \"K. Moss\" --due 2026-12-04 --note \"part is ordered\"",
	}
	flags := cmd.Flags()
	flags.StringVar(&owner, "owner", "", "a role or a person")
	flags.StringVar(&due, "due", "", "the day by which it is cleared")
	flags.StringVar(&note, "note", "", "what is to know")
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := "settle blocker " + args[0]
		body := map[string]string{"id": args[0]}
		for name, value := range map[string]string{"owner": owner, "due": due, "note": note} {
			if cmd.Flags().Changed(name) {
				body[name] = value
			}
		}
		if len(body) == 1 {
			return usagef("cannot %s: say what: --owner, --due or --note", what)
		}
		if err := checkDay(what, "due", due); err != nil {
			return err
		}
		return say(s, cmd, word[inventory.BlockerCare]{
			what: what, method: http.MethodPost, path: "/blockers/care", body: body, asJSON: *asJSON,
			draw: func(out io.Writer, c inventory.BlockerCare) error {
				return pairs(out, [][2]string{{"blocker", c.ID}, {"owner", c.Owner}, {"due", string(c.Due)}, {"note", c.Note}, {"settled by", c.By}})
			},
		})
	}
	return cmd
}

// reviewQueueCommand holds what the register is in doubt about.
func reviewQueueCommand(s *session) *cobra.Command {
	return group("review", "Identities in doubt: list, merge, keep-apart",
		listCommand(s, listing[programme.ReviewItem]{
			noun: "doubts", path: "/review", short: "List identities in doubt", example: "  muster review list",
			head: []string{"id", "kind", "number", "assets", "why"},
			row: func(v programme.ReviewItem) []string {
				return []string{v.ID, v.Kind, v.Value, plainText(anyOf(v.Tags)), v.Why}
			},
			empty: "no identity is in doubt",
		}),
		settleDoubt(s, "merge", "Say that two assets of the register are one machine", "  muster review merge serial/MXL0456DEF/A1,A2 --keep A1 --reason \"entered twice\""),
		settleDoubt(s, "keep-apart", "Say that two assets that share a number are two machines", "  muster review keep-apart serial/MXL0456DEF/A1,A2 --reason \"both looked at\""),
	)
}

func anyOf(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

func settleDoubt(s *session, kind, short, example string) *cobra.Command {
	body := struct {
		ID     string `json:"id"`
		Kind   string `json:"kind"`
		Keep   string `json:"keep,omitempty"`
		Reason string `json:"reason"`
	}{Kind: kind}
	cmd := &cobra.Command{
		Use: kind + " ID", Short: short, Example: example, Args: exactly("ID"),
		Long: short + ". ID is\nthat of `muster review list`; an enrolment that waits is settled by `muster workstation review`.",
	}
	if kind == "merge" {
		cmd.Flags().StringVar(&body.Keep, "keep", "", "the tag that stays")
	}
	cmd.Flags().StringVar(&body.Reason, "reason", "", "why")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := kind + " " + args[0]
		if err := needed(what, [2]string{"reason", body.Reason}); err != nil {
			return err
		}
		if kind == "merge" {
			if err := needed(what, [2]string{"keep", body.Keep}); err != nil {
				return err
			}
		}
		body.ID = args[0]
		return say(s, cmd, word[inventory.Asset]{
			what: what, method: http.MethodPost, path: "/review/settle", body: body, asJSON: *asJSON,
			draw: func(out io.Writer, a inventory.Asset) error {
				_, err := fmt.Fprintln(out, printable("settled: "+first(a.Tag, args[0])))
				return err
			},
		})
	}
	return cmd
}
