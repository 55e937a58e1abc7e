package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/kardianos/service"

	"muster/configs"
	"muster/inventory"
)

// Name is the service's name everywhere.
const Name = "muster-agent"

// Paths in the unit as it stands in configs/systemd.
const (
	unitProgram = "/usr/local/bin/muster-agent"
	unitConfig  = "/etc/muster/agent.yaml"
	unitState   = "/var/lib/muster-agent"
)

// Options says what the service runs.
type Options struct {
	Executable string // empty: this program
	ConfigFile string
	StateDir   string
}

// Install registers and starts the service.
func Install(o Options) error {
	s, err := o.service(nil)
	if err != nil {
		return fmt.Errorf("cannot install service: %w", err)
	}
	if err := s.Install(); err != nil {
		return fmt.Errorf("cannot install service: %s said: %w", s.Platform(), err)
	}
	if err := s.Start(); err != nil {
		return fmt.Errorf("cannot start service %s: %s said: %w", Name, s.Platform(), err)
	}
	return nil
}

// Uninstall stops and removes the service. State and configuration stay.
func Uninstall() error {
	s, err := Options{}.service(nil)
	if err != nil {
		return fmt.Errorf("cannot uninstall service: %w", err)
	}
	_ = s.Stop() // it may not run
	if err := s.Uninstall(); err != nil {
		return fmt.Errorf("cannot uninstall service: %s said: %w", s.Platform(), err)
	}
	return nil
}

// Run hands the process to the service manager. It calls serve, which works
// until its context ends and then asks why. It is for the Windows manager, which
// must be told by an explicit argument: whether a process runs as a service
// cannot be found out reliably.
func Run(ctx context.Context, serve func(ctx context.Context, why func(context.Context) inventory.LeaveReason) error) error {
	r := &runner{ctx: ctx, serve: serve}
	s, err := Options{}.service(r)
	if err != nil {
		return fmt.Errorf("cannot run as a service: %w", err)
	}
	if err := r.run(s); err != nil {
		return fmt.Errorf("cannot run as a service: %w", errors.Join(err, r.err))
	}
	return r.err
}

func (o Options) service(i service.Interface) (service.Service, error) {
	if i == nil {
		i = &runner{}
	}
	executable := o.Executable
	if executable == "" {
		var err error
		if executable, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	arguments := []string{"run"}
	if runtime.GOOS == "windows" {
		arguments = []string{"service", "run"}
	}
	if o.ConfigFile != "" {
		arguments = append(arguments, "--config", o.ConfigFile)
	}
	return service.New(i, &service.Config{
		Name: Name, DisplayName: "Muster agent", Executable: executable, Arguments: arguments,
		Description: "Reports hardware, connectivity and health to the Muster controller.",
		Option: service.KeyValue{
			"SystemdScript": Unit(executable, o.ConfigFile, o.StateDir),
			"OnFailure":     "restart", "OnFailureDelayDuration": "5s", "OnFailureResetPeriod": 60,
			"DelayedAutoStart": false, "KeepAlive": true, "RunAtLoad": true,
		},
	})
}

// Unit is the systemd unit for the given paths; empty ones are the usual.
func Unit(executable, configFile, stateDir string) string {
	unit := configs.AgentUnit
	for usual, own := range map[string]string{unitProgram: executable, unitConfig: configFile, unitState: stateDir} {
		if own != "" {
			unit = strings.ReplaceAll(unit, usual, own)
		}
	}
	return unit
}

// runner stands between the manager's calls and one serve.
type runner struct {
	ctx   context.Context // a field, for the manager's interface has no place for it
	serve func(context.Context, func(context.Context) inventory.LeaveReason) error

	cancel  context.CancelFunc
	running sync.WaitGroup
	ended   chan struct{} // closed when serve has ended
	err     error         // set before

	mu     sync.Mutex // guards reason
	reason inventory.LeaveReason
}

// Start implements service.Interface.
func (r *runner) Start(s service.Service) error {
	ctx, cancel := context.WithCancel(r.ctx)
	r.cancel, r.ended = cancel, make(chan struct{})
	r.running.Go(func() {
		r.err = r.serve(ctx, r.why)
		close(r.ended)
		if ctx.Err() == nil && s != nil {
			_ = s.Stop() // it ended by itself: the manager must know
		}
	})
	return nil
}

// Stop implements service.Interface: the agent alone stops.
func (r *runner) Stop(service.Service) error { return r.end("") }

// Shutdown implements service.Shutdowner: the machine goes down.
func (r *runner) Shutdown(service.Service) error { return r.end(reasonOfShutdown(r.ctx)) }

func (r *runner) end(reason inventory.LeaveReason) error {
	r.mu.Lock()
	r.reason = reason
	r.mu.Unlock()
	if r.cancel != nil {
		r.cancel()
	}
	r.running.Wait()
	return r.err
}

func (r *runner) why(ctx context.Context) inventory.LeaveReason {
	r.mu.Lock()
	reason := r.reason
	r.mu.Unlock()
	if reason == "" {
		reason = StopReason(ctx)
	}
	return reason
}
