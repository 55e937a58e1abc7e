package app

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/agent/report"
	"muster/inventory"
	"muster/inventory/wire"
)

func TestAnAgentEnrolsReportsAndStaysTheSameAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		o := s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11")
		a := s.start(o)
		pass(10 * time.Second)
		status := a.Status()
		if status.Workstation != "w00000001" || status.Uplink != "ok" || status.LastSeq != 1 || status.Site != "mill" || status.Problem != "" {
			t.Errorf("status is %+v", status)
		}
		if s.enrolments()[0].Kind != inventory.AssetLaptop || s.enrolments()[0].Identity.Serial != "PF3X9Q2L" {
			t.Errorf("it enrolled as %+v", s.enrolments()[0])
		}
		stop(t, a)
		o.Token = "" // kept
		a = s.start(o)
		pass(10 * time.Second)
		again := a.Status()
		if again.Workstation != status.Workstation || again.Run != status.Run || again.LastSeq != 2 || len(s.enrolments()) != 1 {
			t.Errorf("after a restart it is %+v, %d enrolments", again, len(s.enrolments()))
		}
		if kept, err := ReadStatus(o.StateDir); err != nil || kept.Workstation != status.Workstation {
			t.Errorf("the status file says %+v, %v", kept, err)
		}
		stop(t, a)
	})
}

func TestACopiedDiskBecomesAnotherWorkstation(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		dir := t.TempDir()
		a := s.start(s.options(newPC("PF3X9Q2L"), dir, "10.1.0.11"))
		pass(10 * time.Second)
		first := a.Status()
		stop(t, a)
		o := s.options(newPC("PF000002"), dir, "10.1.0.12")
		o.Token = ""
		a = s.start(o)
		pass(10 * time.Second)
		if second := a.Status(); second.Workstation == first.Workstation || second.Workstation == "" || second.Run == first.Run || second.LastSeq != 1 {
			t.Errorf("the copy is %+v, the original %+v", second, first)
		}
		stop(t, a)
	})
}

func TestPrepareImageLeavesTheTokenAlone(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		o := s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11")
		a := s.start(o)
		pass(10 * time.Second)
		if err := PrepareImage(o.StateDir); !errors.Is(err, report.ErrInUse) {
			t.Errorf("preparing under a running agent: %v", err)
		}
		stop(t, a)
		if err := PrepareImage(o.StateDir); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(o.StateDir)
		if err != nil || len(left) != 1 || left[0].Name() != "join-token" {
			t.Errorf("left are %v, %v", left, err)
		}
	})
}

func TestACertificateIsRenewedAtTwoThirdsAndWhenExpired(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		s.life = 6 * time.Hour
		o := s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11")
		a := s.start(o)
		pass(3*time.Hour + 50*time.Minute)
		if s.renewed() != 0 {
			t.Errorf("%d renewals before two thirds", s.renewed())
		}
		pass(20 * time.Minute)
		if s.renewed() != 1 {
			t.Errorf("%d renewals after two thirds", s.renewed())
		}
		stop(t, a)
		pass(400 * time.Hour) // in a cupboard
		a = s.start(o)
		pass(time.Minute)
		if status := a.Status(); s.renewed() != 2 || status.Problem != "" || status.Workstation != "w00000001" || time.Since(status.LastAckAt) > time.Minute {
			t.Errorf("after the cupboard %+v, %d renewals", status, s.renewed())
		}
		stop(t, a)
	})
}

func TestSettingsAreUsedAndOutliveARestartWithoutAController(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		o := s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11")
		a := s.start(o)
		pass(10 * time.Second)
		s.set(func(s *shire) {
			s.settings.Version, s.settings.Site, s.settings.ReportEvery = "two", "forge", 30
			s.settings.ReportSoonest = 10
		})
		pass(6 * time.Minute)
		before := len(s.reportsOf("w00000001"))
		pass(5 * time.Minute)
		if n := len(s.reportsOf("w00000001")) - before; n < 9 || a.Status().Site != "forge" {
			t.Errorf("%d reports in five minutes at %s", n, a.Status().Site)
		}
		stop(t, a)
		s.fabric.Cut("centre")
		a = s.start(o)
		pass(10 * time.Second)
		if status := a.Status(); status.Site != "forge" || status.SettingsVersion != "two" {
			t.Errorf("without a controller it is %+v", status)
		}
		stop(t, a)
	})
}

