// Package apitest runs a real API over a real store for the tests of the API
// and of the commands that call it. The live half of the estate, which needs a
// county, is a fake that tests set.
package apitest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/controller/api"
	"muster/controller/identity"
	"muster/controller/programme"
	"muster/controller/sla"
	"muster/controller/sla/ledger"
	"muster/controller/store"
	"muster/inventory"
)

// Server is a running API.
type Server struct {
	API      *api.API
	Store    *store.Store
	Door     *api.Door
	Picture  *api.Picture
	Live     *Live
	Operator *Operator
	Desk     *Desk
	// Programme drives the refresh on the same store, by the gates that come with
	// Muster and the live picture.
	Programme *programme.Desk
	URL       string
	Secrets   map[inventory.Role]string // an API token of each role; the site owner's is S001
}

// Start serves an API until the test ends.
func Start(t testing.TB, change func(*api.Options)) *Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	kept, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "muster.db"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	authority, err := identity.Open(identity.Options{Dir: filepath.Join(t.TempDir(), "ca"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Store: kept, Live: NewLive(), Operator: &Operator{}, Desk: &Desk{kept: kept}, Secrets: map[inventory.Role]string{}}
	if s.Door, err = api.NewDoor(api.DoorOptions{Tokens: kept, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	s.Programme = openProgramme(t, kept, s.Live, s.Desk.Live)
	s.Operator.programme = s.Programme
	s.Picture = api.NewPicture(kept, s.Live, api.WithIncidents(s.Desk.Live), api.WithReadiness(s.Programme.VerdictOf))
	accounts, err := ledger.New(ledger.Options{
		Store: kept, Now: time.Now,
		Minutes: func(context.Context, string, inventory.Span) ([]sla.Minute, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	options := api.Options{
		Programme: s.Programme,
		Ledger:    accounts, Store: kept, Live: s.Live, Operator: s.Operator, Desk: s.Desk, Issuer: authority, Door: s.Door, Picture: s.Picture,
		Version: "1.2.3", Log: log, Registry: prometheus.NewRegistry(), Now: time.Now,
		Controllers: func() []string { return []string{"192.0.2.1:7946"} },
	}
	if change != nil {
		change(&options)
	}
	if s.API, err = api.New(options); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.API.Handler())
	t.Cleanup(server.Close)
	s.URL = server.URL
	s.giveTokens(t)
	return s
}

func (s *Server) giveTokens(t testing.TB) {
	t.Helper()
	for _, role := range inventory.Roles() {
		token, secret := api.NewAPIToken("the "+string(role), role, "apitest", time.Now())
		if role == inventory.RoleSiteOwner {
			token.Sites = []string{"S001"}
		}
		if err := s.Store.AddAPIToken(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		s.Secrets[role] = secret
	}
}

// Client calls the API without a proxy and without keeping connections.
func Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// Live is a live picture that a test sets.
type Live struct {
	mu       sync.Mutex // guards the rest
	presence map[string]inventory.Presence
	counts   map[string]inventory.SiteCounts
	reach    map[string]inventory.Reach
	members  map[string][]inventory.PoolMember
	at       map[string]string
}

// NewLive knows nothing.
func NewLive() *Live {
	return &Live{
		presence: map[string]inventory.Presence{}, counts: map[string]inventory.SiteCounts{},
		reach: map[string]inventory.Reach{}, members: map[string][]inventory.PoolMember{}, at: map[string]string{},
	}
}

// SetPresence of a workstation.
func (l *Live) SetPresence(id string, p inventory.Presence) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.presence[id] = p
}

// SetPlace of a workstation: the site from which it reports.
func (l *Live) SetPlace(id, site string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[id] = site
}

// WorkstationAt implements programme.Live.
func (l *Live) WorkstationAt(id string) (site string, direct, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	site, known = l.at[id]
	return site, false, known
}

// AllCounts implements programme.Live.
func (l *Live) AllCounts() map[string]inventory.SiteCounts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

// SetSite sets how a site stands.
func (l *Live) SetSite(code string, counts inventory.SiteCounts, reach inventory.Reach, members ...inventory.PoolMember) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[code], l.reach[code], l.members[code] = counts, reach, members
}

// Presence implements api.Live.
func (l *Live) Presence(id string) (inventory.Presence, time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, ok := l.presence[id]; ok {
		return p, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	}
	return inventory.PresenceUnknown, time.Time{}
}

// SiteCounts implements api.Live.
func (l *Live) SiteCounts(code string) inventory.SiteCounts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[code]
}

// Reach implements api.Live.
func (l *Live) Reach(code string) inventory.Reach {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reach, ok := l.reach[code]; ok {
		return reach
	}
	return inventory.Reach{
		State: inventory.ReachUnknown, RTTMillis: inventory.Unknown[float64]("not measured yet"), Loss: inventory.Unknown[float64]("not measured yet"),
	}
}

// PoolMembers implements api.Live.
func (l *Live) PoolMembers(code string) []inventory.PoolMember {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.members[code])
}

// WithPresence implements api.Live; it does not know sites.
func (l *Live) WithPresence(presence inventory.Presence, _ string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ids []string
	for id, p := range l.presence {
		if p == presence {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Operator notes what it was asked to do.
type Operator struct {
	programme *programme.Desk

	mu    sync.Mutex // guards asked
	asked []string
}

// Asked is what it was asked, in order.
func (o *Operator) Asked() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

func (o *Operator) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, fmt.Sprintf(format, args...))
}

// RevokeWorkstation implements api.Operator.
func (o *Operator) RevokeWorkstation(_ context.Context, id, why, author string) error {
	if !inventory.ValidWorkstationID(id) {
		return inventory.ErrNotFound
	}
	o.note("revoke %s because %s by %s", id, why, author)
	return nil
}

// ResolveReview implements api.Operator.
func (o *Operator) ResolveReview(_ context.Context, id string, merge bool, author string) error {
	o.note("review %s merge=%t by %s", id, merge, author)
	return nil
}

// RotateKey implements api.Operator.
func (o *Operator) RotateKey(_ context.Context, site, author string) (int, error) {
	o.note("rotate %s by %s", site, author)
	return 2, nil
}

// RegisterChanged implements api.Operator.
func (o *Operator) RegisterChanged(context.Context) {
	o.note("register changed")
	if o.programme != nil {
		o.programme.RegisterChanged()
	}
}
