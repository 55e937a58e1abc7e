package simulated

import (
	"context"
	"slices"
	"time"

	"muster/inventory"
)

// mostStops is how many ends of boots a machine remembers.
const mostStops = 10

// Stop notes how and when the present boot ends; Restart begins the next. The
// machine's own record will say so, as a real one's does after the boot: a power
// cut or a crash is unclean, whatever the machine was at.
func (m *Machine) Stop(kind inventory.StopKind, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stop(kind, at)
}

// Restart begins a new boot now. Where Stop has not said how the one before
// ended, it ended now and uncleanly, as in a power cut.
func (m *Machine) Restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if !m.stopped {
		m.stop(inventory.StopUnclean, now)
	}
	m.stopped = false
	m.boots++
	m.bootedAt = now
}

// stop replaces what was noted for the present boot; the caller holds mu.
func (m *Machine) stop(kind inventory.StopKind, at time.Time) {
	if m.stopped {
		m.stops = m.stops[1:]
	}
	s := inventory.Stop{At: at.UTC().Truncate(time.Millisecond), Kind: kind}
	switch kind {
	case inventory.StopShutdown, inventory.StopRestart:
		s.Source = "User32 1074"
	case inventory.StopCrash:
		s.Source, s.Detail = "Kernel-Power 41, BugCheck 1001", "stop code 0x9f"
	case inventory.StopUnclean:
		s.Source = "Kernel-Power 41, EventLog 6008"
	}
	m.stops = slices.Insert(m.stops, 0, s)
	m.stops, m.stopped = m.stops[:min(len(m.stops), mostStops)], true
}

// Stops is what the machine's own record says of past boots, newest first: the
// ends that were played, and before them a shutdown in good order. An end that no
// boot has followed yet is not in it.
func (m *Machine) Stops(context.Context) ([]inventory.Stop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	played := m.stops
	if m.stopped {
		played = played[1:]
	}
	before := m.startedAt.Add(-m.upBefore() - time.Duration(1+m.dice.below("off before", 14))*time.Hour)
	stops := append(slices.Clone(played), inventory.Stop{
		At: before.UTC().Truncate(time.Second), Kind: inventory.StopShutdown, Source: "User32 1074",
	})
	return stops[:min(len(stops), mostStops)], nil
}
