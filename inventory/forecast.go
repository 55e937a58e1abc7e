package inventory

import "time"

// Odds is when something will be done, by how sure one wants to be. The dates
// are unset where Refused says why there is none.
type Odds struct {
	P50 Date `json:"p50,omitempty"`
	P85 Date `json:"p85,omitempty"`
	P95 Date `json:"p95,omitempty"`
	// ByTarget is the share of trials that were done on the target's date, 0 to 1.
	ByTarget Fact[float64] `json:"by_target"`
	Word     string        `json:"word,omitempty"` // for a board: likely, unlikely …, from the stated table
	Refused  string        `json:"refused,omitempty"`
}

// ForecastBasis is what a forecast rests on: the same basis gives the same odds.
type ForecastBasis struct {
	Seed        uint64    `json:"seed"`
	Trials      int       `json:"trials"`
	From        Date      `json:"from"` // the first day of history
	To          Date      `json:"to"`   // the last
	WorkingDays int       `json:"working_days"`
	Crews       int       `json:"crews"`
	Done        int       `json:"done"`
	Left        int       `json:"left"`
	ScopeAdded  int       `json:"scope_added"` // positions that came in within the history
	MadeAt      time.Time `json:"made_at"`
	Assumes     []string  `json:"assumes,omitempty"` // in words: what had to be taken for granted
}

// ForecastScope is the odds of one wave or gate.
type ForecastScope struct {
	Code   string `json:"code"`
	Name   string `json:"name,omitempty"`
	Done   int    `json:"done"`
	Left   int    `json:"left"`
	Target Date   `json:"target,omitempty"`
	Odds
}

// Forecast is when the programme will be done.
type Forecast struct {
	Programme string `json:"programme"`
	Target    Date   `json:"target,omitempty"`
	Odds
	Growing Odds            `json:"growing"` // where the scope goes on growing as it did
	Waves   []ForecastScope `json:"waves"`
	Gates   []ForecastScope `json:"gates"`
	Basis   ForecastBasis   `json:"basis"`
}

// BurnDay is one day of a burn-up.
type BurnDay struct {
	Day      Date `json:"day"`
	Scope    int  `json:"scope"`
	Swapped  int  `json:"swapped"`
	Verified int  `json:"verified"`
	Ready    int  `json:"ready"` // sites
}
