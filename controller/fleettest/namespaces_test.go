//go:build linux

package fleettest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"muster/controller/fleettest/lab"
	"muster/inventory"
)

// county is a scene of sites with real agents, enrolled and heard.
func county(t testing.TB, sites, perSite int) (*lab.Scene, []*lab.Site) {
	t.Helper()
	s := lab.NewScene(t, lab.Build(t))
	var made []*lab.Site
	var sitesCSV, subnetsCSV strings.Builder
	sitesCSV.WriteString("code,name\n")
	subnetsCSV.WriteString("prefix,site,gateway\n")
	for i := range sites {
		site := s.AddSite(fmt.Sprintf("S%03d", i+1), perSite)
		made = append(made, site)
		fmt.Fprintf(&sitesCSV, "%s,Site %d\n", site.Code, i+1)
		fmt.Fprintf(&subnetsCSV, "%s,%s,%s\n", site.Subnet, site.Code, site.Gateway)
	}
	s.Import("site", sitesCSV.String())
	s.Import("subnet", subnetsCSV.String())
	for _, site := range made {
		token := s.Token(site.Code, perSite)
		for _, w := range site.Workstations {
			s.StartAgent(w, token)
		}
	}
	for _, site := range made {
		// Nobody registered these machines: heard, they are strangers.
		s.Within(60*time.Second, "everyone of "+site.Code+" is heard", func() bool {
			return s.Site(site.Code).Workstations.Stranger == perSite
		})
	}
	return s, made
}

// TestAgentsInNamespacesEnrolThroughOnePortAndSurviveACut runs the shipped
// programs: five workstations on two sites behind routers, one open port.
func TestAgentsInNamespacesEnrolThroughOnePortAndSurviveACut(t *testing.T) {
	s, sites := county(t, 2, 3)
	reach := func(code string, want inventory.ReachState) func() bool {
		return func() bool { return s.Site(code).Link.State == want }
	}
	s.Within(20*time.Second, "the sweep reaches S001", reach("S001", inventory.ReachOK))
	s.Within(20*time.Second, "the sweep reaches S002", reach("S002", inventory.ReachOK))

	sites[0].Cut()
	took := s.Within(10*time.Second, "the sweep knows that S001 is silent", reach("S001", inventory.ReachSilent))
	t.Logf("a cut link was known after %.1f s", took.Seconds())
	if other := s.Site("S002"); other.Link.State != inventory.ReachOK || other.Workstations.Stranger != 3 {
		t.Errorf("cutting S001 changed S002: %+v", other)
	}
	sites[0].Heal()
	took = s.Within(60*time.Second, "S001 is whole again", func() bool {
		v := s.Site("S001")
		return v.Link.State == inventory.ReachOK && v.Workstations.Stranger == 3
	})
	t.Logf("a healed site was whole after %.1f s", took.Seconds())
}

// TestWorkstationWhosePathIsDroppedReportsThroughANeighbour holds the figure of
// 30 seconds by the clock of the kernel's own routers.
func TestWorkstationWhosePathIsDroppedReportsThroughANeighbour(t *testing.T) {
	s, sites := county(t, 1, 3)
	w := sites[0].Workstations[0]
	sites[0].DropPath(w)
	cutAt := time.Now()
	took := s.Within(90*time.Second, "a report went through a neighbour", func() bool {
		status := s.Status(w)
		return status.Via != "" && status.LastAckAt.After(cutAt)
	})
	t.Logf("the next report was acknowledged through a neighbour after %.1f s", took.Seconds())
	sites[0].RestorePath(w)
}

// TestControllerKilledAndStartedAgainFindsItsPools kills the controller with -9.
func TestControllerKilledAndStartedAgainFindsItsPools(t *testing.T) {
	s, _ := county(t, 1, 3)
	s.Kill(s.Controller())
	s.StartController()
	took := s.Within(60*time.Second, "everyone is heard again", func() bool {
		v := s.Site("S001")
		return v.Workstations.Stranger == 3 && v.Link.State == inventory.ReachOK
	})
	t.Logf("the pool was whole %.1f s after the restart", took.Seconds())
}
