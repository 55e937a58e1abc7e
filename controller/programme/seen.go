package programme

import (
	"time"

	"muster/inventory"
)

// sighting is what was last seen of a site as a whole. What cannot be measured at
// the moment, with every machine off for the night, stays as it was measured, and
// grows old by the site's open hours.
type sighting struct {
	At    time.Time
	Up    inventory.Fact[bool]
	Loss  inventory.Fact[float64]
	RTT   inventory.Fact[float64]
	Ratio inventory.Fact[float64] // of expected workstations: there, or gone with a goodbye
	open  bool                    // the site was open when it was looked at last
}

func unseen() sighting {
	const why = "nothing was measured since the controller started"
	return sighting{
		Up: inventory.Unknown[bool](why), Loss: inventory.Unknown[float64](why), RTT: inventory.Unknown[float64](why),
		Ratio: inventory.Unknown[float64](why),
	}
}

// look takes up how a site answers the sweep, and how many of its machines are
// accounted for. A silent site is down only where an incident says so: at night
// there may be nobody to answer.
func (s sighting) look(r inventory.Reach, counts inventory.SiteCounts, incident bool, now time.Time) sighting {
	switch {
	case r.State == inventory.ReachOK, r.State == inventory.ReachMissing:
		s.At, s.Up, s.Loss, s.RTT = now, inventory.Known(true), r.Loss, r.RTTMillis
	case r.State == inventory.ReachSilent && incident:
		s.At, s.Up = now, inventory.Known(false)
	}
	there := counts.Present + counts.Off + counts.Asleep
	switch {
	case counts.Expected == 0:
		s.Ratio = inventory.Unknown[float64]("no workstation is expected")
	case counts.Silent+counts.Unknown == 0 && counts.Heard() || counts.Present > 0 && counts.Unknown == 0:
		s.Ratio = inventory.Known(float64(there) / float64(counts.Expected))
	}
	return s
}
