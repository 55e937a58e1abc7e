package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"muster/agent/service"
	"muster/configs"
	"muster/inventory"
)

func (d *desk) serviceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "service", Short: "Install or remove the agent as a service",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("cannot run %q: service knows install, uninstall and run", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	install := &cobra.Command{
		Use: "install", Short: "Install and start the service", Args: cobra.NoArgs,
		RunE: d.does(d.installService),
	}
	run := &cobra.Command{
		Use: "run", Short: "Run under the service manager", Args: cobra.NoArgs, Hidden: true,
	}
	flagsFor(run.Flags(), everyKey()...)
	run.RunE = d.does(func(cmd *cobra.Command) error {
		return service.Run(cmd.Context(), func(ctx context.Context, why func(context.Context) inventory.LeaveReason) error {
			return d.serve(ctx, cmd.Flags(), why)
		})
	})
	cmd.AddCommand(install, run, &cobra.Command{
		Use: "uninstall", Short: "Stop and remove the service", Args: cobra.NoArgs,
		RunE: d.does(func(*cobra.Command) error {
			if err := service.Uninstall(); err != nil {
				return err
			}
			fmt.Fprintln(d.Stdout, "service removed; its state and configuration stay")
			return nil
		}),
	})
	return cmd
}

// installService checks the configuration first: a service that cannot start is
// found out here and not in a log.
func (d *desk) installService(cmd *cobra.Command) error {
	c, err := d.config(cmd.Flags())
	if err != nil {
		return err
	}
	file := d.configFile
	if file == "" {
		file = defaultConfigFile()
	}
	if file, err = filepath.Abs(file); err != nil {
		return fmt.Errorf("cannot install service: %w", err)
	}
	if err := provideConfig(file); err != nil {
		return err
	}
	if err := service.Install(service.Options{ConfigFile: file, StateDir: c.StateDir}); err != nil {
		return err
	}
	fmt.Fprintf(d.Stdout, "service %s installed and started\n", service.Name)
	return nil
}

// provideConfig puts the annotated example where there is no configuration yet.
func provideConfig(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("cannot install service: %w", err)
	}
	if err := os.WriteFile(file, configs.AgentExample, 0o600); err != nil {
		return fmt.Errorf("cannot install service: %w", err)
	}
	return nil
}
