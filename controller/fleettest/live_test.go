//go:build linux

package fleettest_test

import (
	"context"
	"encoding/json"
	"flag"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/controller/fleettest/lab"
	"muster/inventory"
)

// `make live` sets -live, and `make test` -quick.
var (
	playAllLive   = flag.Bool("live", false, "play the live county: every scenario on real links in network namespaces, nine minutes; without namespaces that is a failure")
	playQuickLive = flag.Bool("quick", false, "play a few scenarios of the live county, four minutes, where this system allows network namespaces")
	playOnly      = flag.String("scenarios", "", "with -live: the numbers of scenarios to play, such as 20,24")
)

// quickScenarios are those of -quick: one of each kind that needs no wait of minutes.
const quickScenarios = "02,13,20,24,36"

// scenariosToPlay are the numbers of scenarios that the flags ask for; empty means all
// of them. It ends the test where nothing is asked for or nothing can be played.
func scenariosToPlay(t *testing.T) string {
	t.Helper()
	if !*playAllLive && !*playQuickLive {
		t.Skip("the live county wants the machine to itself: `make test` plays a part of it by itself, `make live` all of it")
	}
	switch err := lab.Allowed(); {
	case err == nil && *playAllLive:
		return *playOnly
	case err == nil:
		return quickScenarios
	case *playAllLive:
		t.Fatalf("nothing can be played on real links: %v", err)
	default:
		t.Skipf("nothing was played on real links: %v", err)
	}
	return ""
}

// liveSites are the sites of the live county; the switch needs a larger one. What
// befalls a site's reach within minutes is one incident: two such scenarios never
// share a site.
func liveSites() []liveSite {
	return []liveSite{
		{"S001", "northnet", 4},
		{"S002", "northnet", 4},
		{"S003", "northnet", 8},
		{"S004", "northnet", 4},
		{"S005", "northnet", 4},
		{"S006", "westcom", 4},
		{"S007", "westcom", 4},
		{"S008", "westcom", 4},
	}
}

// chosen are the scenarios to play, and the sites that they need: fewer than four
// sites are no county.
func chosen(numbers string) (scenarios []liveScenario, sites []liveSite) {
	need := map[string]bool{"S001": true, "S004": true, "S006": true, "S008": true}
	for _, s := range liveScenarios() {
		number, _, _ := strings.Cut(s.name, " ")
		if numbers != "" && !slices.Contains(strings.Split(numbers, ","), number) {
			continue
		}
		scenarios = append(scenarios, s)
		need[s.site] = true
	}
	for _, s := range liveSites() {
		if need[s.code] || need["*"] || need[""] {
			sites = append(sites, s)
		}
	}
	return scenarios, sites
}

// TestScenariosInNamespacesGetTheirVerdictsAndNoOthers plays scenarios of
// docs/rehearsals.md on a county of real processes, real links and real routers, and
// reads the verdicts through the API. Scenarios of different sites run side by side.
func TestScenariosInNamespacesGetTheirVerdictsAndNoOthers(t *testing.T) {
	scenarios, sites := chosen(scenariosToPlay(t))
	c := newLiveCounty(t, sites)
	begun := time.Now()
	trials := playLive(c, scenarios)
	t.Logf("%d scenarios took %.0f s", len(trials), time.Since(begun).Seconds())
	for _, x := range trials {
		t.Run(x.name, x.report)
	}
	all, err := c.seen.incidents()
	if err != nil {
		t.Errorf("cannot ask the controller: %v", err)
	}
	for _, i := range unexpected(all, trials, begun) {
		t.Errorf("nobody caused %s (%s, %s): %s: %s", i.ID, i.Cause, i.State, i.Reason(), c.keep(t.ArtifactDir(), i.ID))
	}
}

// playLive plays them: first those of single sites side by side, in turns where
// they share a site, then those that take the county.
func playLive(c *liveCounty, scenarios []liveScenario) (trials []*trial) {
	var playing sync.WaitGroup
	turns := map[string]chan struct{}{} // by site, closed when the one before has ended
	for _, wide := range []bool{false, true} {
		for _, s := range scenarios {
			if (s.site == "*") != wide {
				continue
			}
			x := &trial{liveCounty: c, name: s.name, allowed: s.allowed}
			trials = append(trials, x)
			before, ended := turns[s.site], make(chan struct{})
			turns[s.site] = ended
			playing.Go(func() {
				defer close(ended)
				if s.site != "" && before != nil {
					<-before
				}
				x.began = time.Now()
				x.logf("begins")
				s.play(x, c.sites[s.site])
				x.logf("has ended")
			})
			if wide {
				playing.Wait()
			}
		}
		playing.Wait()
	}
	return trials
}

// counts reads a site's machines without ending the test where it cannot.
func (c *liveCounty) counts(code string) (inventory.SiteCounts, inventory.ReachState) {
	out, err := c.Ask(context.Background(), "site", "show", code, "--json")
	var v lab.SiteView
	if err != nil || json.Unmarshal(out, &v) != nil {
		return inventory.SiteCounts{}, ""
	}
	return v.Workstations, v.Link.State
}

// untilWhole waits until everybody of a site is there.
func (x *trial) untilWhole(code string) {
	n := len(x.sites[code].Workstations)
	x.until("everyone of "+code+" is back", func() bool {
		counts, reach := x.counts(code)
		return counts.Present+counts.Stranger == n && reach == inventory.ReachOK
	})
}
