package programme_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/controller/intake"
	"muster/controller/programme"
	"muster/controller/readiness"
	"muster/controller/refresh"
	"muster/controller/store"
	"muster/inventory"
	"muster/inventory/wire"
)

const gateText = `
gate: go
title: May go live
scope: site
criteria:
  - {id: swapped, over: positions, where: position.in_scope, pass: position.swap.verified, owner: it}
  - {id: trained, over: staff, pass: "staff.training['basic'].complete", need: {min_percent: 50}}
  - {id: quiet, over: site, pass: site.open_incidents == 0, owner: network}
signoff: {role: site-owner, weakened_by: {fail_for: 2h}}
`

// monday is a working morning in winter, when London's clocks show UTC.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// live is a roster that a test sets.
type live struct {
	mu       sync.Mutex // guards the rest
	presence map[string]inventory.Presence
	at       map[string]string
}

func (l *live) set(id, site string, p inventory.Presence) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.presence[id], l.at[id] = p, site
}

func (l *live) Presence(id string) (inventory.Presence, time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, ok := l.presence[id]; ok {
		return p, time.Time{}
	}
	return inventory.PresenceUnknown, time.Time{}
}

func (l *live) WorkstationAt(id string) (string, bool, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	site, ok := l.at[id]
	return site, false, ok
}

func (l *live) AllCounts() map[string]inventory.SiteCounts { return nil }

func (l *live) Reach(string) inventory.Reach {
	return inventory.Reach{State: inventory.ReachUnknown, RTTMillis: inventory.Unknown[float64]("none"), Loss: inventory.Unknown[float64]("none")}
}

// office is a desk over a real store, with a clock that a test turns.
type office struct {
	t         *testing.T
	store     *store.Store
	live      *live
	desk      *programme.Desk
	gates     []*readiness.Gate
	incidents []inventory.Incident

	mu   sync.Mutex // guards now and told
	now  time.Time
	told []programme.Message
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, now: monday, live: &live{presence: map[string]inventory.Presence{}, at: map[string]string{}}}
	var err error
	o.store, err = store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "muster.db"), Now: o.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.store.Close(); err != nil {
			t.Error(err)
		}
	})
	g, err := readiness.LoadGate("go.yaml", []byte(gateText))
	if err != nil {
		t.Fatal(err)
	}
	o.gates = []*readiness.Gate{g}
	o.declare()
	return o
}

// declare fills the register: one site with two desks, two old machines and two
// new ones, and one trained person of two.
func (o *office) declare() {
	o.apply(
		inventory.Site{Code: "S001", Name: "Mill Street", Hours: "Mon-Fri 08:00-18:00"},
		inventory.Asset{Tag: "OLD1", Serial: "SNOLD1", Kind: inventory.AssetDesktop, Site: "S001", Position: "P1"},
		inventory.Asset{Tag: "OLD2", Serial: "SNOLD2", Kind: inventory.AssetDesktop, Site: "S001", Position: "P2"},
		inventory.Asset{Tag: "NEW1", Serial: "SNNEW1", Kind: inventory.AssetDesktop, State: inventory.AssetStaged},
		inventory.Asset{Tag: "NEW2", Serial: "SNNEW2", Kind: inventory.AssetDesktop, State: inventory.AssetStaged},
		inventory.Position{Code: "P1", Site: "S001", Asset: "OLD1"},
		inventory.Position{Code: "P2", Site: "S001", Asset: "OLD2"},
		inventory.Programme{Code: "REFRESH", Name: "The refresh", Target: "2027-06-30"},
		inventory.Wave{Code: "W1", Programme: "REFRESH", Name: "First", Sites: []string{"S001"}},
		inventory.Visit{Code: "V1", Site: "S001", Date: "2026-11-24", Crew: "red"},
		inventory.Staff{Number: "1001", Site: "S001", Role: "social worker", Name: "Ada Secret"},
		inventory.Staff{Number: "1002", Site: "S001", Role: "social worker"},
		inventory.Course{Code: "basic", Name: "Basics"},
		inventory.Training{Staff: "1001", Course: "basic", On: "2026-11-01"},
	)
}

func (o *office) apply(nouns ...any) {
	o.t.Helper()
	batch := inventory.Batch{Source: "test", Author: "test", MadeAt: o.clock()}
	for _, noun := range nouns {
		c, err := changeTo(noun)
		if err != nil {
			o.t.Fatal(err)
		}
		batch.Changes = append(batch.Changes, c)
	}
	if _, err := o.store.Apply(o.t.Context(), batch); err != nil {
		o.t.Fatal(err)
	}
}

