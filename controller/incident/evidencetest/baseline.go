package evidencetest

import (
	"math/rand/v2"
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

// Busy is a time of day at which a link is saturated, every day.
type Busy struct {
	From, For time.Duration // since midnight in UTC
	Delay     time.Duration
	Loss      float64
}

// Baselines synthesises the history of every link from its present weather.
func (w *World) Baselines(days int, busy ...Busy) map[string]incident.Baseline {
	all := make(map[string]incident.Baseline)
	for i, s := range w.sites {
		rng := rand.New(rand.NewPCG(w.opts.Seed, uint64(i)))
		minutes := make([]inventory.Evidence, 0, days*1440)
		first := w.start.Truncate(24*time.Hour).AddDate(0, 0, -days)
		for n := range days * 1440 {
			at := first.Add(time.Duration(n) * time.Minute)
			delay, loss := s.Delay, s.Loss
			for _, b := range busy {
				if since := at.Sub(at.Truncate(24 * time.Hour)); since >= b.From && since < b.From+b.For {
					delay, loss = delay+b.Delay, loss+b.Loss
				}
			}
			lost := 0
			for range 40 {
				if loss == 0 {
					break
				}
				if rng.Float64() < 1-(1-loss)*(1-loss) {
					lost++
				}
			}
			minutes = append(minutes, inventory.Evidence{
				At: at, Kind: inventory.EvidenceLink, Site: s.Code, Loss: float64(lost) / 40,
				RTT:    2*delay + s.Spread + time.Duration(rng.Int64N(int64(s.Spread)/8+1)),
				Jitter: s.Spread/2 + time.Duration(rng.Int64N(int64(s.Spread)/4+1)),
			})
		}
		all["C-"+s.Code] = incident.BuildBaseline(minutes, time.UTC)
	}
	return all
}
