package roster_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/roster"
	"muster/inventory"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// mill is a site of two registered machines and one that nobody registered.
func mill(t *testing.T) *roster.Roster {
	t.Helper()
	r := roster.New(roster.DefaultRules(), monday.Add(-time.Hour))
	r.Expect(
		[]inventory.Site{{Code: "MILL", Name: "Mill Lane"}, {Code: "DOCK", Name: "Dockside", Mesh: inventory.MeshDirect}},
		[]inventory.Asset{
			{Tag: "A1", Kind: inventory.AssetDesktop, Site: "MILL"},
			{Tag: "A2", Kind: inventory.AssetLaptop, Site: "MILL"},
			{Tag: "A3", Kind: inventory.AssetDesktop, Site: "MILL"},
			{Tag: "R1", Kind: inventory.AssetRouter, Site: "MILL"},
			{Tag: "D1", Kind: inventory.AssetDesktop, Site: "DOCK"},
		},
		[]inventory.Workstation{
			{ID: "w00000001", AssetTag: "A1", HomeSite: "MILL"},
			{ID: "w00000002", AssetTag: "A2", HomeSite: "MILL"},
			{ID: "w00000009", HomeSite: "MILL"},
			{ID: "w00000004", AssetTag: "D1", HomeSite: "DOCK"},
			{ID: "w00000008", AssetTag: "A1", HomeSite: "MILL", ReplacedBy: "w00000001"},
		})
	return r
}

func wantPresence(t *testing.T, r *roster.Roster, id string, now time.Time, want inventory.Presence) {
	t.Helper()
	if got, _ := r.Presence(id, now); got != want {
		t.Errorf("presence of %s at %s is %s, want %s", id, now.Sub(monday), got, want)
	}
}

func TestLiveMemberIsPresentAndAFailedOneSilent(t *testing.T) {
	r := mill(t)
	r.MemberAlive("w00000001", "MILL", monday)
	wantPresence(t, r, "w00000001", monday.Add(time.Hour), inventory.Present)
	r.MemberGone("w00000001", "MILL", monday.Add(2*time.Hour))
	wantPresence(t, r, "w00000001", monday.Add(2*time.Hour), inventory.Silent)
}

func TestFailureInThePoolOutranksAnOlderReport(t *testing.T) {
	r := mill(t)
	r.MemberAlive("w00000001", "MILL", monday)
	r.Reported("w00000001", "MILL", monday.Add(time.Minute))
	r.MemberGone("w00000001", "MILL", monday.Add(2*time.Minute))
	wantPresence(t, r, "w00000001", monday.Add(3*time.Minute), inventory.Silent)
	r.Reported("w00000001", "MILL", monday.Add(4*time.Minute))
	wantPresence(t, r, "w00000001", monday.Add(5*time.Minute), inventory.Present)
}

func TestReportAloneIsPresentUntilItIsStale(t *testing.T) {
	r := mill(t)
	r.Reported("w00000004", "DOCK", monday)
	wantPresence(t, r, "w00000004", monday.Add(2*time.Minute), inventory.Present)
	wantPresence(t, r, "w00000004", monday.Add(3*time.Minute), inventory.Silent)
}

func TestReasonExplainsASilence(t *testing.T) {
	for reason, want := range map[inventory.LeaveReason][2]inventory.Presence{
		inventory.LeaveShutdown: {inventory.Off, inventory.Off},
		inventory.LeaveSleep:    {inventory.Asleep, inventory.Asleep},
		inventory.LeaveRestart:  {inventory.Off, inventory.Silent},
		inventory.LeaveUpdate:   {inventory.Off, inventory.Silent},
	} {
		r := mill(t)
		r.MemberAlive("w00000002", "MILL", monday)
		r.Left("w00000002", reason, monday.Add(time.Minute))
		r.MemberGone("w00000002", "MILL", monday.Add(2*time.Minute))
		wantPresence(t, r, "w00000002", monday.Add(3*time.Minute), want[0])
		wantPresence(t, r, "w00000002", monday.Add(3*time.Hour), want[1])
		r.MemberAlive("w00000002", "MILL", monday.Add(4*time.Hour))
		wantPresence(t, r, "w00000002", monday.Add(4*time.Hour), inventory.Present)
	}
}

