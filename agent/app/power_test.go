package app

import (
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// suspend moves the boot clock as a suspend does: on, while ours stood still.
func (p *pc) suspend(d time.Duration) {
	p.set(func(p *pc) { p.bootedAt = p.bootedAt.Add(-d) })
}

// reasonsOf are the leaves and edges that a workstation's reports carried.
func (s *shire) reasonsOf(workstation string) map[string]int {
	found := make(map[string]int)
	for _, r := range s.reportsOf(workstation) {
		for _, record := range r.Journal {
			if record.Kind == wire.RecordLeave || record.Kind == wire.RecordEdge {
				found[string(record.Kind)+" "+record.Reason]++
			}
		}
	}
	return found
}

func TestAMachineThatWokeSaysSoAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		p := newPC("PF3X9Q2L")
		a := s.start(s.options(p, t.TempDir(), "10.1.0.11"))
		pass(2 * time.Minute)
		a.Sleep(t.Context())
		p.suspend(8 * time.Hour)
		before := len(s.reportsOf("w00000001"))
		a.Woke()
		pass(3 * time.Second)
		if n := len(s.reportsOf("w00000001")) - before; n != 1 {
			t.Errorf("%d reports in the three seconds after waking", n)
		}
		if got := s.reasonsOf("w00000001"); got["leave sleep"] != 1 || got["edge woke after 8h0m0s"] != 1 {
			t.Errorf("the journal says %v", got)
		}
		stop(t, a)
	})
}

func TestASleepThatNobodyTellsIsNoticedByTheClocksOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		p := newPC("PF3X9Q2L")
		a := s.start(s.options(p, t.TempDir(), "10.1.0.11"))
		pass(2 * time.Minute)
		p.suspend(40 * time.Second)
		before := len(s.reportsOf("w00000001"))
		pass(lookEvery)
		a.Woke() // the system's word comes late
		pass(3 * time.Second)
		if n := len(s.reportsOf("w00000001")) - before; n != 1 {
			t.Errorf("%d reports after waking", n)
		}
		if got := s.reasonsOf("w00000001"); got["edge woke after 40s"] != 1 || got["edge woke"] != 0 {
			t.Errorf("the journal says %v", got)
		}
		stop(t, a)
	})
}

func TestAShutdownThatIsCalledOffIsTakenBack(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		a := s.start(s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11"))
		pass(2 * time.Minute)
		a.Announce(t.Context(), inventory.LeaveRestart)
		pass(5 * time.Second)
		before := len(s.reportsOf("w00000001"))
		a.Stays()
		pass(3 * time.Second)
		if n := len(s.reportsOf("w00000001")) - before; n != 1 {
			t.Errorf("%d reports after the machine stayed", n)
		}
		if got := s.reasonsOf("w00000001"); got["leave restart"] != 1 || got["edge stays up"] != 1 {
			t.Errorf("the journal says %v", got)
		}
		stop(t, a)
	})
}

func TestWordsBeforeTheStartAndAfterTheEndHarmNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		a, err := New(s.options(newPC("PF3X9Q2L"), t.TempDir(), "10.1.0.11"))
		if err != nil {
			t.Fatal(err)
		}
		a.Sleep(t.Context())
		a.Woke()
		a.Woke()
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		pass(30 * time.Second)
		stop(t, a)
		a.Announce(t.Context(), inventory.LeaveShutdown)
		a.Stays()
		a.Stays()
	})
}
