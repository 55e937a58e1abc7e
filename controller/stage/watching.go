package stage

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"muster/controller/rehearsal"
)

// watching looks at the same run as others would: Serf's own events, and probes
// once a minute from beside the controller.
type watching struct {
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows
	members []rehearsal.MemberSeen
	scrapes []rehearsal.Scrape
}

func (w *watching) seen() ([]rehearsal.MemberSeen, []rehearsal.Scrape) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]rehearsal.MemberSeen{}, w.members...), append([]rehearsal.Scrape{}, w.scrapes...)
}

// scrapeWithin is how long the blackbox exporter waits.
const scrapeWithin = 5 * time.Second

// beginWatching watches until the stage ends.
func (s *Stage) beginWatching() {
	s.watch.running.Go(func() {
		alive := map[string]bool{}
		for tick := 0; s.wait(context.Background(), time.Second) == nil; tick++ {
			s.lookAtMembers(alive)
			s.scrape(tick)
		}
	})
}

// lookAtMembers notes who failed or came back in Serf's own list.
func (s *Stage) lookAtMembers(alive map[string]bool) {
	s.mu.Lock()
	c := s.controller
	s.mu.Unlock()
	if c == nil {
		return
	}
	now := time.Now()
	for _, p := range s.places {
		for _, m := range c.Pools().PoolMembers(p.code) {
			was, known := alive[m.Name]
			is := m.State == "alive"
			failed := m.State == "failed"
			if known && was && failed || known && !was && is {
				s.watch.mu.Lock()
				s.watch.members = append(s.watch.members, rehearsal.MemberSeen{At: now, Site: p.code, Member: m.Name, Failed: failed})
				s.watch.mu.Unlock()
			}
			if is || failed {
				alive[m.Name] = is
			}
		}
	}
}

// scrape pings the workstations whose turn of the minute it is.
func (s *Stage) scrape(tick int) {
	type target struct {
		name, site string
		addr       netip.Addr
	}
	var due []target
	s.turn(func() {
		for n, d := range s.desks {
			if n%60 == tick%60 {
				due = append(due, target{d.name, d.home.code, *d.addr.Load()})
			}
		}
	})
	from := s.fabric.Look(scraper)
	for _, d := range due {
		s.watch.running.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
			defer cancel()
			began := time.Now()
			err := from.Echo(ctx, scraper, d.addr)
			s.watch.mu.Lock()
			defer s.watch.mu.Unlock()
			s.watch.scrapes = append(s.watch.scrapes, rehearsal.Scrape{At: began, Site: d.site, Workstation: d.name, OK: err == nil})
		})
	}
}
