package incident_test

import (
	"fmt"
	"testing"
)

// TestEveryScenarioIsJudgedRight plays the rehearsals' scenarios on drawn evidence.
func TestEveryScenarioIsJudgedRight(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		for seed := range uint64(3) {
			s.opts.Seed = seed + 1
			t.Run(fmt.Sprintf("%02d %s/%d", s.n, s.name, seed+1), func(t *testing.T) { s.report(t) })
		}
	}
}
