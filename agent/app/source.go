package app

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"muster/inventory"
)

// source is what the reporter reads: the machine, seen from the way to the
// controller. Health leaves its digest in the pool's tags on the way.
type source struct {
	app    *App
	digest string
}

func (s *source) Boot() (string, time.Duration) { return s.app.boot() }

func (s *source) Hardware(ctx context.Context) inventory.Hardware {
	return s.app.opts.Machine.Hardware(ctx)
}

func (s *source) Firmware(ctx context.Context) inventory.Firmware {
	return s.app.opts.Machine.Firmware(ctx)
}

func (s *source) OS(ctx context.Context) inventory.OS { return s.app.opts.Machine.OS(ctx) }

func (s *source) Software(ctx context.Context) ([]inventory.Program, error) {
	return s.app.opts.Machine.Software(ctx)
}

func (s *source) Health(ctx context.Context) inventory.Health {
	h := s.app.opts.Machine.Health(ctx)
	if digest := digestOf(h); digest != s.digest {
		s.digest = digest
		if resident, _ := s.app.parts(); resident != nil {
			resident.SetHealth(digest)
		}
	}
	return h
}

// Network is what may travel of it.
func (s *source) Network(ctx context.Context) inventory.Network {
	return s.app.outward(s.app.opts.Machine.Network(ctx, s.app.toward()))
}

// boot names this boot. Where the machine cannot, the process stands for it: a
// restart of the agent then looks like one of the machine, which is said by the
// missing goodbye.
func (a *App) boot() (id string, clock time.Duration) {
	id, clock = a.opts.Machine.Boot()
	usable := len(id) >= 4 && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
	if !usable {
		id = a.own
	}
	return id, max(clock, 0)
}

// toward is a controller's address, for which the route counts.
func (a *App) toward() netip.Addr {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.controllers) == 0 {
		return netip.Addr{}
	}
	return a.controllers[0].Addr()
}

// Limits of the digest. It is for people who look at a pool whose reports do
// not come; the controller judges by the readings themselves.
const (
	digestDiskFree  = 0.05
	digestMemory    = 0.95
	digestMostBytes = 200
)

// digestOf names what is wrong, in words that fit into a tag.
func digestOf(h inventory.Health) string {
	var wrong []string
	for _, d := range h.Disks.Or(nil) {
		if d.TotalBytes > 0 && float64(d.FreeBytes)/float64(d.TotalBytes) < digestDiskFree {
			wrong = append(wrong, "disk")
			break
		}
	}
	if h.MemoryUsedRatio.Or(0) > digestMemory {
		wrong = append(wrong, "memory")
	}
	if h.RestartPending.Or(false) {
		wrong = append(wrong, "restart-pending")
	}
	if !h.ClockSynced.Or(true) {
		wrong = append(wrong, "clock")
	}
	for _, p := range h.Protection.Or(nil) {
		if !p.Enabled.Or(true) {
			wrong = append(wrong, "protection")
			break
		}
	}
	return clip(strings.Join(wrong, ","), digestMostBytes)
}
