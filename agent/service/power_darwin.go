package service

import "context"

// watchPower cannot hear anything: macOS tells of sleep through IOKit alone, and
// that takes cgo, which the agent is built without. The agent notices by its
// clocks that it has slept; shutdown reaches it as SIGTERM.
func watchPower(ctx context.Context, o PowerOptions, _ *teller) {
	o.Log.InfoContext(ctx, "sleep cannot be announced beforehand", "why", "macOS tells it through IOKit alone")
	<-ctx.Done()
}
