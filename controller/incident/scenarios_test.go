package incident_test

import (
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

type (
	world   = evidencetest.World
	options = evidencetest.Options
)

const (
	sec  = time.Second
	mins = time.Minute
)

// at is a time of the scenarios' Monday.
func at(hour, minute int) time.Time { return time.Date(2026, 11, 23, hour, minute, 0, 0, time.UTC) }

// machineScenarios are 1 to 12: one machine's troubles, and many machines' habits.
func machineScenarios() []scenario {
	return []scenario{
		{n: 1, name: "clean shutdown", lasts: 12 * mins, play: func(w *world) {
			w.At(5*mins, func() { w.Shutdown(w.Site("S002").Machines[3], inventory.LeaveShutdown, false) })
		}, want: []want{{cause: inventory.CauseWorkstationOff, machine: "w-S002-04", event: true}}, never: []inventory.Cause{inventory.CauseWorkstationSilent}},
		{n: 2, name: "crash", lasts: 14 * mins, play: func(w *world) {
			m := w.Site("S002").Machines[3]
			w.At(5*mins, func() { w.Crash(m) })
			w.At(9*mins, func() { w.PowerOn(m) })
		}, want: []want{{cause: inventory.CauseWorkstationCrashed, live: inventory.CauseWorkstationSilent, machine: "w-S002-04", from: 5 * mins, detected: 30 * sec, caused: 30 * sec, heals: 9 * mins, resolved: mins, silent: true}}},
		{n: 3, name: "laptop sleeps", lasts: 12 * mins, play: func(w *world) {
			w.At(5*mins, func() { w.Shutdown(w.Site("S002").Machines[3], inventory.LeaveSleep, false) })
		}, want: []want{{cause: inventory.CauseWorkstationAsleep, machine: "w-S002-04", event: true}}, never: []inventory.Cause{inventory.CauseWorkstationSilent}},
		{n: 4, name: "sleeps and wakes elsewhere", lasts: 40 * mins, play: func(w *world) {
			m := w.Site("S002").Machines[3]
			w.At(5*mins, func() { w.Shutdown(m, inventory.LeaveSleep, false) })
			w.At(30*mins, func() { w.Move(m, w.Site("S004")) })
		}, want: []want{
			{cause: inventory.CauseWorkstationAsleep, machine: "w-S002-04", event: true},
			{cause: inventory.CauseMoved, machine: "w-S002-04", site: "S004", event: true},
		}, never: []inventory.Cause{inventory.CauseWorkstationSilent}},
		{n: 5, name: "five o'clock, staggered", opts: options{Start: at(16, 50)}, lasts: 70 * mins, play: func(w *world) {
			for _, s := range w.Sites() {
				w.At(10*mins, func() {
					w.Over(s.Machines, 40*mins, func(m *evidencetest.Machine) { w.Shutdown(m, inventory.LeaveShutdown, false) })
				})
			}
		}, never: []inventory.Cause{inventory.CauseLANSegment, inventory.CauseLinkOrPower, inventory.CausePowerOrLAN, inventory.CauseMachineOrLink}},
		{n: 6, name: "five o'clock by one policy", opts: options{Start: at(16, 50)}, lasts: 30 * mins, play: func(w *world) {
			for _, s := range w.Sites() {
				w.At(10*mins, func() {
					w.Over(s.Machines, 5*sec, func(m *evidencetest.Machine) { w.Shutdown(m, inventory.LeaveShutdown, false) })
				})
			}
		}, never: []inventory.Cause{inventory.CauseLANSegment, inventory.CauseLinkOrPower, inventory.CausePowerOrLAN, inventory.CauseSharedUnnamed, inventory.CauseControllerNetwork}},
		{n: 7, name: "the same burst at eleven without reasons", opts: options{Start: at(10, 50)}, lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(10*mins, func() { w.Over(s.Machines, 5*sec, w.Crash) })
		}, want: []want{{cause: inventory.CausePowerOrLAN, site: "S003", from: 10 * mins, detected: 15 * sec, caused: 20 * sec}}, never: []inventory.Cause{inventory.CauseWorkstationOff}},
		{n: 8, name: "Monday boot storm", opts: options{Start: at(8, 40)}, lasts: 60 * mins, play: func(w *world) {
			for _, s := range w.Sites() {
				for _, m := range s.Machines {
					w.At(0, func() { w.Shutdown(m, inventory.LeaveShutdown, false) })
				}
				w.At(20*mins, func() { w.Over(s.Machines, 4*mins, w.PowerOn) })
			}
		}, never: []inventory.Cause{inventory.CauseLANSegment, inventory.CauseLinkOrPower, inventory.CausePowerOrLAN}},
		{n: 9, name: "patch and reboot", opts: options{Start: at(2, 0)}, lasts: 60 * mins, play: func(w *world) {
			for _, s := range w.Sites() {
				w.At(5*mins, func() {
					w.Over(s.Machines, 10*mins, func(m *evidencetest.Machine) { w.Restart(m, 4*mins, false) })
				})
			}
		}, never: []inventory.Cause{inventory.CauseLANSegment, inventory.CauseLinkOrPower, inventory.CausePowerOrLAN, inventory.CauseWorkstationCrashed}},
		{n: 10, name: "agent killed", lasts: 14 * mins, play: func(w *world) {
			m := w.Site("S002").Machines[3]
			w.At(5*mins, func() { w.KillAgent(m) })
			w.At(10*mins, func() { w.ReviveAgent(m) })
		}, want: []want{{cause: inventory.CauseAgentFault, live: inventory.CauseWorkstationSilent, machine: "w-S002-04", from: 5 * mins, detected: 30 * sec, caused: 40 * sec, heals: 10 * mins, resolved: mins}}},
		{n: 11, name: "starved of CPU", lasts: 20 * mins, play: func(w *world) {
			m := w.Site("S002").Machines[3]
			w.At(5*mins, func() { m.Starved = 3 * sec })
			w.At(15*mins, func() { m.Starved = 0 })
		}, never: []inventory.Cause{inventory.CauseWorkstationSilent, inventory.CauseWorkstationCrashed, inventory.CauseAgentFault}},
		{n: 12, name: "cloned identity", lasts: 20 * mins, play: func(w *world) {
			w.At(5*mins, func() { w.Clone(w.Site("S002").Machines[3], 10*mins) })
		}, want: []want{{cause: inventory.CauseIdentityConflict, machine: "w-S002-04", from: 5 * mins, detected: 10 * sec}}},
	}
}

