package forecast

import (
	"slices"
	"time"

	"muster/inventory"
)

// DayCount is how many came in on a day, of one crew where that is known. A crew
// that is on duty and has nothing to show is counted with 0, or left out: from
// its first day to a week after its last the days without it count as 0.
type DayCount struct {
	Day   inventory.Date `json:"day"`
	Crew  string         `json:"crew,omitempty"`
	Count int            `json:"count"`
}

// History is what was done and how the scope moved.
type History struct {
	Done  []DayCount // swaps verified
	Scope []DayCount // positions that came in; negative: went out
	// From is the first day that counts; unset: the first of Done. Working days
	// after it without an entry count as 0, to the day before today.
	From inventory.Date
}

// Plan is what is left.
type Plan struct {
	Programme string
	Target    inventory.Date
	Crews     int // at work from now on; 0: as many as at the end of the history
	Done      int
	Left      int // positions that are not verified, those of all waves included
	Waves     []WavePlan
	Gates     []GatePlan
	Freezes   []inventory.DaySpan // beside the calendar's
	Later     []CrewsFrom         // changes of Crews on a date
}

// CrewsFrom says how many crews work from a date on.
type CrewsFrom struct {
	From  inventory.Date
	Crews int
}

// WavePlan is one wave. Waves are worked off in their order; crews that one has
// no use for go on to the next.
type WavePlan struct {
	Code      string
	Name      string
	Done      int
	Left      int
	Crews     int            // at most so many work on it; 0: no limit
	NotBefore inventory.Date // its first day
	GoLive    inventory.Date
	OnHold    string // why nothing moves
}

// GatePlan is one gate over many sites. Its pace is its own: how many sites
// came to pass it on each working day.
type GatePlan struct {
	Code    string
	Name    string
	Done    int // sites that pass
	Left    int
	Target  inventory.Date
	History []DayCount
	Holds   []string // waves that do not begin before every site passes
	Waived  bool
}

// Options of a run.
type Options struct {
	Seed   uint64
	Trials int       // 0: 10,000
	At     time.Time // when it is made; recorded only
}

// Trials of a run.
const (
	DefaultTrials = 10_000
	MaxTrials     = 200_000
)

func (o Options) trials() int {
	if o.Trials <= 0 {
		return DefaultTrials
	}
	return min(o.Trials, MaxTrials)
}

// clone copies what With changes.
func (p Plan) clone() Plan {
	p.Waves = slices.Clone(p.Waves)
	p.Gates = slices.Clone(p.Gates)
	p.Freezes = slices.Clone(p.Freezes)
	p.Later = slices.Clone(p.Later)
	return p
}
