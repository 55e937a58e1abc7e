package main

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"muster/controller/demo"
)

func demoCommand() *cobra.Command {
	o := demo.Options{}
	var verbose bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a whole county on this machine",
		Long: "Run a county of 130 sites and 1,950 workstations in this process: the real\n" +
			"controller, and a real agent with real Serf for every workstation. Only the\n" +
			"machines are made up. This machine is one more workstation, with its own hardware.\n" +
			"Nothing leaves the loopback interface.",
		Example: "  muster demo\n  muster demo --sites 20 --workstations 200 --for 5m\n" +
			"  muster demo --rehearsal configs/rehearsals/24-power-cut.yaml",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal.Ignore(syscall.SIGPIPE) // a closed pipe ends the demo in good order, not at once
			level := slog.LevelError
			if verbose {
				level = slog.LevelInfo
			}
			o.Version, o.Out = version, cmd.OutOrStdout()
			o.Terminal = isTerminal(os.Stdout)
			o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
			return demo.Run(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Sites, "sites", 130, "how many sites")
	flags.IntVar(&o.Workstations, "workstations", 1950, "how many workstations, spread evenly")
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8420", "address of pages and API, on loopback")
	flags.StringVar(&o.Data, "data", "", "keep the county in this folder and go on with it next time")
	flags.StringVar(&o.APIToken, "api-token", "", "accept this API token instead of a new one")
	flags.DurationVar(&o.For, "for", 0, "end by itself after this long, for example 30s")
	flags.StringVar(&o.Rehearsal, "rehearsal", "", "play this rehearsal live instead, with a line for each fault and verdict")
	cmd.MarkFlagsMutuallyExclusive("rehearsal", "sites")
	cmd.MarkFlagsMutuallyExclusive("rehearsal", "workstations")
	cmd.MarkFlagsMutuallyExclusive("rehearsal", "data")
	flags.BoolVar(&verbose, "verbose", false, "log what the controller says")
	return cmd
}

// isTerminal reports whether f is one, so that a progress line may be overwritten.
func isTerminal(f *os.File) bool {
	stat, err := f.Stat()
	return err == nil && stat.Mode()&os.ModeCharDevice != 0
}
