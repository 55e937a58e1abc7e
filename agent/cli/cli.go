package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"muster/agent/app"
	"muster/agent/report"
	"muster/inventory/wire"
)

// Options is what the commands stand on.
type Options struct {
	Version string
	Stdout  io.Writer
	Stderr  io.Writer
	// Env reads the environment.
	Env func(name string) (string, bool)
}

// hinted is an error with what to do about it.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

func withHint(err error, hint string) error { return &hinted{err, hint} }

// desk is one call of the program.
type desk struct {
	Options
	configFile string
	began      bool // a command was found and its arguments were right
}

// Run executes the command line and returns the exit code.
func Run(ctx context.Context, o Options, args []string) int {
	d := &desk{Options: o}
	root := d.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	text := strings.TrimSpace(err.Error())
	fmt.Fprintf(o.Stderr, "muster-agent: %s\n", strings.ReplaceAll(text, "\n", "; "))
	if hint := hintFor(err, d.began); hint != "" {
		fmt.Fprintf(o.Stderr, "hint: %s\n", hint)
	}
	if !d.began {
		return 2
	}
	return 1
}

func (d *desk) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "muster-agent",
		Short: "Report this workstation's hardware, connectivity and health to Muster",
		Long: "The Muster agent reads this machine, keeps a journal of what it sees of the\n" +
			"network, and reports to the controller over its site's mesh.",
		Example: "  muster-agent enrol --token muster1.…\n  muster-agent run --config /etc/muster/agent.yaml\n" +
			"  muster-agent inventory --json",
		SilenceErrors: true, SilenceUsage: true,
		SuggestionsMinimumDistance: 2,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("cannot run %q: there is no such command", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetOut(d.Stdout)
	root.SetErr(d.Stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("cannot read the command line: %w", err)
	})
	root.PersistentFlags().StringVar(&d.configFile, "config", "", "configuration file (default "+defaultConfigFile()+")")
	root.AddCommand(d.runCommand(), d.enrolCommand(), d.inventoryCommand(), d.statusCommand(),
		d.imageCommand(), d.serviceCommand(), d.versionCommand())
	return root
}

// does wraps a command's work: whatever fails in it is a failure, not wrong usage.
func (d *desk) does(work func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		d.began = true
		return work(cmd)
	}
}

func (d *desk) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: d.does(func(*cobra.Command) error {
			_, err := fmt.Fprintln(d.Stdout, "muster-agent", d.Version)
			return err
		}),
	}
}

// hintFor says what a person can do about an error; empty where nothing helps.
func hintFor(err error, began bool) string {
	var own *hinted
	var problem *wire.Problem
	switch {
	case errors.As(err, &own):
		return own.hint
	case !began:
		return "see muster-agent --help"
	case errors.Is(err, app.ErrNoToken), errors.Is(err, wire.ErrToken):
		return "run `muster token create` on the controller and pass what it prints: muster-agent enrol --token …"
	case errors.Is(err, report.ErrInUse):
		return "stop the running agent first, for example with `systemctl stop muster-agent`"
	case errors.Is(err, app.ErrNoStatus):
		return "start the agent, or name its folder with --state-dir"
	case errors.As(err, &problem) && problem.Type == wire.ProblemToken:
		return "ask for a new token: `muster token create` on the controller"
	case strings.Contains(err.Error(), "address already in use"):
		return "another program has the port; name a free one with --listen"
	case strings.Contains(err.Error(), "permission denied"):
		return "run it as root, or name a folder of your own with --state-dir"
	}
	return ""
}