// lanScenarios are 13 to 19.
func lanScenarios() []scenario {
	segment := func(n int, name string) scenario {
		return scenario{
			n: n, name: name, lasts: 20 * mins, play: func(w *world) {
				s := w.Site("S003")
				var half []*evidencetest.Machine
				w.At(5*mins, func() { half = w.Share(s, 0.5); w.SwitchDown(half) })
				w.At(12*mins, func() { w.SwitchBack(half) })
			}, want: []want{{cause: inventory.CauseLANSegment, site: "S003", from: 5 * mins, detected: 30 * sec, caused: 30 * sec, heals: 12 * mins, resolved: 70 * sec}},
			never: []inventory.Cause{inventory.CauseLinkOrPower, inventory.CausePowerOrLAN},
		}
	}
	return []scenario{
		segment(13, "access switch dies"),
		{n: 14, name: "half isolated, both seen", lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { w.Isolate(s, w.Share(s, 0.5), 7*mins) })
		}, want: []want{{cause: inventory.CauseLANSegment, site: "S003", from: 5 * mins, detected: 2 * mins, caused: 2 * mins}}},
		segment(15, "half lost with the prober"),
		{n: 16, name: "renumbering", lasts: 20 * mins, play: func(w *world) {
			w.At(5*mins, func() { w.Renumber(w.Site("S003")) })
		}},
		{n: 17, name: "DHCP fails", lasts: 30 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { w.LoseAddresses(s, 4*mins) })
			w.At(20*mins, func() { w.GetAddresses(s) })
		}, want: []want{{cause: inventory.CauseLANSegment, live: inventory.CausePowerOrLAN, site: "S003", from: 5 * mins, detected: 5 * mins, caused: 5 * mins, heals: 20 * mins, resolved: mins}}},
		{
			n: 18, name: "UDP blocked", lasts: 20 * mins, play: func(w *world) {
				s := w.Site("S003")
				w.At(5*mins, func() { w.BlockUDP(s, true) })
				w.At(12*mins, func() { w.BlockUDP(s, false) })
			}, want: []want{{cause: inventory.CauseSiteFirewall, site: "S003", from: 5 * mins, detected: 20 * sec, caused: 20 * sec, heals: 12 * mins, resolved: mins}},
			never: []inventory.Cause{inventory.CauseLinkOrPower},
		},
		{n: 19, name: "router answers no ICMP", opts: options{Shape: func(s *evidencetest.Site) { s.RouterAnswer = s.Code != "S003" }}, lasts: 20 * mins, play: func(*world) {}},
	}
}

