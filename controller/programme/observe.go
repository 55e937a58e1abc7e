package programme

import (
	"muster/controller/intake"
	"muster/inventory"
	"muster/mesh"
)

// Accepted takes up a report that is on disk; it returns at once.
func (d *Desk) Accepted(a intake.Accepted) {
	site, _, _ := d.o.Live.WorkstationAt(a.Workstation)
	d.inbox.note(a.Workstation, func(n *news) {
		if a.ReceivedAt.After(n.reportAt) {
			n.reportAt = a.ReceivedAt
		}
		// A backlog comes newest first: an older reading never hides a newer one.
		if !a.ReadAt.Before(n.readAt) {
			n.readAt = a.ReadAt
			r := a.Report
			n.hardware, n.firmware = keep(r.Hardware, n.hardware), keep(r.Firmware, n.firmware)
			n.os, n.health = keep(r.OS, n.os), keep(r.Health, n.health)
		}
		n.software = n.software || a.Report.Software != nil
		for _, p := range a.Report.Probes {
			if p.Service == "" {
				continue
			}
			at := a.ReadAt.Add(p.BootClock - a.Report.BootClock)
			if at.After(a.ReceivedAt) {
				at = a.ReceivedAt
			}
			n.probes = append(n.probes, probed{at: at.UTC(), site: site, result: p})
		}
	})
}

func keep[T any](fresh, held *T) *T {
	if fresh != nil {
		return fresh
	}
	return held
}

// Member takes up an event of a pool; it returns at once.
func (d *Desk) Member(e mesh.MemberEvent) {
	if e.Kind == mesh.MembersMissed || e.Workstation != "" {
		d.inbox.touch(e.Site)
	}
}

// IncidentChanged takes up a step of an incident; it returns at once.
func (d *Desk) IncidentChanged(c inventory.IncidentChange) {
	if c.Incident.Cause.Presence() {
		return
	}
	d.inbox.touch(append([]string{c.Incident.Scope.Site}, c.Incident.Scope.Sites...)...)
}

// RegisterChanged lets the desk read the register anew.
func (d *Desk) RegisterChanged() { d.inbox.registerChanged() }
