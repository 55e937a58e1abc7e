package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func enrolment(n int, tokenID, serial string) inventory.EnrolChange {
	w := workstation(n)
	return inventory.EnrolChange{
		TokenID: tokenID, Workstation: w, At: noon, Author: "controller",
		Certificate: inventory.Certificate{Serial: serial, Workstation: w.ID, KeyHash: "k", IssuedAt: noon, NotAfter: noon.Add(720 * time.Hour)},
	}
}

func TestTokenEnrolsAsOftenAsItSaysAndNoMore(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		must(t, s.AddToken(t.Context(), token("taaaaaaaa", 2)))
		wantErr(t, s.AddToken(t.Context(), token("taaaaaaaa", 2)), ErrConflict)
		must(t, s.Enrol(t.Context(), enrolment(1, "taaaaaaaa", "c1")))
		must(t, s.Enrol(t.Context(), enrolment(2, "taaaaaaaa", "c2")))
		wantErr(t, s.Enrol(t.Context(), enrolment(3, "taaaaaaaa", "c3")), ErrTokenSpent)
		wantErr(t, s.Enrol(t.Context(), enrolment(3, "tbbbbbbbb", "c3")), ErrNotFound)
		if _, err := s.Workstation(t.Context(), workstation(3).ID); err == nil {
			t.Fatal("a refused enrolment left its workstation")
		}
		spent, err := s.TokenByID(t.Context(), "taaaaaaaa")
		must(t, err)
		if spent.Used != 2 {
			t.Fatalf("used %d times", spent.Used)
		}
		must(t, s.AddToken(t.Context(), token("tcccccccc", 9)))
		late := enrolment(3, "tcccccccc", "c3")
		late.At = noon.Add(2 * time.Hour)
		wantErr(t, s.Enrol(t.Context(), late), ErrTokenSpent)
		must(t, s.RevokeToken(t.Context(), "tcccccccc", noon))
		wantErr(t, s.Enrol(t.Context(), enrolment(3, "tcccccccc", "c3")), ErrTokenSpent)
		wantErr(t, s.RevokeToken(t.Context(), "tzzzzzzzz", noon), ErrNotFound)
	})
}

func TestNewInstallReplacesTheOldOneAndItsCertificates(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		must(t, s.AddToken(t.Context(), token("taaaaaaaa", 9)))
		must(t, s.Enrol(t.Context(), enrolment(1, "taaaaaaaa", "c1")))
		again := enrolment(2, "taaaaaaaa", "c2")
		again.Workstation.Identity = workstation(1).Identity
		again.Replaces = workstation(1).ID
		must(t, s.Enrol(t.Context(), again))
		old, err := s.Workstation(t.Context(), workstation(1).ID)
		must(t, err)
		if old.ReplacedBy != again.Workstation.ID || old.Active() {
			t.Fatalf("old install %+v", old)
		}
		revoked, err := s.RevokedSerials(t.Context())
		must(t, err)
		if diff := cmp.Diff([]string{"c1"}, revoked); diff != "" {
			t.Fatalf("revoked (-want +got):\n%s", diff)
		}
		for serial, want := range map[string]bool{"c1": true, "c2": false, "never issued": true} {
			got, err := s.IsRevoked(t.Context(), serial)
			must(t, err)
			if got != want {
				t.Errorf("certificate %s revoked: %t", serial, got)
			}
		}
		taken := enrolment(3, "taaaaaaaa", "c2")
		wantErr(t, s.Enrol(t.Context(), taken), ErrConflict)
	})
}

func TestReviewedInstallTakesOverItsAsset(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounAsset, "A1", asset("A1", "MILL")))
		must(t, s.AddToken(t.Context(), token("taaaaaaaa", 9)))
		old, young := enrolment(1, "taaaaaaaa", "c1"), enrolment(2, "taaaaaaaa", "c2")
		old.Workstation.AssetTag, young.Workstation.Review = "A1", "its twin reported an hour ago"
		must(t, s.Enrol(t.Context(), old))
		must(t, s.Enrol(t.Context(), young))
		must(t, s.AssignAsset(t.Context(), young.Workstation.ID, "A1", "ann", noon))
		w, err := s.Workstation(t.Context(), young.Workstation.ID)
		must(t, err)
		if !w.Active() || w.AssetTag != "A1" || w.HomeSite != "MILL" {
			t.Fatalf("got %+v", w)
		}
		if w, err = s.Workstation(t.Context(), old.Workstation.ID); err != nil || w.ReplacedBy != young.Workstation.ID {
			t.Fatalf("the older install is %+v, error %v", w, err)
		}
		if revoked, err := s.IsRevoked(t.Context(), "c1"); err != nil || !revoked {
			t.Fatalf("its certificate is revoked: %t, error %v", revoked, err)
		}
		wantErr(t, s.AssignAsset(t.Context(), "w99999999", "A1", "ann", noon), ErrNotFound)
		wantErr(t, s.AssignAsset(t.Context(), young.Workstation.ID, "A9", "ann", noon), ErrNotFound, "A9")
	})
}

