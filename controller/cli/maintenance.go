package cli

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"muster/inventory"
)

type windowView struct {
	inventory.Window
	State string `json:"state"`
}

func (v windowView) subject() string {
	if v.All {
		return "everything"
	}
	for _, one := range [][2]string{{"site", v.Site}, {"circuit", v.Circuit}, {"carrier", v.Carrier}, {"exchange", v.Exchange}, {"service", v.Service}} {
		if one[1] != "" {
			return one[0] + " " + one[1]
		}
	}
	return ""
}

// until is when the window ends, or ended before its time.
func (v windowView) until() time.Time {
	if !v.EndedAt.IsZero() {
		return v.EndedAt
	}
	return v.To
}

func maintenanceCommand(s *session) *cobra.Command {
	return group("maintenance", "Maintenance windows: list, add, end",
		listCommand(s, listing[windowView]{
			noun: "maintenance windows", path: "/maintenance", short: "List maintenance windows that are in force or planned",
			example: "  muster maintenance list\n  muster maintenance list --all --csv",
			flags:   []filter{{"site", "that cover this site"}},
			sets:    []filter{{"all", "also those that are over"}},
			head:    []string{"id", "state", "of", "from", "until", "whose", "reason", "made by"},
			row: func(v windowView) []string {
				whose := "ours"
				if v.Theirs {
					whose = "theirs"
				}
				return []string{
					v.ID, v.State, v.subject(), v.From.UTC().Format(time.RFC3339), v.until().UTC().Format(time.RFC3339), whose, v.Reason, v.CreatedBy,
				}
			},
			empty: "no maintenance is in force or planned: `muster maintenance add --site CODE --for 2h --reason WHY` adds some",
		}),
		maintenanceAdd(s), maintenanceEnd(s),
	)
}

func maintenanceAdd(s *session) *cobra.Command {
	var body struct {
		Site     string `json:"site,omitempty"`
		Circuit  string `json:"circuit,omitempty"`
		Carrier  string `json:"carrier,omitempty"`
		Exchange string `json:"exchange,omitempty"`
		Service  string `json:"service,omitempty"`
		All      bool   `json:"all,omitempty"`
		From     string `json:"from,omitempty"`
		To       string `json:"to,omitempty"`
		For      string `json:"for,omitempty"`
		Theirs   bool   `json:"theirs,omitempty"`
		Reason   string `json:"reason"`
	}
	cmd := &cobra.Command{
		Use: "add", Short: "Add a maintenance window: nothing opens inside it", Args: cobra.NoArgs,
		Long: "Add a maintenance window of one site, circuit, carrier, exchange or service, or of\n" +
			"everything. Inside it nothing opens and nobody is called; what is still wrong when\n" +
			"it ends is an incident from then on.",
		Example: "  muster maintenance add --site S001 --for 2h --reason \"new switch\"\n" +
			"  muster maintenance add --carrier northnet --theirs --from 2026-12-01T22:00:00Z --to 2026-12-02T04:00:00Z --reason \"core upgrade\"",
	}
	flags := cmd.Flags()
	flags.StringVar(&body.Site, "site", "", "of this site")
	flags.StringVar(&body.Circuit, "circuit", "", "of this circuit")
	flags.StringVar(&body.Carrier, "carrier", "", "of this carrier's links")
	flags.StringVar(&body.Exchange, "exchange", "", "of the links at this exchange")
	flags.StringVar(&body.Service, "service", "", "of this service")
	flags.BoolVar(&body.All, "all", false, "of everything")
	flags.StringVar(&body.From, "from", "", "when it begins (RFC 3339); now where it is not given")
	flags.StringVar(&body.To, "to", "", "when it ends (RFC 3339)")
	flags.StringVar(&body.For, "for", "", "how long it lasts, such as 2h, in the place of --to")
	flags.BoolVar(&body.Theirs, "theirs", false, "it is the carrier's or supplier's, not ours")
	flags.StringVar(&body.Reason, "reason", "", "why: people will ask")
	cmd.MarkFlagsMutuallyExclusive("to", "for")
	cmd.MarkFlagsMutuallyExclusive("site", "circuit", "carrier", "exchange", "service", "all")
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		const what = "add maintenance window"
		switch {
		case body.Reason == "":
			return usagef("cannot %s: --reason is missing", what)
		case body.To == "" && body.For == "":
			return Hint(usagef("cannot %s: neither --to nor --for is given", what), "muster maintenance add --site S001 --for 2h --reason \"new switch\"")
		case body.Site == "" && body.Circuit == "" && body.Carrier == "" && body.Exchange == "" && body.Service == "" && !body.All:
			return usagef("cannot %s: say of what: --site, --circuit, --carrier, --exchange, --service or --all", what)
		}
		for flag, value := range map[string]string{"from": body.From, "to": body.To} {
			if _, err := time.Parse(time.RFC3339, value); value != "" && err != nil {
				return usagef("cannot %s: --%s %q is not an instant such as 2026-12-01T22:00:00Z", what, flag, value)
			}
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		v, raw, err := send[windowView](cmd.Context(), c, what, http.MethodPost, "/maintenance", body)
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: maintenance of %s from %s to %s, %s\n",
			v.ID, v.subject(), v.From.UTC().Format(time.RFC3339), v.To.UTC().Format(time.RFC3339), v.State)
		return err
	}
	return cmd
}

func maintenanceEnd(s *session) *cobra.Command {
	cmd := &cobra.Command{Use: "end ID", Short: "End a maintenance window now, or cancel a planned one", Example: "  muster maintenance end m1a2b3c4d", Args: exactly("ID")}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		v, raw, err := send[windowView](cmd.Context(), c, "end maintenance window "+args[0], http.MethodDelete, keyPath("/maintenance")(args[0]), nil)
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is over: maintenance of %s\n", v.ID, v.subject())
		return err
	}
	return cmd
}
