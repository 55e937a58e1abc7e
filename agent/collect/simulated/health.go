package simulated

import (
	"context"
	"math"
	"time"

	"muster/inventory"
)

// Health drifts: slow waves with each machine's own phase, busier in office
// hours, disks that fill, and some machines with something wrong.
func (m *Machine) Health(context.Context) inventory.Health {
	now := m.now()
	_, up := m.Boot()
	runFor := max(now.Sub(m.startedAt).Seconds(), 0)
	h := inventory.Health{
		Disks:            inventory.Known([]inventory.DiskHealth{m.diskHealth(now)}),
		MemoryUsedRatio:  inventory.Known(round(m.memoryUsed(now))),
		MemoryPressure:   unknown[float64]("windows does not say: how long work waited for memory"),
		LoadRatio:        inventory.Known(round(m.load(now))),
		UptimeSeconds:    inventory.Known(int64(up.Seconds())),
		RestartPending:   inventory.Known(up > 9*24*time.Hour || m.dice.chance("restart", 20)),
		ClockSynced:      inventory.Known(!m.dice.chance("clock", 120)),
		ClockSource:      inventory.Known("NT5DS"),
		Protection:       inventory.Known(m.protection()),
		FirewallEnabled:  inventory.Known(!m.dice.chance("firewall", 70)),
		AgentCPUSeconds:  inventory.Known(math.Round(runFor*0.0005*100) / 100),
		AgentMemoryBytes: inventory.Known(int64(11<<20) + int64(m.dice.below("agent", 3<<20))),
	}
	if m.dice.chance("no security centre", 90) {
		h.Protection = unknown[[]inventory.Protection]("the Security Center does not answer: WMI did not answer within 20s")
	}
	return h
}

// wave goes between 0 and 1 with a period of so many hours.
func (m *Machine) wave(now time.Time, name string, hours float64) float64 {
	phase := m.dice.unit(name) * 2 * math.Pi
	return 0.5 + 0.5*math.Sin(phase+2*math.Pi*float64(now.Unix()%(1<<32))/(hours*3600))
}

// office is 1 in working hours and falls off at night and over the weekend.
func office(now time.Time) float64 {
	hour := float64(now.Hour()) + float64(now.Minute())/60
	if day := now.Weekday(); day == time.Saturday || day == time.Sunday {
		return 0.2
	}
	return 0.2 + 0.8/(1+math.Exp(-(hour-8.5)*2))/(1+math.Exp((hour-17.5)*2))
}

func (m *Machine) memoryUsed(now time.Time) float64 {
	usual := 3.1 + 1.6*m.dice.unit("appetite") // GiB that the system and an office want
	busy := usual * (0.75 + 0.35*office(now)*m.wave(now, "memory", 5.5))
	return min(0.97, busy*gib/float64(m.memory()))
}

func (m *Machine) load(now time.Time) float64 {
	slow := 4.0 / float64(m.cpu.threads)
	return min(1, 0.02+office(now)*(0.05+0.2*m.wave(now, "load", 0.7)*m.wave(now, "load2", 3.1))*slow)
}

func (m *Machine) diskHealth(now time.Time) inventory.DiskHealth {
	total := one(m.dice, "size", m.product.sizes)*gb - 1_200_000_000
	used := 0.28 + 0.5*m.dice.unit("disk used")
	if m.dice.chance("disk full", 25) {
		used = 0.94 + 0.05*m.dice.unit("disk very full")
	}
	grown := 0.002 * now.Sub(m.startedAt).Hours() / 24
	used = min(0.995, used+grown+0.01*m.wave(now, "disk", 30))
	d := inventory.DiskHealth{Mount: "C:", TotalBytes: total, FreeBytes: int64(float64(total)*(1-used)) &^ 0xfffff}
	d.WearRatio = unknown[float64]("a spinning disk counts no wear")
	if m.product.disk != "hdd" {
		age := float64(max(now.Year()-m.product.year, 0))
		d.WearRatio = inventory.Known(round(min(1, 0.01+age*(0.01+0.03*m.dice.unit("wear")))))
	}
	return d
}

func (m *Machine) protection() []inventory.Protection {
	p := inventory.Protection{Name: "Microsoft Defender Antivirus", Enabled: inventory.Known(true), Current: inventory.Known(true)}
	switch m.dice.below("protection", 60) {
	case 0:
		p.Enabled = inventory.Known(false)
	case 1, 2:
		p.Current = inventory.Known(false)
	}
	if m.dice.chance("sophos", 5) {
		p.Enabled = inventory.Known(false)
		return []inventory.Protection{{Name: "Sophos Anti-Virus", Enabled: inventory.Known(true), Current: p.Current}, p}
	}
	return []inventory.Protection{p}
}

func round(f float64) float64 { return math.Round(f*1000) / 1000 }
