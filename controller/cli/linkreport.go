package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"muster/controller/sla"
	"muster/inventory"
)

// reportFlags are the filters of every report of links.
func reportFlags() []filter {
	return []filter{
		{"from", "a month (2026-11), a day (2026-11-23) or an instant; the month so far where not given"},
		{"to", "the last month or day, included"},
		{"circuit", "this circuit alone"},
		{"site", "links of this site"},
		{"carrier", "links of this carrier"},
	}
}

// listAs is a list command under another word than list.
func listAs[T any](s *session, use string, l listing[T]) *cobra.Command {
	cmd := listCommand(s, l)
	cmd.Use = use
	return cmd
}

func linkReportCommands(s *session) []*cobra.Command {
	return []*cobra.Command{
		listAs(s, "report", listing[sla.Account]{
			noun: "link reports", path: "/link-reports", short: "Account for the time of links against their contracts",
			example: "  muster link report --from 2026-11\n  muster link report --from 2026-10 --to 2026-11 --carrier northnet --csv",
			flags:   reportFlags(),
			head:    []string{"circuit", "site", "carrier", "up", "down", "excluded", "not observed", "carrier's", "available", "at worst", "promise"},
			row: func(v sla.Account) []string {
				return []string{
					v.Circuit, v.Site, v.Carrier, lasts(v.UpFor), lasts(v.DownFor), lasts(v.ExcludedFor), lasts(v.NotObservedFor), lasts(v.CarrierDownFor),
					ratio(v.Available), ratio(v.AtWorst), string(v.Promise),
				}
			},
			empty: "no links match",
		}),
		listAs(s, "carriers", listing[sla.Sum]{
			noun: "carriers", path: "/carrier-reports", short: "Account for the time of links, summed up by carrier", example: "  muster link carriers --from 2026-11",
			flags: reportFlags(),
			head:  []string{"carrier", "links", "down", "carrier's", "ours", "unattributed", "available", "of carrier", "missed", "undetermined", "outages"},
			row: func(v sla.Sum) []string {
				return []string{
					v.Name, fmt.Sprint(v.Links), lasts(v.DownFor), lasts(v.CarrierDownFor), lasts(v.OursDownFor), lasts(v.UnattributedDownFor),
					ratio(v.Available), ratio(v.OfCarrier), count(v.Missed), count(v.Undetermined), count(v.Outages),
				}
			},
			empty: "no links match",
		}),
		listAs(s, "outages", listing[outageView]{
			noun: "outages", path: "/outages", short: "List outages of links with their cause and the carrier's ticket", example: "  muster link outages --from 2026-11 --carrier northnet",
			flags: reportFlags(),
			head:  []string{"circuit", "site", "began", "ended", "down", "cause", "grade", "whose", "ticket", "incident", "spell"},
			row: func(v outageView) []string {
				whose := string(v.Attribution)
				if v.Void {
					whose = "void"
				}
				return []string{
					v.Circuit, v.Site, v.Began, v.Ended, lasts(v.DownFor), string(v.Cause), string(v.Grade), whose, v.Ticket.Reference, v.Incident, fmt.Sprint(v.Spell),
				}
			},
			empty: "no outages in this period",
		}),
		correctCommand(s),
	}
}

type outageView struct {
	Circuit string `json:"circuit"`
	Site    string `json:"site"`
	Began   string `json:"began"`
	Ended   string `json:"ended"`
	sla.Line
}

func correctCommand(s *session) *cobra.Command {
	var spell int
	var from, to, whose, reason, ticket, opened, closed string
	var void bool
	cmd := &cobra.Command{
		Use: "correct INCIDENT", Short: "Correct an outage in the accounts; the original stays beside it", Args: exactly("INCIDENT"),
		Example: "  muster link correct i1a2b3c4d --attribution ours --reason \"our electrician tripped the breaker\"\n" +
			"  muster link correct i1a2b3c4d --ticket NN-4711 --ticket-opened 2026-11-23T10:12:00Z --reason \"the carrier's own times\"",
	}
	flags := cmd.Flags()
	flags.IntVar(&spell, "spell", 0, "which down time of a flapping link, from 0")
	flags.StringVar(&from, "from", "", "when it began (RFC 3339)")
	flags.StringVar(&to, "to", "", "when it ended (RFC 3339)")
	flags.StringVar(&whose, "attribution", "", "carrier, ours or unattributed")
	flags.BoolVar(&void, "void", false, "it was no outage")
	flags.StringVar(&ticket, "ticket", "", "the carrier's reference")
	flags.StringVar(&opened, "ticket-opened", "", "when the carrier opened it (RFC 3339)")
	flags.StringVar(&closed, "ticket-closed", "", "when the carrier closed it (RFC 3339)")
	flags.StringVar(&reason, "reason", "", "why; required")
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"spell": spell, "reason": reason}
		for name, text := range map[string]string{"from": from, "to": to} {
			if text != "" {
				body[name] = text
			}
		}
		if whose != "" {
			body["attribution"] = whose
		}
		if void {
			body["void"] = true
		}
		if ticket+opened+closed != "" {
			t := map[string]any{"reference": ticket}
			for name, text := range map[string]string{"opened_at": opened, "closed_at": closed} {
				if text != "" {
					t[name] = text
				}
			}
			body["ticket"] = t
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		kept, raw, err := send[sla.Correction](cmd.Context(), c, "correct outage", http.MethodPost, "/incidents/"+url.PathEscape(args[0])+"/corrections", body)
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "correction %d is kept; the original stays beside it\n", kept.Number)
		return err
	}
	return cmd
}

// lasts is a duration to the second, empty where it is none.
func lasts(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.Round(time.Second).String()
}

// ratio is a share in per cent.
func ratio(f inventory.Fact[float64]) string {
	v, known := f.Get()
	if !known {
		return "unknown"
	}
	return strconv.FormatFloat(100*v, 'f', 3, 64) + " %"
}
