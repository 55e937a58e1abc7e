package demo

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	agent "muster/agent/app"
)

// Machine is what a simulated or real workstation is read through.
type Machine = agent.Machine

// Options is what the demo is told.
type Options struct {
	Sites        int
	Workstations int
	Listen       string        // pages and API
	Data         string        // empty: a temporary folder that goes with the demo
	APIToken     string        // empty: made and printed
	For          time.Duration // zero: until it is interrupted
	Version      string
	Out          io.Writer
	Terminal     bool // Out is a terminal: the progress line may overwrite itself
	Log          *slog.Logger
	// Rehearsal is a file that is played live instead of the county; Sites and
	// Workstations are the file's then.
	Rehearsal string
}

func (o Options) check() error {
	switch {
	case o.Out == nil || o.Log == nil:
		return errors.New("cannot run the demo: no output or no log")
	case o.For < 0:
		return fmt.Errorf("cannot run the demo for %s", o.For)
	case o.Rehearsal != "":
		return nil
	case o.Sites < 1:
		return fmt.Errorf("cannot run the demo with %d sites: want at least 1", o.Sites)
	case o.Workstations < 1:
		return fmt.Errorf("cannot run the demo with %d workstations: want at least 1", o.Workstations)
	case o.Workstations > o.Sites*MaxPerSite:
		return fmt.Errorf("cannot run the demo with %d workstations at %d sites: at most %d fit a site", o.Workstations, o.Sites, MaxPerSite)
	}
	return nil
}
