package runner

import (
	"time"

	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// Observed takes up a measurement by the mesh; it returns at once.
func (r *Runner) Observed(o mesh.Observation) {
	r.learn(inventory.Evidence{
		At: o.At, Kind: inventory.EvidenceKind(o.Kind), Site: o.Site, Workstation: o.Workstation, Target: o.Target,
		OK: !o.Missed, RTT: o.RTT, Error: o.Err,
	})
}

// Member takes up an event of a pool; it returns at once.
func (r *Runner) Member(e mesh.MemberEvent) {
	piece := inventory.Evidence{At: e.At, Kind: inventory.EvidenceMember, Site: e.Site, Workstation: e.Workstation, Target: e.Member.Addr.Addr()}
	switch e.Kind {
	case mesh.MemberJoin:
		piece.Member = inventory.MemberJoined
		r.alive(e.Site, e.Workstation, e.Member.Name)
		r.tag(e)
	case mesh.MemberUpdate:
		r.alive(e.Site, e.Workstation, e.Member.Name)
		r.tag(e)
		return
	case mesh.MemberFail, mesh.MemberLeave:
		if !r.newest(e.Workstation, e.Member.Name) {
			return // it is back under a fresh name already
		}
		piece.Member = inventory.MemberFailed
		if e.Kind == mesh.MemberLeave {
			piece.Member = inventory.MemberWent
		}
	case mesh.MemberLeaveReason:
		piece.Kind, piece.Reason = inventory.EvidenceLeave, e.Reason
	case mesh.SiteReach:
		piece.Kind, piece.Reach = inventory.EvidenceReach, e.Reach
	case mesh.MembersMissed:
		r.readMembers(e.Site, e.At)
		return
	default: // a reaped member was gone before
		return
	}
	if piece.Workstation == "" && piece.Kind != inventory.EvidenceReach {
		return // a controller, or a member that maps to no workstation
	}
	r.learn(piece)
}

// tag takes up what a member says of its way to the controller.
func (r *Runner) tag(e mesh.MemberEvent) {
	if uplink := e.Member.Tags.Uplink; uplink != "" && e.Workstation != "" {
		r.learn(inventory.Evidence{At: e.At, Kind: inventory.EvidenceTag, Site: e.Site, Workstation: e.Workstation, Uplink: uplink})
	}
}

// alive notes under which name a workstation is a member now.
func (r *Runner) alive(site, workstation, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names[workstation] = name
	r.sites[workstation] = site
}

func (r *Runner) newest(workstation, name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names[workstation] == name
}

// readMembers makes up for events of a pool that were dropped.
func (r *Runner) readMembers(site string, at time.Time) {
	for _, m := range r.o.Members(site) {
		if m.Workstation == "" {
			continue
		}
		piece := inventory.Evidence{At: at, Kind: inventory.EvidenceMember, Site: site, Workstation: m.Workstation}
		switch m.State {
		case string(mesh.StateAlive):
			r.alive(site, m.Workstation, m.Name)
			piece.Member = inventory.MemberJoined
		case string(mesh.StateLeft):
			piece.Member = inventory.MemberWent
		default:
			piece.Member = inventory.MemberFailed
		}
		if piece.Member != inventory.MemberJoined && !r.newest(m.Workstation, m.Name) {
			continue
		}
		r.learn(piece)
	}
}

// Accepted takes up a report that is on disk, with the journal records and probe
// results in it; it returns at once.
func (r *Runner) Accepted(a intake.Accepted) {
	site := r.o.SiteOf(a.Workstation)
	r.journals.heard(a)
	pieces := make([]inventory.Evidence, 0, 2+len(a.Journal))
	if from, moved := r.moved(a.Workstation, site); moved {
		pieces = append(pieces, inventory.Evidence{At: a.ReceivedAt, Kind: inventory.EvidenceMoved, Site: site, Workstation: a.Workstation, From: from})
	}
	pieces = append(pieces, inventory.Evidence{
		At: a.ReceivedAt, Kind: inventory.EvidenceReport, Site: site, Workstation: a.Workstation, Via: a.Via, Boot: a.Report.Boot, OK: true,
	})
	for i, record := range a.Report.Journal {
		if i < len(a.Journal) {
			pieces = append(pieces, entryOf(site, a.Workstation, record, a.Journal[i].At))
		}
	}
	r.learn(append(pieces, stopsOf(site, a)...)...)
	r.probes(site, a.Report, a.ReadAt, a.ReceivedAt)
}

// stopsOf is the system's own records of how the machine's boots ended. They are
// dated by its clock on the wall, which is as far off as it was in this report.
func stopsOf(site string, a intake.Accepted) []inventory.Evidence {
	late := a.ReadAt.Sub(a.Report.Wall)
	pieces := make([]inventory.Evidence, 0, len(a.Report.Stops))
	for _, stop := range a.Report.Stops {
		stop.At = stop.At.Add(late).UTC()
		pieces = append(pieces, inventory.Evidence{At: stop.At, Kind: inventory.EvidenceStop, Site: site, Workstation: a.Workstation, Boot: a.Report.Boot, Stop: &stop})
	}
	return pieces
}

// moved notes where a workstation is, and reports whether that is news.
func (r *Runner) moved(workstation, site string) (from string, is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from, known := r.sites[workstation]
	r.sites[workstation] = site
	return from, known && from != site && from != "" && site != ""
}

// entryOf is a journal record as evidence, dated by the controller's clock.
func entryOf(site, workstation string, record wire.JournalRecord, at time.Time) inventory.Evidence {
	return inventory.Evidence{
		At: at, Kind: inventory.EvidenceEntry, Site: site, Workstation: workstation, Boot: record.Boot,
		Entry: &inventory.JournalEntry{
			N: record.N, Run: record.Run, Boot: record.Boot, BootClock: record.BootClock, Kind: string(record.Kind), Reason: record.Reason,
			HeardAge: record.PacketAge, AckAge: record.AckAge, Gateway: string(record.Gateway), Carrier: string(record.Carrier),
			Power: string(record.Power), Peers: record.Peers, PeersKnown: record.PeersKnown, AddrPresent: record.Addr.IsValid(),
		},
	}
}

// Conflict takes up that two live machines use one identity; it returns at once.
func (r *Runner) Conflict(workstation string, at time.Time) {
	r.learn(inventory.Evidence{At: at, Kind: inventory.EvidenceClone, Site: r.o.SiteOf(workstation), Workstation: workstation})
}

// learn puts evidence into the queue, with when it was learnt where that is later.
func (r *Runner) learn(pieces ...inventory.Evidence) {
	now := r.o.Now()
	for i := range pieces {
		pieces[i].At = pieces[i].At.UTC()
		if now.After(pieces[i].At) {
			pieces[i].LearntAt = now.UTC()
		}
	}
	r.queue.put(pieces...)
}

// probes takes up the probe results of a report, dated by its boot clock.
func (r *Runner) probes(site string, report wire.Report, readAt, receivedAt time.Time) {
	for _, p := range report.Probes {
		at := readAt.Add(p.BootClock - report.BootClock)
		if at.After(receivedAt) {
			at = receivedAt
		}
		r.learn(inventory.Evidence{
			At: at, Kind: inventory.EvidenceProbe, Site: site, Workstation: report.Workstation, OK: p.OK, Boot: report.Boot, Probe: &p,
		})
	}
}
