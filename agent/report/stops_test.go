package report

import (
	"context"
	"errors"
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

func (m *machine) Stops(context.Context) ([]inventory.Stop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopReads++
	if m.stops == nil {
		return nil, errors.New("there is no wtmp")
	}
	return m.stops, nil
}

// restart ends the reporter, lets something happen and starts another; it returns
// how many reports there were before.
func (d *desk) restart(between func()) int {
	d.stop()
	between()
	before := len(d.controller.taken())
	d.start()
	return before
}

// stopsIn lists how many stops each report carried.
func stopsIn(reports []wire.Report) (counts []int) {
	for _, r := range reports {
		counts = append(counts, len(r.Stops))
	}
	return counts
}

func sum(counts []int) (all int) {
	for _, n := range counts {
		all += n
	}
	return all
}

var powerCut = inventory.Stop{At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Kind: inventory.StopUnclean, Source: "Kernel-Power 41"}

func TestHowBootsEndedTravelsOnceAfterEachBoot(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		before := d.restart(func() { d.machine.set(func(m *machine) { m.stops = []inventory.Stop{powerCut} }) })
		pass(3 * time.Hour)
		if got := stopsIn(d.controller.taken()[before:]); got[0] != 1 || sum(got) != 1 {
			t.Errorf("the reports carry %v stops", got)
		}
		d.restart(func() {}) // the agent alone: the controller has it
		pass(time.Hour)
		if got := stopsIn(d.controller.taken()); sum(got) != 1 {
			t.Errorf("after a restart of the agent the reports carry %v", got)
		}
		before = d.restart(func() {
			d.machine.set(func(m *machine) {
				clean := inventory.Stop{At: powerCut.At.Add(time.Hour), Kind: inventory.StopRestart, Source: "User32 1074"}
				m.boot, m.started, m.stops = "boot-two", time.Now(), []inventory.Stop{clean, powerCut}
			})
		})
		pass(time.Hour)
		if got := stopsIn(d.controller.taken()[before:]); got[0] != 2 || sum(got) != 2 {
			t.Errorf("after another boot the reports carry %v", got)
		}
	})
}

func TestACrashThatIsWrittenLateTravelsToo(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		d.machine.set(func(m *machine) { m.stops = []inventory.Stop{powerCut} })
		pass(5 * time.Minute)
		d.machine.set(func(m *machine) {
			crash := powerCut
			crash.Kind, crash.Source, crash.Detail = inventory.StopCrash, "Kernel-Power 41, BugCheck 1001", "stop code 0x9f"
			m.stops = []inventory.Stop{crash}
		})
		pass(15 * time.Minute)
		var last inventory.Stop
		for _, r := range d.controller.taken() {
			if len(r.Stops) > 0 {
				last = r.Stops[0]
			}
		}
		if last.Kind != inventory.StopCrash {
			t.Errorf("the controller knows %+v", last)
		}
	})
}

func TestStopsTravelAgainUntilTheyAreAcknowledged(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		before := d.restart(func() {
			d.machine.set(func(m *machine) { m.stops = []inventory.Stop{powerCut} })
			d.controller.set(func(c *controller) {
				c.refuse = &wire.Problem{Type: wire.ProblemVersion, Title: "no common wire version", Status: 400}
			})
		})
		pass(time.Minute)
		d.controller.set(func(c *controller) { c.refuse = nil })
		pass(30 * time.Minute)
		if got := stopsIn(d.controller.taken()[before:]); len(got) == 0 || got[0] != 1 || sum(got) != 1 {
			t.Errorf("the reports carry %v stops", got)
		}
	})
}

func TestAMachineThatCannotSayStopsNoReport(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		pass(30 * time.Minute)
		d.machine.set(func(m *machine) {
			m.stops = []inventory.Stop{{Kind: "odd"}, {At: powerCut.At, Kind: inventory.StopCrash}}
		})
		pass(2 * time.Hour)
		if got := stopsIn(d.controller.taken()); len(got) < 20 || sum(got) != 0 {
			t.Errorf("the reports carry %v stops", got)
		}
		if d.machine.stopReads > 4 {
			t.Errorf("the record was read %d times in two hours and a half", d.machine.stopReads)
		}
	})
}
