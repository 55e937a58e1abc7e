package rehearsal

import (
	"fmt"
	"time"

	"muster/inventory"
)

// Rehearsal is one file. Its times are fleet time; lines count from Start.
type Rehearsal struct {
	File  string
	Name  string
	Seed  uint64
	Start time.Time
	For   time.Duration

	Sizes []int // of a site, at which the file has a meaning beside its own; see ParseAt
	Size  int   // that it was read at; zero: as it is

	Estate   Estate
	Timeline []Fault // in order of At
	History  []Fault // before Start; At counts from the first of Baseline's days
	Baseline Baseline

	Expect        []Expectation
	Never         []Never
	Notifications Notifications
	AllowOthers   bool

	// Evidence stands in the place of a timeline: the file is an export of an
	// incident and is replayed on the pure engine.
	Evidence []inventory.Evidence
}

// Baseline says how much of history is made up before Start.
type Baseline struct{ Days int }

// Estate is what the file's faults happen to.
type Estate struct {
	Sites      []Site
	Services   []string
	References int           // addresses outside the WAN that the controller asks
	LANDelay   time.Duration // round trip between neighbours
}

// Router is how a site's router behaves when it is well.
type Router string

// The behaviours.
const (
	RouterAnswers Router = "answers"
	RouterMute    Router = "silent" // forwards, and answers no echo
	RouterNone    Router = "none"   // the register knows none
)

// Site is one site of the estate.
type Site struct {
	Code         string
	Workstations int
	Laptops      float64 // share of them
	Carrier      string
	Exchange     string
	Router       Router
	Hours        inventory.Hours
	Zone         string
	Mesh         inventory.MeshMode
	Staff        int
	Uplink       Path
}

// Path is a link as a ping sees it: Delay and Spread of the round trip, Loss of
// packets, each way for itself.
type Path struct {
	Delay  time.Duration
	Spread time.Duration // up to this much more
	Loss   float64
}

// Direction is which way a one-way loss drops packets.
type Direction string

// The directions.
const (
	ToController Direction = "to-controller"
	ToSite       Direction = "to-site"
)

// Fault is one line of a timeline. Which fields count is the verb's to say.
type Fault struct {
	Line int // in the file
	At   time.Duration
	Do   Verb
	Heal bool // undo what the same line without it did

	Site         string
	Workstations []string // names; see Count and Share where there are none
	Count        int      // of workstations; zero: not given
	Share        float64  // of workstations or of a carrier's sites; negative: not given
	Over         time.Duration

	To        string        // move
	By        time.Duration // skew-clock
	Silent    bool          // shutdown without giving reasons
	UPS       bool          // power-cut: the router stays up
	Battery   float64       // power-cut: share that stays up; negative: the laptops
	Boot      float64       // power-restore: share that comes back by itself
	Bytes     int           // mtu
	Every     time.Duration // flap-link; in history: how often the line comes again
	For       time.Duration
	Loss      float64
	Delay     time.Duration
	Jitter    time.Duration
	Rate      int64 // failover: bits per second; zero: as before
	Direction Direction
	Carrier   string
	Exchange  string
	Service   string
	Error     inventory.ProbeError
	DownFor   time.Duration // controller-restart
}

// Expectation is one incident that must be concluded.
type Expectation struct {
	Line    int
	Cause   inventory.Cause
	Subject Subject

	From           time.Duration // negative: the fault's At
	DetectedWithin time.Duration // zero: not asked for, as with those that follow
	CauseWithin    time.Duration
	BeforeHealing  inventory.Cause
	FinalGrade     inventory.Grade
	ResolvedWithin time.Duration
}

// Subject names what an expectation is about; empty fields match all.
type Subject struct {
	Site        string
	Carrier     string
	Exchange    string
	Service     string
	Workstation string // by its name in the estate
}

// Never is a cause that no verdict may ever show.
type Never struct {
	Line    int
	Cause   inventory.Cause
	Subject Subject
}

// Notifications bounds the openings of all incidents together; negative: unbounded.
type Notifications struct{ AtMost, AtLeast int }

// WorkstationName is the name of the nth workstation of a site, from 0.
func WorkstationName(site string, n int) string { return fmt.Sprintf("%s-%02d", site, n+1) }

// LaptopCount is how many of the site's workstations are laptops: the last ones.
func (s Site) LaptopCount() int {
	return min(int(s.Laptops*float64(s.Workstations)+0.5), s.Workstations)
}

// Site finds a site by its code.
func (e Estate) Site(code string) (Site, bool) {
	for _, s := range e.Sites {
		if s.Code == code {
			return s, true
		}
	}
	return Site{}, false
}

// Workstations counts those of all sites.
func (e Estate) Workstations() int {
	sum := 0
	for _, s := range e.Sites {
		sum += s.Workstations
	}
	return sum
}

// on lists the sites for which is holds.
func (e Estate) on(is func(Site) bool) []string {
	var codes []string
	for _, s := range e.Sites {
		if is(s) {
			codes = append(codes, s.Code)
		}
	}
	return codes
}

// OnCarrier lists the sites of a carrier.
func (e Estate) OnCarrier(carrier string) []string {
	return e.on(func(s Site) bool { return s.Carrier == carrier })
}

// OnExchange lists the sites of an exchange.
func (e Estate) OnExchange(exchange string) []string {
	return e.on(func(s Site) bool { return s.Exchange == exchange })
}
