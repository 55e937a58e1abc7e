package programme

import (
	"sync"
	"time"

	"muster/inventory"
)

// maxProbesKept bounds the probe results of one machine that wait; the newest stay.
const maxProbesKept = 64

// probed is one probe result with when and where it was made.
type probed struct {
	at     time.Time
	site   string
	result inventory.ProbeResult
}

// news is what came of one workstation since the desk looked last: the newest of
// everything.
type news struct {
	reportAt time.Time // received
	readAt   time.Time // of the newest reading in it
	hardware *inventory.Hardware
	firmware *inventory.Firmware
	os       *inventory.OS
	health   *inventory.Health
	software bool // the list of programs changed
	probes   []probed
}

// inbox notes what happens until the desk takes it up. It never waits, and is
// bounded by the estate: one entry for each workstation and each site.
type inbox struct {
	ready chan struct{}

	mu       sync.Mutex // guards what follows
	machines map[string]*news
	sites    map[string]bool
	all      bool
	register bool
}

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1), machines: map[string]*news{}, sites: map[string]bool{}}
}

func (b *inbox) poke() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// note merges news of a workstation.
func (b *inbox) note(workstation string, merge func(*news)) {
	b.mu.Lock()
	n := b.machines[workstation]
	if n == nil {
		n = &news{}
		b.machines[workstation] = n
	}
	merge(n)
	if extra := len(n.probes) - maxProbesKept; extra > 0 {
		n.probes = n.probes[extra:]
	}
	b.mu.Unlock()
	b.poke()
}

// touch marks sites whose facts changed.
func (b *inbox) touch(sites ...string) {
	b.mu.Lock()
	for _, s := range sites {
		if s != "" {
			b.sites[s] = true
		}
	}
	b.mu.Unlock()
	b.poke()
}

func (b *inbox) touchAll() {
	b.mu.Lock()
	b.all = true
	b.mu.Unlock()
	b.poke()
}

func (b *inbox) registerChanged() {
	b.mu.Lock()
	b.register = true
	b.mu.Unlock()
	b.poke()
}

// taken is what an inbox held.
type taken struct {
	machines map[string]*news
	sites    map[string]bool
	all      bool
	register bool
}

func (b *inbox) take() taken {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := taken{machines: b.machines, sites: b.sites, all: b.all, register: b.register}
	b.machines, b.sites, b.all, b.register = map[string]*news{}, map[string]bool{}, false, false
	return t
}

func (b *inbox) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.machines) == 0 && len(b.sites) == 0 && !b.all && !b.register
}
