package incident_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"
)

var matrixSeeds = flag.Uint64("matrix-seeds", 0, "seeds of each cell of the matrix of sizes and losses; 0 plays none")

// matrixed are the scenarios that mean the same at every size from 6 up, and at any
// loss.
var matrixed = []int{1, 2, 3, 6, 7, 10, 13, 16, 20, 21, 22, 23, 24, 25, 26, 35, 40, 41, 42, 45, 46} //nolint:gochecknoglobals // a constant list

// TestScenariosAtOtherSizesAndLosses plays them at 6 and 60 workstations and at 5
// and 20 % loss each way. Seeds are others than those of the tuning.
func TestScenariosAtOtherSizesAndLosses(t *testing.T) {
	t.Parallel()
	sizes, losses := []int{6, 60}, []float64{0, 0.05, 0.2}
	right, played := 0, 0
	for _, s := range scenarios() {
		if !slices.Contains(matrixed, s.n) {
			continue
		}
		for i, size := range sizes {
			for k, loss := range losses {
				for seed := range *matrixSeeds {
					if size == 60 && (s.opts.Sites > 12 || (s.n+i+k+int(seed))%3 > 0) { // a third of the large ones
						continue
					}
					s.opts.PerSite, s.opts.Loss, s.opts.Seed = size, loss, 1000+seed
					s.want = patient(s.want, loss)
					played++
					if t.Run(fmt.Sprintf("%02d %s/%d/%.2f/%d", s.n, s.name, size, loss, s.opts.Seed), func(t *testing.T) { s.report(t) }) {
						right++
					}
				}
			}
		}
	}
	t.Logf("%d of %d right", right, played)
}

// patient allows a router's one question in a burst to be lost, and the next one.
func patient(wants []want, loss float64) []want {
	wants = slices.Clone(wants)
	for i := range wants {
		if loss >= 0.2 && wants[i].caused > 0 {
			wants[i].caused = max(wants[i].caused, time.Minute)
		}
	}
	return wants
}
