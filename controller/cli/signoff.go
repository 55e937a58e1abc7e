package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"muster/inventory"
)

func signOffPath(site, gate string) string {
	return "/sign-offs/" + url.PathEscape(site) + "/" + url.PathEscape(gate)
}

func signOffCommand(s *session) *cobra.Command {
	return group("sign-off", "Sign-offs: list, show, request, sign, decline, withdraw, meet",
		listCommand(s, listing[inventory.SignOff]{
			noun: "sign-offs", path: "/sign-offs", short: "List sign-offs", example: "  muster sign-off list\n  muster sign-off list --state weakened --csv",
			flags: []filter{
				{"site", "of this site"},
				{"state", "requested, signed, signed-with-conditions, declined, weakened or withdrawn"},
			},
			head: []string{"site", "gate", "state", "asked by", "by", "at", "conditions", "reason", "changed since"},
			row: func(v inventory.SignOff) []string {
				return []string{v.Site, v.Gate, string(v.State), v.AskedBy, signer(v), when(v.At), metOf(v), v.Reason, strings.Join(v.Changed, "; ")}
			},
			empty: "no sign-offs match; `muster sign-off request SITE GATE` asks for one",
		}),
		signOffShow(s), signOffTouch(s, "request", "Ask a site's owner to sign"),
		signOffSign(s, "sign", "Sign, with conditions where there are any"), signOffSign(s, "decline", "Refuse to sign, with a reason"),
		signOffWithdraw(s), signOffMeet(s),
	)
}

// signer is who signed, and for whom.
func signer(v inventory.SignOff) string {
	if v.For != "" {
		return v.By + " for " + v.For
	}
	return v.By
}

func metOf(v inventory.SignOff) string {
	if len(v.Conditions) == 0 {
		return ""
	}
	met := 0
	for _, c := range v.Conditions {
		if !c.MetAt.IsZero() {
			met++
		}
	}
	return fmt.Sprintf("%d of %d met", met, len(v.Conditions))
}

func drawSignOff(out io.Writer, v inventory.SignOff) error {
	lines := [][2]string{
		{"site", v.Site},
		{"gate", v.Gate},
		{"state", first(string(v.State), "nobody was asked yet")},
		{"asked by", strings.TrimSpace(v.AskedBy + " " + when(v.AskedAt))},
		{"by", strings.TrimSpace(signer(v) + " " + when(v.At))},
		{"reason", v.Reason},
		{"evaluation", v.Evaluation},
		{"weakened", when(v.WeakenedAt)},
	}
	for _, changed := range v.Changed {
		lines = append(lines, [2]string{"changed", changed})
	}
	for i, c := range v.Conditions {
		text := fmt.Sprintf("%s, of %s", c.Text, c.Owner)
		if c.Due.Set() {
			text += ", due " + string(c.Due)
		}
		if !c.MetAt.IsZero() {
			text += fmt.Sprintf("; met, %s %s", c.MetBy, when(c.MetAt))
		}
		lines = append(lines, [2]string{"condition " + strconv.Itoa(i+1), text})
	}
	return pairs(out, lines)
}

// signOffShow shows the sign-off and the gate as it stands now, whose evaluation
// a signer names as seen.
func signOffShow(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "show SITE GATE", Short: "Show a sign-off with how the gate stands now", Args: exactly("SITE", "GATE"),
		Example: "  muster sign-off show E101 site-go-live",
	}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		type view struct {
			inventory.SignOff
			Now inventory.Evaluation `json:"now"`
		}
		return ask(s, cmd, "show the sign-off of "+args[0], signOffPath(args[0], args[1]), nil, *asJSON, func(out io.Writer, v view) error {
			if err := drawSignOff(out, v.SignOff); err != nil {
				return err
			}
			fmt.Fprintln(out, "\nnow:")
			if err := drawEvaluation(out, v.Now); err != nil {
				return err
			}
			_, err := fmt.Fprintf(out, "\nto sign what is shown here: muster sign-off sign %s %s --seen %s\n", v.Now.Site, v.Now.Gate, v.Now.ID)
			return err
		})
	}
	return cmd
}