func TestAGoodbyeIsInTheJournalAndTravelsAtTheNextStart(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		p := newPC("PF3X9Q2L")
		o := s.options(p, t.TempDir(), "10.1.0.11")
		a := s.start(o)
		pass(30 * time.Second)
		if err := a.StopFor(t.Context(), inventory.LeaveShutdown); err != nil {
			t.Fatal(err)
		}
		p.set(func(p *pc) { p.boot, p.bootedAt = "boot-next", time.Now() })
		a = s.start(o)
		pass(30 * time.Second)
		stop(t, a)
		found := map[wire.RecordKind]string{}
		for _, r := range s.reportsOf("w00000001") {
			for _, record := range r.Journal {
				found[record.Kind] = record.Reason
			}
		}
		if found[wire.RecordLeave] != "shutdown" || found[wire.RecordStart] != "agent 1.0.0" {
			t.Errorf("found %v", found)
		}
	})
}

// TestTheFirstReportAfterARebootTellsOfIt takes a machine that lost its power and is
// slow to look around: whether it was the power is known by the new boot.
func TestTheFirstReportAfterARebootTellsOfIt(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		p := newPC("PF3X9Q2L")
		o := s.options(p, t.TempDir(), "10.1.0.11")
		a := s.start(o)
		pass(2 * time.Minute)
		stop(t, a)
		before := len(s.reportsOf("w00000001"))
		p.set(func(p *pc) { p.boot, p.bootedAt, p.looks = "boot-next", time.Now(), 3*time.Second })
		a = s.start(o)
		pass(30 * time.Second)
		stop(t, a)
		reports := s.reportsOf("w00000001")
		if len(reports) <= before {
			t.Fatal("no report came after the reboot")
		}
		if !slices.ContainsFunc(reports[before].Journal, func(r wire.JournalRecord) bool {
			return r.Boot == "boot-next" && r.Kind == wire.RecordStart
		}) {
			t.Errorf("the first report's journal is %+v", reports[before].Journal)
		}
	})
}

func TestAnOutageIsInTheJournalAndTravelsAfterIt(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		p := newPC("PF3X9Q2L")
		a := s.start(s.options(p, t.TempDir(), "10.1.0.11"))
		pass(12 * time.Minute)
		s.fabric.Cut("centre")
		began := time.Now()
		pass(5 * time.Minute)
		p.set(func(p *pc) { p.gateway = wire.No })
		pass(5 * time.Minute)
		p.set(func(p *pc) { p.gateway = wire.Yes })
		s.fabric.Heal("centre")
		pass(3 * time.Minute)
		var during, without int
		edge := false
		for _, r := range s.reportsOf("w00000001") {
			for _, record := range r.Journal {
				if record.Wall.After(began) && record.Kind == wire.RecordTick {
					during++
					if record.Gateway == wire.No {
						without++
					}
				}
				edge = edge || strings.HasPrefix(record.Reason, "gateway no")
			}
		}
		if during < 55 || without < 25 || !edge {
			t.Errorf("%d records of the outage came, %d without gateway, edge %v", during, without, edge)
		}
		stop(t, a)
	})
}

func TestARefusedTokenIsSaidAndTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		o := s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11")
		token, err := wire.ParseJoinToken(o.Token)
		if err != nil {
			t.Fatal(err)
		}
		token.Secret = "guess"
		o.Token = token.String()
		a := s.start(o)
		pass(10 * time.Second)
		if problem := a.Status().Problem; !strings.Contains(problem, "join token is refused: it is not known") {
			t.Errorf("the problem is %q", problem)
		}
		stop(t, a)
		token.Secret, token.CA = "secret", strings.Repeat("ab", 32)
		o.Token = token.String()
		a = s.start(o)
		pass(10 * time.Second)
		if problem := a.Status().Problem; !strings.Contains(problem, "not the controller this agent trusts") || len(s.enrolments()) != 0 {
			t.Errorf("the problem is %q", problem)
		}
		stop(t, a)
	})
}

func TestAnIdentityConflictStopsReportsAndIsSaid(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		a := s.start(s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11"))
		pass(10 * time.Second)
		s.set(func(s *shire) {
			s.refuse = &wire.Problem{Type: wire.ProblemIdentity, Title: "identity conflict", Status: 409, Detail: "two machines report as w00000001"}
		})
		pass(20 * time.Minute)
		if problem := a.Status().Problem; !strings.Contains(problem, "two machines report as w00000001") {
			t.Errorf("the problem is %q", problem)
		}
		stop(t, a)
	})
}

