// Command muster-agent reports one workstation's hardware, connectivity and
// health to its Muster controller.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"

	"muster/agent/cli"
)

// version is set when the program is built.
var version = "dev"

// The agent lives on other people's machines: it trades a little CPU for memory.
// The heap of a quiet agent is about 3 MiB; the limit makes the collector hurry
// before the whole process passes its 15 MiB, and is no wall for a large list.
const (
	collectPercent = 40
	memoryLimit    = 12 << 20
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectPercent)
	}
	// One processor is plenty, and on several the runtime spends more on waking
	// threads than the agent on its work.
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	slacken()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var trimming sync.WaitGroup
	trimming.Go(func() { trim(ctx) })
	code := cli.Run(ctx, cli.Options{
		Version: version, Stdout: os.Stdout, Stderr: os.Stderr, Env: os.LookupEnv,
	}, os.Args[1:])
	stop()
	trimming.Wait()
	os.Exit(code)
}
