package stage

import (
	"context"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"time"

	agent "muster/agent/app"
	"muster/agent/collect/simulated"
	"muster/agent/report"
	"muster/controller/rehearsal"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh/fabric"
)

// powerState is how a desk's machine stands.
type powerState int

const (
	powerOff powerState = iota
	powerOn
	powerSleeping
)

// desk is one workstation on the stage. What is marked so belongs to the stage's
// goroutine, the rest to the line of what is done to the machine.
type desk struct {
	stage *Stage
	name  string
	seed  int64 // of the model
	model *simulated.Machine
	disk  *disk
	skew  atomic.Int64 // nanoseconds that its clock on the wall is fast
	lost  atomic.Bool  // it has no address
	addr  atomic.Pointer[netip.Addr]

	// Of the stage's goroutine.
	home   *place // the site where it stands
	number int    // within its site's addresses
	spare  bool   // it is numbered in the site's spare prefix
	power  powerState
	onBattery,
	cableOut bool // its switch is dead
	done <-chan struct{} // the last thing that was begun

	// Of the line.
	seat  *fabric.Machine
	agent *agent.App
}

// later does something to the machine behind everything that was begun before.
func (d *desk) later(do func()) {
	before, done := d.done, make(chan struct{})
	d.done = done
	d.stage.beside.Go(func() {
		defer close(done)
		if before != nil {
			<-before
		}
		do()
	})
}

// refresh brings the machine's senses and its plug in line with what the stage
// has done to it and its site.
func (d *desk) refresh() {
	p := d.home
	plugged := d.power == powerOn && !d.cableOut && !p.dark && !d.lost.Load()
	if plugged {
		d.stage.fabric.Restore(*d.addr.Load())
	} else {
		d.stage.fabric.Isolate(*d.addr.Load())
	}
	s := simulated.Senses{Gateway: wire.Yes, Carrier: wire.Yes, Power: wire.PowerMains}
	if d.cableOut || p.dark {
		s.Carrier = wire.No
	}
	if s.Carrier == wire.No || p.routerDead() || d.lost.Load() {
		s.Gateway = wire.No
	}
	if p.dark && d.onBattery {
		s.Power = wire.PowerBattery
	}
	d.model.Feel(s)
}

// address is where the desk should be reached.
func (d *desk) address() netip.Addr { return d.home.addr(10+d.number, d.spare) }

// place tells the machine where it stands.
func (d *desk) place() {
	addr, gateway := d.address(), d.home.gateway(d.spare)
	d.model.Place(simulated.Standing{Addr: netip.PrefixFrom(addr, 24), Gateway: gateway, Resolvers: []netip.Addr{gateway}})
}

// renumber gives the machine the address of where it stands now.
func (d *desk) renumber() {
	from, to := *d.addr.Load(), d.address()
	d.stage.fabric.Renumber(from, to, d.home.code)
	d.addr.Store(&to)
	d.place()
	d.refresh()
}

// start starts an agent on the machine; it belongs to the line.
func (d *desk) start() error {
	d.disk.freeze(false)
	d.seat = d.stage.fabric.Seat(*d.addr.Load(), d.home.code)
	a, err := agent.New(agent.Options{
		StateDir: filepath.Join(d.stage.o.Dir, d.name), Token: d.stage.tokens[rehearsal.SiteOf(d.name)], Machine: d.model,
		Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), meshPort), Network: d.seat, Log: d.stage.log.With("tag", d.name), Version: d.stage.o.Version,
		JournalSize: journalBytes, JoinSpread: time.Second, Simulated: true, Relaxed: true, Kind: d.model.Kind(), Shared: d.stage.shared,
		Now:         func() time.Time { return time.Now().Add(time.Duration(d.skew.Load())) },
		CurrentAddr: d.currentAddr,
		JournalFile: func(string) (report.File, error) { return d.disk, nil },
	})
	if err != nil {
		return err
	}
	if err := a.Start(context.Background()); err != nil {
		return err
	}
	d.agent = a
	return nil
}

func (d *desk) currentAddr([]netip.AddrPort) (netip.Addr, error) {
	if d.lost.Load() {
		return netip.Addr{}, errNoLease
	}
	return *d.addr.Load(), nil
}

// boot starts the machine and its agent. One whose agent alone was killed goes on
// in the same boot.
func (d *desk) boot() {
	fresh := d.power != powerOn
	d.power = powerOn
	d.later(func() {
		if d.agent != nil {
			return // it is up
		}
		if fresh {
			d.model.Restart()
		}
		d.stage.turn(d.refresh) // not before what came before is over
		if err := d.start(); err != nil {
			d.stage.fail("cannot boot %s: %v", d.name, err)
		}
	})
}

// shutdown ends the machine with a goodbye.
func (d *desk) shutdown(reason inventory.LeaveReason) {
	d.power = powerOff
	kind := inventory.StopShutdown
	if reason == inventory.LeaveRestart {
		kind = inventory.StopRestart
	}
	d.model.Stop(kind, time.Now())
	d.later(func() {
		d.end(context.Background(), reason)
		d.stage.fabric.Isolate(*d.addr.Load())
	})
}

// crash ends the machine at once: nothing is said, and what was not synced is lost.
func (d *desk) crash(kind inventory.StopKind) {
	d.power = powerOff
	d.model.Stop(kind, time.Now())
	d.refresh()
	d.disk.crash()
	d.later(func() {
		d.disk.crash()
		d.kill()
	})
}

// killAgent ends the agent alone; the machine answers, its port is closed.
func (d *desk) killAgent() {
	d.later(d.kill)
}

func (d *desk) kill() {
	if d.agent == nil {
		return
	}
	d.disk.freeze(true)
	d.seat.Kill()
	d.end(context.Background(), "")
}

// end stops the agent and waits for it.
func (d *desk) end(ctx context.Context, reason inventory.LeaveReason) {
	if d.agent == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := d.agent.StopFor(ctx, reason); err != nil {
		d.stage.log.Debug("stopped late", "tag", d.name, "error", err)
	}
	d.agent = nil
}

// sleep suspends the machine: the agent says so, then nothing moves any more. The
// process goes on in the bubble, unheard and without a disk; the boot clock runs,
// as it does in suspend.
func (d *desk) sleep() {
	d.power = powerSleeping
	d.later(func() {
		if d.agent == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		d.agent.Sleep(ctx)
		d.disk.freeze(true)
		d.stage.fabric.Isolate(*d.addr.Load())
	})
}

// wake resumes it.
func (d *desk) wake() {
	d.power = powerOn
	d.later(func() {
		d.disk.freeze(false)
		d.stage.turn(d.refresh)
		if d.agent != nil {
			d.agent.Woke()
		}
	})
}
