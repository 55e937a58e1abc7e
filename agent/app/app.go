package app

import (
	"context"
	"errors"
	"sync"

	"muster/inventory"
)

// Errors of the life of an App.
var (
	ErrStarted = errors.New("the agent was started before")
	ErrStopped = errors.New("the agent was stopped")
)

// App is one agent. Its methods are safe for concurrent use.
type App struct {
	opts Options

	life    sync.Mutex // serialises Start and Stop; guards started and stopped
	started bool
	stopped bool
	stack   stack
}

// New checks the options; it opens nothing.
func New(o Options) (*App, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &App{opts: o}, nil
}

// Start takes the state folder and the port and lets the agent run until Stop.
// It does not wait for the controller. ctx bounds the start alone. It returns
// ErrStarted or ErrStopped where it is too late.
func (a *App) Start(ctx context.Context) error {
	a.life.Lock()
	defer a.life.Unlock()
	switch {
	case a.stopped:
		return ErrStopped
	case a.started:
		return ErrStarted
	}
	a.started = true
	return ctx.Err()
}

// Stop ends the agent without giving a reason: only the agent stops, not the
// machine. It may be called at any time, more than once.
func (a *App) Stop(ctx context.Context) error { return a.StopFor(ctx, "") }

// StopFor ends the agent and says why to the journal and the controllers.
func (a *App) StopFor(ctx context.Context, reason inventory.LeaveReason) error {
	a.life.Lock()
	defer a.life.Unlock()
	if a.stopped {
		return nil
	}
	a.stopped = true
	_ = reason
	return a.stack.unwind(ctx)
}

// Status is how the agent stands now.
func (a *App) Status() Status {
	return Status{Version: a.opts.Version, Name: a.opts.Machine.Name(), Port: a.opts.Addr.Port()}
}
