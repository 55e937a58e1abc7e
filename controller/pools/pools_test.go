package pools_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/pools"
	"muster/controller/store"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// quietMesh stands in for the mesh: it notes what it is told and starts no Serf.
type quietMesh struct {
	mu      sync.Mutex // guards all below
	open    map[string]mesh.PoolSpec
	members map[string][]mesh.Member
	seen    map[string]time.Time
}

func (q *quietMesh) Open(_ context.Context, spec mesh.PoolSpec) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open[spec.Site] = spec
	return nil
}

func (q *quietMesh) CloseSite(_ context.Context, code string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, code)
	return nil
}

func (q *quietMesh) SetKeys(code string, keys [][]byte, version int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	spec := q.open[code]
	spec.Keys, spec.KeyVersion = keys, version
	q.open[code] = spec
	return nil
}

func (q *quietMesh) Members(code string) []mesh.Member {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.members[code])
}

func (q *quietMesh) PoolMembers(code string) []inventory.PoolMember {
	var out []inventory.PoolMember
	for _, m := range q.Members(code) {
		out = append(out, inventory.PoolMember{
			Name: m.Name, Workstation: m.Workstation, Controller: m.Controller, State: string(m.State), SeenAt: q.seen[m.Name],
		})
	}
	return out
}

func (q *quietMesh) Reach(string) inventory.Reach {
	return inventory.Reach{State: inventory.ReachUnknown}
}

func (q *quietMesh) spec(code string) mesh.PoolSpec {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.open[code]
}

// estate is pools over a real store with two sites: MILL gossips, DOCK does not.
type estate struct {
	*pools.Pools
	store *store.Store
	mesh  *quietMesh
	now   time.Time
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{now: monday, mesh: &quietMesh{open: map[string]mesh.PoolSpec{}, members: map[string][]mesh.Member{}}}
	clock := func() time.Time { return e.now }
	var err error
	e.store, err = store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "muster.db"), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.store.Close() })
	e.apply(t,
		change(t, inventory.NounSite, "MILL", inventory.Site{Code: "MILL", Name: "Mill Lane"}),
		change(t, inventory.NounSite, "DOCK", inventory.Site{Code: "DOCK", Name: "Dockside", Mesh: inventory.MeshDirect}),
		change(t, inventory.NounSubnet, "10.1.0.0/24", inventory.Subnet{Prefix: netip.MustParsePrefix("10.1.0.0/24"), Site: "MILL"}),
		change(t, inventory.NounSubnet, "10.2.0.0/24", inventory.Subnet{Prefix: netip.MustParsePrefix("10.2.0.0/24"), Site: "DOCK"}),
		change(t, inventory.NounAsset, "A1", inventory.Asset{Tag: "A1", Serial: "SER-0001", Kind: inventory.AssetLaptop, Site: "MILL"}),
	)
	e.enrol(t, "w00000001", "A1", "MILL", "")
	e.start(t)
	return e
}

// start starts pools over what the store holds; those of before must be closed.
func (e *estate) start(t *testing.T) {
	t.Helper()
	e.mesh.open = map[string]mesh.PoolSpec{}
	var err error
	e.Pools, err = pools.New(pools.Options{
		Store: e.store, Mesh: e.mesh, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return e.now },
		Controllers: []string{"10.0.0.2:7946"}, AgentPort: 7946,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sync.OnceFunc(e.Close))
	eventually(t, "the pool of MILL opens", func() bool { return len(e.mesh.spec("MILL").Keys) > 0 })
}

// restart is a start of the controller in the middle of its work.
func (e *estate) restart(t *testing.T) {
	t.Helper()
	e.Close()
	e.start(t)
}

func change(t *testing.T, noun inventory.Noun, key string, after any) inventory.Change {
	t.Helper()
	b, err := json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	return inventory.Change{Noun: noun, Key: key, After: b}
}

func (e *estate) apply(t *testing.T, changes ...inventory.Change) {
	t.Helper()
	if _, err := e.store.Apply(t.Context(), inventory.Batch{Source: "test", Author: "test", MadeAt: e.now, Changes: changes}); err != nil {
		t.Fatal(err)
	}
}

