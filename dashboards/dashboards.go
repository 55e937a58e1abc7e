package dashboards

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"muster/inventory"
)

// Source is what the pages draw from.
type Source interface {
	// Sites is every site, by code.
	Sites(ctx context.Context) ([]inventory.SiteStanding, error)
	// Site is one site; an error wraps inventory.ErrNotFound where there is none.
	Site(ctx context.Context, code string) (inventory.SiteStanding, error)
	// Workstations is one page of workstations and the cursor of the next.
	Workstations(ctx context.Context, filter inventory.StandingFilter) ([]inventory.WorkstationStanding, string, error)
	// Unreported is the assets expected at a site on which no agent ever enrolled.
	Unreported(ctx context.Context, code string) ([]inventory.Asset, error)
	// Workstation is everything about one; an error wraps inventory.ErrNotFound.
	Workstation(ctx context.Context, id string) (inventory.WorkstationDetail, error)
	// Incidents is one page of incidents, newest first, and the cursor of the next.
	Incidents(ctx context.Context, filter inventory.IncidentFilter) ([]inventory.Incident, string, error)
	// Incident is one; an error wraps inventory.ErrNotFound.
	Incident(ctx context.Context, id string) (inventory.Incident, error)
	// Windows are the maintenance windows that end after an instant.
	Windows(ctx context.Context, endAfter time.Time) ([]inventory.Window, error)
}

// Desk does what people ask of incidents and maintenance, and records who asked.
type Desk interface {
	Acknowledge(ctx context.Context, id, author string) (inventory.Incident, error)
	Note(ctx context.Context, id, author, text string) (inventory.Incident, error)
	Ticket(ctx context.Context, id, author, ticket string) (inventory.Incident, error)
	AddWindow(ctx context.Context, window inventory.Window) (inventory.Window, error)
	EndWindow(ctx context.Context, id, author string) (inventory.Window, error)
}

// Door tells who is looking and keeps the sessions of browsers.
type Door interface {
	// Caller is whose request it is, or an error where it is nobody's.
	Caller(r *http.Request) (inventory.APIToken, error)
	// SignIn exchanges an API token for a session's cookie.
	SignIn(r *http.Request, secret string) (*http.Cookie, error)
	// SignOut ends the session and returns the cookie that says so.
	SignOut(r *http.Request) (*http.Cookie, error)
}

// Options is what the pages are made of.
type Options struct {
	Source Source
	Door   Door
	Desk   Desk // nil: the pages only show
	// Accounts makes link reports; nil: there are none.
	Accounts Accounts
	Version  string
	Log      *slog.Logger
	Now      func() time.Time
	// OpenOnLoopback lets a browser on this machine read without signing in, as
	// the demo does. Requests that name another machine are still turned away.
	OpenOnLoopback bool
	// RefreshEvery is how often a page asks for changes; zero is three seconds.
	RefreshEvery time.Duration
}

// Pages serves the dashboards.
type Pages struct {
	o       Options
	drawers drawers
	handler http.Handler
}

// New returns pages that are ready to serve.
func New(o Options) (*Pages, error) {
	switch {
	case o.Source == nil:
		return nil, errors.New("cannot make pages: no source")
	case o.Door == nil:
		return nil, errors.New("cannot make pages: no door")
	case o.Log == nil:
		return nil, errors.New("cannot make pages: no log")
	case o.Now == nil:
		return nil, errors.New("cannot make pages: no clock")
	}
	if o.RefreshEvery == 0 {
		o.RefreshEvery = 3 * time.Second
	}
	o.Log = o.Log.With("component", "dashboards")
	drawers, err := parse()
	if err != nil {
		return nil, fmt.Errorf("cannot read the pages' templates: %w", err)
	}
	p := &Pages{o: o, drawers: drawers}
	p.handler = p.routes()
	return p, nil
}

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }
