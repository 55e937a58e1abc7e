package dashboards

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"muster/inventory"
)

// county is a Source without a database: the storybook's estate.
type county struct {
	sites        []inventory.SiteStanding
	workstations []inventory.WorkstationStanding
	unreported   []inventory.Asset
	incidents    []inventory.Incident
	windows      []inventory.Window
	detail       inventory.WorkstationDetail
	broken       error
}

func (c county) Sites(context.Context) ([]inventory.SiteStanding, error) { return c.sites, c.broken }

func (c county) Site(_ context.Context, code string) (inventory.SiteStanding, error) {
	for _, s := range c.sites {
		if s.Code == code {
			return s, nil
		}
	}
	return inventory.SiteStanding{}, fmt.Errorf("cannot show site %q: %w", code, inventory.ErrNotFound)
}

func (c county) Workstations(_ context.Context, f inventory.StandingFilter) ([]inventory.WorkstationStanding, string, error) {
	var rows []inventory.WorkstationStanding
	for _, w := range c.workstations {
		if w.ID <= f.After || f.Site != "" && w.Site != f.Site || f.Presence != "" && w.Presence != f.Presence {
			continue
		}
		if rows = append(rows, w); len(rows) == f.Limit {
			return rows, w.ID, c.broken
		}
	}
	return rows, "", c.broken
}

func (c county) Unreported(context.Context, string) ([]inventory.Asset, error) {
	return c.unreported, c.broken
}

func (c county) Workstation(_ context.Context, id string) (inventory.WorkstationDetail, error) {
	if id != c.detail.ID {
		return c.detail, inventory.ErrNotFound
	}
	return c.detail, nil
}

func (c county) Incidents(_ context.Context, f inventory.IncidentFilter) ([]inventory.Incident, string, error) {
	var found []inventory.Incident
	for _, i := range c.incidents {
		if (!f.Live || i.Live()) && (!f.Paged || !i.Cause.Presence()) && (f.Site == "" || i.Takes(f.Site)) && (f.Cause == "" || i.Cause == f.Cause) && i.ID > f.After {
			found = append(found, i)
		}
	}
	return found, "", c.broken
}

func (c county) Incident(_ context.Context, id string) (inventory.Incident, error) {
	for _, i := range c.incidents {
		if i.ID == id {
			return i, nil
		}
	}
	return inventory.Incident{}, inventory.ErrNotFound
}

func (c county) Windows(context.Context, time.Time) ([]inventory.Window, error) {
	return c.windows, c.broken
}

// keeper is a Door with one token.
type keeper struct{ token inventory.APIToken }

var errNobody = errors.New("nobody")

func (k keeper) Caller(r *http.Request) (inventory.APIToken, error) {
	if cookie, err := r.Cookie("session"); err == nil && cookie.Value == "good" {
		return k.token, nil
	}
	return inventory.APIToken{}, errNobody
}

func (k keeper) SignIn(_ *http.Request, secret string) (*http.Cookie, error) {
	if secret != "right" {
		return nil, errNobody
	}
	return &http.Cookie{Name: "session", Value: "good", HttpOnly: true, SameSite: http.SameSiteStrictMode, Path: "/"}, nil
}

func (k keeper) SignOut(*http.Request) (*http.Cookie, error) {
	return &http.Cookie{Name: "session", MaxAge: -1}, nil
}

var storyNow = time.Date(2026, 11, 23, 9, 12, 0, 0, time.UTC)

// bigCounty is 130 sites of 15, with each state somewhere.
func bigCounty() county {
	c := county{detail: storyWorkstation()}
	for i := range 130 {
		code := fmt.Sprintf("S%03d", i+1)
		s := inventory.SiteStanding{
			Site:         inventory.Site{Code: code, Name: fmt.Sprintf("Town %d Library", i+1), District: "Horsham", Kind: "library"},
			Workstations: inventory.SiteCounts{Expected: 15, Present: 15},
			Link:         inventory.Reach{State: inventory.ReachOK, RTTMillis: inventory.Known(9.4), Loss: inventory.Known(0.0)},
		}
		switch i {
		case 3:
			s.Workstations = inventory.SiteCounts{Expected: 15, Silent: 15}
			s.Link = inventory.Reach{State: inventory.ReachSilent, RTTMillis: inventory.Unknown[float64]("no answer"), Loss: inventory.Known(1.0)}
		case 4:
			s.Workstations = inventory.SiteCounts{Expected: 15, Present: 9, Silent: 1, Off: 1, Asleep: 1, Away: 1, Absent: 1, Unknown: 1, Stranger: 1}
		case 5:
			s.Workstations = inventory.SiteCounts{Expected: 15, Unknown: 15}
			s.Link = inventory.Reach{State: inventory.ReachUnknown}
		}
		c.sites = append(c.sites, s)
	}
	for i := range 120 {
		c.workstations = append(c.workstations, inventory.WorkstationStanding{
			Workstation: inventory.Workstation{
				ID: fmt.Sprintf("w%08d", i), Name: fmt.Sprintf("LIB-%04d", i), Site: "S001", HomeSite: "S001",
				Kind: inventory.AssetDesktop, Simulated: i > 0, LastReportAt: storyNow.Add(-90 * time.Second),
			},
			Presence: inventory.Presences()[i%8], PresenceSince: storyNow.Add(-time.Hour),
		})
	}
	return c
}

func storyWorkstation() inventory.WorkstationDetail {
	hardware := inventory.Hardware{
		Maker: inventory.Known("Dell Inc."), Model: inventory.Known("OptiPlex 7010"),
		Serial:      inventory.Unknown[string]("permission denied reading product_serial"),
		MemoryBytes: inventory.Known[int64](16 << 30),
		Disks: inventory.Known([]inventory.Disk{
			{Name: "nvme0n1", Model: inventory.Known("PC711"), Kind: inventory.Known("nvme"), Bytes: 512e9},
		}),
		NICs: inventory.Known([]inventory.NIC(nil)),
	}
	return inventory.WorkstationDetail{
		WorkstationStanding: inventory.WorkstationStanding{
			Workstation: inventory.Workstation{
				ID: "w00000000", Name: "LIB-0000", Site: "S001", HomeSite: "S001", Kind: inventory.AssetDesktop,
				Simulated: true, LastReportAt: storyNow.Add(-3 * time.Minute), EnrolledAt: storyNow.Add(-72 * time.Hour),
			},
			Presence: inventory.Present, PresenceSince: storyNow.Add(-time.Hour),
		},
		Lists: inventory.Lists{Hardware: &hardware, HardwareReadAt: storyNow.Add(-time.Hour)},
	}
}

func pagesOf(t *testing.T, c county, change func(*Options)) *Pages {
	t.Helper()
	o := Options{
		Source: c, Door: keeper{inventory.APIToken{Name: "Ada", Role: inventory.RoleViewer}}, Version: "test",
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return storyNow },
	}
	if change != nil {
		change(&o)
	}
	pages, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func visit(t *testing.T, pages *Pages, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	r.AddCookie(&http.Cookie{Name: "session", Value: "good"})
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	return w
}

func storyToken(role inventory.Role, sites ...string) inventory.APIToken {
	return inventory.APIToken{Name: "Ada", Role: role, Sites: slices.Clone(sites)}
}
