package incident

import (
	"time"

	"muster/inventory"
)

// HoursOfWeek is how many slots a Baseline has: Monday 00:00 is slot 0, by UTC
// shifted into the site's zone.
const HoursOfWeek = 7 * 24

// Usual is what one hour of the week is usually like. Spreads are 1.4826 times the
// median absolute deviation, which is the standard deviation where chance is
// normal and does not follow a few bad minutes.
type Usual struct {
	Minutes      int           `json:"n"`
	RTT          time.Duration `json:"rtt_ns"` // median of the minutes' medians
	RTTSpread    time.Duration `json:"rtt_spread_ns"`
	Jitter       time.Duration `json:"jitter_ns"`
	JitterSpread time.Duration `json:"jitter_spread_ns"`
	Loss         float64       `json:"loss_ratio"` // mean of the minutes between the 10th and 90th percentile
}

// Baseline is what a link is usually like, by hour of the week.
type Baseline struct {
	Hours [HoursOfWeek]Usual `json:"hours"`
	// Days is the same by hour of the day over the whole week: for hours of the
	// week with too few minutes.
	Days [24]Usual `json:"days"`
}

// BuildBaseline makes a baseline of minutes of one link (EvidenceLink), in any
// order, repeats allowed. Zone is the site's; nil is UTC.
func BuildBaseline(minutes []inventory.Evidence, zone *time.Location) Baseline {
	return Baseline{}
}
