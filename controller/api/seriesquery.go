package api

import "net/http"

// SeriesPrefix is where the query API of Prometheus is.
const SeriesPrefix = "/prometheus/api/v1"

// seriesQuery is the query API of Prometheus: a POST asks there as a GET does, so
// it is held against the readers.
func (a *API) seriesQuery() *handler {
	h := plain(func(w http.ResponseWriter, r *http.Request) {
		if a.Series == nil {
			a.refuse(w, r, problem(http.StatusNotFound, "", "this controller keeps no series"))
			return
		}
		a.Series.ServeHTTP(w, r)
	})
	h.asks = true
	return h
}
