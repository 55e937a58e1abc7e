package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

var email = wire.ServiceProbe{Name: "email", Target: "https://mail.county.example/", Every: 300, Timeout: 10}

// asked are the specs that a machine was asked, of one reason.
func (p *pc) asked(why inventory.ProbeWhy) (specs []wire.ProbeSpec) {
	p.set(func(p *pc) {
		for _, spec := range p.probed {
			if spec.Why == why {
				specs = append(specs, spec)
			}
		}
	})
	return specs
}

// probes are the results that reports brought.
func (s *shire) probes() (results []inventory.ProbeResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.reports {
		results = append(results, r.Probes...)
	}
	return results
}

func TestAMachineWithoutAPoolTakesTheTurnsThatItIsGiven(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		s.set(func(s *shire) {
			s.settings.Probing = &wire.Probing{Services: []wire.ServiceProbe{email}, Turns: []string{"w00000001", "w00000002"}}
		})
		one, two := newPC("PF000001"), newPC("PF000002")
		a := s.start(s.options(one, t.TempDir(), "10.1.0.11"))
		pass(5 * time.Second)
		b := s.start(s.options(two, t.TempDir(), "10.1.0.12"))
		pass(100 * time.Minute)
		of := func(p *pc) int { return len(p.asked(inventory.ProbeRota)) }
		if sum := of(one) + of(two); sum < 18 || sum > 21 || of(one) < 4 || of(two) < 4 {
			t.Errorf("in twenty slots the two probed %d and %d times", of(one), of(two))
		}
		results := s.probes()
		if len(results) < 16 {
			t.Errorf("%d results were reported", len(results))
		}
		for _, r := range results {
			if !r.OK || r.Service != "email" || r.BootClock <= 0 || r.Target != email.Target {
				t.Errorf("a result is %+v", r)
			}
		}
		stop(t, a)
		stop(t, b)
	})
}

func TestAFailureIsReportedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		s.set(func(s *shire) {
			s.settings.Probing = &wire.Probing{Services: []wire.ServiceProbe{email}, Turns: []string{"w00000001"}}
		})
		p := newPC("PF000001")
		var failedAt time.Time
		p.answer = func(wire.ProbeSpec) inventory.ProbeResult {
			if failedAt.IsZero() {
				failedAt = time.Now()
			}
			return inventory.ProbeResult{Error: inventory.ProbeRefused}
		}
		a := s.start(s.options(p, t.TempDir(), "10.1.0.11"))
		pass(12 * time.Minute)
		s.set(func(s *shire) {
			for i, r := range s.reports {
				if len(r.Probes) == 0 {
					continue
				}
				if took := s.at[i].Sub(failedAt); took > 5*time.Second {
					t.Errorf("the first failure was reported after %s", took)
				}
				return
			}
			t.Error("no failure was reported")
		})
		stop(t, a)
	})
}

func TestAQuestionIsAnsweredOnceHoweverOftenItComes(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		p := newPC("PF000001")
		a := s.start(s.options(p, t.TempDir(), "10.1.0.11"))
		pass(time.Minute)
		s.set(func(s *shire) {
			s.asks = []wire.ProbeSpec{
				{Ask: "ask-1", Kind: inventory.ProbeTCP, Why: inventory.ProbeAsked, Target: "tcp://files.county.example:445"},
				{Ask: "bad", Kind: "telepathy", Why: inventory.ProbeAsked, Target: "x"},
			}
		})
		pass(20 * time.Minute)
		if asked := p.asked(inventory.ProbeAsked); len(asked) != 1 {
			t.Errorf("it probed %+v", asked)
		}
		results := s.probes()
		if len(results) != 1 || results[0].Ask != "ask-1" || !results[0].OK {
			t.Errorf("the answers are %+v", results)
		}
		stop(t, a)
	})
}

