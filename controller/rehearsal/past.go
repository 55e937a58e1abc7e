package rehearsal

import (
	"math/rand/v2"
	"slices"
	"time"

	"muster/inventory"
)

// What a saturated link adds to the round trip, and loses: a home router's
// overfull buffer.
const (
	SaturatedDelay  = 120 * time.Millisecond
	SaturatedSpread = 60 * time.Millisecond
	SaturatedLoss   = 0.02
)

const (
	pastEvery    = 3 * time.Minute // of history one minute is made up
	sweepsMinute = 40              // questions of the sweep
)

// PastMinutes makes up one site's link history before the start, as the sweep
// would have measured it: the estate's own weather, and what the history's lines
// did to it.
func (r Rehearsal) PastMinutes(site Site) []inventory.Evidence {
	past := r.Past()
	span := time.Duration(r.Baseline.Days) * 24 * time.Hour
	begin := r.Start.Add(-span).Truncate(time.Minute)
	rng := draws(r.Seed, 0, "past "+site.Code)
	minutes := make([]inventory.Evidence, 0, int(span/pastEvery))
	episodes := slices.DeleteFunc(past.Episodes, func(e Episode) bool { return !slices.Contains(e.Sites, site.Code) })
	for at := time.Duration(0); at < span; at += pastEvery {
		path, up := site.Uplink.at(episodes, at)
		if up {
			minutes = append(minutes, path.minute(rng, site.Code, begin.Add(at)))
		}
	}
	return minutes
}

// at is what a link is like at a moment of history; false: it is down.
func (p Path) at(episodes []Episode, moment time.Duration) (Path, bool) {
	for _, e := range episodes {
		if moment < e.From || e.Until >= 0 && moment >= e.Until {
			continue
		}
		switch f := e.Fault; f.Do {
		case SaturateLink:
			p.Delay, p.Spread, p.Loss = p.Delay+SaturatedDelay, p.Spread+SaturatedSpread, p.Loss+SaturatedLoss
		case DegradeLink:
			p.Delay, p.Spread, p.Loss = p.Delay+f.Delay, p.Spread+f.Jitter, p.Loss+f.Loss
		case Failover:
			p.Delay = max(f.Delay, p.Delay)
		case CutLink, FlapLink, RouterDown, PowerCut, CarrierDown, ExchangeDown, OneWayLoss:
			return p, false
		default:
		}
	}
	return p, true
}

// minute is one minute of the sweep over a path.
func (p Path) minute(rng *rand.Rand, site string, at time.Time) inventory.Evidence {
	rtts := make([]time.Duration, 0, sweepsMinute)
	lost := 0
	for range sweepsMinute {
		there, back := rng.Float64(), rng.Float64()
		if min(there, back) < p.Loss {
			lost++
			continue
		}
		rtts = append(rtts, p.Delay+time.Duration((rng.Float64()+rng.Float64())/2*float64(p.Spread)))
	}
	e := inventory.Evidence{At: at, Kind: inventory.EvidenceLink, Site: site, OK: len(rtts) > 0, Loss: float64(lost) / sweepsMinute}
	if len(rtts) == 0 {
		return e
	}
	slices.Sort(rtts)
	e.RTT = rtts[len(rtts)/2]
	off := make([]time.Duration, len(rtts))
	for i, rtt := range rtts {
		off[i] = (rtt - e.RTT).Abs()
	}
	slices.Sort(off)
	e.Jitter = time.Duration(1.4826 * float64(off[len(off)/2])) // as the engine's own minutes have it
	return e
}
