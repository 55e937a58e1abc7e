package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

var update = flag.Bool("update", false, "write the golden files anew")

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// messages is one full example of everything that travels.
func messages() map[string]any {
	settings := Settings{
		Version: "5f3a", Controllers: []string{"muster.county.example:7946", "10.1.0.5:7946"},
		ReportEvery: 300, ReportSoonest: 60, HealthEvery: 60, InventoryTry: 21600, SoftwareEvery: 21600,
		Pool: &Pool{
			Site: "MILL", Label: "muster/MILL", Keys: [][]byte{bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)},
			KeyVersion: 4, Neighbours: []string{"10.40.7.23:7946"},
		},
		HomeSite: "MILL", Site: "MILL",
		Probing: &Probing{
			Services: []ServiceProbe{
				{
					Name: "email", Target: "https://mail.county.example/", Proxy: "proxy.county.example:8080", Status: 200, Text: "Sign in",
					Timeout: 10, Every: 900,
				},
				{Name: "files", Target: "tcp://files.county.example:445", Resolver: "10.1.0.53:53"},
			},
			WindowEvery: 900, MTUEvery: 3600, Outside: []string{"192.0.2.1"}, Turns: []string{"w0000abcd", "w0000abce"},
		},
	}
	return map[string]any{
		"enrolment": Enrolment{
			Wire: Spoken(), TokenID: "t7k2m9qxa", TokenSecret: "secret", CSR: []byte{0x30, 0x03}, Name: "PC-7", Kind: inventory.AssetDesktop,
			Identity:     inventory.Identity{UUID: "4c4c4544-0042-3510-8052-c4c04f584e32", Serial: "SER-0001", MACs: []string{"3c:52:82:0a:1b:2c"}},
			AgentVersion: "1.0.0", Simulated: true,
		},
		"enrolled": Enrolled{
			Wire: Spoken(), Workstation: "w0000abcd", Certificates: [][]byte{{1, 2}, {3}}, NotAfter: monday.AddDate(0, 0, 30),
			Settings: settings, Review: "install w0000old1 of the same machine reported at 2026-11-23T08:00:00Z",
		},
		"renewal":       Renewal{CSR: []byte{0x30, 0x03}},
		"renewed":       Renewed{Certificates: [][]byte{{1, 2}, {3}}, NotAfter: monday.AddDate(0, 0, 30)},
		"settings":      settings,
		"report":        fullReport(),
		"report-change": smallReport(),
		"journal-record": JournalRecord{
			N: 17, Run: "run-1", Boot: "boot-1", BootClock: time.Hour, Wall: monday, Kind: RecordLeave, Reason: string(inventory.LeaveSleep),
			PacketAge: 3 * time.Second, AckAge: Never, Gateway: Yes, Peers: 13, PeersKnown: 14, Carrier: Unknown,
			Addr: netip.MustParseAddr("10.40.7.23"), Power: PowerBattery, Outside: Yes,
		},
		"reply": Reply{
			Wire: Spoken(), Seq: 7, Repeat: true, Now: monday, Settings: &settings, Want: Lists(),
			WantJournal: &JournalSpan{Boot: "boot-1", From: time.Minute, To: time.Hour},
			Asks: []ProbeSpec{{
				Ask: "ask-7", Kind: inventory.ProbeHTTP, Why: inventory.ProbeAsked, Service: "records", Target: "https://records.county.example/",
				Proxy: "proxy.county.example:8080", Resolver: "10.1.0.53:53", Status: 200, Text: "Framework", Timeout: 10, Count: 10,
			}},
		},
		"problem": Problem{Type: ProblemBusy, Title: "cannot store now", Status: 503, Detail: "the controller's disk is full"},
		"join-token": JoinToken{
			ID: "t7k2m9qxa", Secret: "secret", CA: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			Controllers: []string{"muster.county.example:7946"},
		},
	}
}

// smallReport is what travels every few minutes.
func smallReport() Report {
	return Report{
		Version: Version, Workstation: "w0000abcd", Run: "run-1", Seq: 7, Boot: "boot-1", BootClock: time.Hour, Wall: monday,
		Agent: "1.0.0", SettingsVersion: "5f3a", KeyVersion: 4, PoolKeys: []string{"9f86d081884c7d65"},
		Hashes: Hashes{Hardware: "0a0b", Firmware: "0c0d", OS: "0e0f", Software: "1a1b"},
		Network: &inventory.Network{
			Interface: inventory.Known("Ethernet"), Addr: inventory.Known(netip.MustParseAddr("10.40.7.23")),
			Prefix: inventory.Known(netip.MustParsePrefix("10.40.7.0/24")), Gateway: inventory.Known(netip.MustParseAddr("10.40.7.1")),
			Resolvers: inventory.Known([]netip.Addr{netip.MustParseAddr("10.1.0.53")}), Medium: inventory.Known("ethernet"),
		},
		Health: &inventory.Health{
			Disks: inventory.Known([]inventory.DiskHealth{{
				Mount: "C:", TotalBytes: 256e9, FreeBytes: 128e9, WearRatio: inventory.Unknown[float64]("no SMART access"),
			}}),
			MemoryUsedRatio: inventory.Known(0.5), LoadRatio: inventory.Known(0.25), UptimeSeconds: inventory.Known(int64(3600)),
			RestartPending: inventory.Known(false), ClockSynced: inventory.Known(true), ClockSource: inventory.Known("ntp.county.example"),
			Protection: inventory.Known([]inventory.Protection{{
				Name: "Microsoft Defender", Enabled: inventory.Known(true), Current: inventory.Unknown[bool]("not said"),
			}}),
			FirewallEnabled: inventory.Known(true), AgentCPUSeconds: inventory.Known(1.5), AgentMemoryBytes: inventory.Known(int64(13 << 20)),
		},
	}
}