// signOffTouch sends a word that has nothing beside it.
func signOffTouch(s *session, verb, short string) *cobra.Command {
	cmd := &cobra.Command{Use: verb + " SITE GATE", Short: short, Args: exactly("SITE", "GATE"), Example: "  muster sign-off " + verb + " E101 site-go-live"}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return signOffSay(s, cmd, verb, args, nil, *asJSON) }
	return cmd
}

func signOffSay(s *session, cmd *cobra.Command, verb string, args []string, body any, asJSON bool) error {
	return say(s, cmd, word[inventory.SignOff]{
		what: verb + " the sign-off of " + args[1] + " at " + args[0], method: http.MethodPost, path: signOffPath(args[0], args[1]) + "/" + verb,
		body: body, asJSON: asJSON, draw: drawSignOff,
	})
}

func signOffSign(s *session, verb, short string) *cobra.Command {
	var body struct {
		Seen       string                `json:"seen,omitempty"`
		Reason     string                `json:"reason,omitempty"`
		For        string                `json:"for,omitempty"`
		Conditions []inventory.Condition `json:"conditions,omitempty"`
	}
	var conditions []string
	cmd := &cobra.Command{Use: verb + " SITE GATE", Short: short, Args: exactly("SITE", "GATE"), Example: "  muster sign-off decline E101 site-go-live --reason \"the lift is out of order\""}
	flags := cmd.Flags()
	flags.StringVar(&body.Reason, "reason", "", "why; needed where the gate is not ready")
	flags.StringVar(&body.For, "for", "", "the owner, where you sign as a deputy")
	if verb == "sign" {
		cmd.Long = "Sign what `muster sign-off show` showed: where the gate came to stand otherwise since,\n" +
			"it is refused. A blocked gate is signed with conditions, which block until they are met."
		cmd.Example = "  muster sign-off sign E101 site-go-live --seen e1a2b3c4d\n" +
			"  muster sign-off sign E101 site-go-live --reason \"we can live with one desk\" --condition \"desk 4 by Friday; K. Moss; 2026-12-11\""
		flags.StringVar(&body.Seen, "seen", "", "evaluation that you looked at; the one that was asked for where it is not given")
		flags.StringArrayVar(&conditions, "condition", nil, "TEXT; OWNER; DUE, the due date where there is one; can be given again")
	}
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if verb == "decline" {
			if err := needed("decline the sign-off of "+args[0], [2]string{"reason", body.Reason}); err != nil {
				return err
			}
		}
		for _, text := range conditions {
			c, err := readCondition(text)
			if err != nil {
				return err
			}
			body.Conditions = append(body.Conditions, c)
		}
		return signOffSay(s, cmd, verb, args, body, *asJSON)
	}
	return cmd
}

func readCondition(text string) (inventory.Condition, error) {
	parts := strings.Split(text, ";")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || parts[1] == "" {
		return inventory.Condition{}, Hint(usagef("cannot read condition %q: want TEXT; OWNER; DUE", text), "for instance --condition \"desk 4 by Friday; K. Moss; 2026-12-11\"")
	}
	c := inventory.Condition{Text: parts[0], Owner: parts[1]}
	if len(parts) == 3 {
		if err := checkDay("read condition", "condition", parts[2]); err != nil {
			return c, err
		}
		c.Due = inventory.Date(parts[2])
	}
	return c, nil
}

func signOffWithdraw(s *session) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "withdraw SITE GATE", Short: "Take a signature, or the wish for one, back", Args: exactly("SITE", "GATE"),
		Example: "  muster sign-off withdraw E101 site-go-live --reason \"the move is put off\"",
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return signOffSay(s, cmd, "withdraw", args, map[string]string{"reason": reason}, *asJSON)
	}
	return cmd
}

func signOffMeet(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "meet SITE GATE NUMBER", Short: "Say that a condition is met", Args: exactly("SITE", "GATE", "NUMBER"),
		Example: "  muster sign-off meet E101 site-go-live 1",
	}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		n, err := strconv.Atoi(args[2])
		if err != nil || n < 1 {
			return usagef("cannot meet a condition of %s: %q is not its number, from 1", args[0], args[2])
		}
		return signOffSay(s, cmd, "meet", args, map[string]int{"condition": n}, *asJSON)
	}
	return cmd
}