// linkScenarios are 20 to 36, and 44, 45 and 47.
func linkScenarios() []scenario {
	cut := func(n int, name string, from, to time.Duration, x want) scenario {
		x.site, x.from, x.heals = "S003", from, to
		return scenario{n: n, name: name, lasts: to + 6*mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(from, func() { w.CutLink(s) })
			w.At(to, func() { w.HealLink(s) })
		}, want: []want{x}}
	}
	linkDown := want{cause: inventory.CauseSiteLinkDown, live: inventory.CauseLinkOrPower, detected: 5 * sec, caused: 15 * sec, resolved: mins, grade: inventory.GradeProven}
	blip := want{cause: inventory.CauseLinkOrPower, detected: 5 * sec, caused: 15 * sec, resolved: 10 * sec, event: true}
	power := func(n int, name string, ups bool, battery float64) scenario {
		live := inventory.CauseLinkOrPower
		if ups {
			live = inventory.CausePowerOrLAN
		}
		return scenario{n: n, name: name, lasts: 25 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() {
				var holds []*evidencetest.Machine
				if battery > 0 {
					holds = w.Share(s, battery)
				}
				w.PowerCut(s, ups, holds)
			})
			w.At(15*mins, func() { w.PowerRestore(s, 1) })
		}, want: []want{{cause: inventory.CauseSitePowerCut, live: live, site: "S003", from: 5 * mins, detected: 5 * sec, caused: 15 * sec, heals: 15 * mins, resolved: 3 * mins, grade: inventory.GradeProven}}}
	}
	worse := func(n int, name string, lasts, within time.Duration, spoil func(s *evidencetest.Site)) scenario {
		return scenario{n: n, name: name, base: true, lasts: lasts, play: func(w *world) {
			s := w.Site("S003")
			delay, spread, loss := s.Delay, s.Spread, s.Loss
			w.At(10*mins, func() { spoil(s) })
			w.At(lasts-10*mins, func() { s.Delay, s.Spread, s.Loss = delay, spread, loss })
		}, want: []want{{cause: inventory.CauseLinkDegraded, site: "S003", from: 10 * mins, detected: within, caused: within, heals: lasts - 10*mins, resolved: 4 * mins}}}
	}
	list := []scenario{
		cut(20, "link cut", 5*mins, 12*mins, linkDown),
		cut(21, "8 s blip", 5*mins, 5*mins+8*sec, blip),
		cut(22, "20 s blip", 5*mins, 5*mins+20*sec, blip),
		{n: 23, name: "flapping", lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			for i := range 8 {
				w.At(5*mins+time.Duration(i)*45*sec, func() { w.CutLink(s) })
				w.At(5*mins+time.Duration(i)*45*sec+22500*time.Millisecond, func() { w.HealLink(s) })
			}
		}, want: []want{{cause: inventory.CauseSiteLinkDown, live: inventory.CauseLinkOrPower, site: "S003", from: 5 * mins, detected: 5 * sec, caused: 15 * sec, heals: 5*mins + 338*sec, resolved: mins}}},
		power(24, "power cut", false, 0), power(25, "power cut, router on UPS", true, 0), power(26, "power cut, half on batteries", false, 0.5),
		{n: 27, name: "link cut, two rebooted", lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { w.CutLink(s) })
			w.At(7*mins, func() {
				for _, m := range s.Machines[:2] {
					w.Restart(m, 90*sec, true)
				}
			})
			w.At(12*mins, func() { w.HealLink(s) })
		}, want: []want{{cause: inventory.CauseSiteLinkDown, live: inventory.CauseLinkOrPower, site: "S003", from: 5 * mins, detected: 5 * sec, caused: 15 * sec, heals: 12 * mins, resolved: mins, grade: inventory.GradeProven}}},
		{n: 28, name: "one workstation, link cut", opts: options{Shape: only(1)}, lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { w.CutLink(s) })
			w.At(12*mins, func() { w.HealLink(s) })
		}, want: []want{{cause: inventory.CauseMachineOrLink, site: "S003", from: 5 * mins, detected: 5 * sec, caused: 15 * sec, heals: 12 * mins, resolved: mins}}},
		{n: 29, name: "one workstation, switched off", opts: options{Shape: only(1)}, lasts: 20 * mins, play: func(w *world) {
			w.At(5*mins, func() { w.Shutdown(w.Site("S003").Machines[0], inventory.LeaveShutdown, false) })
		}, want: []want{{cause: inventory.CauseWorkstationOff, site: "S003", event: true}}, never: []inventory.Cause{inventory.CauseMachineOrLink}},
		worse(30, "failover to a slow backup", 50*mins, 6*mins, func(s *evidencetest.Site) { s.Delay, s.Spread = 45*time.Millisecond, 10*time.Millisecond }),
		{n: 31, name: "loss drifts to 20 %", base: true, lasts: 150 * mins, play: func(w *world) {
			s := w.Site("S003")
			for i := range 120 {
				w.At(10*mins+time.Duration(i)*mins, func() { s.Loss = 0.2 * float64(i) / 120 })
			}
			w.At(130*mins, func() { s.Loss = 0 })
		}, want: []want{{cause: inventory.CauseLinkDegraded, site: "S003", from: 10 * mins, caused: 60 * mins, heals: 130 * mins, resolved: 6 * mins}}},
		worse(32, "40 ms more", 50*mins, 6*mins, func(s *evidencetest.Site) { s.Delay += 20 * time.Millisecond }),
		worse(33, "jitter alone", 50*mins, 6*mins, func(s *evidencetest.Site) { s.Delay -= 4 * time.Millisecond; s.Spread = 30 * time.Millisecond }),
		{n: 35, name: "nothing comes back", lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { s.LoseBack = true })
			w.At(12*mins, func() { s.LoseBack = false })
		}, want: []want{{cause: inventory.CauseAsymmetricPartition, live: inventory.CauseLinkOrPower, site: "S003", from: 5 * mins, detected: 5 * sec, caused: 15 * sec, heals: 12 * mins, resolved: mins, grade: inventory.GradeProven}}},
		{n: 36, name: "MTU black hole", lasts: 30 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { s.SmallMTU = true })
			w.At(20*mins, func() { s.SmallMTU = false })
		}, want: []want{{cause: inventory.CauseSiteMTU, site: "S003", from: 5 * mins, caused: 7 * mins, heals: 20 * mins, resolved: 6 * mins}}},
		{n: 45, name: "router dies", lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { w.RouterDown(s) })
			w.At(12*mins, func() { w.RouterBack(s) })
		}, want: []want{{cause: inventory.CauseSiteRouterDown, live: inventory.CauseLinkOrPower, site: "S003", from: 5 * mins, detected: 5 * sec, caused: 15 * sec, heals: 12 * mins, resolved: mins, grade: inventory.GradeProven}}},
		{n: 47, name: "outbound-only site, link cut", opts: options{Shape: func(s *evidencetest.Site) { s.Direct = s.Code == "S003" }}, lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { w.CutLink(s) })
			w.At(12*mins, func() { w.HealLink(s) })
		}, want: []want{{cause: inventory.CauseLinkOrPower, site: "S003", from: 5 * mins, detected: 3 * mins, caused: 3 * mins, heals: 12 * mins, resolved: 90 * sec}}},
	}
	// 44: clocks that are ten minutes off. Journals reach the engine dated by boot
	// clocks, so the evidence is that of 20 and 24; the fleet's rehearsal has the clocks.
	list = append(list, cut(44, "clocks off, link cut", 5*mins, 12*mins, linkDown), power(44, "clocks off, power cut", false, 0))
	daily := evidencetest.Busy{From: 10*time.Hour + 10*mins, For: 30 * mins, Delay: 60 * time.Millisecond, Loss: 0.02}
	list = append(list, scenario{n: 34, name: "daily backup", lasts: 60 * mins, play: func(w *world) {
		for _, s := range w.Sites() {
			w.At(10*mins, func() { s.Delay += daily.Delay; s.Loss += daily.Loss })
			w.At(40*mins, func() { s.Delay -= daily.Delay; s.Loss -= daily.Loss })
		}
	}, step: func() func(e **incident.Engine, w *world) {
		var seen *incident.Engine
		return func(e **incident.Engine, w *world) {
			if seen != *e {
				seen = *e
				(*e).SetBaselines(w.Baselines(14, daily))
			}
		}
	}()})
	return list
}

