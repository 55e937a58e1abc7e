package refresh_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

// county is a generated refresh: what people say in any order, early, late and
// wrong, and machines that come, go, move and are re-imaged.
type county struct {
	t         *testing.T
	r         *rand.Rand
	now       time.Time
	start     time.Time
	positions []inventory.Position
	swaps     map[string]inventory.Swap
	events    map[string][]inventory.Event
	all       []inventory.Event
	batches   []inventory.Batch
	assets    map[string]inventory.Asset
	installs  map[string][]refresh.Install
	rules     refresh.Rules
	ids       int
	accepted  int
	reached   map[inventory.SwapState]int
}

var serials = []string{"To Be Filled By O.E.M.", "Default string", "TWIN0001", "TWIN0001", ""}

func newCounty(t *testing.T, seed uint64) *county {
	c := &county{
		t: t, r: rand.New(rand.NewPCG(seed, 1)), now: monday, start: monday, rules: refresh.DefaultRules(),
		swaps: map[string]inventory.Swap{}, events: map[string][]inventory.Event{}, reached: map[inventory.SwapState]int{},
		assets: map[string]inventory.Asset{}, installs: map[string][]refresh.Install{},
	}
	for i := range 8 {
		p := inventory.Position{Code: fmt.Sprintf("P%02d", i), Site: fmt.Sprintf("S00%d", i%2+1), Asset: fmt.Sprintf("OLD%d", i)}
		c.positions = append(c.positions, p)
		serial := fmt.Sprintf("SER-%04d", i)
		if i < len(serials) {
			serial = serials[i]
		}
		c.assets[p.Asset] = inventory.Asset{Tag: p.Asset, Serial: serial, Kind: inventory.AssetDesktop, Site: p.Site, Position: p.Code}
		fresh := fmt.Sprintf("NEW%d", i)
		c.assets[fresh] = inventory.Asset{Tag: fresh, Serial: serial, Kind: []inventory.AssetKind{inventory.AssetDesktop, inventory.AssetLaptop}[i%2], State: inventory.AssetStaged}
		if i%3 != 0 { // the others never had an agent
			c.report(p.Asset, p.Site)
		}
		c.scope(p, true)
	}
	return c
}

func (c *county) scope(p inventory.Position, in bool) {
	before := p
	after := p
	if !in {
		after.OutScope = "the room is let"
	}
	change := inventory.Change{Noun: inventory.NounPosition, Key: p.Code}
	if len(c.batches) >= len(c.positions) {
		change.Before, _ = json.Marshal(before)
	}
	change.After, _ = json.Marshal(after)
	c.batches = append(c.batches, inventory.Batch{Number: int64(len(c.batches) + 1), MadeAt: c.now, Changes: []inventory.Change{change}})
	for i := range c.positions {
		if c.positions[i].Code == p.Code {
			c.positions[i] = after
		}
	}
}

// report is a sign of life of an asset's newest install at a site.
func (c *county) report(tag, site string) {
	list := c.installs[tag]
	if len(list) == 0 {
		c.ids++
		list = append(list, refresh.Install{ID: fmt.Sprintf("w%08d", c.ids), EnrolledAt: c.now, Site: site, SiteSince: c.now})
	}
	i := &list[len(list)-1]
	if i.Site != site {
		i.Site, i.SiteSince = site, c.now
	}
	i.LastReportAt, i.HeardAt, i.Presence = c.now, c.now, inventory.Present
	i.Checks = []refresh.MachineCheck{{Name: "records", Passed: inventory.Known(c.r.IntN(10) > 0), At: c.now, Why: "no answer"}}
	c.installs[tag] = list
}

func (c *county) quiet(tag string) {
	if list := c.installs[tag]; len(list) > 0 {
		list[len(list)-1].Presence = []inventory.Presence{inventory.Silent, inventory.Off, inventory.Absent, inventory.PresenceUnknown}[c.r.IntN(4)]
	}
}

// reimage puts another install on the same asset.
func (c *county) reimage(tag string) {
	list := c.installs[tag]
	if len(list) == 0 {
		return
	}
	c.ids++
	id := fmt.Sprintf("w%08d", c.ids)
	list[len(list)-1].ReplacedBy = id
	c.installs[tag] = append(list, refresh.Install{ID: id, EnrolledAt: c.now, Site: list[len(list)-1].Site, SiteSince: c.now, Presence: inventory.Absent})
}

func (c *county) tags() []string { return slices.Sorted(maps.Keys(c.assets)) }

func (c *county) anyTag() string { return c.tags()[c.r.IntN(len(c.assets))] }

func (c *county) anySwap() inventory.Swap {
	if len(c.swaps) == 0 {
		return inventory.Swap{}
	}
	ids := slices.Sorted(maps.Keys(c.swaps))
	return c.swaps[ids[c.r.IntN(len(ids))]]
}

func (c *county) action(s inventory.Swap) refresh.Action {
	sometimes := func(tag string) string {
		if c.r.IntN(4) == 0 {
			return tag
		}
		return ""
	}
	switch c.r.IntN(14) {
	case 0:
		return refresh.Schedule{Visit: "V1"}
	case 1, 2, 3, 4:
		return refresh.Do{New: sometimes(c.anyTag()), Old: sometimes(c.anyTag()), InPlace: c.r.IntN(10) == 0, Checks: []refresh.Checking{{Name: "signed-in", Passed: true}}}
	case 5:
		return refresh.Fail{Reason: "nobody let us in", Next: inventory.DateOf(c.now.AddDate(0, 0, c.r.IntN(9)-1))}
	case 6:
		return refresh.Undo{Reason: "wrong desk"}
	case 7:
		return refresh.RollBack{Reason: "the printer did not work"}
	case 8:
		return refresh.Cancel{Reason: "the desk is gone"}
	case 9:
		return refresh.Check{Checks: []refresh.Checking{{Name: "printed", Passed: c.r.IntN(2) == 0}}}
	case 10, 11:
		return refresh.HandIn{}
	case 12:
		return refresh.Close{}
	default:
		return refresh.Plan{ID: s.ID, New: sometimes(c.anyTag())}
	}
}