func TestCandidatesShareAnIdentityKey(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		onAsset := asset("A1", "")
		onAsset.Serial = workstation(1).Identity.Serial
		alone := asset("A2", "")
		alone.Serial, alone.MACs = "OTHER-77", []string{mac(1)}
		mustApply(t, s, made(t, inventory.NounAsset, "A1", onAsset), made(t, inventory.NounAsset, "A2", alone))
		enrol(t, s, 3)
		w := workstation(1)
		w.AssetTag = "A1"
		must(t, s.change(t.Context(), "enrol", func(t tx) error { return writeWorkstation(t, w) }))
		found, err := s.CandidatesByIdentity(t.Context(), workstation(1).Identity.Keys())
		must(t, err)
		var got []string
		for _, c := range found {
			got = append(got, c.Workstation.ID+" "+c.Asset.Tag)
		}
		if diff := cmp.Diff([]string{"w00000001 A1", " A2"}, got); diff != "" {
			t.Fatalf("candidates (-want +got):\n%s", diff)
		}
		if found, err = s.CandidatesByIdentity(t.Context(), nil); err != nil || len(found) != 0 {
			t.Fatalf("%d candidates without a key, error %v", len(found), err)
		}
	})
}

func TestBroadWordsThatSeldomMeetAreFoundPageByPage(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		const all = 2*few + 100
		fillWords(t, s, all)
		for query, want := range map[string][]int{
			"even odd":      {all - 3, all - 2, all - 1, all}, // only the last four are both
			"late":          {all - 3, all - 2, all - 1, all},
			"even odd late": {all - 3, all - 2, all - 1, all},
		} {
			var got []int
			f := inventory.WorkstationFilter{Query: query, Page: inventory.Page{Limit: 2}}
			for {
				found, next, err := s.Workstations(t.Context(), f)
				must(t, err)
				for _, w := range found {
					var n int
					_, err := fmt.Sscanf(w.ID, "w%d", &n)
					must(t, err)
					got = append(got, n)
				}
				if f.After = next; next == "" {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", query, diff)
			}
		}
	})
}

// fillWords makes workstations of which half are found by "even", half by "odd",
// and the last four by both and by thousands of words that begin with "late".
func fillWords(t *testing.T, s *Store, n int) {
	t.Helper()
	must(t, s.change(t.Context(), "fill", func(t tx) error {
		var machines, words []any
		for i := 1; i <= n; i++ {
			id := workstation(i).ID
			machines = append(machines, id, "", "", "", "", "", "", "", "", "", "", 0, 0, 0, "", "")
			if i%2 == 0 || i > n-4 {
				words = append(words, []byte("even"), id)
			}
			if i%2 == 1 || i > n-4 {
				words = append(words, []byte("odd"), id)
			}
			for w := range few / 2 {
				if i > n-4 {
					words = append(words, fmt.Appendf(nil, "late%d", w), id)
				}
			}
		}
		if _, err := t.insert(`INSERT INTO workstations (id, name, asset_tag, home_site, site, uuid, serial, macs, kind, model,
			agent_version, simulated, enrolled_at, revoked_at, replaced_by, review)`, 16, machines, ""); err != nil {
			return err
		}
		_, err := t.insert("INSERT INTO workstation_words (word, workstation)", 2, words, "")
		return err
	}))
}

func TestMachineWhoseAssetIsGoneCanEnrolAgain(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		here := asset("A1", "")
		here.Serial = workstation(1).Identity.Serial
		mustApply(t, s, made(t, inventory.NounAsset, "A1", here))
		w := workstation(1)
		w.AssetTag = "A1"
		must(t, s.change(t.Context(), "enrol", func(t tx) error { return writeWorkstation(t, w) }))
		must(t, s.RevokeWorkstation(t.Context(), w.ID, "sold", "ann", noon))
		mustApply(t, s, changed(t, inventory.NounAsset, "A1", here, nil))
		found, err := s.CandidatesByIdentity(t.Context(), w.Identity.Keys())
		must(t, err)
		if len(found) != 1 || found[0].Workstation.ID != w.ID || found[0].Asset.Tag != "" {
			t.Fatalf("candidates %+v", found)
		}
	})
}

