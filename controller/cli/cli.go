package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// Options is what the commands are made of.
type Options struct {
	Version string
	// Commands are those that do not go through the API: serve, demo, backup,
	// restore. They may return the errors of Usage and Hint.
	Commands []*cobra.Command
	// Client calls the API; nil is a client of its own.
	Client *http.Client
	// Env reads the environment; nil is the process's.
	Env func(name string) string
}

// New is the command `muster` with everything under it.
func New(o Options) *cobra.Command {
	if o.Env == nil {
		o.Env = os.Getenv
	}
	s := &session{options: o}
	root := &cobra.Command{
		Use:   "muster",
		Short: "Watch and steer a hardware and network refresh across many sites",
		Long: "Muster watches and steers a hardware and network refresh across many sites.\n\n" +
			"Most commands ask a running controller. They find it by --server and --token,\n" +
			"MUSTER_SERVER and MUSTER_TOKEN, a file given with --config, or the data\n" +
			"directory of a controller on this machine (--data).",
		Example:                    "  muster demo\n  muster site list\n  muster workstation show w1a2b3c4d",
		Version:                    o.Version,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		Args:                       unknownCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("muster {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	s.flags(root.PersistentFlags())
	root.AddCommand(
		siteCommand(s), workstationCommand(s), assetCommand(s), linkCommand(s), subnetCommand(s),
		tokenCommand(s), userCommand(s), meshCommand(s), importCommand(s), eventCommand(s),
		incidentCommand(s), maintenanceCommand(s), notifyCommand(s), gateCommand(s), versionCommand(o.Version),
		swapCommand(s), readinessCommand(s), signOffCommand(s), waiverCommand(s), blockerCommand(s),
		forecastCommand(s), baselineCommand(s), whatIfCommand(s), historyCommand(s), reviewQueueCommand(s), accessCommand(s),
	)
	root.AddCommand(refreshCommands(s)...)
	root.AddCommand(o.Commands...)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return Hint(Usage(err), "see `"+cmd.CommandPath()+" --help`")
	})
	guardGroups(root)
	return root
}

// Run executes root and writes its error, if any, as `muster: …` with its hint.
// It returns the exit code: 0, 1 for a failure, 2 for wrong usage.
func Run(ctx context.Context, root *cobra.Command, stderr io.Writer) int {
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "muster: %s\n", strings.TrimPrefix(err.Error(), "muster: "))
	if hinted, ok := errors.AsType[*hintError](err); ok {
		fmt.Fprintf(stderr, "hint: %s\n", hinted.hint)
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return 2
	}
	return 1
}

// usageError is a mistake in the command line.
type usageError struct{ error }

// Unwrap implements errors.Unwrap.
func (e *usageError) Unwrap() error { return e.error }

// Usage marks err as wrong usage: exit code 2.
func Usage(err error) error { return &usageError{err} }

func usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

type hintError struct {
	error

	hint string
}

// Unwrap implements errors.Unwrap.
func (e *hintError) Unwrap() error { return e.error }

// Hint adds a line that says what to do next.
func Hint(err error, hint string) error { return &hintError{err, hint} }

// unknownCommand refuses a word that is no command, with the nearest that is.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usagef("cannot run %q: no such command of %s", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return Hint(err, "did you mean "+strings.Join(near, " or ")+"?")
	}
	return Hint(err, "see `"+cmd.CommandPath()+" --help`")
}

// guardGroups makes every command that only holds others say so when it is given
// a word that none of them is.
func guardGroups(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		if sub.HasSubCommands() && sub.Run == nil && sub.RunE == nil {
			sub.SuggestionsMinimumDistance = 2
			sub.Args = unknownCommand
			sub.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
		guardGroups(sub)
	}
}

func versionCommand(version string) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs, Example: "  muster version",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "muster %s\n", version)
			return err
		},
	}
}

// Leaf is one command that does something.
type Leaf struct{ Name, Short, Example string }

// Leaves lists the commands under cmd that do something themselves: docs are
// made of it.
func Leaves(cmd *cobra.Command) []Leaf {
	if !cmd.HasSubCommands() {
		return []Leaf{{Name: cmd.CommandPath(), Short: cmd.Short, Example: cmd.Example}}
	}
	var leaves []Leaf
	for _, sub := range cmd.Commands() {
		leaves = append(leaves, Leaves(sub)...)
	}
	return leaves
}
