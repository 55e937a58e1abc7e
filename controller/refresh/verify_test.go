package refresh_test

import (
	"strings"
	"testing"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

// verified is a desk whose swap was proven by both agents.
func verified(t *testing.T) *desk {
	d := planned(t)
	d.do(refresh.Do{})
	off := d.now
	d.after(20 * time.Minute)
	d.see(d.seen(quiet("wold00001", off), d.working("wnew00001")))
	d.is(inventory.SwapVerified)
	return d
}

func (d *desk) lacks(why string) {
	d.t.Helper()
	if all := strings.Join(d.swap.Missing, "; "); !strings.Contains(all, why) {
		d.t.Errorf("missing is %q, want %q in it", all, why)
	}
}

func TestASwapIsVerifiedOnceBothHalvesAreSeen(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	off := d.now
	d.after(20 * time.Minute)
	if events := d.see(d.seen(quiet("wold00001", off), d.working("wnew00001"))); len(events) != 3 {
		t.Fatalf("%d events, want new-seen, old-gone and verified", len(events))
	}
	d.is(inventory.SwapVerified)
	if d.swap.Declared || d.swap.Version != 3 || d.swap.ChangedBy != refresh.Evidence {
		t.Errorf("verified as %+v", d.swap)
	}
}

func TestMissingSaysInWordsWhatIsNotThere(t *testing.T) {
	base := func() (*desk, refresh.Seen) {
		d := planned(t)
		d.do(refresh.Do{})
		off := d.now
		d.after(20 * time.Minute)
		return d, d.seen(quiet("wold00001", off), d.working("wnew00001"))
	}
	cases := map[string]struct {
		change func(d *desk, s *refresh.Seen)
		why    string
	}{
		"no agent":     {func(_ *desk, s *refresh.Seen) { s.New.Installs = nil }, "NEW1 has no agent yet"},
		"not reported": {func(d *desk, s *refresh.Seen) { s.New.Installs[0].LastReportAt = d.now.Add(-24 * time.Hour) }, "has not reported since"},
		"another site": {func(_ *desk, s *refresh.Seen) { s.New.Installs[0].Site = "S002" }, "reports from S002, not from S001"},
		"no site":      {func(_ *desk, s *refresh.Seen) { s.New.Installs[0].Site = "" }, "none of the sites"},
		"check fails":  {func(_ *desk, s *refresh.Seen) { s.New.Installs[0].Checks[0].Passed = inventory.Known(false) }, "check records of NEW1 fails"},
		"check unknown": {func(_ *desk, s *refresh.Seen) {
			s.New.Installs[0].Checks[0].Passed = inventory.Unknown[bool]("no probe yet")
		}, "no probe yet"},
		"check too old":  {func(d *desk, s *refresh.Seen) { s.New.Installs[0].Checks[0].At = d.now.Add(-24 * time.Hour) }, "before the swap"},
		"no check":       {func(_ *desk, s *refresh.Seen) { s.New.Installs[0].Checks = nil }, "nothing has been measured"},
		"identity":       {func(_ *desk, s *refresh.Seen) { s.New.Installs[0].Review = "two live runs" }, "two live runs"},
		"revoked":        {func(d *desk, s *refresh.Seen) { s.New.Installs[0].RevokedAt = d.now }, "revoked"},
		"old at work":    {func(_ *desk, s *refresh.Seen) { s.Old.Installs[0].Presence = inventory.Present }, "OLD1 is still at work at S001"},
		"old a stranger": {func(_ *desk, s *refresh.Seen) { s.Old.Installs[0].Presence = inventory.Stranger }, "OLD1 is still at work at S001"},
		"old elsewhere": {func(_ *desk, s *refresh.Seen) {
			s.Old.Installs[0].Presence, s.Old.Installs[0].Site = inventory.Away, "S004"
		}, "from S004: hand it in"},
		"old unknown": {func(_ *desk, s *refresh.Seen) { s.Old.Installs[0].Presence = inventory.PresenceUnknown }, "not known whether"},
		"old asleep":  {func(_ *desk, s *refresh.Seen) { s.Old.Installs[0].Presence = inventory.Asleep }, "sleeps"},
		"old just quiet": {func(d *desk, s *refresh.Seen) {
			s.Old.Installs[0].HeardAt = d.now.Add(-5 * time.Minute)
		}, "must be silent for 10m0s"},
		"old never reported": {func(_ *desk, s *refresh.Seen) { s.Old.Installs = nil }, "hand it in by scan"},
		"old revoked":        {func(d *desk, s *refresh.Seen) { s.Old.Installs[0].RevokedAt = d.now }, "proves nothing"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d, seen := base()
			d.t = t
			c.change(d, &seen)
			d.see(seen)
			d.is(inventory.SwapSwapped)
			d.lacks(c.why)
		})
	}
}

