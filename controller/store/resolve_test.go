package store

import (
	"path/filepath"
	"testing"

	"muster/inventory"
)

func TestReviewIsResolvedByMergingOrKeepingApart(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounAsset, "TAG1", asset("TAG1", "")))
		must(t, s.AddToken(t.Context(), token("taaaaaaaa", 9)))
		for n, serial := range []string{"c1", "c2"} {
			e := enrolment(n+1, "taaaaaaaa", serial)
			e.Workstation.AssetTag, e.Workstation.Review = "TAG1", "two machines claim it"
			must(t, s.Enrol(t.Context(), e))
		}
		must(t, s.ResolveReview(t.Context(), workstation(1).ID, false, "ann", noon))
		apart, err := s.Workstation(t.Context(), workstation(1).ID)
		must(t, err)
		if apart.AssetTag != "" || !apart.Active() {
			t.Fatalf("kept apart: %+v", apart)
		}
		found, _, err := s.Workstations(t.Context(), inventory.WorkstationFilter{Query: "tag1"})
		must(t, err)
		if len(found) != 1 || found[0].ID != workstation(2).ID {
			t.Fatalf("%d found by the tag", len(found))
		}
		must(t, s.ResolveReview(t.Context(), workstation(2).ID, true, "ann", noon))
		wantErr(t, s.ResolveReview(t.Context(), workstation(2).ID, true, "ann", noon), ErrConflict)
		if apart, err = s.Workstation(t.Context(), workstation(1).ID); err != nil || apart.ReplacedBy != "" {
			t.Fatalf("the one kept apart was replaced: %+v, %v", apart, err)
		}
	})
}

func TestOpenExistingNeitherMakesNorMigrates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	if _, err := OpenExisting(t.Context(), Options{URL: "sqlite:" + path}); err == nil {
		t.Fatal("opened a database that is not there")
	}
	must(t, open(t, "sqlite:"+path).Close())
	s, err := OpenExisting(t.Context(), Options{URL: "sqlite:" + path})
	must(t, err)
	must(t, s.Close())
	if _, err := OpenExisting(t.Context(), Options{URL: "sqlite:" + path, schema: withNext(t, "SELECT 1;")}); err == nil {
		t.Fatal("opened a database that needs migrating")
	}
}
