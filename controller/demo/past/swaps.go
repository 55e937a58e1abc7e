package past

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

// Who writes things down.
const (
	planner = "programme office"
	depot   = "depot"
)

// Times after a swap was done.
const (
	reportsAfter = 4 * time.Minute
	scannedAfter = 6 * time.Hour
	closesAfter  = 14 * 24 * time.Hour
)

// story is one swap as it is lived.
type story struct {
	m    *maker
	d    *desk
	swap inventory.Swap
}

// live plays what became of a desk, up to now.
func (m *maker) live(d *desk) error {
	w := d.wave
	planAt := m.at(later(w.Starts, -m.r.PlanAheadDays), 10*time.Hour)
	if !d.position.InScope() || !w.Starts.Set() || !planAt.Before(m.now) {
		return nil
	}
	s := &story{m: m, d: d}
	doneAt, failedAt := m.whenDone(d)
	plan := refresh.Plan{ID: swapID(len(m.swaps)), Position: d.position.Code, PlannedFor: d.visit.Date}
	if doneAt.IsZero() {
		plan.Old = d.stands
		if m.booked(d) {
			plan.New = m.make("WCN", m.r.NewMachines, m.assets[d.stands].Kind, inventory.AssetStaged).Tag
		}
	} else {
		plan.New, plan.Old = d.stands, m.before(d)
	}
	if err := s.order(plan, planner, planAt, planAt); err != nil {
		return err
	}
	if err := s.play(doneAt, failedAt); err != nil {
		return err
	}
	m.swaps = append(m.swaps, s.swap)
	return nil
}

// whenDone is when the new machine was put there, and when that failed at first;
// zero: not yet.
func (m *maker) whenDone(d *desk) (done, failed time.Time) {
	if d.visit.Code == "" || !m.over(d.visit) {
		return done, failed
	}
	at := m.tryAt(d, d.visit.Date)
	if d.reason == "" {
		return at, failed
	}
	if again := m.tryAt(d, d.again); again.Add(closesAfter).Before(m.now) {
		return again, at
	}
	return done, at
}

// booked reports whether the desk's visit is so near that it is on its list.
func (m *maker) booked(d *desk) bool {
	return d.visit.Code != "" && d.visit.Date <= later(m.today, m.r.BookAheadDays)
}

// before puts the machine that stood at a desk back, and the live one into stock,
// as it was before the swap.
func (m *maker) before(d *desk) string {
	is := m.assets[d.stands]
	old := m.make("WCO", m.r.OldMachines, is.Kind, inventory.AssetInService)
	old.Site, old.Position = d.position.Site, d.position.Code
	is.Site, is.Position, is.State, is.Purchased = "", "", inventory.AssetStaged, pick(m, m.r.NewMachines).Bought
	m.assets[old.Tag], m.assets[is.Tag] = old, is
	d.position.Asset = old.Tag
	return old.Tag
}

// play plays the swap from its plan on.
func (s *story) play(doneAt, failedAt time.Time) error {
	m, d := s.m, s.d
	if !m.booked(d) {
		return nil
	}
	bookAt := m.at(later(d.visit.Date, -m.r.BookAheadDays), 11*time.Hour)
	if bookAt.Before(s.swap.PlannedAt) {
		bookAt = s.swap.PlannedAt.Add(time.Hour)
	}
	if err := s.order(refresh.Schedule{Visit: d.visit.Code}, planner, bookAt, bookAt); err != nil {
		return err
	}
	if !failedAt.IsZero() {
		if err := s.order(refresh.Fail{Reason: d.reason, Next: max(d.again, m.today)}, d.visit.Crew, failedAt, failedAt); err != nil {
			return err
		}
	}
	if doneAt.IsZero() {
		return nil
	}
	recorded := doneAt
	if m.luck(m.r.LateRatio) {
		recorded = m.at(later(inventory.DateOf(doneAt.In(m.zone)), 1), 8*time.Hour)
	}
	if recorded.After(m.now) {
		recorded = m.now
	}
	do := refresh.Do{}
	if m.luck(m.r.TriedRatio) {
		do.Checks = []refresh.Checking{{Name: refresh.CheckSignedIn, Passed: true}, {Name: refresh.CheckEMail, Passed: true}}
	}
	if err := s.order(do, d.visit.Crew, doneAt, recorded); err != nil {
		return err
	}
	return s.prove(recorded)
}

// prove plays how a swap was proven and closed. Those of the newest visits are left
// to the agents that are there now.
func (s *story) prove(recorded time.Time) error {
	m, d := s.m, s.d
	newest := d.reason == "" && d.visit.Date == m.newest
	if newest && m.luck(m.r.Unscanned) {
		return nil
	}
	if !newest {
		s.see(recorded.Add(reportsAfter))
	}
	scanned := recorded.Add(scannedAfter)
	if scanned.After(m.now) {
		scanned = m.now
	}
	if err := s.order(refresh.HandIn{Asset: s.swap.Old, Where: depot}, depot, scanned, scanned); err != nil || newest {
		return err
	}
	s.see(scanned.Add(reportsAfter))
	if at := scanned.Add(closesAfter); s.swap.State == inventory.SwapVerified && at.Before(m.now) {
		return s.order(refresh.Close{}, planner, at, at)
	}
	return nil
}

// order has package refresh follow an order of that time.
func (s *story) order(a refresh.Action, by string, at, recorded time.Time) error {
	m, d := s.m, s.d
	scene := refresh.Scene{Position: d.position, Zone: m.zone, Assets: map[string]inventory.Asset{}, Reported: map[string]bool{s.swap.New: s.swap.New != ""}}
	if d.visit.Code != "" {
		scene.Visit = &d.visit
	}
	for _, tag := range []string{s.swap.Old, s.swap.New, d.position.Asset, d.stands} {
		if asset, known := m.assets[tag]; known {
			scene.Assets[tag] = asset
		}
	}
	after, events, err := refresh.Act(s.swap, refresh.Order{Action: a, Said: refresh.Said{By: by, At: at}, Scene: scene}, recorded)
	if err != nil {
		return err
	}
	moves := refresh.Register(s.swap, after, d.position, m.assets)
	for _, asset := range moves.Assets {
		m.assets[asset.Tag] = asset
	}
	if moves.Position != nil {
		d.position = *moves.Position
	}
	s.swap, m.events = after, append(m.events, events...)
	return nil
}

// see has the rules look at what agents showed then: the new machine at work.
func (s *story) see(at time.Time) {
	m := s.m
	if at.After(m.now) {
		at = m.now
	}
	is := m.assets[s.swap.New]
	install := refresh.Install{
		ID: is.Name, EnrolledAt: s.swap.DoneAt, LastReportAt: at, Site: s.swap.Site, SiteSince: s.swap.DoneAt, Presence: inventory.Present, HeardAt: at,
		Checks: []refresh.MachineCheck{{Name: "health", Passed: inventory.Known(true), At: at, Why: "its disks have room"}},
	}
	seen := refresh.Seen{
		Old: refresh.Machine{Asset: m.assets[s.swap.Old]}, New: refresh.Machine{Asset: is, Installs: []refresh.Install{install}}, SiteHeardAt: at,
	}
	after, events := rules().Verify(s.swap, seen, at)
	after.Missing = slices.Clip(after.Missing[:0:0])
	s.swap, m.events = after, append(m.events, events...)
}

// swapID is the id of the nth swap.
func swapID(n int) string { return fmt.Sprintf("x%08s", strconv.FormatInt(int64(n), 36)) }
