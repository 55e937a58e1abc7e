package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"muster/agent/app"
)

// stoppedAfter is the age from which a status is of an agent that no longer
// runs: it writes one every minute.
const stoppedAfter = 3 * time.Minute

func (d *desk) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Print how the agent of this machine stands", Args: cobra.NoArgs,
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	flagsFor(cmd.Flags(), "state_dir")
	cmd.RunE = d.does(func(cmd *cobra.Command) error {
		c, err := d.config(cmd.Flags())
		if err != nil {
			return err
		}
		s, err := app.ReadStatus(c.StateDir)
		if err != nil {
			return err
		}
		if *asJSON {
			encoder := json.NewEncoder(d.Stdout)
			encoder.SetIndent("", "  ")
			return encoder.Encode(s)
		}
		return printStatus(d.Stdout, s, time.Now())
	})
	return cmd
}

func printStatus(w io.Writer, s app.Status, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(what, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", what, value)
		}
	}
	state := "as of " + ago(s.At, now)
	if now.Sub(s.At) > stoppedAfter {
		state += ": the agent does not run"
	}
	line("status", state)
	line("version", s.Version)
	line("name", s.Name)
	line("workstation", orElse(s.Workstation, "not enrolled"))
	line("review", s.Review)
	line("home site", s.HomeSite)
	line("site", s.Site)
	if s.Addr.IsValid() {
		line("address", fmt.Sprintf("%s, port %d", s.Addr, s.Port))
	}
	line("uplink", s.Uplink)
	if s.Via != "" && s.Via != "direct" {
		line("through", s.Via)
	}
	if !s.LastAckAt.IsZero() {
		line("acknowledged", fmt.Sprintf("report %d, %s", s.LastSeq, ago(s.LastAckAt, now)))
	}
	line("neighbours", fmt.Sprintf("%d heard of %d", s.Peers, s.PeersKnown))
	if !s.CertificateUntil.IsZero() {
		line("certificate", "until "+s.CertificateUntil.Format(time.DateOnly))
	}
	line("journal", orElse(s.Journal, "written, run "+s.Run))
	line("problem", s.Problem)
	return t.Flush()
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func ago(at, now time.Time) string {
	return now.Sub(at).Round(time.Second).String() + " ago"
}
