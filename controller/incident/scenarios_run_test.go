package incident_test

import (
	"flag"
	"fmt"
	"testing"
)

var scenarioSeeds = flag.Uint64("scenario-seeds", 1, "seeds that each scenario is played with")

// TestEveryScenarioIsJudgedRight plays the rehearsals' scenarios on drawn evidence.
func TestEveryScenarioIsJudgedRight(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		for seed := range *scenarioSeeds {
			s.opts.Seed = seed + 1
			t.Run(fmt.Sprintf("%02d %s/%d", s.n, s.name, seed+1), func(t *testing.T) { s.report(t) })
		}
	}
}