func (e *estate) enrol(t *testing.T, id, tag, site, replaces string) {
	t.Helper()
	token := inventory.Token{ID: "t" + id[1:], Kind: inventory.TokenDepot, SecretHash: strings.Repeat("0", 64), Uses: 1, ExpiresAt: e.now.Add(time.Hour), CreatedAt: e.now}
	if err := e.store.AddToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	err := e.store.Enrol(t.Context(), inventory.EnrolChange{
		TokenID: token.ID, At: e.now, Author: "test", Replaces: replaces,
		Workstation: inventory.Workstation{ID: id, Name: "PC-" + id, AssetTag: tag, HomeSite: site, Site: site, EnrolledAt: e.now},
		Certificate: inventory.Certificate{Serial: "c" + id, Workstation: id, KeyHash: "k", IssuedAt: e.now, NotAfter: e.now.Add(time.Hour)},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (e *estate) settings(t *testing.T, id string) wire.Settings {
	t.Helper()
	s, err := e.Settings(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eventually waits for the loop without a fixed pause.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func TestSiteGetsAPoolWithAKeyAndADirectSiteNone(t *testing.T) {
	e := newEstate(t)
	eventually(t, "the pool of MILL opens", func() bool { return len(e.mesh.spec("MILL").Keys) == 1 })
	if open, wanted := e.Opened(); open != 1 || wanted != 1 {
		t.Errorf("%d of %d pools are open, want 1 of 1", open, wanted)
	}
}

func TestLaptopThatMovesGetsItsNewSitesSettingsAfterTheDwell(t *testing.T) {
	e := newEstate(t)
	at := func(addr string) wire.Settings {
		e.Reported(wire.Report{Workstation: "w00000001"}, netip.MustParseAddr(addr), e.now)
		return e.settings(t, "w00000001")
	}
	home := at("10.1.0.7")
	if home.Site != "MILL" || home.Pool == nil || home.Pool.KeyVersion != 1 {
		t.Fatalf("at home the settings are %+v", home)
	}
	if p, _ := e.Presence("w00000001"); p != inventory.Present {
		t.Errorf("at home it is %s", p)
	}
	at("10.2.0.7")
	dock := at("10.2.0.7")
	if dock.Site != "DOCK" || dock.Pool != nil || dock.ReportEvery != 60 {
		t.Errorf("at an outbound-only site the settings are %+v", dock)
	}
	if dock.Version == home.Version {
		t.Error("moving did not change the version of the settings")
	}
	if p, _ := e.Presence("w00000001"); p != inventory.Away {
		t.Errorf("at another site it is %s", p)
	}
	eventually(t, "the move is in the store", func() bool {
		w, err := e.store.Workstation(t.Context(), "w00000001")
		return err == nil && w.Site == "DOCK"
	})
}

func TestRotationHandsOutBothKeysAndPromotesWhenTheMemberHoldsIt(t *testing.T) {
	e := newEstate(t)
	eventually(t, "the pool of MILL opens", func() bool { return len(e.mesh.spec("MILL").Keys) == 1 })
	first := e.mesh.spec("MILL").Keys[0]
	e.Reported(wire.Report{Workstation: "w00000001", KeyVersion: 1}, netip.MustParseAddr("10.1.0.7"), e.now)
	version, err := e.RotateKey(t.Context(), "MILL", "ada")
	if err != nil || version != 2 {
		t.Fatalf("rotation made version %d, %v", version, err)
	}
	during := e.settings(t, "w00000001")
	if len(during.Pool.Keys) != 2 || !cmp.Equal(during.Pool.Keys[0], first) || during.Pool.KeyVersion != 2 {
		t.Errorf("during the rotation the agent gets %d keys, version %d, the old one first: %t",
			len(during.Pool.Keys), during.Pool.KeyVersion, cmp.Equal(during.Pool.Keys[0], first))
	}
	if _, err := e.RotateKey(t.Context(), "MILL", "ada"); err == nil {
		t.Error("a second rotation began while the first was under way")
	}
	e.Reported(wire.Report{Workstation: "w00000001", KeyVersion: 2}, netip.MustParseAddr("10.1.0.7"), e.now)
	eventually(t, "the new key stands alone", func() bool {
		keys := e.mesh.spec("MILL").Keys
		return len(keys) == 1 && !cmp.Equal(keys[0], first)
	})
	events, _, err := e.store.Events(t.Context(), inventory.EventFilter{Subject: inventory.Subject{Noun: inventory.NounPool, Key: "MILL"}, Page: inventory.Page{Limit: 10}})
	if err != nil || len(events) != 2 {
		t.Errorf("%d events tell of the rotation, want made and retired (%v)", len(events), err)
	}
}

func TestRevokedWorkstationLeavesTheRosterAndItsSiteGetsANewKey(t *testing.T) {
	e := newEstate(t)
	eventually(t, "the pool of MILL opens", func() bool { return len(e.mesh.spec("MILL").Keys) == 1 })
	if err := e.RevokeWorkstation(t.Context(), "w00000001", "stolen", "ada"); err != nil {
		t.Fatal(err)
	}
	keys, err := e.store.PoolKeys(t.Context(), "MILL")
	if err != nil || len(keys) != 2 {
		t.Errorf("MILL has %d keys, want 2 (%v)", len(keys), err)
	}
	if s := e.settings(t, "w00000001"); s.Pool != nil {
		t.Error("a revoked workstation is still given a pool key")
	}
	if c := e.SiteCounts("MILL"); c.Absent != 1 || c.Expected != 1 {
		t.Errorf("the asset of a revoked install counts as %+v", c)
	}
}

func TestReimagedMachineTakesItsOwnPlace(t *testing.T) {
	e := newEstate(t)
	e.settings(t, "w00000001")
	e.enrol(t, "w00000002", "A1", "MILL", "w00000001")
	e.settings(t, "w00000002")
	e.Reported(wire.Report{Workstation: "w00000002"}, netip.MustParseAddr("10.1.0.7"), e.now)
	if diff := cmp.Diff(inventory.SiteCounts{Expected: 1, Present: 1}, e.SiteCounts("MILL")); diff != "" {
		t.Error(diff)
	}
}

func TestFreshNameOfARenumberedMachineOutlivesItsOldOne(t *testing.T) {
	e, at := newEstate(t), monday
	event := func(kind mesh.MemberEventKind, name string) {
		e.Member(mesh.MemberEvent{Kind: kind, Site: "MILL", Workstation: "w00000001", Member: mesh.Member{Name: name}, At: at})
		at = at.Add(time.Second)
	}
	event(mesh.MemberJoin, "w00000001.aa1")
	event(mesh.MemberJoin, "w00000001.bb2")
	event(mesh.MemberFail, "w00000001.aa1")
	if p, _ := e.Presence("w00000001"); p != inventory.Present {
		t.Errorf("after its old name failed it is %s", p)
	}
	event(mesh.MemberFail, "w00000001.bb2")
	if p, _ := e.Presence("w00000001"); p == inventory.Present {
		t.Error("after both names failed it is still present")
	}
}

func TestMemberThatNobodyEnrolledIsNotCounted(t *testing.T) {
	e := newEstate(t)
	before := e.SiteCounts("MILL")
	e.Member(mesh.MemberEvent{Kind: mesh.MemberJoin, Site: "MILL", Workstation: "wffffffff", Member: mesh.Member{Name: "wffffffff.aaa"}, At: e.now})
	if diff := cmp.Diff(before, e.SiteCounts("MILL")); diff != "" {
		t.Errorf("a member by hearsay changed the counts:\n%s", diff)
	}
}

func TestImportOfANewSiteOpensItsPoolAndGoingDirectShutsIt(t *testing.T) {
	e := newEstate(t)
	eventually(t, "the pool of MILL opens", func() bool { return len(e.mesh.spec("MILL").Keys) == 1 })
	e.apply(t, change(t, inventory.NounSite, "FORD", inventory.Site{Code: "FORD", Name: "Ford End"}))
	e.RegisterChanged(t.Context())
	if len(e.mesh.spec("FORD").Keys) != 1 {
		t.Error("a new site has no pool")
	}
	before, err := e.store.Site(t.Context(), "FORD")
	if err != nil {
		t.Fatal(err)
	}
	direct := before
	direct.Mesh = inventory.MeshDirect
	c := change(t, inventory.NounSite, "FORD", direct)
	c.Before, _ = json.Marshal(before)
	e.apply(t, c)
	e.RegisterChanged(t.Context())
	if len(e.mesh.spec("FORD").Keys) != 0 {
		t.Error("a site that went outbound-only still has a pool")
	}
}

func TestPoolSaysWhenEachMemberWasSeenLast(t *testing.T) {
	e := newEstate(t)
	e.mesh.seen = map[string]time.Time{"controller": e.now.Add(-time.Second), "w00000001.new": e.now.Add(-time.Minute), "w00000001.old": e.now.Add(-time.Hour)}
	e.mesh.members["MILL"] = []mesh.Member{
		{Name: "controller", Controller: true, State: mesh.StateAlive},
		{Name: "w00000001.new", Workstation: "w00000001", State: mesh.StateAlive},
		{Name: "w00000001.old", Workstation: "w00000001", State: mesh.StateFailed},
	}
	e.Reported(wire.Report{Workstation: "w00000001", KeyVersion: 1}, netip.MustParseAddr("10.1.0.7"), e.now)
	want := map[string]time.Time{"controller": e.now.Add(-time.Second), "w00000001.new": e.now, "w00000001.old": e.now.Add(-time.Hour)}
	got := map[string]time.Time{}
	for _, m := range e.PoolMembers("MILL") {
		got[m.Name] = m.SeenAt
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
