package series

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/notifications"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// Handler serves Prometheus' query API below prefix, which ends in /api/v1. It is
// Prometheus' own code; what would change something is not served.
func (d *DB) Handler(prefix string) http.Handler {
	api := v1.NewAPI(
		d.engine, d.tsdb, nil, d.tsdb,
		func(context.Context) v1.ScrapePoolsRetriever { return told{d} },
		func(context.Context) v1.TargetRetriever { return told{d} },
		func(context.Context) v1.AlertmanagerRetriever { return told{d} },
		func() config.Config { return config.Config{} }, nil, v1.GlobalURLOptions{},
		func(h http.HandlerFunc) http.HandlerFunc { return h },
		admin{d.tsdb}, d.o.Dir, false, d.o.Log.With("component", "promql"),
		func(context.Context) v1.RulesRetriever { return told{d} },
		0, 1, 1<<20, false, nil, runtimeInfo,
		&v1.PrometheusVersion{Version: prometheusVersion(), Revision: "muster-" + d.o.Version, Branch: "muster", GoVersion: runtime.Version()},
		func() []notifications.Notification { return nil },
		func() (<-chan notifications.Notification, func(), bool) { return nil, func() {}, false },
		prometheus.NewRegistry(), prometheus.NewRegistry(), nil, false, nil, false, false, false, false,
	)
	router := route.New()
	api.Register(router)
	return http.StripPrefix(strings.TrimSuffix(prefix, "/"), readOnly(router))
}

// prometheusModule is whose query API this is.
const prometheusModule = "github.com/prometheus/prometheus"

// prometheusVersion is the version whose API is served: clients ask for it to know
// what they may use. It is that of the linked module, whose v0.305.0 is Prometheus
// 3.5.0; a program without a record of its modules says that it is unknown.
func prometheusVersion() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return unknownVersion
	}
	for _, m := range build.Deps {
		if m.Path == prometheusModule {
			return releaseOf(m.Version)
		}
	}
	return unknownVersion
}

const unknownVersion = "0.0.0"

// releaseOf is the release of a module version: from Prometheus 3.0.0 on, v0.3mm.p
// is 3.m.p, and before it v0.mm.p was 2.m.p.
func releaseOf(module string) string {
	var minor, patch int
	if n, err := fmt.Sscanf(module, "v0.%d.%d", &minor, &patch); err != nil || n != 2 {
		return unknownVersion
	}
	major := 2
	if minor >= 300 {
		major, minor = 3, minor-300
	}
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}

// readOnly lets through what asks, and nothing that changes or streams for ever.
func readOnly(next http.Handler) http.Handler {
	asks := map[string]bool{
		"/query": true, "/query_range": true, "/query_exemplars": true, "/format_query": true, "/parse_query": true, "/labels": true,
		"/series": true, "/metadata": true, "/targets": true, "/targets/metadata": true, "/alertmanagers": true, "/rules": true, "/alerts": true,
		"/status/buildinfo": true, "/status/runtimeinfo": true, "/status/tsdb": true, "/status/flags": true, "/status/config": true,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value := strings.HasPrefix(r.URL.Path, "/label/") && strings.HasSuffix(r.URL.Path, "/values")
		switch {
		case !asks[r.URL.Path] && !value:
			http.Error(w, "not part of the query API that is served here", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodPost:
			http.Error(w, "series are read only here", http.StatusMethodNotAllowed)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
			next.ServeHTTP(w, r)
		}
	})
}

func runtimeInfo() (v1.RuntimeInfo, error) {
	return v1.RuntimeInfo{GoroutineCount: runtime.NumGoroutine(), GOMAXPROCS: runtime.GOMAXPROCS(0)}, nil
}

// admin is what /status/tsdb shows.
type admin struct{ *tsdb.DB }

func (a admin) Stats(label string, limit int) (*tsdb.Stats, error) {
	return a.Head().Stats(label, limit), nil
}

func (admin) WALReplayStatus() (tsdb.WALReplayStatus, error) { return tsdb.WALReplayStatus{}, nil }

// told answers for what a Prometheus scrapes: there is one source, Muster itself,
// and its metadata is the catalogue.
type told struct{ d *DB }

func (t told) TargetsActive() map[string][]*scrape.Target {
	lset := labels.FromStrings(model.JobLabel, "muster", model.InstanceLabel, "muster", model.AddressLabel, "muster", model.SchemeLabel, "http", model.MetricsPathLabel, "/metrics")
	target := scrape.NewTarget(lset, &config.ScrapeConfig{JobName: "muster"}, nil, nil)
	target.SetMetadataStore(catalogue{t.d.families})
	return map[string][]*scrape.Target{"muster": {target}}
}

func (told) TargetsDropped() map[string][]*scrape.Target { return nil }
func (told) TargetsDroppedCounts() map[string]int        { return nil }
func (told) ScrapePools() []string                       { return []string{"muster"} }
func (told) Alertmanagers() []*url.URL                   { return nil }
func (told) DroppedAlertmanagers() []*url.URL            { return nil }
func (told) RuleGroups() []*rules.Group                  { return nil }
func (told) AlertingRules() []*rules.AlertingRule        { return nil }

// catalogue is the metadata of the families.
type catalogue struct{ families map[string]Family }

func (c catalogue) ListMetadata() []scrape.MetricMetadata {
	out := make([]scrape.MetricMetadata, 0, len(c.families))
	for name := range c.families {
		m, _ := c.GetMetadata(name)
		out = append(out, m)
	}
	return out
}

func (c catalogue) GetMetadata(name string) (scrape.MetricMetadata, bool) {
	f, ok := c.families[name]
	return scrape.MetricMetadata{MetricFamily: f.Name, Type: model.MetricType(f.Kind), Help: f.Help, Unit: f.Unit}, ok
}

func (c catalogue) SizeMetadata() int   { return len(c.families) }
func (c catalogue) LengthMetadata() int { return len(c.families) }