func TestSilenceCountsOnlyWhileTheSiteIsHeard(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	off := d.now
	cut := d.now.Add(2 * time.Minute) // the site's link is cut: all of it is silent
	d.after(6 * time.Hour)
	seen := d.seen(quiet("wold00001", off), quiet("wnew00001", cut))
	seen.SiteHeardAt = cut
	d.see(seen)
	d.is(inventory.SwapSwapped)
	d.lacks("while S001 is heard")
}

func TestAGoodbyeShortensTheWait(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	old := quiet("wold00001", d.now)
	old.Presence, old.Left = inventory.Off, inventory.LeaveShutdown
	d.after(80 * time.Second)
	d.see(d.seen(old, d.working("wnew00001")))
	d.is(inventory.SwapVerified)
	if !strings.Contains(d.swap.OldHalf.Reason, "off since") {
		t.Errorf("old half: %q", d.swap.OldHalf.Reason)
	}
}

func TestARestartIsNoGoodbye(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	old := quiet("wold00001", d.now)
	old.Presence, old.Left = inventory.Off, inventory.LeaveRestart
	d.after(80 * time.Second)
	d.see(d.seen(old, d.working("wnew00001")))
	d.is(inventory.SwapSwapped)
}

func TestAnOldOneWithoutAnAgentIsHandedInAndCountsAsDeclared(t *testing.T) {
	d := planned(t)
	d.scene.Reported["OLD1"] = false
	d.do(refresh.Do{})
	d.after(time.Hour)
	seen := d.seen(refresh.Install{}, d.working("wnew00001"))
	seen.Old.Installs = nil
	d.see(seen)
	d.is(inventory.SwapSwapped)
	d.do(refresh.HandIn{Asset: "OLD1", Where: "depot"})
	d.see(seen)
	d.is(inventory.SwapVerified)
	if !d.swap.Declared || d.swap.OldHalf.Grade != inventory.HalfDeclared {
		t.Errorf("verified as %+v", d.swap)
	}
	tally := refresh.Count([]inventory.Position{d.scene.Position}, []inventory.Swap{d.swap})
	if tally.Verified != 1 || tally.Declared != 1 {
		t.Errorf("counted as %+v", tally)
	}
}

func TestAScanDoesNotSilenceAMachineThatStillReports(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	d.after(time.Hour)
	d.do(refresh.HandIn{Asset: "OLD1"})
	old := quiet("wold00001", d.now)
	old.Presence = inventory.Present
	d.see(d.seen(old, d.working("wnew00001")))
	d.is(inventory.SwapSwapped)
	d.lacks("still at work")
}

func TestAnEmptyDeskIsDeclared(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{NoOld: true})
	d.after(time.Minute)
	d.see(d.seen(refresh.Install{}, d.working("wnew00001")))
	d.is(inventory.SwapVerified)
	if !d.swap.Declared {
		t.Error("that nothing stood there rests on a person's word")
	}
}

