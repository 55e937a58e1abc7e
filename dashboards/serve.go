package dashboards

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

func (p *Pages) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/{name}", p.static)
	mux.HandleFunc("GET /sign-in", p.signInForm)
	mux.HandleFunc("POST /sign-in", p.signIn)
	mux.HandleFunc("POST /sign-out", p.signOut)
	for pattern, page := range map[string]pageFunc{
		"GET /{$}":               p.sites,
		"GET /sites":             p.sites,
		"GET /sites.json":        p.sitesJSON,
		"GET /sites.csv":         p.sitesCSV,
		"GET /sites/{code}":      p.site,
		"GET /workstations":      p.workstations,
		"GET /workstations.json": p.workstationsJSON,
		"GET /workstations.csv":  p.workstationsCSV,
		"GET /workstations/{id}": p.workstation,
		"GET /incidents":         p.incidents,
		"GET /incidents.json":    p.incidentsJSON,
		"GET /incidents.csv":     p.incidentsCSV,
		"GET /incidents/{id}":    p.incident,
		"GET /maintenance":       p.maintenance,
		"GET /links":             p.links,
		"/":                      p.missing,
	} {
		mux.HandleFunc(pattern, p.guarded(page))
	}
	for pattern, action := range map[string]pageFunc{
		"POST /incidents/{id}/acknowledge": p.acknowledge,
		"POST /incidents/{id}/note":        p.note,
		"POST /incidents/{id}/ticket":      p.ticket,
		"POST /maintenance":                p.addWindow,
		"POST /maintenance/{id}/end":       p.endWindow,
	} {
		mux.HandleFunc(pattern, p.guarded(p.acting(action)))
	}
	return strict(mux)
}

// pageFunc draws one page for a reader.
type pageFunc func(w http.ResponseWriter, r *http.Request, reader reader) error

// reader is who looks at a page.
type reader struct {
	inventory.APIToken

	open bool // not signed in, on this machine
}

type readerKey struct{}

// policy allows our own files and nothing else: no inline script, no inline
// style, no frame, no form that leads away.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}

// guarded lets a signed-in reader through and sends everyone else to sign in.
func (p *Pages) guarded(page pageFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := p.reader(r)
		if err != nil {
			p.askToSignIn(w, r)
			return
		}
		w.Header().Set("Cache-Control", "private, no-cache")
		r = r.WithContext(context.WithValue(r.Context(), readerKey{}, who))
		if err := page(w, r, who); err != nil {
			p.fail(w, r, err)
		}
	}
}

func (p *Pages) reader(r *http.Request) (reader, error) {
	token, err := p.o.Door.Caller(r)
	if err == nil {
		return reader{APIToken: token}, nil
	}
	if p.o.OpenOnLoopback && fromThisMachine(r) {
		return reader{APIToken: inventory.APIToken{Name: "this machine", Role: inventory.RoleViewer}, open: true}, nil
	}
	return reader{}, err
}

// fromThisMachine reports whether the request was made on this machine by
// someone who asked for this machine: a page elsewhere that lets its name point
// at 127.0.0.1 names itself in Host, and a proxy says for whom it asks.
func fromThisMachine(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	if r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != "" {
		return false
	}
	name := r.Host
	if bare, _, err := net.SplitHostPort(name); err == nil {
		name = bare
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && addr.IsLoopback()
}

// askToSignIn sends a person to the form and tells a program what it lacks.
func (p *Pages) askToSignIn(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".json") || strings.HasSuffix(r.URL.Path, ".csv") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="muster"`)
		http.Error(w, "sign in at /sign-in, or send an API token", http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, "/sign-in?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
}

// pageError is a failure that a person is told about.
type pageError struct {
	status int
	what   string
	next   string
}

// Error implements error.
func (e *pageError) Error() string { return e.what }

func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	var said *pageError
	switch {
	case errors.As(err, &said):
	case errors.Is(err, inventory.ErrNotFound):
		said = &pageError{http.StatusNotFound, "There is nothing at this address.", "The register may have changed since the link was made."}
	case r.Context().Err() != nil:
		return
	default:
		p.o.Log.Error("page failed", "path", r.URL.Path, "error", err)
		said = &pageError{http.StatusInternalServerError, "The controller could not draw this page.", "Its log says why. Try again in a moment."}
	}
	frame := p.frame(r, "Problem", "")
	if err := p.drawers.draw(w, said.status, "problem", ProblemPage{Frame: frame, Status: said.status, What: said.what, Next: said.next}); err != nil {
		p.o.Log.Error("page failed", "path", r.URL.Path, "error", err)
	}
}

func (p *Pages) missing(http.ResponseWriter, *http.Request, reader) error {
	return &pageError{http.StatusNotFound, "There is no such page.", "The menu above leads to what there is."}
}

func (p *Pages) frame(r *http.Request, title, section string) Frame {
	frame := Frame{
		Title: title, Section: section, Version: p.o.Version, Now: p.o.Now().UTC(),
		RefreshMSec: p.o.RefreshEvery.Milliseconds(),
	}
	if who, ok := r.Context().Value(readerKey{}).(reader); ok {
		frame.Who, frame.Open = who.Name, who.open
		if frame.Who == "" {
			frame.Who = "token " + who.ID
		}
	}
	return frame
}

// knownQuery explains a parameter that the page does not know: a filter with a
// typing error would otherwise show everything in silence.
func knownQuery(r *http.Request, known ...string) error {
	for name := range r.URL.Query() {
		if !slices.Contains(known, name) {
			return &pageError{
				http.StatusBadRequest, fmt.Sprintf("This page does not know %q in its address.", name),
				"It knows " + strings.Join(known, ", ") + ".",
			}
		}
	}
	return nil
}

func (p *Pages) static(w http.ResponseWriter, r *http.Request) {
	file, ok := p.drawers.static[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", file.media)
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == file.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("ETag", `"`+file.hash+`"`)
	if r.Header.Get("If-None-Match") == `"`+file.hash+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(file.content) // the reader may be gone
}

// isoOrEmpty is a time as programs read it; empty for never.
func isoOrEmpty(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
