package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"muster/inventory"
)

// estateCollector shows the living estate and the port at each scrape. Its
// series are few whatever the size of the county: presences and outcomes.
type estateCollector struct {
	app          *App
	workstations *prometheus.Desc
	pools        *prometheus.Desc
	packets      *prometheus.Desc
	bytes        *prometheus.Desc
	dropped      *prometheus.Desc
}

func newEstateCollector(a *App) *estateCollector {
	return &estateCollector{
		app:          a,
		workstations: prometheus.NewDesc("muster_workstations", "Workstations by presence; away and stranger are beside the expected.", []string{"presence"}, nil),
		pools:        prometheus.NewDesc("muster_pools", "Site pools by whether they are open here.", []string{"state"}, nil),
		packets:      prometheus.NewDesc("muster_port_packets_total", "UDP packets of the one port.", []string{"direction"}, nil),
		bytes:        prometheus.NewDesc("muster_port_bytes_total", "UDP bytes of the one port, headers of IP and UDP apart.", []string{"direction"}, nil),
		dropped:      prometheus.NewDesc("muster_port_dropped_total", "Packets and streams that the one port refused, by why.", []string{"reason"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *estateCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.workstations
	out <- c.pools
	out <- c.packets
	out <- c.bytes
	out <- c.dropped
}

// Collect implements prometheus.Collector.
func (c *estateCollector) Collect(out chan<- prometheus.Metric) {
	var sum inventory.SiteCounts
	for _, counts := range c.app.pools.AllCounts() {
		sum = sum.Plus(counts)
	}
	gauge := func(desc *prometheus.Desc, value int, label string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), label)
	}
	for presence, n := range map[inventory.Presence]int{
		inventory.Present: sum.Present, inventory.Silent: sum.Silent, inventory.Off: sum.Off, inventory.Asleep: sum.Asleep,
		inventory.Away: sum.Away, inventory.Absent: sum.Absent, inventory.PresenceUnknown: sum.Unknown, inventory.Stranger: sum.Stranger,
	} {
		gauge(c.workstations, n, string(presence))
	}
	open, wanted := c.app.pools.Opened()
	gauge(c.pools, open, "open")
	gauge(c.pools, wanted-open, "shut")
	c.port(out)
}

func (c *estateCollector) port(out chan<- prometheus.Metric) {
	stats := c.app.port.Stats()
	count := func(desc *prometheus.Desc, value uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	count(c.packets, stats.PacketsIn, "in")
	count(c.packets, stats.PacketsOut, "out")
	count(c.bytes, stats.BytesIn, "in")
	count(c.bytes, stats.BytesOut, "out")
	for reason, n := range map[string]uint64{
		"unknown-label": stats.PacketsUnknown + stats.StreamsUnknown,
		"malformed":     stats.PacketsMalformed + stats.StreamsMalformed,
		"forged":        stats.DirectForged,
		"queue-full":    stats.PacketsDropped,
		"slow":          stats.StreamsSlow,
		"too-many":      stats.StreamsRefused,
	} {
		count(c.dropped, n, reason)
	}
}
