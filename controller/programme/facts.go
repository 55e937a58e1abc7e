package programme

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"muster/controller/readiness"
	"muster/controller/refresh"
	"muster/inventory"
)

// freshMachines is how many machines of a site stand for a service in gates: those
// that probed it last. The rota has one machine probe at a time, so that each
// single one looks at a service a few times a day only.
const freshMachines = 3

// Classes of workstations that no position gives another one.
const (
	classStandard = "standard"
	classLaptop   = "laptop"
)

// factsOf gathers everything about one site.
func (d *Desk) factsOf(code string, now time.Time) *readiness.Facts {
	e := d.estate
	site := e.sites[code]
	zone := e.zone(code)
	today := inventory.DateOf(now.In(zone))
	f := &readiness.Facts{Key: code, Site: site, Zone: zone}
	byTag := d.machinesAt(code)
	standing := map[string]inventory.Position{} // asset → where it stands
	for _, p := range e.at[code] {
		if position := e.positions[p]; position.Asset != "" {
			standing[position.Asset] = position
		}
	}
	rows := make(map[string]*readiness.WorkstationRow, len(byTag))
	for _, m := range d.home[code] {
		if !m.w.Active() {
			continue
		}
		row := d.workstationRow(m, standing[m.w.AssetTag], site)
		f.Workstations = append(f.Workstations, row)
		rows[m.w.AssetTag] = &f.Workstations[len(f.Workstations)-1]
		for _, program := range m.programs.rows {
			// A list that changed travels: what reports without one has it still.
			program.At = m.w.LastReportAt
			f.Software = append(f.Software, program)
		}
	}
	// The rows do not move any more.
	for i := range f.Workstations {
		rows[f.Workstations[i].Asset] = &f.Workstations[i]
	}
	for _, p := range e.at[code] {
		f.Positions = append(f.Positions, d.positionRow(e.positions[p], rows))
	}
	for _, tag := range e.assetsAt[code] {
		f.Assets = append(f.Assets, assetRow(e.assets[tag], byTag[tag], today))
	}
	slices.SortFunc(f.Assets, func(a, b readiness.AssetRow) int { return strings.Compare(a.Key, b.Key) })
	f.Access = d.accessRows(code, f.Workstations)
	f.Staff = staffRows(e, code, today)
	counts := d.counts[code]
	incidents := d.o.Incidents()
	f.Links = d.linkRows(code, incidents)
	for _, m := range e.milestonesOf(code) {
		f.Milestones = append(f.Milestones, milestoneRow(e, m, today))
	}
	f.SiteRow = d.siteRow(code, counts, incidents)
	return f
}

// machinesAt is the site's active machines by asset.
func (d *Desk) machinesAt(code string) map[string]*machine {
	byTag := map[string]*machine{}
	for _, m := range d.home[code] {
		if m.w.Active() && m.w.AssetTag != "" {
			byTag[m.w.AssetTag] = m
		}
	}
	return byTag
}

func (d *Desk) workstationRow(m *machine, at inventory.Position, site inventory.Site) readiness.WorkstationRow {
	r := readiness.WorkstationRow{
		Key: m.w.ID, At: m.w.LastReportAt, ID: m.w.ID, Name: m.w.Name, Asset: m.w.AssetTag, Class: classOf(m.w, at),
		OS: readiness.System(value(m.os), m.w.LastReportAt), HardwarePart: m.part, Software: m.programs.part,
		DiskFreeRatio: inventory.Unknown[float64]("no reading of its health has come"), Conflict: d.conflicts[m.w.ID],
	}
	r.Present, r.SiteOK = d.presence(m, site.Code)
	r.Protection, r.ProtectionFresh = readiness.Protected(value(m.health).Protection)
	r.Firewall, r.RestartPending = value(m.health).FirewallEnabled, value(m.health).RestartPending
	if m.health != nil {
		r.DiskFreeRatio = fullest(m.health.Disks)
	}
	return r
}

// presence is as of the machine's last report: a machine that is off at night was
// there all the same, and `fresh` says for how long that counts.
func (d *Desk) presence(m *machine, site string) (present, siteOK inventory.Fact[bool]) {
	if m.w.LastReportAt.IsZero() {
		why := "it has never reported"
		return inventory.Unknown[bool](why), inventory.Unknown[bool](why)
	}
	here := m.site == site
	return inventory.Known(here), inventory.Known(here)
}