func TestASignOfLifeOnItsHeelsDoesNotUndoAGoodbye(t *testing.T) {
	for _, reason := range []inventory.LeaveReason{inventory.LeaveShutdown, inventory.LeaveSleep} {
		r := mill(t)
		r.MemberAlive("w00000001", "MILL", monday)
		r.Left("w00000001", reason, monday.Add(time.Minute))
		gone, _ := r.Presence("w00000001", monday.Add(time.Minute))
		r.Reported("w00000001", "MILL", monday.Add(time.Minute+2*time.Second))
		r.MemberAlive("w00000001", "MILL", monday.Add(time.Minute+2*time.Second))
		wantPresence(t, r, "w00000001", monday.Add(2*time.Minute), gone)
		r.Reported("w00000001", "MILL", monday.Add(2*time.Minute))
		wantPresence(t, r, "w00000001", monday.Add(2*time.Minute), inventory.Present)
	}
}

func TestLaptopAtAnotherSiteIsAwayAndOutOfTheExpectedCount(t *testing.T) {
	r := mill(t)
	r.MemberAlive("w00000001", "MILL", monday)
	r.MemberAlive("w00000002", "MILL", monday)
	r.Reported("w00000002", "DOCK", monday.Add(time.Minute))
	want := inventory.SiteCounts{Expected: 2, Present: 1, Away: 1, Absent: 1}
	if diff := cmp.Diff(want, r.Counts("MILL", monday.Add(time.Minute))); diff != "" {
		t.Error(diff)
	}
	r.MemberGone("w00000002", "MILL", monday.Add(90*time.Second))
	wantPresence(t, r, "w00000002", monday.Add(100*time.Second), inventory.Away)
}

func TestStrangerIsCountedApartAndForgottenWhenGone(t *testing.T) {
	r := mill(t)
	r.MemberAlive("w00000009", "MILL", monday)
	if got := r.Counts("MILL", monday); got.Stranger != 1 || got.Expected != 3 {
		t.Errorf("counts are %+v, want one stranger beside three expected", got)
	}
	r.MemberGone("w00000009", "MILL", monday.Add(time.Minute))
	if got := r.Counts("MILL", monday.Add(time.Minute)); got.Stranger != 0 || got.Expected != 3 {
		t.Errorf("counts are %+v, want no stranger beside three expected", got)
	}
}

func TestUnenrolledAssetIsAbsentAndAReplacedInstallIsNotCounted(t *testing.T) {
	r := mill(t)
	want := inventory.SiteCounts{Expected: 3, Absent: 3}
	if diff := cmp.Diff(want, r.Counts("MILL", monday)); diff != "" {
		t.Error(diff)
	}
	if r.Knows("w00000008") {
		t.Error("an install that was replaced is still known")
	}
}

func TestBlindControllerSaysUnknownNotSilent(t *testing.T) {
	r := mill(t)
	r.MemberAlive("w00000001", "MILL", monday)
	r.MemberGone("w00000001", "MILL", monday.Add(time.Minute))
	r.SetBlind(true)
	wantPresence(t, r, "w00000001", monday.Add(time.Minute), inventory.PresenceUnknown)
	r.SetBlind(false)
	wantPresence(t, r, "w00000001", monday.Add(time.Minute), inventory.Silent)
}