// fullReport carries every list and a journal record as well.
func fullReport() Report {
	r := smallReport()
	r.Hardware = &inventory.Hardware{
		Maker: inventory.Known("Dell Inc."), Model: inventory.Known("OptiPlex 7010"), Serial: inventory.Unknown[string]("permission denied"),
		CPU: inventory.CPU{Family: inventory.Known(6), Model: inventory.Known(151), Cores: inventory.Known(8)},
		Disks: inventory.Known([]inventory.Disk{{
			Name: "disk0", Model: inventory.Known("PM9A1"), Serial: inventory.Unknown[string]("not said"), Kind: inventory.Known("nvme"), Bytes: 256e9,
		}}),
		Battery: inventory.Known(inventory.Battery{Present: false}),
	}
	r.Firmware = &inventory.Firmware{Kind: inventory.Known("uefi"), Released: inventory.Known(inventory.Date("2025-05-01"))}
	r.OS = &inventory.OS{Family: inventory.Known("windows"), Build: inventory.Known("26100")}
	r.Software = &SoftwareDelta{
		Base: "1a1a", Added: []inventory.Program{{Name: "Framework", Version: "4.2", Maker: "Access", Source: "msi"}},
		Removed: []inventory.Program{{Name: "Acrobat"}},
	}
	r.Stops = []inventory.Stop{
		{At: monday.Add(-time.Hour), Kind: inventory.StopUnclean, Source: "Kernel-Power 41, EventLog 6008"},
		{At: monday.Add(-16 * time.Hour), Kind: inventory.StopShutdown, Source: "User32 1074", Detail: "power off"},
	}
	r.Journal = []JournalRecord{{N: 1, Run: "run-1", Boot: "boot-1", Wall: monday, Kind: RecordStart, Gateway: Yes, Carrier: Yes, Power: PowerMains}}
	r.Probes = []inventory.ProbeResult{
		{
			Ask: "ask-7", Kind: inventory.ProbeHTTP, Why: inventory.ProbeAsked, Service: "records", Target: "https://records.county.example/",
			BootClock: time.Hour, Error: inventory.ProbeStatus, Detail: "503 Service Unavailable", Proxy: "proxy.county.example:8080",
			DNSMillis: 1.5, ConnectMillis: 20.25, TLSMillis: 45, FirstByteMillis: 90, TotalMillis: 95.5, Status: 503,
		},
		{
			Kind: inventory.ProbePing, Why: inventory.ProbeElected, Target: inventory.TargetGateway, BootClock: time.Hour, OK: true,
			Sent: 10, Lost: 1, MinMillis: 0.25, MedianMillis: 0.5, P95Millis: 1.5, MaxMillis: 2, JitterMillis: 0.25,
		},
		{Kind: inventory.ProbeMTU, Why: inventory.ProbeElected, Target: inventory.TargetController, OK: true, MTUBytes: 1500},
		{
			Kind: inventory.ProbeTrace, Why: inventory.ProbeAsked, Target: "10.1.0.5", OK: true,
			Hops: []inventory.Hop{{TTL: 1, Addr: "10.40.7.1", Millis: 0.5}, {TTL: 2}, {TTL: 3, Addr: "10.1.0.5", Millis: 20}},
		},
	}
	return r
}

func TestEveryMessageTravelsAsItsGoldenFile(t *testing.T) {
	for name, message := range messages() {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(message, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			path := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (go test -update writes it)", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("a message changed on the wire; a new form needs a new version:\n%s", diff)
			}
		})
	}
}

func TestGoldenFilesReadBackAsWhatWasWritten(t *testing.T) {
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, want := range map[string]Report{"report": fullReport(), "report-change": smallReport()} {
		got, err := DecodeReport(read(name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got, err := DecodeEnrolment(read("enrolment")); err != nil || got.Identity.Serial != "SER-0001" {
		t.Errorf("enrolment: %+v, %v", got, err)
	}
	if got, err := DecodeRenewal(read("renewal")); err != nil || len(got.CSR) != 2 {
		t.Errorf("renewal: %+v, %v", got, err)
	}
	for name, into := range map[string]any{
		"enrolled": &Enrolled{}, "renewed": &Renewed{}, "settings": &Settings{}, "reply": &Reply{}, "problem": &Problem{},
		"journal-record": &JournalRecord{}, "join-token": &JoinToken{},
	} {
		if err := json.Unmarshal(read(name), into); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, err := json.MarshalIndent(into, "", "  ")
		if err != nil || string(got)+"\n" != string(read(name)) {
			t.Errorf("%s does not read back as it was written (%v)", name, err)
		}
	}
}

func TestGoldenFilesHoldNothingElse(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != len(messages()) {
		t.Errorf("%d golden files for %d messages (%v)", len(files), len(messages()), err)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