func TestNothingIsProbedFromOtherPeoplesNetworks(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		s.set(func(s *shire) {
			s.settings.Site = "" // at home
			s.settings.Probing = &wire.Probing{Services: []wire.ServiceProbe{email}, Turns: []string{"w00000001"}, WindowEvery: 60}
			s.asks = []wire.ProbeSpec{{Ask: "ask-1", Kind: inventory.ProbeTrace, Why: inventory.ProbeAsked, Target: "10.0.0.1"}}
		})
		p := newPC("PF000001")
		a := s.start(s.options(p, t.TempDir(), "10.1.0.11"))
		pass(time.Hour)
		p.set(func(p *pc) {
			if len(p.probed) > 0 {
				t.Errorf("at no site it probed %+v", p.probed)
			}
		})
		results := s.probes()
		if len(results) != 1 || results[0].Error != inventory.ProbeNoPath || results[0].OK {
			t.Errorf("who asks hears %+v", results)
		}
		stop(t, a)
	})
}

// A pool of five: each slot is one member's, two are elected, and when an elected
// one goes another takes its place.
func TestAPoolSharesItsTurnsAndElectsTwo(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		const members = 5
		var neighbours []string
		for i := range members {
			neighbours = append(neighbours, fmt.Sprintf("10.1.0.%d:7946", 11+i))
		}
		s.set(func(s *shire) {
			s.settings.Pool = &wire.Pool{Site: "mill", Label: "mill", Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}, KeyVersion: 1, Neighbours: neighbours}
			s.settings.Probing = &wire.Probing{Services: []wire.ServiceProbe{email}, WindowEvery: 300, MTUEvery: 3600}
		})
		var pcs []*pc
		var agents []*App
		for i := range members {
			p := newPC(fmt.Sprintf("PF00000%d", i+1))
			p.network = inventory.Network{Gateway: inventory.Known(netip.MustParseAddr("10.1.0.1"))}
			pcs = append(pcs, p)
			agents = append(agents, s.start(s.options(p, t.TempDir(), fmt.Sprintf("10.1.0.%d", 11+i))))
			pass(time.Second)
		}
		pass(100 * time.Minute)
		turns := 0
		var elected []int
		for i, p := range pcs {
			turns += len(p.asked(inventory.ProbeRota))
			if len(p.asked(inventory.ProbeElected)) > 20 {
				elected = append(elected, i)
			}
		}
		if turns < 18 || turns > 21 {
			t.Errorf("in twenty slots the pool probed %d times", turns)
		}
		if len(elected) != 2 {
			t.Fatalf("elected are %v", elected)
		}
		targets := map[string]bool{}
		for _, spec := range pcs[elected[0]].asked(inventory.ProbeElected) {
			targets[string(spec.Kind)+" "+spec.Target] = true
		}
		for _, want := range []string{"icmp 10.1.0.1", "icmp 10.0.0.1", "mtu tls://10.0.0.1:7946"} {
			if !targets[want] {
				t.Errorf("an elected prober did not ask %s: %v", want, targets)
			}
		}
		stop(t, agents[elected[0]])
		for _, p := range pcs {
			p.set(func(p *pc) { p.probed = nil })
		}
		pass(2 * time.Minute)
		var now []int
		for i, p := range pcs {
			if len(p.asked(inventory.ProbeElected)) > 0 {
				now = append(now, i)
			}
		}
		if slices.Contains(now, elected[0]) || len(now) == 0 || slices.Equal(now, elected[1:]) {
			t.Errorf("after %d left, %v probe; before it were %v", elected[0], now, elected)
		}
		for i, a := range agents {
			if i != elected[0] {
				stop(t, a)
			}
		}
	})
}

