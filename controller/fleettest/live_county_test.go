//go:build linux

package fleettest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/controller/app"
	"muster/controller/fleettest/lab"
	"muster/controller/incident"
	"muster/controller/store"
	"muster/inventory"
)

// liveSite is what a live county is made of.
type liveSite struct {
	code, carrier string
	machines      int
}

// liveCounty is the shipped programs in namespaces, with references outside,
// services, and somebody to tell.
type liveCounty struct {
	*lab.Scene
	tb     testing.TB
	sites  map[string]*lab.Site
	tokens map[string]string
	hook   *liveHook
	seen   *liveSeen

	mu       sync.Mutex        // guards what follows
	services map[string]func() // that run; each ends one
	onsetAt  time.Time         // of the last silence that was caused
}

// liveServices are what people need there, by port.
func liveServices() map[string]uint16 {
	return map[string]uint16{"email": 8001, "files": 8002, "records": 8003}
}

var liveHookAddr = netip.MustParseAddrPort("127.0.0.1:9099")

// newLiveCounty builds the county and waits until all of it is heard.
func newLiveCounty(t testing.TB, sites []liveSite) *liveCounty {
	t.Helper()
	c := &liveCounty{
		Scene: lab.Set(t, lab.Build(t)), tb: t, sites: map[string]*lab.Site{}, tokens: map[string]string{},
		services: map[string]func(){},
	}
	c.AddOutside()
	for _, name := range slices.Sorted(maps.Keys(liveServices())) {
		if err := c.startService(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for name := range liveServices() {
			c.stopService(name)
		}
	})
	c.hook = newLiveHook(t, c.Scene, liveHookAddr)
	c.Configure(map[string]string{"muster.yaml": liveConfig(c.Scene), "notify.yaml": liveNotify})
	c.StartController()
	c.register(t, sites)
	c.rememberLinks(t, sites)
	startedAt := time.Now()
	for _, s := range sites {
		for _, w := range c.sites[s.code].Workstations {
			c.Boot(w, c.tokens[s.code])
		}
	}
	for _, s := range sites {
		c.whole(s.code)
	}
	c.seen = watchLive(t, c.Scene)
	// A controller that has just started believes nobody who says that another is gone.
	c.Pass(max(30*time.Second, time.Until(startedAt.Add(75*time.Second))))
	return c
}

// whole waits until everybody of a site is heard.
func (c *liveCounty) whole(code string) {
	n := len(c.sites[code].Workstations)
	c.Within(3*time.Minute, "everyone of "+code+" is heard", func() bool {
		v := c.Site(code)
		return v.Workstations.Stranger+v.Workstations.Present == n && v.Link.State == inventory.ReachOK
	})
}

func liveConfig(s *lab.Scene) string {
	var b strings.Builder
	fmt.Fprintf(&b, "notify: %s\nreferences: [%s, %s]\nservices:\n", s.Path("notify.yaml"), lab.References()[0], lab.References()[1])
	for _, name := range slices.Sorted(maps.Keys(liveServices())) {
		fmt.Fprintf(&b, "  - {name: %s, target: \"http://%s/\", every_seconds: 60, timeout_seconds: 5}\n",
			name, netip.AddrPortFrom(lab.ServicesAddr(), liveServices()[name]))
	}
	return b.String()
}

const liveNotify = `zone: Europe/London
page_url: http://127.0.0.1:8420
sinks:
  - {name: hook, kind: webhook, url: "http://127.0.0.1:9099/"}
routes:
  - {name: everything, to: [{sink: hook}]}
`

// register makes the sites and what the register knows of them.
func (c *liveCounty) register(t testing.TB, sites []liveSite) {
	t.Helper()
	var sitesCSV, subnetsCSV, linksCSV strings.Builder
	sitesCSV.WriteString("code,name\n")
	subnetsCSV.WriteString("prefix,site,gateway\n")
	linksCSV.WriteString("circuit,site,carrier,role,router\n")
	for i, s := range sites {
		site := c.AddSite(s.code, s.machines)
		site.Shape("20mbit", 100)
		c.sites[s.code] = site
		fmt.Fprintf(&sitesCSV, "%s,Site %d\n", s.code, i+1)
		fmt.Fprintf(&subnetsCSV, "%s,%s,%s\n", site.Subnet, s.code, site.Gateway)
		fmt.Fprintf(&linksCSV, "%s,%s,%s,primary,%s\n", circuitOf(s.code), s.code, s.carrier, site.Router())
	}
	c.Import("site", sitesCSV.String())
	c.Import("subnet", subnetsCSV.String())
	c.Import("link", linksCSV.String())
	for _, s := range sites {
		c.tokens[s.code] = c.Token(s.code, s.machines)
	}
}

func circuitOf(site string) string { return "C-" + site }

// rememberLinks gives the controller the past that a county of minutes has not: what
// its links were like for four weeks. The controller is down meanwhile.
func (c *liveCounty) rememberLinks(t testing.TB, sites []liveSite) {
	t.Helper()
	c.Terminate(c.Controller())
	ctx := context.Background()
	s, err := store.OpenExisting(ctx, store.Options{URL: app.Config{Data: c.Data()}.StoreURL()})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var minutes []inventory.Evidence
	for at := now.Add(-28 * 24 * time.Hour).Truncate(time.Minute); at.Before(now); at = at.Add(time.Minute) {
		minutes = append(minutes, inventory.Evidence{At: at, Kind: inventory.EvidenceLink, OK: true, RTT: time.Millisecond, Jitter: time.Millisecond / 2})
	}
	body, err := json.Marshal(incident.BuildBaseline(minutes, nil))
	if err != nil {
		t.Fatal(err)
	}
	baselines := map[string][]byte{}
	for _, site := range sites {
		baselines[circuitOf(site.code)] = body
	}
	if err := errors.Join(s.PutBaselines(ctx, baselines, now), s.Close()); err != nil {
		t.Fatal(err)
	}
	c.StartController()
}

// startService starts a service that people need.
func (c *liveCounty) startService(name string) error {
	page := strings.Repeat("<p>"+name+"</p>\n", 2000)
	stop, err := serveIn(c.Scene, c.Services(), netip.AddrPortFrom(lab.ServicesAddr(), liveServices()[name]),
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(page)) // who asked may have gone
		}))
	if err != nil {
		return fmt.Errorf("cannot start service %s: %w", name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.services[name] = stop
	return nil
}

func (c *liveCounty) stopService(name string) {
	c.mu.Lock()
	stop := c.services[name]
	delete(c.services, name)
	c.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// onset waits until a further silence is a fault of its own: three that begin within
// half a minute are one cause.
func (c *liveCounty) onset() {
	for {
		c.mu.Lock()
		wait := time.Until(c.onsetAt.Add(36 * time.Second))
		if wait <= 0 {
			c.onsetAt = time.Now()
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		c.Pass(wait)
	}
}

// keep writes an incident and its evidence where they can be looked at.
func (c *liveCounty) keep(dir, id string) string {
	var said []string
	for _, args := range [][]string{{"incident", "show", id, "--json"}, {"incident", "export", id}} {
		out, err := c.Ask(context.Background(), args...)
		if err != nil {
			said = append(said, err.Error())
			continue
		}
		file := filepath.Join(dir, id+"."+args[1])
		if err := writeKept(file, out); err != nil {
			said = append(said, err.Error())
			continue
		}
		said = append(said, file)
	}
	return strings.Join(said, " ")
}
