package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"muster/controller/api/apitest"
	"muster/inventory"
)

// BenchmarkListSites answers the list of a county's 130 sites from SQLite,
// gzipped, as a page that polls asks for it.
func BenchmarkListSites(b *testing.B) {
	s := apitest.Start(b, nil)
	batch := inventory.Batch{Source: "bench", Author: "bench", MadeAt: time.Now()}
	for i := range 130 {
		site := inventory.Site{Code: fmt.Sprintf("S%03d", i+1), Name: fmt.Sprintf("Site %d Library", i+1), District: "Horsham"}
		after, err := json.Marshal(site)
		if err != nil {
			b.Fatal(err)
		}
		batch.Changes = append(batch.Changes, inventory.Change{Noun: inventory.NounSite, Key: site.Code, After: after})
		s.Live.SetSite(site.Code, inventory.SiteCounts{Expected: 15, Present: 15},
			inventory.Reach{State: inventory.ReachOK, RTTMillis: inventory.Known(12.5), Loss: inventory.Known(0.0)})
	}
	if _, err := s.Store.Apply(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	handler := s.API.Handler()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/v1/sites", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+s.Secrets[inventory.RoleViewer])
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
