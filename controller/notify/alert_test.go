package notify

import (
	"math/rand/v2"
	"testing"
	"time"

	"muster/inventory"
)

// TestAtMostOneAlertOfAnIncidentFires revises, ends and reopens at random.
func TestAtMostOneAlertOfAnIncidentFires(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 5))
	states := []inventory.IncidentState{inventory.IncidentPending, inventory.IncidentOpen, inventory.IncidentOpen, inventory.IncidentResolved, inventory.IncidentFolded}
	causes := []inventory.Cause{inventory.CauseLinkOrPower, inventory.CauseSiteLinkDown, inventory.CauseSitePowerCut}
	for range 500 {
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		var it told
		known := false
		for range 30 {
			now = now.Add(time.Duration(dice.IntN(400)) * time.Second)
			i := inventory.Incident{
				ID: "i00000001", StartedAt: now, State: states[dice.IntN(len(states))], Cause: causes[dice.IntN(len(causes))],
				Severity: inventory.SeverityMajor, Scope: inventory.Scope{Site: "S003"},
			}
			if next, ok := toldOf(it, known, Facts{Incident: i, Zone: time.UTC}, now); ok {
				it, known = next, true
				if said := it.at(now); i.State == inventory.IncidentOpen {
					if last := said[len(said)-1]; last.Labels["cause"] != string(i.Cause) || !last.EndsAt.After(now) {
						t.Fatalf("open with cause %s, said is %+v", i.Cause, last)
					}
				}
			}
			firing, seen := 0, map[string]bool{}
			for _, a := range it.at(now) {
				if a.EndsAt.After(now) {
					firing++
				}
				if seen[a.Labels["cause"]] {
					t.Fatalf("one alert is said twice: %+v", it.at(now))
				}
				seen[a.Labels["cause"]] = true
			}
			if firing > 1 {
				t.Fatalf("%d alerts fire: %+v", firing, it.at(now))
			}
		}
	}
}
