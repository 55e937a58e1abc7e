package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

// shelf is the declared half of a small estate.
type shelf struct {
	Declared
	workstations []inventory.Workstation
	assets       []inventory.Asset
}

func (s shelf) Workstations(_ context.Context, f inventory.WorkstationFilter) ([]inventory.Workstation, string, error) {
	var rows []inventory.Workstation
	for _, w := range s.workstations {
		if w.ID <= f.After || len(f.IDs) > 0 && !slices.Contains(f.IDs, w.ID) || f.Site != "" && w.Site != f.Site || !strings.HasPrefix(w.Name, f.Query) {
			continue
		}
		if len(rows) == f.Limit {
			return rows, rows[len(rows)-1].ID, nil
		}
		rows = append(rows, w)
	}
	return rows, "", nil
}

func (s shelf) Assets(context.Context, inventory.AssetFilter) ([]inventory.Asset, string, error) {
	return s.assets, "", nil
}

// odd is a live picture in which every second workstation is silent.
type odd struct {
	Live
	ids []string
}

func (o odd) Presence(id string) (inventory.Presence, time.Time) {
	if slices.Contains(o.ids, id) {
		return inventory.Silent, time.Time{}
	}
	return inventory.Present, time.Time{}
}

func (o odd) WithPresence(inventory.Presence, string) []string { return o.ids }

func TestListByPresenceShowsEachWorkstationOnce(t *testing.T) {
	var declared shelf
	var live odd
	for i := range 2500 {
		id := fmt.Sprintf("w%08d", i)
		declared.workstations = append(declared.workstations, inventory.Workstation{ID: id, Site: "S001", Name: "PC"})
		if i%2 == 1 {
			live.ids = append(live.ids, id)
		}
	}
	slices.Reverse(live.ids) // the picture does not rely on their order
	picture := NewPicture(declared, live)
	filter := inventory.StandingFilter{Presence: inventory.Silent}
	filter.Limit = 400
	var seen []string
	for pages := 1; ; pages++ {
		rows, next, err := picture.Workstations(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.Presence != inventory.Silent {
				t.Errorf("%s is %s", row.ID, row.Presence)
			}
			seen = append(seen, row.ID)
		}
		if next == "" {
			if pages != 4 {
				t.Errorf("%d pages of 400 for 1,250", pages)
			}
			break
		}
		filter.After = next
	}
	slices.Reverse(live.ids)
	if diff := cmp.Diff(live.ids, seen); diff != "" {
		t.Errorf("silent workstations (-want +got):\n%s", diff)
	}
}

func TestUnreportedAreExpectedAssetsWithoutALiveInstall(t *testing.T) {
	picture := NewPicture(shelf{
		workstations: []inventory.Workstation{
			{ID: "w00000001", Site: "S001", AssetTag: "A-1"},
			{ID: "w00000002", Site: "S001", AssetTag: "A-2", RevokedAt: time.Unix(1, 0)},
		},
		assets: []inventory.Asset{
			{Tag: "A-1", Kind: inventory.AssetDesktop, Site: "S001"},
			{Tag: "A-2", Kind: inventory.AssetDesktop, Site: "S001"},
			{Tag: "A-3", Kind: inventory.AssetLaptop, Site: "S001", State: inventory.AssetInService},
			{Tag: "A-4", Kind: inventory.AssetLaptop, Site: "S001", State: inventory.AssetStaged},
			{Tag: "R-1", Kind: inventory.AssetRouter, Site: "S001"},
		},
	}, odd{})
	missing, err := picture.Unreported(t.Context(), "S001")
	if err != nil {
		t.Fatal(err)
	}
	var tags []string
	for _, asset := range missing {
		tags = append(tags, asset.Tag)
	}
	if diff := cmp.Diff([]string{"A-2", "A-3"}, tags); diff != "" {
		t.Errorf("unreported (-want +got):\n%s", diff)
	}
}

func TestNearestNamesWhatWasMeant(t *testing.T) {
	words := []string{"limit", "after", "presence", "site", "q"}
	for given, want := range map[string]string{"prsence": "presence", "Limit": "limit", "sites": "site", "colour": "", "x": ""} {
		if got := nearest(given, words); got != want {
			t.Errorf("nearest to %q is %q, want %q", given, got, want)
		}
	}
}

func FuzzPatchKeepsWhatItDoesNotName(f *testing.F) {
	for _, patch := range []string{`{"name":"New"}`, `{"district":null}`, `{"latitude":"x"}`, `[]`, `null`, `{"aliases":["a"]}`, `{"colour":1}`} {
		f.Add([]byte(patch))
	}
	before := inventory.Site{Code: "S001", Name: "Horsham Library", District: "Horsham", Postcode: "RH12 1AA"}
	f.Fuzz(func(t *testing.T, patch []byte) {
		after, err := patched(before, patch)
		if err != nil {
			return
		}
		var named map[string]json.RawMessage
		if err := json.Unmarshal(patch, &named); err != nil {
			t.Fatalf("a patch that is no object was taken: %s", patch)
		}
		for name := range named {
			if strings.EqualFold(name, "postcode") {
				return
			}
		}
		if after.Postcode != before.Postcode {
			t.Errorf("%s changed the postcode to %q", patch, after.Postcode)
		}
	})
}
