package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"muster/inventory"
)

// API is the HTTP side of the controller.
type API struct {
	Options

	log     *slog.Logger
	handler http.Handler
	openapi []byte
}

// New returns an API that is ready to serve.
func New(o Options) (*API, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("cannot make API: %w", err)
	}
	o.Desk = Clerk{Desk: o.Desk, Events: o.Store, Now: o.Now}
	a := &API{Options: o, log: o.Log.With("component", "api")}
	metrics, err := newMetrics(o.Registry)
	if err != nil {
		return nil, fmt.Errorf("cannot register the metrics of the API: %w", err)
	}
	router := chi.NewRouter()
	router.Use(metrics.measure, a.recoverer, middleware.GetHead, safeHeaders, middleware.Compress(5, compressible()...))
	typed := humachi.New(router, describe(o.Version))
	for _, row := range expand(a.routes()) {
		a.mount(router, typed, row)
	}
	if a.openapi, err = document(typed); err != nil {
		return nil, fmt.Errorf("cannot write the OpenAPI document: %w", err)
	}
	a.mountRest(router)
	a.handler = router
	return a, nil
}

// Handler serves the whole web side.
func (a *API) Handler() http.Handler { return a.handler }

// mountRest answers what is in no row: pages, and problems for the rest of /api.
func (a *API) mountRest(router chi.Router) {
	missing := func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, problem(http.StatusNotFound, "", "there is no "+r.URL.Path+"; /api/openapi.json lists what there is"))
	}
	wrongMethod := func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, problem(http.StatusMethodNotAllowed, "", r.Method+" does not work on "+r.URL.Path))
	}
	router.HandleFunc("/api", missing)
	router.HandleFunc("/api/*", missing)
	router.MethodNotAllowed(wrongMethod)
	if a.Pages == nil {
		router.NotFound(missing)
		return
	}
	router.NotFound(a.Pages.ServeHTTP)
}

// mount puts one row behind its guard.
func (a *API) mount(router chi.Router, typed huma.API, row route) {
	guarded := router.With(a.guard(row), tagged)
	if row.handler.plain != nil {
		guarded.Method(row.method, row.path, row.handler.plain)
		return
	}
	op := row.operation()
	row.handler.typed(huma.NewAPI(share(typed), humachi.NewAdapter(guarded)), op)
}

// share is a configuration whose operations land in typed's document.
func share(typed huma.API) huma.Config {
	return huma.Config{
		OpenAPI:       typed.OpenAPI(),
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
	}
}

func (a *API) clock() time.Time { return a.Now().UTC() }

// recoverer turns a panic into a problem, so that one bad row does not close
// the connection of a reader without a word.
func (a *API) recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch fault := recover(); fault {
			case nil:
			case http.ErrAbortHandler:
				panic(fault)
			default:
				a.log.Error("request panicked", "method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(fault))
				a.refuse(w, r, problem(http.StatusInternalServerError, "", "the controller failed here; its log says more"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func safeHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func compressible() []string {
	return []string{
		"application/json", "application/problem+json", "text/csv", "text/html", "text/css",
		"text/javascript", "text/plain", "image/svg+xml",
	}
}

// author is how the caller signs events.
func author(token inventory.APIToken) string {
	if token.Name == "" {
		return "token " + token.ID
	}
	return token.Name
}