func only(n int) func(*evidencetest.Site) {
	return func(s *evidencetest.Site) {
		if s.Code == "S003" {
			s.Resize(n)
		}
	}
}

// sharedScenarios are 37 to 43 and 46.
func sharedScenarios() []scenario {
	fails := func(n int, name, service, site string, class inventory.ProbeError, x want) scenario {
		x.from, x.heals, x.resolved = 20*mins, 60*mins, 5*mins
		x.caused = 20 * mins
		return scenario{n: n, name: name, opts: options{Carriers: []string{"northnet", "southnet"}}, lasts: 80 * mins, play: func(w *world) {
			w.At(20*mins, func() { w.FailService(service, site, class) })
			w.At(60*mins, func() { w.FailService(service, site, "") })
		}, want: []want{x}}
	}
	nine := func(s *evidencetest.Site) {
		s.Carrier = "southnet"
		if len(s.Code) == 4 && s.Code <= "S011" {
			s.Carrier = "northnet"
		}
		s.Exchange = "X" + string(s.Code[3])
	}
	return []scenario{
		fails(37, "a site's DNS", "files", "S003", inventory.ProbeDNSTimeout, want{cause: inventory.CauseSiteDNS, site: "S003", grade: inventory.GradeProven}),
		fails(38, "a site's proxy", "email", "S003", inventory.ProbeProxyAuth, want{cause: inventory.CauseSiteProxy, site: "S003"}),
		fails(39, "a service everywhere", "records", "", inventory.ProbeTimeout, want{cause: inventory.CauseServiceOutage, service: "records", grade: inventory.GradeProven}),
		{
			n: 55, name: "central DNS", opts: options{Carriers: []string{"northnet", "southnet"}}, lasts: 80 * mins, play: func(w *world) {
				for _, service := range []string{"email", "files", "records"} {
					w.At(20*mins, func() { w.FailService(service, "", inventory.ProbeDNSTimeout) })
					w.At(60*mins, func() { w.FailService(service, "", "") })
				}
			}, want: []want{{cause: inventory.CauseServiceOutage, service: "dns", grade: inventory.GradeProven, from: 20 * mins, caused: 20 * mins, heals: 60 * mins, resolved: 5 * mins}},
			never: []inventory.Cause{inventory.CauseSiteDNS},
		},
		{
			n: 40, name: "a carrier takes 9 of 11", opts: options{Sites: 20, Shape: nine}, lasts: 15 * mins, play: func(w *world) {
				for _, s := range w.Sites()[:9] {
					w.At(5*mins, func() { w.CutLink(s) })
					w.At(10*mins, func() { w.HealLink(s) })
				}
			}, want: []want{{cause: inventory.CauseSharedCarrier, carrier: "northnet", from: 5 * mins, detected: 15 * sec, caused: 30 * sec, heals: 10 * mins, resolved: mins}},
			never: []inventory.Cause{inventory.CauseSharedUnnamed, inventory.CauseSharedExchange, inventory.CauseControllerNetwork},
		},
		{n: 41, name: "two unrelated sites", opts: options{Sites: 12}, lasts: 20 * mins, play: func(w *world) {
			for i, code := range []string{"S003", "S008"} {
				w.At(5*mins+time.Duration(i)*8*sec, func() { w.CutLink(w.Site(code)) })
				w.At(12*mins, func() { w.HealLink(w.Site(code)) })
			}
		}, want: []want{
			{cause: inventory.CauseSiteLinkDown, site: "S003", heals: 12 * mins, resolved: mins, grade: inventory.GradeProven},
			{cause: inventory.CauseSiteLinkDown, site: "S008", heals: 12 * mins, resolved: mins, grade: inventory.GradeProven},
		}},
		{
			n: 42, name: "the controller's network", opts: options{Sites: 12}, lasts: 15 * mins, play: func(w *world) {
				w.At(5*mins, func() { w.NetworkDown() })
				w.At(9*mins, func() { w.NetworkBack() })
			}, want: []want{{cause: inventory.CauseControllerNetwork, from: 5 * mins, detected: 15 * sec, caused: 15 * sec, heals: 9 * mins, resolved: mins}},
			never: []inventory.Cause{inventory.CauseSharedCarrier, inventory.CauseSharedUnnamed, inventory.CauseSharedExchange},
		},
		{n: 43, name: "stall and restart in an outage", opts: options{Sites: 12}, lasts: 20 * mins, play: func(w *world) {
			s := w.Site("S003")
			w.At(5*mins, func() { w.CutLink(s) })
			w.At(6*mins, func() { w.Stall(20 * sec) })
			w.At(12*mins, func() { w.HealLink(s) })
		}, step: restartAt(8 * mins), want: []want{
			{cause: inventory.CauseControllerOverloaded, from: 6 * mins},
			{cause: inventory.CauseSiteLinkDown, live: inventory.CauseLinkOrPower, site: "S003", from: 5 * mins, detected: 5 * sec, caused: 15 * sec, heals: 12 * mins, resolved: mins, grade: inventory.GradeProven},
		}},
		{
			n: 46, name: "an exchange with two carriers", opts: options{Sites: 20, Carriers: []string{"northnet", "southnet"}}, lasts: 15 * mins, play: func(w *world) {
				for _, s := range w.Sites()[:10] {
					w.At(5*mins, func() { w.CutLink(s) })
					w.At(10*mins, func() { w.HealLink(s) })
				}
			}, want: []want{{cause: inventory.CauseSharedExchange, exchange: "X1", from: 5 * mins, detected: 15 * sec, caused: 30 * sec, heals: 10 * mins, resolved: mins}},
			never: []inventory.Cause{inventory.CauseSharedUnnamed, inventory.CauseSharedCarrier, inventory.CauseControllerNetwork},
		},
	}
}

// restartAt puts another engine in place, from a snapshot.
func restartAt(after time.Duration) func(e **incident.Engine, w *world) {
	var last *world
	return func(e **incident.Engine, w *world) {
		if w == last || w.Now().Sub(w.Start()) < after {
			return
		}
		last = w
		b, err := (*e).Snapshot()
		if err != nil {
			panic(err)
		}
		ids := 1000
		next, err := incident.Restore(incident.DefaultRules(), w.Estate(), b, w.Now(), incident.WithIDs(func() string {
			ids++
			return "i0000" + string(rune('a'+ids%26)) + "x" + string(rune('a'+ids/26%26)) + "z"
		}))
		if err != nil {
			panic(err)
		}
		*e = next
	}
}

func scenarios() []scenario {
	var all []scenario
	all = append(all, machineScenarios()...)
	all = append(all, lanScenarios()...)
	all = append(all, linkScenarios()...)
	return append(all, sharedScenarios()...)
}
