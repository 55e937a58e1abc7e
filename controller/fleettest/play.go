package fleettest

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	agent "muster/agent/app"
	"muster/inventory"
)

// Boot starts a workstation's agent.
func (f *Fleet) Boot(tag string) {
	f.t.Helper()
	if err := f.boot(f.agents[tag]); err != nil {
		f.t.Fatalf("cannot boot %s: %v", tag, err)
	}
}

// BootAll starts every workstation over fifteen seconds, as a morning does.
func (f *Fleet) BootAll() {
	f.t.Helper()
	pause := 15 * time.Second / time.Duration(len(f.agents)+1)
	for s := range f.estate.Sites {
		for m := range f.estate.PerSite {
			f.Boot(Tag(siteCode(s), m))
			f.Wait(pause)
		}
	}
}

func (f *Fleet) boot(m *machine) error {
	a, err := agent.New(agent.Options{
		StateDir: filepath.Join(f.dir, m.tag), Token: f.tokens[m.site], Machine: m.model, Addr: m.addr,
		Network: f.Fabric.Machine(m.addr.Addr(), m.site), Log: f.estate.Log.With("tag", m.tag), Version: "test",
		JournalSize: 64 << 10, JoinSpread: time.Second, Simulated: true,
	})
	if err != nil {
		return err
	}
	if err := a.Start(context.Background()); err != nil {
		return err
	}
	m.agent = a
	return nil
}

// Shutdown ends a workstation's agent with a reason; the empty reason is an
// agent that is stopped by itself.
func (f *Fleet) Shutdown(tag string, reason inventory.LeaveReason) { f.halt(f.agents[tag], reason) }

// Crash takes a workstation off the network at once and ends its agent later,
// unheard.
func (f *Fleet) Crash(tag string) { f.Fabric.Isolate(f.agents[tag].addr.Addr()) }

func (f *Fleet) halt(m *machine, reason inventory.LeaveReason) {
	if m.agent == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := m.agent.StopFor(ctx, reason); err != nil {
		f.t.Logf("%s stopped late: %v", m.tag, err)
	}
	m.agent = nil
}

// Cut cuts a site's link; Heal mends it.
func (f *Fleet) Cut(site string) { f.Fabric.Cut(site) }

// Heal mends a site's link.
func (f *Fleet) Heal(site string) { f.Fabric.Heal(site) }

// Wait lets fleet time pass.
func (f *Fleet) Wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// Within waits until is, fails the test after limit, and returns how long it took.
func (f *Fleet) Within(limit time.Duration, what string, is func() bool) time.Duration {
	f.t.Helper()
	begun := time.Now()
	for !is() {
		if time.Since(begun) > limit {
			f.t.Fatalf("after %s of fleet time it is still not so: %s", limit, what)
		}
		f.Wait(50 * time.Millisecond)
	}
	return time.Since(begun)
}

// Always fails the test where is stops being so within d.
func (f *Fleet) Always(d time.Duration, what string, is func() bool) {
	f.t.Helper()
	for begun := time.Now(); time.Since(begun) < d; f.Wait(100 * time.Millisecond) {
		if !is() {
			f.t.Fatalf("after %s of fleet time it was no longer so: %s", time.Since(begun), what)
		}
	}
}

// Counts of a site's workstations.
func (f *Fleet) Counts(site string) inventory.SiteCounts {
	return f.Controller.Pools().SiteCounts(site)
}

// Reach is what the sweep says of a site.
func (f *Fleet) Reach(site string) inventory.ReachState {
	return f.Controller.Pools().Reach(site).State
}

// Status of a workstation's agent.
func (f *Fleet) Status(tag string) agent.Status { return f.agents[tag].agent.Status() }

// Presence of a workstation.
func (f *Fleet) Presence(tag string) inventory.Presence {
	p, _ := f.Controller.Pools().Presence(f.Status(tag).Workstation)
	return p
}

func (f *Fleet) present() int {
	sum := 0
	for _, c := range f.Controller.Pools().AllCounts() {
		sum += c.Present
	}
	return sum
}

// Together runs a step for several workstations side by side.
func (f *Fleet) Together(tags []string, step func(tag string)) {
	var wg sync.WaitGroup
	for _, tag := range tags {
		wg.Go(func() { step(tag) })
	}
	wg.Wait()
}
