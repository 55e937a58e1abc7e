package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"muster/controller/app"
	"muster/controller/cli"
)

// stopFor is how long a controller may take to answer who it has promised to.
const stopFor = 15 * time.Second

func serveCommand() *cobra.Command {
	var file string
	var check bool
	v := viper.New()
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a controller",
		Long: "Run a controller until it is interrupted. Flags win over the environment\n" +
			"(MUSTER_LISTEN …), which wins over the file; configs/muster.yaml shows every key.",
		Example: "  muster serve --config /etc/muster/muster.yaml\n  muster serve --check --config /etc/muster/muster.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := app.ReadConfig(v, file)
			if err != nil {
				return cli.Hint(err, "see `muster serve --help` and configs/muster.yaml")
			}
			if check {
				return checkServe(cmd, config)
			}
			return serve(cmd.Context(), config)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "config", "", "configuration file")
	flags.BoolVar(&check, "check", false, "say whether it would start, and start nothing")
	flags.String("data", "", "folder of database, CA and backups")
	flags.String("listen", "", "address of pages and API")
	flags.String("mesh-listen", "", "address of the one port for agents")
	flags.StringSlice("mesh-advertise", nil, "how agents reach that port, host:port")
	flags.String("log-level", "", "debug, info, warn or error")
	for flag, key := range map[string]string{
		"data": "data", "listen": "listen", "mesh-listen": "mesh_listen", "mesh-advertise": "mesh_advertise", "log-level": "log_level",
	} {
		_ = v.BindPFlag(key, flags.Lookup(flag)) // fails for a nil flag only
	}
	return cmd
}

func serve(ctx context.Context, config app.Config) error {
	level, err := config.Level()
	if err != nil {
		return err
	}
	c, err := app.New(app.Options{
		Config: config, Version: version,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return err
	}
	if err := c.Start(ctx); err != nil {
		return err
	}
	spendMemory()
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFor)
	defer cancel()
	return c.Stop(stopping)
}

// collectPercent is how much garbage may gather beside what is in use. What a
// controller of a county holds is small and reports are short-lived, so memory is
// traded for processor time; the intake's benchmark runs with the same. GOGC,
// where somebody set it, wins.
const collectPercent = 400

func spendMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectPercent)
	}
}

func checkServe(cmd *cobra.Command, config app.Config) error {
	findings, err := app.Check(cmd.Context(), config)
	for _, f := range findings {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), f); err != nil {
			return err
		}
	}
	return err
}
