package intake

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the intake's own figures. Labels come from closed sets in this
// package, never from what agents send.
type metrics struct {
	fresh         prometheus.Counter
	repeats       prometheus.Counter
	refusals      *prometheus.CounterVec // by reason
	enrolments    *prometheus.CounterVec // by outcome
	renewals      prometheus.Counter
	conflicts     prometheus.Counter
	listsWanted   *prometheus.CounterVec // by list
	settingsLost  prometheus.Counter
	bodyBytes     prometheus.Histogram
	commitSeconds prometheus.Histogram
	commitReports prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer, w *writer) (*metrics, error) {
	name := func(rest string) string { return "muster_intake_" + rest }
	reports := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: name("reports_total"), Help: "Reports acknowledged, by whether they had been before.",
	}, []string{"outcome"})
	m := &metrics{
		fresh: reports.WithLabelValues("fresh"), repeats: reports.WithLabelValues("repeat"),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("refusals_total"), Help: "Posts refused, by reason.",
		}, []string{"reason"}),
		enrolments: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("enrolments_total"), Help: "Enrolments accepted, by what the machine turned out to be.",
		}, []string{"outcome"}),
		renewals: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("renewals_total"), Help: "Certificates renewed.",
		}),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("identity_conflicts_total"), Help: "Times that two machines were found to use one identity.",
		}),
		listsWanted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("lists_wanted_total"), Help: "Lists asked for, because the stored one is another.",
		}, []string{"list"}),
		settingsLost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("settings_failures_total"), Help: "Answers without settings because they could not be made.",
		}),
		bodyBytes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("report_body_bytes"), Help: "Size of reports, decompressed.",
			Buckets: prometheus.ExponentialBuckets(256, 4, 8),
		}),
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("commit_seconds"), Help: "Time of one commit to disk.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 13),
		}),
		commitReports: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("commit_reports"), Help: "Reports in one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
	}
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: name("waiting_reports"), Help: "Reports that wait for a commit.",
	}, func() float64 { return float64(len(w.queue)) })
	for _, c := range []prometheus.Collector{
		reports, m.refusals, m.enrolments, m.renewals, m.conflicts, m.listsWanted, m.settingsLost,
		m.bodyBytes, m.commitSeconds, m.commitReports, waiting,
	} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
