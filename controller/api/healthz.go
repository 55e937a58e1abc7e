package api

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// health answers while the process serves at all.
func (a *API) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": a.Version})
}

// ready answers 503 until every component is ready, and says which is not and why.
func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	answer := struct {
		Ready      bool        `json:"ready"`
		Components []Component `json:"components"`
	}{Ready: true, Components: []Component{}}
	if a.Components != nil {
		answer.Components = append(answer.Components, a.Components(r.Context())...)
	}
	for _, component := range answer.Components {
		answer.Ready = answer.Ready && component.Ready
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, answer)
}

func (a *API) metricsPage() http.HandlerFunc {
	return promhttp.HandlerFor(a.Registry, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP
}

func (a *API) openapiPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(a.openapi) // the reader may be gone
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the reader may be gone
}
