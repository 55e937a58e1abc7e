package feed_test

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"muster/controller/series"
	"muster/controller/series/feed"
	"muster/inventory"
	"muster/inventory/wire"
)

// TestEverySampleIsOfTheCatalogue has the TSDB judge what feed makes.
func TestEverySampleIsOfTheCatalogue(t *testing.T) {
	now := time.Now()
	d, err := series.Open(series.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	report := wire.Report{
		Workstation: "w00000001",
		Health: &inventory.Health{
			Disks:           inventory.Known([]inventory.DiskHealth{{TotalBytes: 100, FreeBytes: 50}, {TotalBytes: 100, FreeBytes: 10}, {}}),
			MemoryUsedRatio: inventory.Known(0.5), LoadRatio: inventory.Known(0.1), UptimeSeconds: inventory.Known(int64(60)),
			AgentCPUSeconds: inventory.Known(1.5), AgentMemoryBytes: inventory.Known(int64(14 << 20)),
		},
		Probes: []inventory.ProbeResult{
			{Kind: inventory.ProbeHTTP, Service: "email", OK: true, DNSMillis: 1, ConnectMillis: 20, TLSMillis: 40, FirstByteMillis: 60, TotalMillis: 70},
			{Kind: inventory.ProbePing, Target: "10.0.0.1"},
		},
	}
	before := map[[2]string]bool{}
	open := []inventory.Incident{{Cause: inventory.CauseSiteLinkDown, Severity: inventory.SeverityMajor, State: inventory.IncidentOpen}}
	var all []series.Sample
	all = append(all, feed.Site(now, "S001", inventory.SiteCounts{Expected: 2, Present: 1, Off: 1}, inventory.ReachOK)...)
	all = append(all, feed.Minute(now, inventory.Link{Circuit: "NN-1", Site: "S001", Carrier: "northnet"}, 20*time.Millisecond, time.Millisecond, 0.01)...)
	all = append(all, feed.Report(now, "S001", report)...)
	all = append(all, feed.Incidents(now, open, before)...)
	record := wire.JournalRecord{Outside: wire.Yes, Addr: netip.MustParseAddr("10.1.0.10")}
	all = append(all, feed.Journal("S001", "w00000001", []time.Time{now}, []wire.JournalRecord{record})...)
	left, err := d.Append(context.Background(), all)
	if err != nil || left != 0 {
		t.Fatalf("%d of %d samples were left out, %v", left, len(all), err)
	}
	families := map[string]bool{}
	for _, s := range all {
		families[s.Family] = true
		if s.Family == "muster_workstation_disk_free_ratio" && s.Value != 0.1 {
			t.Errorf("the fullest file system has %v free, want 0.1", s.Value)
		}
	}
	for _, f := range series.Catalogue() {
		if !families[f.Name] {
			t.Errorf("nothing feeds %s", f.Name)
		}
	}
	if again := feed.Incidents(now, nil, before); len(again) != 1 || again[0].Value != 0 {
		t.Errorf("an incident that ended: %+v", again)
	}
}

func TestWhatIsUnknownHasNoSample(t *testing.T) {
	if got := feed.Report(time.Now(), "S001", wire.Report{Workstation: "w00000001", Health: &inventory.Health{}}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	for _, s := range feed.Site(time.Now(), "S001", inventory.SiteCounts{}, inventory.ReachUnknown) {
		if s.Family == "muster_site_reach" {
			t.Error("the reach of a site that nobody asked")
		}
	}
	if got := feed.Minute(time.Now(), inventory.Link{}, 0, 0, 1); len(got) != 1 {
		t.Errorf("a minute without an answer: %+v", got)
	}
}