func TestTheMeshCanAskForOwnServicesOnlyAndNotTooOften(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		files := wire.ServiceProbe{Name: "files", Target: "tcp://files.county.example:445", Every: 86400}
		slow := email
		slow.Every = 86400
		s.set(func(s *shire) {
			s.settings.Probing = &wire.Probing{Services: []wire.ServiceProbe{slow, files}, Turns: []string{"w00000099"}}
		})
		p := newPC("PF000001")
		a := s.start(s.options(p, t.TempDir(), "10.1.0.11"))
		pass(time.Minute)
		ask := func(services ...string) string {
			body, err := json.Marshal(wire.ProbeQuestion{Services: services})
			if err != nil {
				t.Fatal(err)
			}
			defer pass(time.Second)
			return string(a.probing.query(wire.QueryProbe, body))
		}
		if got := ask("email", "files"); got != "yes" || len(p.asked(inventory.ProbeConfirm)) != 2 {
			t.Errorf("asked about its own services it says %q and probed %+v", got, p.asked(inventory.ProbeConfirm))
		}
		if got := ask("email"); got != "no" {
			t.Errorf("asked again at once it says %q", got)
		}
		if got := ask("payroll"); got != "no" {
			t.Errorf("asked about another service it says %q", got)
		}
		if got := string(a.probing.query(wire.QueryProbe, []byte(`{"services":["../x"]}`))); got != "malformed" {
			t.Errorf("asked nonsense it says %q", got)
		}
		if got := a.probing.query("serf-ping", nil); got != nil {
			t.Errorf("another question is answered by %q", got)
		}
		for range 30 {
			pass(confirmAgain)
			ask("email", "files")
		}
		if n := len(p.asked(inventory.ProbeConfirm)); n > 2+askedPerMinute*12 {
			t.Errorf("in ten minutes of asking it probed %d times", n)
		}
		stop(t, a)
	})
}

func TestAnAllowanceIsOfAMinute(t *testing.T) {
	var b allowance
	now := time.Unix(0, 0)
	taken := 0
	for range 100 {
		var ok bool
		if b, ok = b.take(now, 6); ok {
			taken++
		}
		now = now.Add(3 * time.Second)
	}
	if taken != 30 {
		t.Errorf("in five minutes %d were let through, want 30", taken)
	}
}

// Five in a pool whose controller is not heard: the two elected ask outside at
// each look and write down what they heard; nobody does while it is heard.
func TestTheElectedAskOutsideWhileTheControllerIsNotHeard(t *testing.T) {
	bubble(t, func(t *testing.T, s *shire) {
		const reference = "192.0.2.1"
		var pcs []*pc
		var agents []*App
		var turns []string
		for i := range 3 {
			turns = append(turns, fmt.Sprintf("w0000000%d", i+1))
		}
		s.set(func(s *shire) {
			s.settings.Probing = &wire.Probing{Outside: []string{reference, "not an address"}, Turns: turns}
		})
		for i := range 3 {
			p := newPC(fmt.Sprintf("PF00000%d", i+1))
			pcs = append(pcs, p)
			agents = append(agents, s.start(s.options(p, t.TempDir(), fmt.Sprintf("10.1.0.%d", 11+i))))
			pass(5 * time.Second)
		}
		asked := func() (who int) {
			for _, p := range pcs {
				if slices.ContainsFunc(p.asked(inventory.ProbeElected), func(spec wire.ProbeSpec) bool { return spec.Target == reference }) {
					who++
				}
			}
			return who
		}
		pass(20 * time.Minute)
		if n := asked(); n > 0 {
			t.Errorf("%d asked outside while the controller answered", n)
		}
		s.fabric.Cut("centre")
		pass(20 * time.Minute)
		if n := asked(); n != 2 {
			t.Errorf("%d of three asked outside, want the two elected", n)
		}
		s.fabric.Heal("centre")
		pass(20 * time.Minute)
		words := map[wire.Reachable]int{}
		s.mu.Lock()
		for _, r := range s.reports {
			for _, record := range r.Journal {
				words[record.Outside]++
			}
		}
		s.mu.Unlock()
		if words[wire.Yes] < 100 || words[wire.No] > 0 {
			t.Errorf("journals say of outside: %v", words)
		}
		for _, a := range agents {
			stop(t, a)
		}
	})
}