func TestABrokenDirectWayIsReplacedByANeighbour(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		s.settings.Pool = &wire.Pool{
			Site: "mill", Label: "mill", Keys: [][]byte{make([]byte, 32)}, KeyVersion: 1,
			Neighbours: []string{"10.1.0.11:7946", "10.1.0.12:7946", "10.1.0.13:7946"},
		}
		s.settings.ReportEvery, s.settings.ReportSoonest = 20, 10 // a report is soon due
		var agents []*App
		for _, addr := range []string{"10.1.0.11", "10.1.0.12", "10.1.0.13"} {
			agents = append(agents, s.start(s.options(newPC("PF"+addr), t.TempDir(), addr)))
		}
		pass(2 * time.Minute)
		if status := agents[0].Status(); status.PeersKnown != 2 || status.KeyVersion != 1 {
			t.Fatalf("the pool did not form: %+v", status)
		}
		workstation := agents[0].Status().Workstation
		s.fabric.CutOneWay("mill-10.1.0.11", "centre")
		s.fabric.CutOneWay("centre", "mill-10.1.0.11")
		pass(50 * time.Second) // due within 20 s, through a neighbour within 30 s more
		s.mu.Lock()
		relayed := false
		for i, r := range s.reports {
			relayed = relayed || r.Workstation == workstation && s.via[i] != ""
		}
		s.mu.Unlock()
		if status := agents[0].Status(); !relayed || status.Uplink != "relayed" {
			t.Errorf("no report came through a neighbour: %+v", status)
		}
		var all sync.WaitGroup
		for _, a := range agents {
			all.Go(func() { stop(t, a) })
		}
		all.Wait()
	})
}

func TestALifeIsLivedOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		o := s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11")
		a := s.start(o)
		if err := a.Start(t.Context()); !errors.Is(err, ErrStarted) {
			t.Errorf("second start: %v", err)
		}
		stop(t, a)
		stop(t, a)
		if err := a.Start(t.Context()); !errors.Is(err, ErrStopped) {
			t.Errorf("start after stop: %v", err)
		}
		never, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		stop(t, never)
		if err := never.Start(t.Context()); !errors.Is(err, ErrStopped) {
			t.Errorf("start after an early stop: %v", err)
		}
	})
}

func TestStartAndStopMayMeet(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		dir := t.TempDir()
		for range 10 {
			a, err := New(s.options(newPC("PF3X9Q2L"), dir, "10.1.0.11"))
			if err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup
			both.Go(func() { _ = a.Start(context.Background()) })
			both.Go(func() { _ = a.Stop(context.Background()) })
			both.Wait()
			stop(t, a)
		}
	})
}

func TestAFailedStartReleasesWhatItTook(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		o := s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11")
		taken, err := o.Network.Listen(o.Addr)
		if err != nil {
			t.Fatal(err)
		}
		a, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(t.Context()); err == nil {
			t.Fatal("it started on a port that is taken")
		}
		if err := taken.Close(); err != nil {
			t.Fatal(err)
		}
		a = s.start(o) // the folder is free, or this fails
		stop(t, a)
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{
		"nothing": {},
		"folder":  {StateDir: filepath.Join(t.TempDir(), "x")},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestAMachineThatIsAtNoSiteSaysNothingOfItsNetwork lets the settings take a
// machine off its site.
func TestAMachineThatIsAtNoSiteSaysNothingOfItsNetwork(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		machine := newPC("SN-1")
		addr := netip.MustParseAddr("10.0.1.1")
		machine.network = inventory.Network{Addr: inventory.Known(addr), Gateway: inventory.Known(netip.MustParseAddr("10.0.1.254"))}
		a := s.start(s.options(machine, t.TempDir(), addr.String()))
		defer stop(t, a)
		pass(10 * time.Minute)
		says := func() (addrs []bool) {
			for _, r := range s.reportsOf(a.Status().Workstation) {
				if r.Network != nil {
					addrs = append(addrs, r.Network.Addr.Known())
				}
			}
			return addrs
		}
		if got := says(); !slices.Equal(got, []bool{false, true}) {
			t.Fatalf("before and after it was placed, reports knew the address: %v", got)
		}
		s.mu.Lock()
		s.settings.Version, s.settings.Site = "two", ""
		s.mu.Unlock()
		pass(15 * time.Minute)
		if got := says(); !slices.Equal(got, []bool{false, true, false}) {
			t.Errorf("off the site, reports knew the address: %v", got)
		}
		for _, r := range s.reportsOf(a.Status().Workstation) {
			for _, record := range r.Journal {
				if strings.Contains(record.Reason, addr.String()) {
					t.Errorf("the address is in the reason %q", record.Reason)
				}
			}
		}
	})
}
