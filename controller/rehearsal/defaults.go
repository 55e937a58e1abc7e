package rehearsal

import (
	"fmt"
	"time"
)

// What a file leaves out.
const (
	defaultSites        = 6
	defaultWorkstations = 15
	defaultCarrier      = "carrier-1"
	sitesPerExchange    = 10
	defaultReferences   = 2
	defaultHours        = "Mon-Fri 08:00-18:00"
	defaultZone         = "Europe/London"
	defaultUplinkDelay  = 20 * time.Millisecond
	defaultUplinkSpread = 2 * time.Millisecond
	defaultLANDelay     = 300 * time.Microsecond
	defaultBaselineDays = 28
	defaultSeed         = 1
	defaultStart        = "2026-11-23T10:00:00Z" // a Monday
	restoreOver         = 3 * time.Minute        // machines after a power cut

	// tail is how long a file without `for` goes on behind its last line.
	tail = 3 * time.Minute
)

// SettleFor is how long everybody has been up at a rehearsal's start.
const SettleFor = 5 * time.Minute

// plainSite is the nth site, from 0, of an estate that says nothing of it.
func plainSite(n int) Site {
	return Site{
		Code: fmt.Sprintf("S%03d", n+1), Workstations: defaultWorkstations, Carrier: defaultCarrier,
		Exchange: fmt.Sprintf("X%d", n/sitesPerExchange+1), Router: RouterAnswers, Hours: defaultHours, Zone: defaultZone,
		Uplink: Path{Delay: defaultUplinkDelay, Spread: defaultUplinkSpread},
	}
}

func plainEstate() Estate { return Estate{References: defaultReferences, LANDelay: defaultLANDelay} }

// plainFault is a line before its keys are read.
func plainFault() Fault { return Fault{Share: -1, Battery: -1, Boot: 1} }