// changeTo is the change that declares a noun.
func changeTo(noun any) (inventory.Change, error) {
	after, err := json.Marshal(noun)
	if err != nil {
		return inventory.Change{}, err
	}
	c := inventory.Change{After: after}
	switch n := noun.(type) {
	case inventory.Site:
		c.Noun, c.Key = inventory.NounSite, n.Code
	case inventory.Asset:
		c.Noun, c.Key = inventory.NounAsset, n.Tag
	case inventory.Position:
		c.Noun, c.Key = inventory.NounPosition, n.Code
	case inventory.Programme:
		c.Noun, c.Key = inventory.NounProgramme, n.Code
	case inventory.Wave:
		c.Noun, c.Key = inventory.NounWave, n.Code
	case inventory.Visit:
		c.Noun, c.Key = inventory.NounVisit, n.Code
	case inventory.Staff:
		c.Noun, c.Key = inventory.NounStaff, n.Number
	case inventory.Course:
		c.Noun, c.Key = inventory.NounCourse, n.Code
	case inventory.Training:
		c.Noun, c.Key = inventory.NounTraining, n.Key()
	default:
		return c, fmt.Errorf("no noun: %T", noun)
	}
	return c, nil
}

// open starts a desk on what the store holds.
func (o *office) open() {
	o.t.Helper()
	desk, err := programme.New(programme.Options{
		Store: o.store, Live: o.live, Gates: o.gates, Now: o.clock, Log: slog.New(slog.DiscardHandler), Trials: 200,
		Services:  []inventory.Service{{Name: "email"}},
		Incidents: func() []inventory.Incident { return o.incidents },
		Tell: func(m programme.Message) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.told = append(o.told, m)
		},
	})
	if err != nil {
		o.t.Fatal(err)
	}
	if err := desk.Start(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	o.desk = desk
	o.t.Cleanup(desk.Close)
	o.settle()
}

// settle takes up all that came.
func (o *office) settle() {
	o.t.Helper()
	if err := o.desk.Settle(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

// enrol makes an install on an asset.
func (o *office) enrol(id, tag, site string) {
	o.t.Helper()
	if err := enrolled(o.t.Context(), o.store, id, tag, site, o.clock()); err != nil {
		o.t.Fatal(err)
	}
}

// enrolled makes an install on an asset.
func enrolled(ctx context.Context, s *store.Store, id, tag, site string, now time.Time) error {
	token := inventory.Token{
		ID: "t" + id[1:], Kind: inventory.TokenDepot, Uses: 1, SecretHash: strings.Repeat("ab", 32), CreatedBy: "test", CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	if err := s.AddToken(ctx, token); err != nil {
		return err
	}
	w := inventory.Workstation{ID: id, Name: "PC-" + tag, AssetTag: tag, HomeSite: site, Site: site, Kind: inventory.AssetDesktop, EnrolledAt: now}
	return s.Enrol(ctx, inventory.EnrolChange{
		TokenID: token.ID, Workstation: w, Author: id, At: now,
		Certificate: inventory.Certificate{Serial: "c" + id, Workstation: id, NotAfter: now.Add(24 * time.Hour)},
	})
}

// report has a machine report now, well, from a site.
func (o *office) report(id, site string) {
	o.t.Helper()
	o.live.set(id, site, inventory.Present)
	o.desk.Accepted(accepted(id, o.clock(), inventory.ProbeResult{}))
	o.settle()
}

func accepted(id string, at time.Time, probe inventory.ProbeResult) intake.Accepted {
	health := inventory.Health{Disks: inventory.Known([]inventory.DiskHealth{{Mount: "C:", TotalBytes: 100, FreeBytes: 50}})}
	report := wire.Report{Workstation: id, Health: &health}
	if probe.Service != "" {
		report.Probes = []inventory.ProbeResult{probe}
	}
	return intake.Accepted{Workstation: id, ReceivedAt: at, ReadAt: at, Report: report}
}

func (o *office) act(ref string, action refresh.Action) inventory.Swap {
	o.t.Helper()
	done, err := o.desk.Act(o.t.Context(), programme.Order{Swap: ref, Action: action, Said: refresh.Said{By: "tess"}})
	if err != nil {
		o.t.Fatal(err)
	}
	o.settle()
	return done.Swap
}

func (o *office) swap(ref string) inventory.Swap {
	o.t.Helper()
	s, err := o.desk.Swap(ref)
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

func (o *office) site() programme.SiteReadiness {
	o.t.Helper()
	r, err := o.desk.ReadinessOf(context.Background(), "S001", time.Time{})
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}
