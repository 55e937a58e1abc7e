package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"muster/agent/app"
	"muster/agent/collect"
	"muster/agent/probe"
	"muster/agent/service"
	"muster/inventory"
	"muster/mesh"
)

// goodbyeFor bounds what is done between the signal and the end.
const goodbyeFor = 4 * time.Second

// everyKey are the settings that `run` takes as flags.
func everyKey() []string {
	var keys []string
	for _, s := range settings() {
		keys = append(keys, s.key)
	}
	return keys
}

func (d *desk) runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "run", Short: "Run the agent until it is told to stop", Args: cobra.NoArgs,
		Example: "  muster-agent run --config /etc/muster/agent.yaml",
	}
	flagsFor(cmd.Flags(), everyKey()...)
	cmd.RunE = d.does(func(cmd *cobra.Command) error {
		return d.serve(cmd.Context(), cmd.Flags(), service.StopReason)
	})
	return cmd
}

// serve runs the agent until ctx ends, then asks why.
func (d *desk) serve(ctx context.Context, flags *pflag.FlagSet, why func(context.Context) inventory.LeaveReason) error {
	c, err := d.config(flags)
	if err != nil {
		return err
	}
	agent, err := d.agent(c)
	if err != nil {
		return err
	}
	if err := agent.Start(ctx); err != nil {
		return err
	}
	turn := &turns{agent: agent}
	var watching sync.WaitGroup
	watching.Go(func() {
		service.WatchPower(ctx, service.PowerOptions{Hear: turn.hear, Log: newLog(d.Stderr, c)})
	})
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbyeFor)
	defer cancel()
	defer watching.Wait()
	return agent.StopFor(ctx, turn.why(ctx, why))
}

// machine is this computer: what is read of it, and what is probed from it.
type machine struct {
	*collect.Collector
	*probe.Prober
}

func (d *desk) agent(c config) (*app.App, error) {
	log := newLog(d.Stderr, c)
	collector, err := collect.New(collect.Options{Log: log})
	if err != nil {
		return nil, err
	}
	machine := machine{Collector: collector, Prober: probe.New(probe.Options{})}
	return app.New(app.Options{
		StateDir: c.StateDir, Token: c.JoinToken, Network: mesh.OS{}, Machine: machine,
		Addr: c.Listen, Log: log, Version: d.Version, JournalSize: c.JournalSize, JoinSpread: c.JoinSpread,
		Kind: c.Kind, StatusFile: true,
	})
}

func newLog(w io.Writer, c config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func (d *desk) enrolCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "enrol --token TOKEN", Short: "Enrol this machine with its controller", Args: cobra.NoArgs,
		Long: "Enrol asks the controller for this machine's certificate and keeps it. The agent\n" +
			"must not be running. A machine that is enrolled already stays what it is.",
	}
	token := cmd.Flags().String("token", "", "join token as printed by `muster token create`")
	flagsFor(cmd.Flags(), "state_dir", "listen", "kind", "log_level")
	cmd.RunE = d.does(func(cmd *cobra.Command) error {
		c, err := d.config(cmd.Flags())
		if err != nil {
			return err
		}
		if *token != "" {
			c.JoinToken = *token
		}
		agent, err := d.agent(c)
		if err != nil {
			return err
		}
		workstation, review, err := agent.Enrol(cmd.Context())
		if err != nil {
			return err
		}
		fmt.Fprintf(d.Stdout, "enrolled as %s\n", workstation)
		if review != "" {
			fmt.Fprintf(d.Stdout, "a person must look at it before it counts: %s\n", review)
		}
		return nil
	})
	return cmd
}

func (d *desk) imageCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "prepare-image", Short: "Make this machine ready to be imaged", Args: cobra.NoArgs,
		Long: "Prepare-image wipes key, certificate, settings and journal, and leaves the join\n" +
			"token: each copy of the disk enrols as itself. The agent must not be running.",
	}
	flagsFor(cmd.Flags(), "state_dir")
	cmd.RunE = d.does(func(cmd *cobra.Command) error {
		c, err := d.config(cmd.Flags())
		if err != nil {
			return err
		}
		if err := app.PrepareImage(c.StateDir); err != nil {
			return err
		}
		fmt.Fprintf(d.Stdout, "ready to be imaged: %s holds nothing of this machine\n", c.StateDir)
		return nil
	})
	return cmd
}
