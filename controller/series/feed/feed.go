// Package feed turns what the controller knows into samples of the catalogue. It
// is pure: who knows it, and when it is asked, is the controller's wiring.
package feed

import (
	"time"

	"muster/controller/series"
	"muster/inventory"
	"muster/inventory/wire"
)

func label(name, value string) series.Label { return series.Label{Name: name, Value: value} }

// Site is how a site's workstations stand, and whether it answers the sweep. A
// site of which nothing is known has no sample of its reach.
func Site(at time.Time, code string, counts inventory.SiteCounts, reach inventory.ReachState) []series.Sample {
	by := []struct {
		presence inventory.Presence
		n        int
	}{
		{inventory.Present, counts.Present},
		{inventory.Silent, counts.Silent},
		{inventory.Off, counts.Off},
		{inventory.Asleep, counts.Asleep},
		{inventory.Away, counts.Away},
		{inventory.Absent, counts.Absent},
		{inventory.PresenceUnknown, counts.Unknown},
		{inventory.Stranger, counts.Stranger},
	}
	out := make([]series.Sample, 0, len(by)+1)
	for _, p := range by {
		out = append(out, series.Sample{
			Family: "muster_site_workstations", At: at, Value: float64(p.n),
			Labels: []series.Label{label("site", code), label("presence", string(p.presence))},
		})
	}
	if reach != inventory.ReachUnknown && reach != "" {
		value := 1.0
		if reach == inventory.ReachSilent {
			value = 0
		}
		out = append(out, series.Sample{Family: "muster_site_reach", At: at, Value: value, Labels: []series.Label{label("site", code)}})
	}
	return out
}

// Minute is one minute of a site's link. RTT and jitter stand only where something
// answered.
func Minute(at time.Time, link inventory.Link, rtt, jitter time.Duration, loss float64) []series.Sample {
	labels := []series.Label{label("site", link.Site), label("circuit", link.Circuit), label("carrier", link.Carrier)}
	out := []series.Sample{{Family: "muster_link_loss_ratio", At: at, Value: loss, Labels: labels}}
	if rtt > 0 {
		out = append(out,
			series.Sample{Family: "muster_link_rtt_seconds", At: at, Value: rtt.Seconds(), Labels: labels},
			series.Sample{Family: "muster_link_jitter_seconds", At: at, Value: jitter.Seconds(), Labels: labels})
	}
	return out
}

// Report is what a workstation read of itself at an instant. What is unknown has
// no sample.
func Report(at time.Time, site string, r wire.Report) []series.Sample {
	if r.Health == nil {
		return Probes(at, site, r.Probes)
	}
	labels := []series.Label{label("site", site), label("workstation", r.Workstation)}
	var out []series.Sample
	add := func(family string, fact inventory.Fact[float64]) {
		if v, known := fact.Get(); known {
			out = append(out, series.Sample{Family: family, At: at, Value: v, Labels: labels})
		}
	}
	h := r.Health
	add("muster_workstation_memory_used_ratio", h.MemoryUsedRatio)
	add("muster_workstation_load_ratio", h.LoadRatio)
	add("muster_workstation_agent_cpu_seconds_total", h.AgentCPUSeconds)
	add("muster_workstation_agent_memory_bytes", whole(h.AgentMemoryBytes))
	add("muster_workstation_uptime_seconds", whole(h.UptimeSeconds))
	add("muster_workstation_disk_free_ratio", fullest(h.Disks))
	return append(out, Probes(at, site, r.Probes)...)
}

func whole(f inventory.Fact[int64]) inventory.Fact[float64] {
	if v, known := f.Get(); known {
		return inventory.Known(float64(v))
	}
	return inventory.Unknown[float64](f.Reason())
}

func fullest(f inventory.Fact[[]inventory.DiskHealth]) inventory.Fact[float64] {
	least := inventory.Unknown[float64]("no file system was read")
	disks, _ := f.Get()
	for _, d := range disks {
		if d.TotalBytes <= 0 {
			continue
		}
		free := float64(d.FreeBytes) / float64(d.TotalBytes)
		if v, known := least.Get(); !known || free < v {
			least = inventory.Known(free)
		}
	}
	return least
}

// Probes is what a workstation's probes of services found. at is when their report
// was read; each stands at its own time, which the caller has made of at.
func Probes(at time.Time, site string, probes []inventory.ProbeResult) []series.Sample {
	var out []series.Sample
	for _, p := range probes {
		if p.Service == "" {
			continue
		}
		ok := 0.0
		if p.OK {
			ok = 1
		}
		out = append(out, series.Sample{
			Family: "muster_probe_ok_ratio", At: at, Value: ok, Labels: []series.Label{label("site", site), label("service", p.Service)},
		})
		for _, phase := range []struct {
			name   string
			millis float64
		}{{"dns", p.DNSMillis}, {"connect", p.ConnectMillis}, {"tls", p.TLSMillis}, {"first_byte", p.FirstByteMillis}, {"total", p.TotalMillis}} {
			if phase.millis > 0 {
				out = append(out, series.Sample{
					Family: "muster_probe_phase_seconds", At: at, Value: phase.millis / 1000,
					Labels: []series.Label{label("site", site), label("service", p.Service), label("phase", phase.name)},
				})
			}
		}
	}
	return out
}

// Incidents counts open incidents; a pair that had some before and has none now is
// said to be zero.
func Incidents(at time.Time, open []inventory.Incident, before map[[2]string]bool) []series.Sample {
	counts := map[[2]string]int{}
	for key := range before {
		counts[key] = 0
	}
	for _, i := range open {
		if i.State == inventory.IncidentOpen && !i.Cause.Presence() {
			counts[[2]string{string(i.Cause), string(i.Severity)}]++
		}
	}
	out := make([]series.Sample, 0, len(counts))
	for key, n := range counts {
		before[key] = true
		out = append(out, series.Sample{
			Family: "muster_incidents_open", At: at, Value: float64(n), Labels: []series.Label{label("cause", key[0]), label("severity", key[1])},
		})
	}
	return out
}
