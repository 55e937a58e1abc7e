package incident_test

import (
	"testing"

	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// TestWhatWasProvenOfASiteStaysItsOwn cuts a site, and two minutes after it was back
// a wider cause takes it again.
func TestWhatWasProvenOfASiteStaysItsOwn(t *testing.T) {
	t.Parallel()
	cut := func(w *world) {
		w.At(3*mins, func() { w.CutLink(w.Site("S001")) })
		w.At(5*mins, func() { w.HealLink(w.Site("S001")) })
	}
	own := want{cause: inventory.CauseSiteLinkDown, site: "S001", from: 3 * mins, detected: 15 * sec, heals: 5 * mins, resolved: mins, grade: inventory.GradeProven}
	t.Run("its carrier", func(t *testing.T) {
		t.Parallel()
		scenario{
			lasts: 20 * mins, opts: options{Seed: 11, Sites: 12, Carriers: []string{"northnet", "southnet"}}, play: func(w *world) {
				cut(w)
				for i, s := range w.Sites() {
					if i%2 == 0 {
						w.At(8*mins, func() { w.CutLink(s) })
						w.At(12*mins, func() { w.HealLink(s) })
					}
				}
			}, want: []want{
				own,
				{cause: inventory.CauseSharedCarrier, carrier: "northnet", from: 8 * mins, detected: 15 * sec, heals: 12 * mins, resolved: mins},
			},
		}.report(t)
	})
	t.Run("the controller's own network", func(t *testing.T) {
		t.Parallel()
		scenario{
			lasts: 20 * mins, opts: options{Seed: 12, Sites: 12, Carriers: []string{"northnet", "southnet"}}, play: func(w *world) {
				cut(w)
				w.At(8*mins, func() { w.NetworkDown() })
				w.At(12*mins, func() { w.NetworkBack() })
			}, want: []want{
				own,
				{cause: inventory.CauseControllerNetwork, from: 8 * mins, detected: 15 * sec, heals: 12 * mins, resolved: mins},
			},
		}.report(t)
	})
}

// TestALANSegmentDoesNotBecomeItsCarriersOutage mends a switch before the carrier
// fails.
func TestALANSegmentDoesNotBecomeItsCarriersOutage(t *testing.T) {
	t.Parallel()
	scenario{
		lasts: 20 * mins, opts: options{Seed: 13, Sites: 12, Carriers: []string{"northnet", "southnet"}}, play: func(w *world) {
			s := w.Site("S001")
			w.At(3*mins, func() { w.SwitchDown(s.Machines[:6]) })
			w.At(5*mins, func() { w.SwitchBack(s.Machines[:6]) })
			for i, s := range w.Sites() {
				if i%2 == 0 {
					w.At(8*mins, func() { w.CutLink(s) })
					w.At(12*mins, func() { w.HealLink(s) })
				}
			}
		}, want: []want{
			{cause: inventory.CauseLANSegment, site: "S001", from: 3 * mins, detected: mins, heals: 5 * mins, resolved: mins},
			{cause: inventory.CauseSharedCarrier, carrier: "northnet", from: 8 * mins, detected: 15 * sec, heals: 12 * mins, resolved: mins},
		},
	}.report(t)
}

// TestASharedCauseIsNamedWhenTheRestOfItsSitesFollows takes three sites of a carrier,
// and the others ten seconds later.
func TestASharedCauseIsNamedWhenTheRestOfItsSitesFollows(t *testing.T) {
	t.Parallel()
	scenario{
		lasts: 15 * mins, opts: options{Seed: 14, Sites: 12, Carriers: []string{"northnet", "southnet"}, Shape: func(s *evidencetest.Site) { s.Exchange = "X" + s.Code }},
		play: func(w *world) {
			for i, s := range w.Sites() {
				at := 3 * mins
				if i >= 6 {
					at += 10 * sec
				}
				if i%2 == 0 {
					w.At(at, func() { w.CutLink(s) })
					w.At(7*mins, func() { w.HealLink(s) })
				}
			}
		}, want: []want{{
			cause: inventory.CauseSharedCarrier, carrier: "northnet", from: 3 * mins, detected: 15 * sec, caused: 30 * sec, heals: 7 * mins, resolved: mins,
		}},
	}.report(t)
}