func TestRestartedControllerSaysUnknownUntilItSettled(t *testing.T) {
	r := roster.New(roster.DefaultRules(), monday)
	r.Expect([]inventory.Site{{Code: "MILL"}}, []inventory.Asset{{Tag: "A1", Kind: inventory.AssetDesktop, Site: "MILL"}},
		[]inventory.Workstation{{ID: "w00000001", AssetTag: "A1", HomeSite: "MILL", Site: "MILL", LastReportAt: monday.Add(-time.Hour)}})
	wantPresence(t, r, "w00000001", monday.Add(time.Minute), inventory.PresenceUnknown)
	wantPresence(t, r, "w00000001", monday.Add(2*time.Minute), inventory.Silent)
}

func TestEvidenceSurvivesAChangeOfTheRegister(t *testing.T) {
	r := mill(t)
	r.MemberAlive("w00000001", "MILL", monday)
	r.Expect([]inventory.Site{{Code: "MILL"}}, []inventory.Asset{{Tag: "A1", Kind: inventory.AssetDesktop, Site: "MILL"}},
		[]inventory.Workstation{{ID: "w00000001", AssetTag: "A1", HomeSite: "MILL"}})
	wantPresence(t, r, "w00000001", monday.Add(time.Minute), inventory.Present)
}

func TestReplacedInstallHandsItsPlaceOver(t *testing.T) {
	r := mill(t)
	r.MemberAlive("w00000001", "MILL", monday)
	r.Remove("w00000001")
	r.Add(inventory.Workstation{ID: "w00000005", AssetTag: "A1", HomeSite: "MILL"})
	r.MemberAlive("w00000005", "MILL", monday.Add(time.Minute))
	if diff := cmp.Diff(inventory.SiteCounts{Expected: 3, Present: 1, Absent: 2}, r.Counts("MILL", monday.Add(time.Minute))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"w00000005"}, r.With(inventory.Present, "MILL", monday.Add(time.Minute))); diff != "" {
		t.Error(diff)
	}
}

// TestCountsAlwaysSumToExpected throws random evidence at a roster.
func TestCountsAlwaysSumToExpected(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		sites := []string{"S1", "S2", "S3", ""}
		var assets []inventory.Asset
		var stations []inventory.Workstation
		for i := range 40 {
			tag := fmt.Sprintf("A%d", i)
			if rng.IntN(4) > 0 {
				assets = append(assets, inventory.Asset{Tag: tag, Kind: inventory.AssetDesktop, Site: sites[rng.IntN(3)]})
			}
			if rng.IntN(4) > 0 {
				stations = append(stations, inventory.Workstation{ID: fmt.Sprintf("w%08d", i), AssetTag: tag, HomeSite: sites[rng.IntN(3)]})
			}
		}
		r := roster.New(roster.DefaultRules(), monday)
		r.Expect([]inventory.Site{{Code: "S1"}, {Code: "S2", Mesh: inventory.MeshDirect}, {Code: "S3"}}, assets, stations)
		now := monday
		for range 400 {
			now = now.Add(time.Duration(rng.IntN(200)) * time.Second)
			id, site := fmt.Sprintf("w%08d", rng.IntN(44)), sites[rng.IntN(4)]
			switch rng.IntN(5) {
			case 0:
				r.MemberAlive(id, site, now)
			case 1:
				r.MemberGone(id, site, now)
			case 2:
				r.Reported(id, site, now)
			case 3:
				r.Left(id, inventory.LeaveSleep, now)
			default:
				r.SetBlind(rng.IntN(2) == 0)
			}
		}
		all, total := r.AllCounts(now), 0
		for _, site := range sites[:3] {
			c := r.Counts(site, now)
			if diff := cmp.Diff(c, all[site]); diff != "" {
				t.Fatalf("seed %d: counts of %s differ between one and all:\n%s", seed, site, diff)
			}
			if sum := c.Present + c.Silent + c.Off + c.Asleep + c.Absent + c.Unknown; sum != c.Expected {
				t.Fatalf("seed %d: %+v sums to %d", seed, c, sum)
			}
			total += c.Expected + c.Away
		}
		if total != len(assets) {
			t.Fatalf("seed %d: %d machines counted, %d assets registered", seed, total, len(assets))
		}
	}
}