// say lets somebody say something; most of it is refused.
func (c *county) say() {
	s := c.anySwap()
	var a refresh.Action
	p := c.positions[c.r.IntN(len(c.positions))]
	if s.ID == "" || c.r.IntN(12) == 0 {
		c.ids++
		s = inventory.Swap{}
		a = refresh.Plan{ID: fmt.Sprintf("x%08d", c.ids), New: "NEW" + p.Code[2:]}
	} else {
		a = c.action(s)
		p = c.positions[slices.IndexFunc(c.positions, func(p inventory.Position) bool { return p.Code == s.Position })]
	}
	said := refresh.Said{By: []string{"alex", "sam"}[c.r.IntN(2)], At: c.now.Add(-time.Duration(c.r.IntN(3*1440)) * time.Minute)}
	if c.r.IntN(2) == 0 {
		said.At = time.Time{}
	}
	if c.r.IntN(3) == 0 {
		said.Version = max(s.Version-c.r.IntN(3), 0)
	}
	if c.r.IntN(2) == 0 {
		said.Why = "the tablet was offline"
	}
	scene := refresh.Scene{Position: p, Assets: c.assets, Reported: map[string]bool{}, Visit: &inventory.Visit{Code: "V1", Site: s.Site, Date: inventory.DateOf(c.now.AddDate(0, 0, 1)), Crew: "north"}}
	for _, other := range c.swaps {
		if other.ID != s.ID {
			scene.Others = append(scene.Others, other)
		}
	}
	for tag := range c.assets {
		scene.Reported[tag] = refresh.Machine{Installs: c.installs[tag]}.Reported()
	}
	after, events, err := refresh.Act(s, refresh.Order{Action: a, Said: said, Scene: scene}, c.now)
	var refusal *refresh.Refusal
	var conflict *refresh.Conflict
	switch {
	case errors.As(err, &refusal), errors.As(err, &conflict):
		if len(events) > 0 {
			c.t.Fatalf("%T was refused and left %d events", a, len(events))
		}
		return
	case err != nil:
		c.t.Fatalf("%T: %v", a, err)
	}
	c.accepted++
	moves := refresh.Register(s, after, p, c.assets)
	c.keep(s, after, events)
	for _, a := range moves.Assets {
		c.assets[a.Tag] = a
	}
}

func (c *county) keep(before, after inventory.Swap, events []inventory.Event) {
	if after.Version != before.Version+1 {
		c.t.Fatalf("version %d follows on %d", after.Version, before.Version)
	}
	c.swaps[after.ID] = after
	c.reached[after.State]++
	c.events[after.ID] = append(c.events[after.ID], events...)
	c.all = append(c.all, events...)
}

func (c *county) look(s inventory.Swap) {
	seen := refresh.Seen{
		Old: refresh.Machine{Asset: c.assets[s.Old], Installs: c.installs[s.Old]}, New: refresh.Machine{Asset: c.assets[s.New], Installs: c.installs[s.New]},
		SiteHeardAt: c.now,
	}
	after, events := c.rules.Verify(s, seen, c.now)
	if len(events) > 0 {
		c.keep(s, after, events)
	}
	if after.State == inventory.SwapSwapped && len(after.Missing) == 0 {
		c.t.Fatalf("swap %s is not verified and nothing is missing: %+v", s.ID, after)
	}
	if again, more := c.rules.Verify(after, seen, c.now); len(more) > 0 {
		c.t.Fatalf("looking twice at the same thing changed swap %s to %s: %v", s.ID, again.State, more)
	}
}

func (c *county) step() {
	c.now = c.now.Add(time.Duration(c.r.IntN(240)+1) * time.Minute)
	switch c.r.IntN(12) {
	case 0, 1:
		c.report(c.anyTag(), []string{"S001", "S001", "S002", ""}[c.r.IntN(4)])
	case 2:
		c.quiet(c.anyTag())
	case 3:
		c.reimage(c.anyTag())
	case 4:
		p := c.positions[c.r.IntN(len(c.positions))]
		if c.r.IntN(8) == 0 {
			was := p.InScope()
			p.OutScope = ""
			if was {
				c.scope(p, false)
			} else {
				c.bringBack(p)
			}
		}
	case 5, 6, 7:
		if s := c.anySwap(); s.ID != "" { // what was put there works, and what stood there is quiet
			c.report(s.New, s.Site)
			c.quiet(s.Old)
			c.look(s)
		}
	default:
		c.say()
	}
	if s := c.anySwap(); s.ID != "" {
		c.look(s)
	}
}

func (c *county) bringBack(p inventory.Position) {
	out := p
	out.OutScope = "the room is let"
	before, _ := json.Marshal(out)
	after, _ := json.Marshal(p)
	c.batches = append(c.batches, inventory.Batch{Number: int64(len(c.batches) + 1), MadeAt: c.now, Changes: []inventory.Change{{Noun: inventory.NounPosition, Key: p.Code, Before: before, After: after}}})
	for i := range c.positions {
		if c.positions[i].Code == p.Code {
			c.positions[i] = p
		}
	}
}
