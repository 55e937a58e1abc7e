// Command muster is the controller of a hardware and network refresh, its demo,
// and the operator's commands. `muster --help` lists them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"muster/controller/cli"
)

var version = "dev" // set by the linker

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	root := cli.New(cli.Options{
		Version:  version,
		Commands: []*cobra.Command{serveCommand(), demoCommand(), backupCommand(), restoreCommand()},
	})
	code := cli.Run(ctx, root, os.Stderr)
	stop()
	os.Exit(code)
}