func classOf(w inventory.Workstation, at inventory.Position) string {
	switch {
	case at.Class != "":
		return at.Class
	case w.Kind == inventory.AssetLaptop:
		return classLaptop
	default:
		return classStandard
	}
}

func fullest(f inventory.Fact[[]inventory.DiskHealth]) inventory.Fact[float64] {
	disks, known := f.Get()
	if !known {
		return inventory.Unknown[float64](f.Reason())
	}
	least := 1.0
	for _, disk := range disks {
		if disk.TotalBytes > 0 {
			least = min(least, float64(disk.FreeBytes)/float64(disk.TotalBytes))
		}
	}
	return inventory.Known(least)
}

func (d *Desk) positionRow(p inventory.Position, rows map[string]*readiness.WorkstationRow) readiness.PositionRow {
	r := readiness.PositionRow{
		Key: p.Code, Code: p.Code, Room: p.Room, Role: p.Role, Class: cmp.Or(p.Class, classStandard), Asset: p.Asset,
		InScope: p.InScope(), OutScope: p.OutScope,
	}
	if p.Asset != "" {
		r.Workstation = rows[p.Asset]
	}
	s, planned := d.current(p.Code)
	if !planned {
		return r
	}
	done := s.State == inventory.SwapSwapped || s.State == inventory.SwapVerified || s.State == inventory.SwapClosed
	r.Swap = readiness.SwapPart{
		State: s.State, Done: done, Verified: s.State == inventory.SwapVerified || s.State == inventory.SwapClosed, Declared: s.Declared,
		NewSeen: s.NewHalf.Done(), OldGone: s.OldHalf.Done(), Missing: s.Missing,
	}
	if s.State == inventory.SwapFailed || s.State == inventory.SwapRolledBack {
		r.Swap.Failed = s.Reason
	}
	for _, c := range s.Checks {
		if r.Swap.Checks == nil {
			r.Swap.Checks = map[string]bool{}
		}
		r.Swap.Checks[c.Name] = c.Passed
	}
	return r
}

// current is the swap by which a position stands.
func (d *Desk) current(position string) (inventory.Swap, bool) {
	var list []inventory.Swap
	for _, id := range d.swaps.ofPosition[position] {
		list = append(list, d.swaps.byID[id])
	}
	s, ok := refresh.Current(list)[position]
	return s, ok
}

func assetRow(a inventory.Asset, m *machine, today inventory.Date) readiness.AssetRow {
	r := readiness.AssetRow{
		Key: a.Tag, Tag: a.Tag, Kind: a.Kind, Maker: a.Maker, Model: a.Model, State: a.State, Position: a.Position,
		AgeYears: readiness.Age(a.Purchased, today), WarrantyDays: readiness.WarrantyLeft(a.WarrantyUntil, today),
	}
	if r.State == "" {
		r.State = inventory.AssetInService
	}
	if m != nil {
		r.HardwarePart = m.part
		return r
	}
	r.HardwarePart = readiness.Hardware(inventory.Hardware{}, inventory.Firmware{}, inventory.OS{})
	return r
}

// accessRows is one row for each of the machines that looked at a service last,
// and one that nobody did where nobody did.
func (d *Desk) accessRows(code string, rows []readiness.WorkstationRow) []readiness.AccessRow {
	kind := d.estate.sites[code].Kind
	var all []readiness.AccessRow
	for _, s := range d.o.Services {
		if !serves(s, kind) {
			continue
		}
		found := d.looksAt(code, s.Name, rows)
		if len(found) == 0 {
			all = append(all, readiness.AccessRow{
				Key: code + "/" + s.Name, Service: s.Name,
				Reachable: inventory.Unknown[bool]("no workstation of the site has probed it yet"),
				P95Millis: inventory.Unknown[float64]("no workstation of the site has probed it yet"),
			})
		}
		all = append(all, found[:min(len(found), freshMachines)]...)
	}
	return all
}

// looksAt is how the site's workstations reach a service, the newest look first.
func (d *Desk) looksAt(code, service string, rows []readiness.WorkstationRow) []readiness.AccessRow {
	var found []readiness.AccessRow
	for _, w := range rows {
		r := d.machines[w.ID].access[service]
		if r == nil || r.Site != code {
			continue
		}
		found = append(found, readiness.AccessRow{
			Key: w.ID + "/" + service, At: r.At, Service: service, Class: w.Class, Workstation: w.ID,
			Reachable: inventory.Known(r.OK), P95Millis: r.p95(), Error: string(r.Error),
		})
	}
	slices.SortFunc(found, func(a, b readiness.AccessRow) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Workstation, b.Workstation))
	})
	return found
}

