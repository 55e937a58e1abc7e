package series

// Kind is what a family of series counts.
type Kind string

// The kinds.
const (
	Gauge   Kind = "gauge"
	Counter Kind = "counter"
)

// Family describes series of one name. Only families of the catalogue are kept,
// so that cardinality stays what is written here.
type Family struct {
	Name   string
	Kind   Kind
	Help   string
	Unit   string
	Labels []string // every label that its series have, sorted
}

// Catalogue lists every family, sorted by name.
func Catalogue() []Family {
	return []Family{
		{"muster_incidents_open", Gauge, "Open incidents.", "", []string{"cause", "severity"}},
		{"muster_link_jitter_seconds", Gauge, "Mean difference between consecutive round trips of a minute.", "seconds", []string{"carrier", "circuit", "site"}},
		{"muster_link_loss_ratio", Gauge, "Share of a minute's sweeps that no member answered in time.", "ratio", []string{"carrier", "circuit", "site"}},
		{"muster_link_rtt_seconds", Gauge, "Median round trip of a minute's sweeps.", "seconds", []string{"carrier", "circuit", "site"}},
		{"muster_probe_ok_ratio", Gauge, "Share of a service's probes at a site that succeeded within its rota.", "ratio", []string{"service", "site"}},
		{"muster_probe_phase_seconds", Gauge, "Duration of the newest probe's phases: dns, connect, tls, first_byte, total.", "seconds", []string{"phase", "service", "site"}},
		{"muster_site_outside_reach", Gauge, "By the journals of a site whose controller was not heard: 1 where something outside answered, 0 where nothing did though the gateway was there.", "", []string{"site", "witness"}},
		{"muster_site_reach", Gauge, "1 where the site answers the sweep, 0 where it is silent.", "", []string{"site"}},
		{"muster_site_workstations", Gauge, "Workstations of a site by presence.", "", []string{"presence", "site"}},
		{"muster_workstation_agent_cpu_seconds_total", Counter, "CPU time of the agent since it started.", "seconds", []string{"site", "workstation"}},
		{"muster_workstation_agent_memory_bytes", Gauge, "Resident memory of the agent.", "bytes", []string{"site", "workstation"}},
		{"muster_workstation_disk_free_ratio", Gauge, "Free share of the fullest file system.", "ratio", []string{"site", "workstation"}},
		{"muster_workstation_load_ratio", Gauge, "Run queue for each thread, one minute.", "ratio", []string{"site", "workstation"}},
		{"muster_workstation_memory_used_ratio", Gauge, "Used share of memory.", "ratio", []string{"site", "workstation"}},
		{"muster_workstation_uptime_seconds", Gauge, "Time since the system started.", "seconds", []string{"site", "workstation"}},
	}
}