func TestAnOldOneThatComesBackUnverifiesTheSwap(t *testing.T) {
	d := verified(t)
	d.after(3 * time.Hour)
	back := d.working("wold00001")
	events := d.see(d.seen(back, d.working("wnew00001")))
	if len(events) != 1 || events[0].Kind != inventory.EventSwapUnverified {
		t.Fatalf("events %v, want one that says unverified", events)
	}
	d.is(inventory.SwapSwapped)
	d.lacks("still at work")
	if d.swap.OldHalf.Done() || !d.swap.NewHalf.Done() || !strings.Contains(d.swap.Reason, "OLD1 is back at S001") {
		t.Errorf("unverified as %+v", d.swap)
	}
	quietAgain := d.now
	d.after(time.Hour)
	d.see(d.seen(quiet("wold00001", quietAgain), d.working("wnew00001")))
	d.is(inventory.SwapVerified)
}

func TestAReimagedOldOneIsStillTheOldOne(t *testing.T) {
	d := verified(t)
	d.after(time.Hour)
	before := quiet("wold00001", d.now.Add(-2*time.Hour))
	before.ReplacedBy = "wold00002"
	seen := d.seen(before, d.working("wnew00001"))
	seen.Old.Installs = append(seen.Old.Installs, d.working("wold00002"))
	d.see(seen)
	d.is(inventory.SwapSwapped)
}

func TestAReimagedNewOneStaysVerified(t *testing.T) {
	d := verified(t)
	d.after(48 * time.Hour)
	before := quiet("wnew00001", d.now.Add(-3*time.Hour))
	before.ReplacedBy = "wnew00002"
	seen := d.seen(quiet("wold00001", monday), before)
	seen.New.Installs = append(seen.New.Installs, d.working("wnew00002"))
	if events := d.see(seen); len(events) != 0 {
		t.Errorf("another install of the same machine made %v", events)
	}
	d.is(inventory.SwapVerified)
}

func TestANewOneAtAnotherSiteUnverifiesTheSwapAfterAWhile(t *testing.T) {
	for kind, dwell := range map[inventory.AssetKind]time.Duration{inventory.AssetDesktop: 2 * time.Hour, inventory.AssetLaptop: 14 * 24 * time.Hour} {
		d := verified(t)
		moved := d.now.Add(time.Minute)
		look := func(after time.Duration) {
			d.now = moved.Add(after)
			elsewhere := d.working("wnew00001")
			elsewhere.Site, elsewhere.SiteSince = "S002", moved
			seen := d.seen(quiet("wold00001", monday), elsewhere)
			seen.New.Asset.Kind = kind
			d.see(seen)
		}
		look(dwell - time.Minute)
		d.is(inventory.SwapVerified)
		look(dwell + time.Minute)
		d.is(inventory.SwapSwapped)
		d.lacks("reports from S002")
	}
}

func TestASilentNewOneStaysVerified(t *testing.T) {
	d := verified(t)
	since := d.now
	d.after(72 * time.Hour)
	if events := d.see(d.seen(quiet("wold00001", monday), quiet("wnew00001", since))); len(events) != 0 {
		t.Errorf("a machine that is off over a weekend made %v", events)
	}
	d.is(inventory.SwapVerified)
}

func TestAMachineInstalledAnewInPlaceIsVerifiedByItsNewInstall(t *testing.T) {
	d := planned(t)
	d.after(time.Hour)
	d.do(refresh.Do{InPlace: true})
	d.after(10 * time.Minute)
	same := func(i refresh.Install) refresh.Seen {
		m := refresh.Machine{Asset: d.scene.Assets["OLD1"], Installs: []refresh.Install{i}}
		return refresh.Seen{Old: m, New: m, SiteHeardAt: d.now}
	}
	before := d.working("wold00001")
	before.EnrolledAt = monday.AddDate(0, -6, 0)
	d.see(same(before))
	d.is(inventory.SwapSwapped)
	d.lacks("enrolled")
	anew := d.working("wold00002")
	anew.EnrolledAt = d.now.Add(-5 * time.Minute)
	d.see(same(anew))
	d.is(inventory.SwapVerified)
}

func TestNothingIsVerifiedThatNobodySaidToBeDone(t *testing.T) {
	d := planned(t)
	d.after(time.Hour)
	if events := d.see(d.seen(quiet("wold00001", monday), d.working("wnew00001"))); len(events) != 0 {
		t.Errorf("a planned swap was changed by evidence: %v", events)
	}
}