func TestCandidatesHoldInstallsThatReadNoKeyOfTheirAsset(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		here := asset("A1", "")
		here.Serial = "KNOWN-77"
		mustApply(t, s, made(t, inventory.NounAsset, "A1", here))
		w := workstation(1)
		w.AssetTag, w.Identity.Serial = "A1", ""
		must(t, s.change(t.Context(), "enrol", func(t tx) error { return writeWorkstation(t, w) }))
		found, err := s.CandidatesByIdentity(t.Context(), inventory.Identity{Serial: "KNOWN-77"}.Keys())
		must(t, err)
		if len(found) != 1 || found[0].Workstation.ID != w.ID || found[0].Asset.Tag != "A1" {
			t.Fatalf("candidates %+v", found)
		}
	})
}

func TestWorkstationsAreFoundBySiteWordsAndIDs(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")))
		enrol(t, s, 150)
		for _, n := range []int{3, 4} {
			must(t, s.MoveWorkstation(t.Context(), workstation(n).ID, "MILL", noon))
			must(t, s.MoveWorkstation(t.Context(), workstation(n).ID, "MILL", noon)) // no news
		}
		var ids []string
		for n := range 150 {
			ids = append(ids, workstation(150-n).ID)
		}
		for name, c := range map[string]struct {
			filter inventory.WorkstationFilter
			want   int
			next   bool
		}{
			"all":         {inventory.WorkstationFilter{}, 100, true},
			"site":        {inventory.WorkstationFilter{Site: "MILL"}, 2, false},
			"name":        {inventory.WorkstationFilter{Query: "PC-0001"}, 10, false},
			"serial":      {inventory.WorkstationFilter{Query: "sn000042x"}, 1, false},
			"mac":         {inventory.WorkstationFilter{Query: mac(42)}, 1, false},
			"id and name": {inventory.WorkstationFilter{Query: "w0000004 pc"}, 10, false},
			"ids":         {inventory.WorkstationFilter{IDs: ids}, 100, true},
			"ids of site": {inventory.WorkstationFilter{IDs: ids, Site: "MILL"}, 2, false},
			"last ids":    {inventory.WorkstationFilter{IDs: ids, Page: inventory.Page{After: "w00000140"}}, 10, false},
			"strange ids": {inventory.WorkstationFilter{IDs: []string{"w99999999", "w00000001"}}, 1, false},
		} {
			found, next, err := s.Workstations(t.Context(), c.filter)
			must(t, err)
			if len(found) != c.want || (next != "") != c.next {
				t.Errorf("%s: %d found, next %q, want %d", name, len(found), next, c.want)
			}
		}
		all, err := s.AllWorkstations(t.Context())
		must(t, err)
		want := workstation(1)
		if len(all) != 150 || !cmp.Equal(want.Identity, all[0].Identity) || all[0].Name != want.Name {
			t.Fatalf("%d workstations, the first %+v", len(all), all[0])
		}
		events, _, err := s.Events(t.Context(), inventory.EventFilter{Kind: inventory.EventMoved})
		must(t, err)
		if len(events) != 2 {
			t.Fatalf("%d events of moves, want 2", len(events))
		}
	})
}

func TestReviewIsSetAndClearedWithAnEvent(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		enrol(t, s, 1)
		id := workstation(1).ID
		must(t, s.ReviewWorkstation(t.Context(), id, "two machines claim one serial", "controller", noon))
		w, err := s.Workstation(t.Context(), id)
		must(t, err)
		if w.Review == "" || w.Active() {
			t.Fatalf("review %q", w.Review)
		}
		must(t, s.ReviewWorkstation(t.Context(), id, "", "ann", noon))
		wantErr(t, s.ReviewWorkstation(t.Context(), "w99999999", "", "ann", noon), ErrNotFound)
		wantErr(t, s.MoveWorkstation(t.Context(), "w99999999", "", noon), ErrNotFound)
	})
}

