package programme

import (
	"cmp"
	"slices"
	"time"

	"muster/controller/readiness"
	"muster/controller/refresh"
	"muster/inventory"
)

// machine is one install of the agent with what it last read. Only what gates
// judge is kept: its list of programs stays in the store.
type machine struct {
	w         inventory.Workstation
	site      string // where it is now
	siteSince time.Time
	hardware  *inventory.Hardware
	firmware  *inventory.Firmware
	os        *inventory.OS
	osAt      time.Time
	health    *inventory.Health
	healthAt  time.Time

	part     readiness.HardwarePart // of hardware, firmware and os
	programs programs               // against the baseline
	access   map[string]*reach      // by service
}

// setLists takes over what was read back from the store.
func (m *machine) setLists(l inventory.Lists) {
	m.hardware, m.firmware, m.os, m.osAt = l.Hardware, l.Firmware, l.OS, l.OSReadAt
	m.health, m.healthAt = l.Health, l.HealthReadAt
	m.weigh()
}

// take takes over news and reports whether anything that gates judge changed.
func (m *machine) take(n *news) {
	if n.reportAt.After(m.w.LastReportAt) {
		m.w.LastReportAt = n.reportAt
	}
	if n.hardware != nil || n.firmware != nil || n.os != nil {
		m.hardware, m.firmware = keep(n.hardware, m.hardware), keep(n.firmware, m.firmware)
		if n.os != nil {
			m.os, m.osAt = n.os, n.readAt
		}
		m.weigh()
	}
	if n.health != nil && !n.readAt.Before(m.healthAt) {
		m.health, m.healthAt = n.health, n.readAt
	}
	for _, p := range n.probes {
		if m.access == nil {
			m.access = map[string]*reach{}
		}
		r := m.access[p.result.Service]
		if r == nil {
			r = &reach{}
			m.access[p.result.Service] = r
		}
		r.add(p)
	}
}

func (m *machine) weigh() {
	m.part = readiness.Hardware(value(m.hardware), value(m.firmware), value(m.os))
}

// value of what may never have come: its facts then say that they were not read.
func value[T any](p *T) T {
	if p == nil {
		var none T
		return none
	}
	return *p
}

// install is the machine as package refresh judges it.
func (m *machine) install(live Live, doneAt time.Time) refresh.Install {
	presence, seenAt := live.Presence(m.w.ID)
	i := refresh.Install{
		ID: m.w.ID, EnrolledAt: m.w.EnrolledAt, LastReportAt: m.w.LastReportAt, Site: m.site, SiteSince: m.siteSince,
		Presence: presence, HeardAt: seenAt, ReplacedBy: m.w.ReplacedBy, RevokedAt: m.w.RevokedAt, Review: m.w.Review,
		Checks: m.checks(doneAt),
	}
	if presence == inventory.Off {
		i.Left = inventory.LeaveShutdown // the roster calls a machine off only after its goodbye
	}
	return i
}

// fullDisk is the free share below which a file system counts as full: nothing
// works on such a machine for long.
const fullDisk = 0.02

// checks are what was measured at the machine since it was put there: its health,
// and each service that it probed from where it stands.
func (m *machine) checks(since time.Time) []refresh.MachineCheck {
	health := refresh.MachineCheck{Name: "health", Passed: inventory.Unknown[bool]("no reading of its health has come"), At: m.healthAt}
	if m.health != nil {
		health.Passed, health.Why = healthy(m.health)
	}
	all := []refresh.MachineCheck{health}
	for _, service := range sortedKeys(m.access) {
		r := m.access[service]
		if r.Site != m.site || r.At.Before(since) {
			continue
		}
		c := refresh.MachineCheck{Name: "service " + service, Passed: inventory.Known(r.OK), At: r.At, Why: "reached"}
		if !r.OK {
			c.Why = cmp.Or(string(r.Error), "not reached")
		}
		all = append(all, c)
	}
	return all
}

func healthy(h *inventory.Health) (inventory.Fact[bool], string) {
	disks, known := h.Disks.Get()
	if !known {
		return inventory.Unknown[bool]("its disks: " + h.Disks.Reason()), ""
	}
	for _, disk := range disks {
		if disk.TotalBytes > 0 && float64(disk.FreeBytes) < fullDisk*float64(disk.TotalBytes) {
			return inventory.Known(false), disk.Mount + " is full"
		}
	}
	return inventory.Known(true), "its disks have room"
}

// driveSerials are the built-in drives that its agent read.
func (m *machine) driveSerials() inventory.Fact[[]string] {
	if m.hardware == nil {
		return inventory.Unknown[[]string]("no agent read its hardware")
	}
	disks, known := m.hardware.Disks.Get()
	if !known {
		return inventory.Unknown[[]string](m.hardware.Disks.Reason())
	}
	serials := []string{}
	for _, disk := range disks {
		if disk.Removable {
			continue
		}
		serial, known := disk.Serial.Get()
		if !known || inventory.JunkSerial(serial) {
			return inventory.Unknown[[]string]("the serial of " + disk.Name + " could not be read")
		}
		serials = append(serials, serial)
	}
	slices.Sort(serials)
	return inventory.Known(serials)
}
