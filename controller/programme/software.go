package programme

import (
	"context"

	"muster/controller/readiness"
	"muster/inventory"
)

// programs is a machine's list held against the baselines of where it stands.
type programs struct {
	desk readiness.Desk
	part readiness.SoftwarePart
	rows []readiness.SoftwareRow
}

// judgePrograms holds what a machine has against what its desk needs. The list
// itself is not kept: it stays in the store.
func (d *Desk) judgePrograms(m *machine, l inventory.Lists) {
	installed := inventory.Unknown[[]inventory.Program]("its programs were not read yet")
	switch {
	case l.SoftwareUnknown != "":
		installed = inventory.Unknown[[]inventory.Program](l.SoftwareUnknown)
	case !l.SoftwareReadAt.IsZero():
		installed = inventory.Known(l.Software)
	}
	m.programs.desk = d.deskOf(m)
	m.programs.part, m.programs.rows = readiness.JudgeSoftware(d.o.Software, m.w.ID, m.programs.desk, installed, l.SoftwareReadAt)
}

// deskOf is whose work is done at a machine, and at what kind of site.
func (d *Desk) deskOf(m *machine) readiness.Desk {
	position := d.estate.positions[d.estate.assets[m.w.AssetTag].Position]
	return readiness.Desk{
		Role: position.Role, Class: classOf(m.w, position), SiteKind: d.estate.sites[m.w.HomeSite].Kind,
		Family: value(m.os).Family.Or(""),
	}
}

// rejudgePrograms reads the lists of machines again that are held against another
// baseline than before.
func (d *Desk) rejudgePrograms(ctx context.Context) {
	for _, id := range sortedKeys(d.machines) {
		m := d.machines[id]
		if !m.w.Active() || m.w.LastReportAt.IsZero() || d.deskOf(m) == m.programs.desk {
			continue
		}
		lists, err := d.o.Store.Lists(ctx, id)
		if err != nil {
			if ctx.Err() == nil {
				d.o.Log.Error("the programs of a workstation cannot be read", "workstation", id, "error", err)
			}
			continue
		}
		d.mu.Lock()
		d.judgePrograms(m, lists)
		d.mu.Unlock()
	}
}
