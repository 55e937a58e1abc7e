package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"muster/controller/rehearsal"
	"muster/inventory"
)

// Do implements rehearsal.Stage.
func (s *Stage) Do(ctx context.Context, step rehearsal.Step) error {
	if s.o.OnStep != nil {
		s.o.OnStep(step)
	}
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	switch {
	case step.Do.OfController() || step.Do == rehearsal.Maintenance:
		return s.doToController(ctx, step)
	case step.Do == rehearsal.ServiceDown:
		s.world.serve(step)
		return nil
	case step.Do.OfMachines():
		for _, d := range s.taken(step) {
			if err := s.doToMachine(d, step); err != nil {
				return err
			}
		}
		return nil
	}
	for _, p := range s.places {
		if slices.Contains(step.Sites, p.code) {
			s.doToSite(p, step)
		}
	}
	return nil
}

// taken are the desks of a step, in its order.
func (s *Stage) taken(step rehearsal.Step) []*desk {
	var desks []*desk
	for _, name := range step.Workstations {
		for _, d := range s.desks {
			if d.name == name {
				desks = append(desks, d)
			}
		}
	}
	return desks
}

func (s *Stage) doToMachine(d *desk, step rehearsal.Step) error {
	f := step.Fault
	switch step.Do {
	case rehearsal.Shutdown:
		if f.Silent {
			d.crash(inventory.StopUnclean)
			return nil
		}
		d.shutdown(inventory.LeaveShutdown)
	case rehearsal.Restart:
		d.shutdown(inventory.LeaveRestart)
	case rehearsal.Crash:
		d.crash(inventory.StopCrash)
	case rehearsal.Boot:
		d.boot()
	case rehearsal.Sleep:
		d.sleep()
	case rehearsal.Wake:
		d.wake()
	case rehearsal.KillAgent:
		d.killAgent()
	case rehearsal.StarveCPU:
		s.fabric.Starve(*d.addr.Load(), !step.Heal)
	case rehearsal.SkewClock:
		d.skew.Store(0)
		if !step.Heal {
			d.skew.Store(int64(f.By))
		}
	case rehearsal.Move:
		s.move(d, f, step.Heal)
	case rehearsal.CloneIdentity:
		return s.clone(d, step.Heal)
	default:
		return fmt.Errorf("the stage cannot do %s to a machine", step.Do)
	}
	return nil
}

// move carries a machine to another site, or back.
func (s *Stage) move(d *desk, f rehearsal.Fault, back bool) {
	to := f.To
	if back {
		to = rehearsal.SiteOf(d.name)
	}
	for _, p := range s.places {
		if p.code != to {
			continue
		}
		if d.home = p; to == rehearsal.SiteOf(d.name) {
			d.number -= guests
		} else {
			d.number += guests
		}
		d.renumber()
	}
}

// guests are numbered behind a site's own machines.
const guests = 120

// clone starts a copy of a machine, key, journal and maker's label included,
// beside it; back ends the copy.
func (s *Stage) clone(d *desk, back bool) error {
	name := d.name + "-copy"
	for _, copied := range s.desks {
		if copied.name == name {
			if back {
				copied.crash(inventory.StopUnclean)
			} else {
				copied.boot()
			}
			return nil
		}
	}
	if err := os.CopyFS(filepath.Join(s.o.Dir, name), os.DirFS(filepath.Join(s.o.Dir, d.name))); err != nil {
		return fmt.Errorf("cannot copy %s: %w", d.name, err)
	}
	copied := s.seat(d.home, name, d.number+guests, d.seed)
	d.disk.copyTo(copied.disk)
	copied.power = powerOff
	copied.boot()
	return nil
}

func (s *Stage) doToController(ctx context.Context, step rehearsal.Step) error {
	f := step.Fault
	switch step.Do {
	case rehearsal.ControllerNetworkDown:
		if step.Heal {
			s.fabric.Restore(controllerAddr)
			s.fabric.Restore(scraper)
			return nil
		}
		s.fabric.Isolate(controllerAddr)
		s.fabric.Isolate(scraper)
	case rehearsal.ControllerStall:
		now := time.Now()
		s.fabric.Hold(controllerAddr, now.Add(f.For))
		s.mu.Lock()
		s.stalled = [2]time.Time{now, now.Add(f.For)}
		s.mu.Unlock()
	case rehearsal.ControllerRestart:
		s.beside.Go(func() {
			up := time.Now().Add(f.DownFor)
			s.stopController(context.Background())
			if s.wait(context.Background(), time.Until(up)) != nil {
				return
			}
			if err := s.startController(); err != nil {
				s.fail("%v", err)
			}
		})
	default:
		return s.maintain(ctx, f)
	}
	return nil
}

// maintain opens a window.
func (s *Stage) maintain(ctx context.Context, f rehearsal.Fault) error {
	now := time.Now().UTC()
	w := inventory.Window{
		ID: fmt.Sprintf("m%08d", f.Line), Site: f.Site, Carrier: f.Carrier, Exchange: f.Exchange, Service: f.Service,
		From: now, To: now.Add(f.For), Reason: "a rehearsal's", CreatedBy: "rehearsal", CreatedAt: now,
	}
	w.All = w.Site == "" && w.Carrier == "" && w.Exchange == "" && w.Service == ""
	s.mu.Lock()
	c := s.controller
	s.mu.Unlock()
	if c == nil {
		return fmt.Errorf("cannot open a window while the controller is down")
	}
	return c.AddWindow(ctx, w)
}
