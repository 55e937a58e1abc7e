package service

import (
	"errors"

	"github.com/kardianos/service"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
)

// Exit codes that the manager sees; its recovery actions follow any but zero.
const (
	exitStart = 1 // the agent ended by itself
	exitStop  = 2 // it failed while it stopped
)

// run speaks to the service manager itself, for the library that installs the
// service does not ask for the word before the shutdown: then the network and
// the other services still work. Started by hand the library runs it.
func (r *runner) run(s service.Service) error {
	err := svc.Run(Name, &managed{runner: r})
	if errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		return s.Run()
	}
	return err
}

// managed is a runner as the service manager sees it.
type managed struct{ *runner }

// Execute implements svc.Handler.
func (m *managed) Execute(_ []string, asked <-chan svc.ChangeRequest, say chan<- svc.Status) (own bool, code uint32) {
	say <- svc.Status{State: svc.StartPending}
	if err := m.Start(nil); err != nil {
		return true, exitStart
	}
	running := svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown}
	say <- running
	for {
		select {
		case <-m.ended:
			return true, exitStart
		case c := <-asked:
			var stop func(service.Service) error
			switch c.Cmd {
			case svc.Interrogate:
				say <- c.CurrentStatus
				continue
			case svc.Stop:
				stop = m.Stop
			case svc.PreShutdown, svc.Shutdown:
				stop = m.Shutdown
			default:
				continue
			}
			say <- svc.Status{State: svc.StopPending, WaitHint: stopWithinMillis}
			if stop(nil) != nil {
				return true, exitStop
			}
			return false, 0
		}
	}
}

// stopWithinMillis is how long the manager should be patient.
const stopWithinMillis = 8000
