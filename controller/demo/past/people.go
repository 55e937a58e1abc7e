package past

import (
	"fmt"
	"math"

	"muster/inventory"
)

// employ makes the people of every site, and the courses that they took. None has
// a name.
func (m *maker) employ() {
	for _, s := range m.county.Sites {
		desks := m.atSite[s.Code]
		if len(desks) == 0 {
			continue
		}
		for n := range int(math.Ceil(float64(len(desks)) * m.r.StaffPerDesk)) {
			p := inventory.Staff{Number: fmt.Sprintf("%06d", 100001+len(m.county.Staff)), Site: s.Code, Role: desks[n%len(desks)].position.Role}
			if m.luck(m.r.LeaverRatio) {
				p.To = later(m.today, m.rand.IntN(120)-60)
			}
			m.county.Staff = append(m.county.Staff, p)
			m.train(p, m.waveOf[s.Code])
		}
	}
}

// train has a person take courses in the weeks before the wave goes live, as far
// as the wave has come.
func (m *maker) train(p inventory.Staff, w inventory.Wave) {
	ratio := m.r.Trained.Ahead
	last := m.today
	switch {
	case w.Ends.Set() && w.Ends < m.today:
		ratio, last = m.r.Trained.Over, w.Ends
	case w.Starts.Set() && w.Starts <= m.today && w.OnHold == "":
		ratio = m.r.Trained.Running
	}
	for _, c := range m.county.Courses {
		if c.Needs(p.Role) && m.luck(ratio) {
			m.county.Training = append(m.county.Training, inventory.Training{
				Staff: p.Number, Course: c.Code, On: later(last, -m.rand.IntN(m.r.PlanAheadDays)), Source: "learning portal",
			})
		}
	}
}
