package programme

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"muster/inventory"
)

// recentProbes is over how many probes of one machine and service the 95th
// percentile is taken.
const recentProbes = 20

// reach is how one machine reaches one service. It is kept over a restart.
type reach struct {
	Site   string               `json:"site"` // from which it was probed last
	At     time.Time            `json:"at"`
	OK     bool                 `json:"ok"`
	Error  inventory.ProbeError `json:"error,omitempty"`
	Millis []float64            `json:"ms,omitempty"` // of those that succeeded, the newest last
}

// add takes a probe. One that is older than the newest adds to the percentile
// alone; what was measured elsewhere says nothing about this site.
func (r *reach) add(p probed) {
	newer := !p.at.Before(r.At)
	if p.site != r.Site {
		if !newer {
			return
		}
		*r = reach{Site: p.site}
	}
	if newer {
		r.At, r.OK, r.Error = p.at, p.result.OK, p.result.Error
	}
	if !p.result.OK {
		return
	}
	r.Millis = append(r.Millis, math.Round(10*cmp.Or(p.result.TotalMillis, p.result.MedianMillis))/10)
	if extra := len(r.Millis) - recentProbes; extra > 0 {
		r.Millis = slices.Delete(r.Millis, 0, extra)
	}
}

// p95 is the nearest-rank 95th percentile of the probes that succeeded.
func (r *reach) p95() inventory.Fact[float64] {
	if len(r.Millis) == 0 {
		return inventory.Unknown[float64]("no probe has succeeded")
	}
	sorted := slices.Sorted(slices.Values(r.Millis))
	return inventory.Known(sorted[int(math.Ceil(0.95*float64(len(sorted))))-1])
}

// serves reports whether people at a kind of site need the service.
func serves(s inventory.Service, kind string) bool {
	return len(s.SiteKinds) == 0 || slices.Contains(s.SiteKinds, kind)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
