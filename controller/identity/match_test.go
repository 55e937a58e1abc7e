package identity

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

const (
	uuidA = "4c4c4544-0042-3510-8052-c4c04f584e32"
	uuidB = "4c4c4544-0042-3510-8052-c4c04f584e33"
	macA  = "3c:52:82:0a:1b:2c"
)

func TestMatchEnrolment(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	site := inventory.Token{ID: "t00000001", Kind: inventory.TokenSite, Site: "MILL"}
	depot := inventory.Token{ID: "t00000002", Kind: inventory.TokenDepot}
	pc := inventory.Asset{Tag: "A1", Serial: "SER-0001", UUID: uuidA, Kind: inventory.AssetLaptop, Site: "HALL"}
	twin := inventory.Asset{Tag: "A2", Serial: "SER-0001", Kind: inventory.AssetDesktop, Site: "HALL"}
	stock := inventory.Asset{Tag: "A3", Serial: "SER-0003", Kind: inventory.AssetDesktop}
	lost := inventory.Asset{Tag: "A4", Serial: "SER-0004", Kind: inventory.AssetDesktop, Site: "HALL", State: inventory.AssetLost}
	id := inventory.Identity{UUID: uuidA, Serial: "SER-0001", MACs: []string{macA}}
	install := func(asset string, last time.Time) inventory.Workstation {
		return inventory.Workstation{ID: "w0000old1", Name: "PC-OLD", AssetTag: asset, Identity: id, LastReportAt: last}
	}
	with := func(w inventory.Workstation, change func(*inventory.Workstation)) inventory.Workstation {
		change(&w)
		return w
	}
	long, lately := now.Add(-24*time.Hour), now.Add(-24*time.Hour+time.Second)

	for name, tc := range map[string]struct {
		token      inventory.Token
		id         inventory.Identity
		candidates []inventory.Candidate
		want       Match
		review     string
		err        error
	}{
		"first install on an asset: the register says where and what": {
			site, id,
			[]inventory.Candidate{{Asset: pc}},
			Match{Outcome: OutcomeNew, AssetTag: "A1", HomeSite: "HALL", Kind: inventory.AssetLaptop},
			"", nil,
		},
		"asset in stock: the token's site": {
			site,
			inventory.Identity{Serial: "ser-0003 "},
			[]inventory.Candidate{{Asset: stock}},
			Match{Outcome: OutcomeNew, AssetTag: "A3", HomeSite: "MILL", Kind: inventory.AssetDesktop},
			"", nil,
		},
		"re-imaged: the old install is replaced": {
			site, id,
			[]inventory.Candidate{{Asset: pc, Workstation: install("A1", long)}},
			Match{Outcome: OutcomeReplaces, AssetTag: "A1", HomeSite: "HALL", Kind: inventory.AssetLaptop, Replaces: "w0000old1"},
			"", nil,
		},
		"an install that never reported is replaced": {
			site, id,
			[]inventory.Candidate{{Asset: pc, Workstation: install("A1", time.Time{})}},
			Match{Outcome: OutcomeReplaces, AssetTag: "A1", HomeSite: "HALL", Kind: inventory.AssetLaptop, Replaces: "w0000old1"},
			"", nil,
		},
		"an install that reported in the last 24 h is never replaced": {
			site, id,
			[]inventory.Candidate{{Asset: pc, Workstation: install("A1", lately)}},
			Match{Outcome: OutcomeReview, AssetTag: "A1", HomeSite: "HALL", Kind: inventory.AssetLaptop},
			"w0000old1 (PC-OLD) of the same machine reported", nil,
		},
		"a live stranger is never replaced": {
			site, id,
			[]inventory.Candidate{{Workstation: install("", lately)}},
			Match{Outcome: OutcomeReview, HomeSite: "MILL", Kind: inventory.AssetDesktop},
			"reported at", nil,
		},
		"a revoked or replaced install does not stand": {
			site, id,
			[]inventory.Candidate{
				{Asset: pc, Workstation: with(install("A1", lately), func(w *inventory.Workstation) { w.RevokedAt = now })},
				{Asset: pc, Workstation: with(install("A1", lately), func(w *inventory.Workstation) { w.ID, w.ReplacedBy = "w0000old2", "w0000old3" })},
			},
			Match{Outcome: OutcomeNew, AssetTag: "A1", HomeSite: "HALL", Kind: inventory.AssetLaptop},
			"", nil,
		},
		"an install in review is not replaced by itself": {
			site, id,
			[]inventory.Candidate{{Asset: pc, Workstation: with(install("A1", long), func(w *inventory.Workstation) { w.Review = "look" })}},
			Match{Outcome: OutcomeNew, AssetTag: "A1", HomeSite: "HALL", Kind: inventory.AssetLaptop},
			"", nil,
		},
		"an old install of another identity on the asset is not replaced": {
			site,
			inventory.Identity{Serial: "SER-0003", UUID: uuidB},
			[]inventory.Candidate{{Asset: stock, Workstation: inventory.Workstation{
				ID: "w0000old1", AssetTag: "A3", Identity: inventory.Identity{Serial: "SER-0003", UUID: uuidA}, LastReportAt: long,
			}}},
			Match{Outcome: OutcomeReview, AssetTag: "A3", HomeSite: "MILL", Kind: inventory.AssetDesktop},
			"another identity", nil,
		},
		"two installs for one machine": {
			site, id,
			[]inventory.Candidate{
				{Asset: pc, Workstation: install("A1", long)},
				{Asset: pc, Workstation: with(install("A1", long), func(w *inventory.Workstation) { w.ID = "w0000old2" })},
			},
			Match{Outcome: OutcomeReview, AssetTag: "A1", HomeSite: "HALL", Kind: inventory.AssetLaptop},
			"w0000old1 and w0000old2", nil,
		},
		"two assets fit": {
			site,
			inventory.Identity{Serial: "SER-0001"},
			[]inventory.Candidate{{Asset: twin}, {Asset: pc}},
			Match{Outcome: OutcomeReview, HomeSite: "MILL", Kind: inventory.AssetDesktop},
			"assets A1 and A2", nil,
		},
		"serial of an asset, UUID of another machine": {
			site,
			inventory.Identity{Serial: "SER-0001", UUID: uuidB},
			[]inventory.Candidate{{Asset: pc}},
			Match{Outcome: OutcomeReview, HomeSite: "MILL", Kind: inventory.AssetDesktop},
			"its serial is that of asset A1", nil,
		},
		"asset out of use": {
			site,
			inventory.Identity{Serial: "SER-0004"},
			[]inventory.Candidate{{Asset: lost}},
			Match{Outcome: OutcomeReview, AssetTag: "A4", HomeSite: "HALL", Kind: inventory.AssetDesktop},
			"A4 is lost", nil,
		},
		"a dock's address alone, against the UUID, is no match": {
			site,
			inventory.Identity{UUID: uuidB, MACs: []string{macA}},
			[]inventory.Candidate{{Asset: inventory.Asset{Tag: "A9", UUID: uuidA, MACs: []string{macA}, Kind: inventory.AssetDesktop}}},
			Match{Outcome: OutcomeStranger, HomeSite: "MILL", Kind: inventory.AssetDesktop},
			"", nil,
		},
		"not in the register: a stranger at the token's site": {
			site,
			inventory.Identity{Serial: "SER-9999"},
			nil,
			Match{Outcome: OutcomeStranger, HomeSite: "MILL", Kind: inventory.AssetDesktop},
			"", nil,
		},
		"junk identifies nothing": {
			site,
			inventory.Identity{Serial: "To Be Filled By O.E.M.", UUID: "ffffffff-ffff-ffff-ffff-ffffffffffff"},
			nil,
			Match{Outcome: OutcomeStranger, HomeSite: "MILL", Kind: inventory.AssetDesktop},
			"", nil,
		},
		"a stranger re-imaged": {
			site, id,
			[]inventory.Candidate{{Workstation: install("", long)}},
			Match{Outcome: OutcomeStranger, HomeSite: "MILL", Kind: inventory.AssetDesktop, Replaces: "w0000old1"},
			"", nil,
		},
		"depot: a registered serial, the register's site": {
			depot, id,
			[]inventory.Candidate{{Asset: pc}},
			Match{Outcome: OutcomeNew, AssetTag: "A1", HomeSite: "HALL", Kind: inventory.AssetLaptop},
			"", nil,
		},
		"depot: in stock it has no site": {
			depot,
			inventory.Identity{Serial: "SER-0003"},
			[]inventory.Candidate{{Asset: stock}},
			Match{Outcome: OutcomeNew, AssetTag: "A3", Kind: inventory.AssetDesktop},
			"", nil,
		},
		"depot: not in the register": {depot, inventory.Identity{Serial: "SER-9999"}, nil, Match{}, "", ErrUnregistered},
		"depot: known by its UUID only": {
			depot, inventory.Identity{UUID: uuidA}, []inventory.Candidate{{Asset: pc}}, Match{}, "", ErrUnregistered,
		},
		"depot: junk serial": {depot, inventory.Identity{Serial: "Default string"}, nil, Match{}, "", ErrUnregistered},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := MatchEnrolment(Claim{Token: tc.token, Identity: tc.id, Kind: inventory.AssetDesktop}, tc.candidates, now)
			if !errors.Is(err, tc.err) {
				t.Fatalf("got error %v, want %v", err, tc.err)
			}
			if !strings.Contains(got.Review, tc.review) || (tc.review == "") != (got.Review == "") {
				t.Errorf("review %q, want %q", got.Review, tc.review)
			}
			got.Review = ""
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
