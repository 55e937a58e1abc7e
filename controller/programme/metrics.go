package programme

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/inventory"
)

// metrics are few whatever the size of the estate: gates, verdicts and states are
// lists of words.
type metrics struct {
	desk     *Desk
	verdicts *prometheus.Desc
	standing *prometheus.Desc

	swaps    *prometheus.CounterVec
	steps    prometheus.Histogram
	judged   prometheus.Counter
	appended prometheus.Counter
	unkept   prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, d *Desk) (*metrics, error) {
	m := &metrics{
		desk:     d,
		verdicts: prometheus.NewDesc("muster_readiness_gates", "Sites, waves and programmes by gate and verdict.", []string{"gate", "verdict"}, nil),
		standing: prometheus.NewDesc("muster_positions", "Positions in scope by how their swap stands.", []string{"state"}, nil),
		swaps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_swap_events_total", Help: "Events of swaps since the start, by kind.",
		}, []string{"kind"}),
		steps: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "muster_readiness_step_seconds", Help: "Time to take up what came and judge the sites that it is about.",
			Buckets: []float64{0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5},
		}),
		judged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_readiness_judged_total", Help: "Sites whose facts were gathered and judged.",
		}),
		appended: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_evaluations_appended_total", Help: "Evaluations that said something new and were kept.",
		}),
		unkept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_readiness_keep_failures_total", Help: "Times that something could not be put on disk at once.",
		}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m, m.swaps, m.steps, m.judged, m.appended, m.unkept} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register the metrics of the programme desk: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) stepped(took time.Duration, sites int) {
	m.steps.Observe(took.Seconds())
	m.judged.Add(float64(sites))
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.verdicts
	out <- m.standing
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	t := m.desk.Tally("", "")
	for state, n := range map[string]int{
		"unplanned": t.Unplanned, "planned": t.Planned, "scheduled": t.Scheduled, "swapped": t.Swapped, "verified": t.Verified,
		"closed": t.Closed, "failed": t.Failed, "rolled-back": t.RolledBack,
	} {
		out <- prometheus.MustNewConstMetric(m.standing, prometheus.GaugeValue, float64(n), state)
	}
	counts := map[[2]string]int{}
	for _, g := range m.desk.o.Gates {
		for _, v := range []inventory.ReadyVerdict{inventory.VerdictReady, inventory.VerdictBlocked, inventory.VerdictUndecided} {
			counts[[2]string{g.Name, string(v)}] = 0
		}
	}
	m.desk.mu.RLock()
	for _, e := range m.desk.now {
		counts[[2]string{e.Gate, string(e.Verdict)}]++
	}
	m.desk.mu.RUnlock()
	for labels, n := range counts {
		out <- prometheus.MustNewConstMetric(m.verdicts, prometheus.GaugeValue, float64(n), labels[0], labels[1])
	}
}
