package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"muster/inventory"
)

func incidentCommand(s *session) *cobra.Command {
	return group("incident", "Incidents: list, show, acknowledge, note, ticket, export",
		listCommand(s, listing[inventory.Incident]{
			noun: "incidents", path: "/incidents", short: "List incidents, newest first",
			example: "  muster incident list --live\n  muster incident list --carrier northnet --from 2026-11-01T00:00:00Z --csv",
			flags: []filter{
				{"site", "that this site is part of"},
				{"carrier", "of this carrier, or that may be its link's"},
				{"workstation", "of this workstation"},
				{"cause", "such as site-link-down"},
				{"state", "pending, open, resolved, event or folded"},
				{"from", "went on at or after this instant (RFC 3339)"},
				{"to", "began at or before"},
			},
			sets: []filter{
				{"live", "only what goes on now: pending and open"},
				{"presence", "also how single machines stand, and what healed by itself"},
			},
			head: []string{"id", "state", "cause", "scope", "grade", "since", "people", "who has it", "ticket"},
			row: func(v inventory.Incident) []string {
				return []string{
					v.ID, string(v.State), string(v.Cause), scopeText(v.Scope), string(v.Grade), v.StartedAt.UTC().Format(time.RFC3339),
					count(v.People), v.AcknowledgedBy, v.Ticket,
				}
			},
			empty: "no incidents match",
		}),
		showCommand(s, "incident", "ID", "Show an incident with its verdicts and evidence", "  muster incident show i1a2b3c4d", keyPath("/incidents"), drawIncident),
		incidentTouch(s, "acknowledge ID", "Say that you see to an incident", "  muster incident acknowledge i1a2b3c4d", nil),
		incidentTouch(s, "note ID TEXT", "Add a note to an incident", "  muster incident note i1a2b3c4d \"the carrier has sent someone\"", func(text string) any {
			return map[string]string{"text": text}
		}),
		incidentTouch(s, "ticket ID REFERENCE", "Set an incident's ticket reference; an empty one takes it away", "  muster incident ticket i1a2b3c4d NN-4711", func(text string) any {
			return map[string]string{"ticket": text}
		}),
		incidentExport(s),
	)
}

// scopeText is what an incident is about, in as few words as a column takes.
func scopeText(s inventory.Scope) string {
	text := first(s.Workstation, s.Service, s.Circuit, s.Exchange, s.Carrier, s.Site)
	switch {
	case s.Controller:
		return "the controller"
	case s.Site != "" && text != s.Site:
		text = s.Site + " " + text
	}
	if n := len(s.Sites); n > 0 {
		text = strings.TrimSpace(fmt.Sprintf("%s (%d sites)", text, n))
	}
	return text
}

func drawIncident(out io.Writer, v inventory.Incident) error {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	acknowledged := ""
	if v.AcknowledgedBy != "" {
		acknowledged = v.AcknowledgedBy + " at " + at(v.AcknowledgedAt)
	}
	err := pairs(out, [][2]string{
		{"incident", v.ID},
		{"cause", string(v.Cause)},
		{"verdict", v.Reason()},
		{"grade", fmt.Sprintf("%s, confidence %.2f", v.Grade, v.Confidence)},
		{"scope", scopeText(v.Scope)},
		{"sites", strings.Join(v.Scope.Sites, ", ")},
		{"state", string(v.State)},
		{"severity", string(v.Severity)},
		{"people", fmt.Sprint(v.People)},
		{"started", at(v.StartedAt)},
		{"detected", at(v.DetectedAt)},
		{"opened", at(v.OpenedAt)},
		{"resolved", at(v.ResolvedAt)},
		{"folded into", v.Into},
		{"who has it", acknowledged},
		{"ticket", v.Ticket},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	verdicts := make([][]string, 0, len(v.Verdicts))
	for _, one := range v.Verdicts {
		verdicts = append(verdicts, []string{at(one.At), string(one.Cause), string(one.Grade), fmt.Sprintf("%.2f", one.Confidence), one.Reason})
	}
	if err := table(out, []string{"verdict at", "cause", "grade", "confidence", "why"}, verdicts); err != nil {
		return err
	}
	return drawFindings(out, v)
}

// drawFindings is the evidence, what speaks for the verdict apart from what speaks
// against it, and the notes.
func drawFindings(out io.Writer, v inventory.Incident) error {
	rows := make([][]string, 0, len(v.Evidence))
	for _, f := range v.Evidence {
		side := "against"
		if f.For {
			side = "for"
		}
		rows = append(rows, []string{f.At.UTC().Format(time.RFC3339), side, string(f.Kind), f.Text})
	}
	if len(rows) > 0 {
		fmt.Fprintln(out)
		if err := table(out, []string{"evidence at", "speaks", "kind", "what"}, rows); err != nil {
			return err
		}
	}
	for _, n := range v.Notes {
		if _, err := fmt.Fprintf(out, "\n%s, %s: %s\n", n.Author, n.At.UTC().Format(time.RFC3339), printable(n.Text)); err != nil {
			return err
		}
	}
	return nil
}

// incidentTouch is a command that does one thing to an incident. body makes what
// travels of the text behind the id; nil where there is none.
func incidentTouch(s *session, use, short, example string, body func(text string) any) *cobra.Command {
	names := strings.Fields(use)
	cmd := &cobra.Command{Use: use, Short: short, Example: example, Args: exactly(names[1:]...)}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		var travels any
		if body != nil {
			travels = body(args[1])
		}
		v, raw, err := send[inventory.Incident](cmd.Context(), c, names[0]+" "+args[0], http.MethodPost, keyPath("/incidents")(args[0])+"/"+names[0], travels)
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), touched(v, names[0]))
		return err
	}
	return cmd
}

func touched(v inventory.Incident, verb string) string {
	text := fmt.Sprintf("%s, %s at %s, ", v.ID, v.Cause, scopeText(v.Scope))
	switch {
	case verb == "acknowledge":
		return text + "is acknowledged by " + v.AcknowledgedBy
	case verb == "ticket" && v.Ticket == "":
		return text + "has no ticket"
	case verb == "ticket":
		return text + "has the ticket " + v.Ticket
	default:
		return text + "has the note of " + v.Notes[len(v.Notes)-1].Author
	}
}

func incidentExport(s *session) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "export ID", Short: "Export an incident's evidence as a rehearsal that replays to the same verdict", Args: exactly("ID"),
		Example: "  muster incident export i1a2b3c4d --to cut-at-mill.yaml\n  muster incident export i1a2b3c4d | less",
	}
	cmd.Flags().StringVar(&to, "to", "", "file to write; standard output where it is not given")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		what := "export incident " + args[0]
		b, err := c.call(cmd.Context(), what, request{method: http.MethodGet, path: keyPath("/incidents")(args[0]) + "/export"})
		if err != nil {
			return err
		}
		if to == "" {
			_, err = cmd.OutOrStdout().Write(b)
			return err
		}
		if err := os.WriteFile(to, b, 0o600); err != nil {
			return fmt.Errorf("cannot %s: %w", what, err)
		}
		return nil
	}
	return cmd
}
