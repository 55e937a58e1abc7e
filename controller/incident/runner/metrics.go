package runner

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/inventory"
)

// metrics are few whatever the size of the estate: causes and states are lists of
// words.
type metrics struct {
	runner    *Runner
	incidents *prometheus.Desc
	depth     *prometheus.Desc
	dropped   *prometheus.Desc

	opened    *prometheus.CounterVec
	steps     prometheus.Histogram
	discarded prometheus.Counter
	unkept    prometheus.Counter
	lag       prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer, r *Runner) (*metrics, error) {
	m := &metrics{
		runner:    r,
		incidents: prometheus.NewDesc("muster_incidents", "Incidents that go on, by cause and state.", []string{"cause", "state"}, nil),
		depth:     prometheus.NewDesc("muster_evidence_queue_pieces", "Pieces of evidence that wait for the incident engine.", nil, nil),
		dropped:   prometheus.NewDesc("muster_evidence_dropped_total", "Pieces of evidence that made room in a full queue.", nil, nil),
		opened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_incident_changes_total", Help: "Steps of incidents, by step and the cause at the time.",
		}, []string{"cause", "step"}),
		steps: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "muster_incident_step_seconds", Help: "Time of one step of the incident engine.",
			Buckets: []float64{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1},
		}),
		discarded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_evidence_discarded_total", Help: "Pieces of evidence that could not be used: from the future, of unknown sites, without what their kind needs.",
		}),
		unkept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_incident_keep_failures_total", Help: "Times that changes of incidents could not be put on disk at once.",
		}),
		lag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "muster_controller_lag_seconds", Help: "How late this process's own clock ticks are.",
		}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m, m.opened, m.steps, m.discarded, m.unkept, m.lag} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register the metrics of the incident engine: %w", err)
		}
	}
	return m, nil
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.incidents
	out <- m.depth
	out <- m.dropped
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	type key struct {
		cause inventory.Cause
		state inventory.IncidentState
	}
	counts := map[key]int{}
	for _, i := range *m.runner.live.Load() {
		counts[key{i.Cause, i.State}]++
	}
	for _, cause := range inventory.Causes() {
		for _, state := range []inventory.IncidentState{inventory.IncidentPending, inventory.IncidentOpen} {
			out <- prometheus.MustNewConstMetric(m.incidents, prometheus.GaugeValue, float64(counts[key{cause, state}]), string(cause), string(state))
		}
	}
	depth, dropped := m.runner.queue.counts()
	out <- prometheus.MustNewConstMetric(m.depth, prometheus.GaugeValue, float64(depth))
	out <- prometheus.MustNewConstMetric(m.dropped, prometheus.CounterValue, float64(dropped))
}

func (m *metrics) stepped(took time.Duration, discarded int) {
	m.steps.Observe(took.Seconds())
	m.discarded.Add(float64(discarded))
}

func (m *metrics) changed(c inventory.IncidentChange) {
	m.opened.WithLabelValues(string(c.Incident.Cause), string(c.Step)).Inc()
}
