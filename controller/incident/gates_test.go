package incident_test

import (
	"testing"

	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// TestEverySiteOfOneCarrierIsNotTheController takes all six sites of the only
// carrier: the references answer, so it is the carrier.
func TestEverySiteOfOneCarrierIsNotTheController(t *testing.T) {
	t.Parallel()
	s := scenario{
		lasts: 10 * mins, opts: options{Seed: 6}, play: func(w *world) {
			for _, s := range w.Sites() {
				w.At(3*mins, func() { w.CutLink(s) })
				w.At(7*mins, func() { w.HealLink(s) })
			}
		}, want: []want{{cause: inventory.CauseSharedCarrier, carrier: "carrier-1", from: 3 * mins, detected: 15 * sec, caused: 30 * sec, heals: 7 * mins, resolved: mins}},
		never: []inventory.Cause{inventory.CauseControllerNetwork, inventory.CauseSharedExchange, inventory.CauseSharedUnnamed},
	}
	s.report(t)
}

// TestWithoutReferencesEverythingSilentIsTheController has nothing outside to ask.
func TestWithoutReferencesEverythingSilentIsTheController(t *testing.T) {
	t.Parallel()
	s := scenario{lasts: 10 * mins, opts: options{Seed: 6, References: -1, Carriers: []string{"northnet", "southnet"}}, play: func(w *world) {
		w.At(3*mins, func() { w.NetworkDown() })
		w.At(7*mins, func() { w.NetworkBack() })
	}, want: []want{{cause: inventory.CauseControllerNetwork, from: 3 * mins, detected: 15 * sec, caused: 30 * sec, heals: 7 * mins, resolved: mins, grade: inventory.GradeInferred}}}
	s.report(t)
}

// TestASiteStillSilentAfterASharedCauseComesBackAsItsOwn heals eight of nine.
func TestASiteStillSilentAfterASharedCauseComesBackAsItsOwn(t *testing.T) {
	t.Parallel()
	s := scenario{lasts: 20 * mins, opts: options{Seed: 7, Sites: 20, Carriers: []string{"northnet", "southnet"}}, play: func(w *world) {
		for i, s := range w.Sites() {
			if i%2 == 1 {
				continue
			}
			w.At(3*mins, func() { w.CutLink(s) })
			if i > 0 {
				w.At(7*mins, func() { w.HealLink(s) })
			} else {
				w.At(14*mins, func() { w.HealLink(s) })
			}
		}
	}, want: []want{
		{cause: inventory.CauseSharedCarrier, carrier: "northnet", from: 3 * mins, detected: 15 * sec, heals: 7 * mins, resolved: mins},
		{cause: inventory.CauseSiteLinkDown, site: "S001", heals: 14 * mins, resolved: mins, grade: inventory.GradeProven},
	}}
	s.report(t)
}

// TestThreeSitesThatShareNothingAreUnnamed takes three of twelve.
func TestThreeSitesThatShareNothingAreUnnamed(t *testing.T) {
	t.Parallel()
	s := scenario{lasts: 10 * mins, opts: options{Seed: 8, Sites: 12, Carriers: []string{"a", "b", "c"}, Shape: func(s *evidencetest.Site) { s.Exchange = "X" + s.Carrier }}, play: func(w *world) {
		for _, code := range []string{"S001", "S002", "S003"} {
			w.At(3*mins, func() { w.CutLink(w.Site(code)) })
			w.At(7*mins, func() { w.HealLink(w.Site(code)) })
		}
	}, want: []want{{cause: inventory.CauseSharedUnnamed, from: 3 * mins, detected: 20 * sec, caused: 30 * sec, heals: 7 * mins, resolved: mins}}}
	s.report(t)
}