func TestPoolKeysRotateAndAreAcknowledgedPerSite(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		first := inventory.PoolKey{Version: 1, Key: []byte("0123456789abcdef0123456789abcdef"), CreatedAt: noon}
		second := inventory.PoolKey{Version: 2, Key: []byte("fedcba9876543210fedcba9876543210"), CreatedAt: noon}
		must(t, s.PutPoolKey(t.Context(), "MILL", first))
		must(t, s.PutPoolKey(t.Context(), "MILL", second))
		first.RetiredAt = noon.Add(time.Hour)
		must(t, s.PutPoolKey(t.Context(), "MILL", first))
		keys, err := s.PoolKeys(t.Context(), "MILL")
		must(t, err)
		if diff := cmp.Diff([]inventory.PoolKey{second, first}, keys); diff != "" {
			t.Fatalf("keys (-want +got):\n%s", diff)
		}
		other := second
		other.Key = first.Key
		wantErr(t, s.PutPoolKey(t.Context(), "MILL", other), ErrConflict)
		enrol(t, s, 1)
		id := workstation(1).ID
		must(t, s.MoveWorkstation(t.Context(), id, "MILL", noon))
		must(t, s.AckPoolKey(t.Context(), id, 2))
		wantErr(t, s.AckPoolKey(t.Context(), "w99999999", 2), ErrNotFound)
		acks, err := s.KeyAcks(t.Context(), "MILL")
		must(t, err)
		if diff := cmp.Diff([]inventory.KeyAck{{Workstation: id, Version: 2, AckedAt: noon}}, acks); diff != "" {
			t.Fatalf("acknowledgements (-want +got):\n%s", diff)
		}
	})
}

func TestAPITokenIsFoundByItsHashUntilRevoked(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		want := inventory.APIToken{ID: "a1", Hash: "h1", Name: "ann", Role: inventory.RoleSiteOwner, Sites: []string{"MILL"}, CreatedAt: noon, CreatedBy: "root"}
		must(t, s.AddAPIToken(t.Context(), want))
		must(t, s.AddAPIToken(t.Context(), want)) // the same again
		got, err := s.APITokenByHash(t.Context(), "h1")
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("token (-want +got):\n%s", diff)
		}
		wantErr(t, s.AddAPIToken(t.Context(), inventory.APIToken{ID: "a2", Hash: "h1"}), ErrConflict)
		must(t, s.RevokeAPIToken(t.Context(), "a1", noon))
		all, err := s.APITokens(t.Context())
		must(t, err)
		if len(all) != 1 || all[0].Usable(noon) {
			t.Fatalf("tokens %+v", all)
		}
		_, err = s.APITokenByHash(t.Context(), "other")
		wantErr(t, err, ErrNotFound)
		wantErr(t, s.RevokeAPIToken(t.Context(), "a9", noon), ErrNotFound)
	})
}

func TestEventsAreReadByWhenTheyHappenedAndWhenTheyWereKnown(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		for i := range 5 {
			id, err := s.AppendEvent(t.Context(), inventory.Event{
				Kind: "site.visited", Subject: inventory.Subject{Noun: inventory.NounSite, Key: "MILL"},
				OccurredAt: noon.Add(time.Duration(-i) * time.Hour), RecordedAt: noon.Add(time.Duration(i) * time.Hour), Author: "ann",
				Body: []byte(fmt.Sprintf(`{"visit":%d}`, i)),
			})
			must(t, err)
			if id != int64(i+1) {
				t.Fatalf("event %d has number %d", i+1, id)
			}
		}
		known, next, err := s.Events(t.Context(), inventory.EventFilter{RecordedUntil: noon.Add(2 * time.Hour), Page: inventory.Page{Limit: 2}})
		must(t, err)
		if len(known) != 2 || known[0].ID != 3 || next != "2" {
			t.Fatalf("%d events, first %d, next %q", len(known), known[0].ID, next)
		}
		known, next, err = s.Events(t.Context(), inventory.EventFilter{RecordedUntil: noon.Add(2 * time.Hour), Page: inventory.Page{Limit: 2, After: next}})
		must(t, err)
		if len(known) != 1 || next != "" {
			t.Fatalf("%d events on the second page, next %q", len(known), next)
		}
		happened, _, err := s.Events(t.Context(), inventory.EventFilter{OccurredFrom: noon.Add(-3 * time.Hour), OccurredTo: noon.Add(-time.Hour)})
		must(t, err)
		if len(happened) != 3 || string(happened[0].Body) != `{"visit":3}` {
			t.Fatalf("%d events happened then", len(happened))
		}
		_, _, err = s.Events(t.Context(), inventory.EventFilter{Page: inventory.Page{After: "x"}})
		wantErr(t, err, ErrNotFound, "cursor")
		if _, err := s.AppendEvent(t.Context(), inventory.Event{Body: []byte("{")}); err == nil {
			t.Fatal("a body that is no JSON was taken")
		}
	})
}