func staffRows(e *estate, code string, today inventory.Date) []readiness.StaffRow {
	var rows []readiness.StaffRow
	for _, s := range e.staff[code] {
		if !s.On(today) {
			continue
		}
		r := readiness.StaffRow{Key: s.Number, Number: s.Number, Role: s.Role, Training: make(map[string]readiness.TrainingPart, len(e.courses))}
		for _, c := range e.courses {
			r.Training[c.Code] = trainingPart(c, s, e.training[s.Number], today)
		}
		rows = append(rows, r)
	}
	return rows
}

func trainingPart(c inventory.Course, s inventory.Staff, done map[string]inventory.Training, today inventory.Date) readiness.TrainingPart {
	p := readiness.TrainingPart{Needed: c.Needs(s.Role)}
	t, completed := done[c.Code]
	if !completed {
		return p
	}
	p.On, p.Until = t.On, t.Until
	if !p.Until.Set() && c.ValidMonths > 0 {
		p.Until = inventory.DateOf(t.On.Time().AddDate(0, c.ValidMonths, 0))
	}
	p.Complete = t.On <= today && (!p.Until.Set() || today <= p.Until)
	return p
}

// linkRows is the site's circuits. The sweep measures the way to a site as it is:
// that of its first link.
func (d *Desk) linkRows(code string, incidents []inventory.Incident) []readiness.LinkRow {
	var rows []readiness.LinkRow
	seen := d.seen[code]
	for _, l := range d.estate.links[code] {
		r := readiness.LinkRow{
			Key: l.Circuit, Circuit: l.Circuit, Carrier: l.Carrier, Role: cmp.Or(l.Role, inventory.LinkPrimary),
			Available: inventory.Unknown[float64]("not accounted for yet"), DownKbps: inventory.Unknown[int]("no rate is declared"),
		}
		if l.DownKbps > 0 {
			r.DownKbps = inventory.Known(int(l.DownKbps))
		}
		if a, ok := d.available[l.Circuit]; ok {
			r.Available = a
		}
		if r.Role == inventory.LinkPrimary {
			r.At, r.Up, r.LossRatio, r.RTTMillis = seen.At, seen.Up, seen.Loss, seen.RTT
		} else {
			why := "the sweep measures the site's first link"
			r.Up, r.LossRatio, r.RTTMillis = inventory.Unknown[bool](why), inventory.Unknown[float64](why), inventory.Unknown[float64](why)
		}
		for _, i := range incidents {
			if i.Live() && !i.Cause.Presence() && (i.Scope.Circuit == l.Circuit || i.Scope.Circuit == "" && i.Scope.Service == "" && i.Takes(code)) {
				r.OpenIncidents++
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func milestoneRow(e *estate, m inventory.Milestone, today inventory.Date) readiness.MilestoneRow {
	r := readiness.MilestoneRow{
		Key: m.Code, Code: m.Code, Area: m.Area, Wave: m.Wave, Name: m.Name, Owner: m.Owner,
		Done: m.Actual.Set() && m.Actual <= today, Reconciled: m.Reconciled(), Planned: m.Planned, Actual: m.Actual,
		Expected: m.Expected, Moved: m.Moved, Rejected: m.Rejected,
	}
	for _, code := range m.After {
		if before, known := e.moved[code]; !known || !before.Actual.Set() || before.Actual > today {
			r.Waits = append(r.Waits, code)
		}
	}
	if !r.Done && m.Planned.Set() && m.Planned < today {
		r.LateDays = int(today.Time().Sub(m.Planned.Time()).Hours() / 24)
	}
	return r
}

func (d *Desk) siteRow(code string, counts inventory.SiteCounts, incidents []inventory.Incident) readiness.SiteRow {
	s := d.estate.sites[code]
	r := readiness.SiteRow{
		Key: code, Code: code, Name: s.Name, Kind: s.Kind, District: s.District, Wave: d.estate.waveOf[code], Expected: counts.Expected,
		PresentRatio: d.seen[code].Ratio,
	}
	open := 0
	for _, i := range incidents {
		if i.Live() && !i.Cause.Presence() && i.Takes(code) {
			open++
		}
	}
	r.OpenIncidents = inventory.Known(open)
	return r
}
