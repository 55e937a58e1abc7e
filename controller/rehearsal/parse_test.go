package rehearsal_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/rehearsal"
	"muster/inventory"
)

const example = `name: link cut at one site
seed: 7
start: 2026-11-23T10:00:00Z            # a Monday
for: 14m
estate:
  sites: 12
  workstations_per_site: 15
  services: [email, files, records]
timeline:
  - {at: 5m,  do: cut-link,  site: S003}
  - {at: 12m, do: heal-link, site: S003}
expect:
  - {cause: site-link-down, site: S003, from: 5m, detected_within: 5s, cause_within: 15s, final_grade: proven, resolved_within: 60s}
never: [{cause: workstation-crashed}]
notifications: {at_most: 1}
`

func parse(t *testing.T, text string) rehearsal.Rehearsal {
	t.Helper()
	r, err := rehearsal.Parse("test.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheExampleIsReadWhole(t *testing.T) {
	r := parse(t, example)
	if len(r.Estate.Sites) != 12 || r.Estate.Workstations() != 180 || r.For != 14*time.Minute || r.Seed != 7 {
		t.Errorf("read %d sites, %d workstations, %s, seed %d", len(r.Estate.Sites), r.Estate.Workstations(), r.For, r.Seed)
	}
	want := rehearsal.Expectation{
		Line: 13, Cause: inventory.CauseSiteLinkDown, Subject: rehearsal.Subject{Site: "S003"}, From: 5 * time.Minute,
		DetectedWithin: 5 * time.Second, CauseWithin: 15 * time.Second, FinalGrade: inventory.GradeProven, ResolvedWithin: time.Minute,
	}
	if diff := cmp.Diff(want, r.Expect[0]); diff != "" {
		t.Error(diff)
	}
	if r.Estate.Sites[9].Exchange != "X1" || r.Estate.Sites[10].Exchange != "X2" || r.Estate.Sites[11].Carrier != "carrier-1" {
		t.Errorf("defaults: %+v", r.Estate.Sites[9:])
	}
}

func TestWhatIsLeftOutIsTheHandbooksDefault(t *testing.T) {
	r := parse(t, "name: quiet\n")
	if len(r.Estate.Sites) != 6 || r.Estate.References != 2 || r.Baseline.Days != 28 || r.Estate.LANDelay != 300*time.Microsecond {
		t.Errorf("estate %+v, baseline %+v", r.Estate, r.Baseline)
	}
	want := rehearsal.Site{
		Code: "S001", Workstations: 15, Carrier: "carrier-1", Exchange: "X1", Router: rehearsal.RouterAnswers, Hours: "Mon-Fri 08:00-18:00",
		Zone: "Europe/London", Uplink: rehearsal.Path{Delay: 20 * time.Millisecond, Spread: 2 * time.Millisecond},
	}
	if diff := cmp.Diff(want, r.Estate.Sites[0]); diff != "" {
		t.Error(diff)
	}
	if !r.Start.Equal(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("starts %s", r.Start)
	}
}

func TestUnknownWordsAreRefusedWithFileLineAndTheWordsThatAreKnown(t *testing.T) {
	for name, one := range map[string]struct {
		text string
		want []string
	}{
		"verb":        {"name: x\ntimeline:\n  - {at: 5m, do: cut-lnik, site: S003}\n", []string{"test.yaml:3:", `"cut-lnik"`, "cut-link", "heal-link"}},
		"key":         {"name: x\ntimeline:\n  - {at: 5m, do: cut-link, sites: S003}\n", []string{"test.yaml:3:", `"sites"`, "at, do, heal, site"}},
		"other's key": {"name: x\ntimeline:\n  - {at: 5m, do: cut-link, site: S003, loss: 0.3}\n", []string{"test.yaml:3:", `"loss"`, "the words are"}},
		"top":         {"name: x\nexpects: []\n", []string{"test.yaml:2:", `"expects"`, "expect,"}},
		"site":        {"name: x\ntimeline:\n  - {at: 5m, do: cut-link, site: S013}\n", []string{"test.yaml:3:", `"S013"`, "S001, S002"}},
		"cause":       {"name: x\nexpect:\n  - {cause: link-down}\n", []string{"test.yaml:3:", `"link-down"`, "site-link-down"}},
		"grade":       {"name: x\nexpect:\n  - {cause: unknown, final_grade: sure}\n", []string{"test.yaml:3:", `"sure"`, "inferred, corroborated, proven"}},
		"carrier":     {"name: x\ntimeline:\n  - {at: 1m, do: carrier-down, carrier: northnet}\n", []string{"test.yaml:3:", "carrier-1"}},
		"workstation": {"name: x\ntimeline:\n  - {at: 1m, do: move, workstation: S001-16, to: S002}\n", []string{"test.yaml:3:", "S001-01 to S001-15"}},
		"error":       {"name: x\nestate: {services: [email]}\ntimeline:\n  - {at: 1m, do: service-down, service: email, error: slow}\n", []string{"test.yaml:4:", "proxy-407"}},
		"estate":      {"name: x\nestate: {site: 12}\n", []string{"test.yaml:2:", "sites", "workstations_per_site"}},
		"twice":       {"name: x\nname: y\n", []string{"test.yaml:2:", "twice"}},
		"duration":    {"name: x\nfor: 14\n", []string{"test.yaml:2:", "90s"}},
		"no at":       {"name: x\ntimeline:\n  - {do: cut-link, site: S001}\n", []string{"test.yaml:3:", "at is missing"}},
		"no site":     {"name: x\ntimeline:\n  - {at: 1m, do: cut-link}\n", []string{"test.yaml:3:", "site is missing"}},
		"both":        {"name: x\ntimeline:\n  - {at: 1m, do: crash, site: S001, workstations: 2, share: 0.5}\n", []string{"one of workstations and share"}},
		"too long":    {"name: x\nfor: 1m\ntimeline:\n  - {at: 2m, do: cut-link, site: S001}\n", []string{"goes on to"}},
		"alias":       {"name: x\nexpect: &a\n  - {cause: unknown}\nnever: *a\n", []string{"alias"}},
	} {
		_, err := rehearsal.Parse("test.yaml", strings.NewReader(one.text))
		if err == nil {
			t.Errorf("%s: it was read", name)
			continue
		}
		for _, w := range one.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: want %q in %q", name, w, err)
			}
		}
	}
}

func TestEveryVerbIsReadWithTheKeysOfTheHandbook(t *testing.T) {
	lines := []string{
		"shutdown, site: S001", "crash, site: S001, workstations: 2", "sleep, site: S001, share: 0.3, over: 2m", "wake, site: S001",
		"boot, site: S001, over: 15m", "restart, site: S001, workstations: [S001-01, S001-02]", "kill-agent, site: S001, workstations: 1",
		"starve-cpu, site: S001, workstations: 1", "move, workstation: S001-01, to: S002", "clone-identity, workstation: S001-01",
		"skew-clock, site: S001, by: 10m", "skew-clock, workstations: [S001-01], by: -10m",
		"power-cut, site: S001, ups: router", "power-cut, site: S001, battery: 0.5", "power-restore, site: S001, boot: 0.7",
		"router-down, site: S001", "switch-down, site: S001, share: 0.5", "isolate, site: S001, workstations: 3", "renumber, site: S001",
		"dhcp-fail, site: S001", "block-udp, site: S001", "router-silent, site: S001", "mtu, site: S001, bytes: 1300",
		"cut-link, site: S001", "heal-link, site: S001", "flap-link, site: S001, every: 45s, for: 5m",
		"degrade-link, site: S001, loss: 0.2, delay: 40ms, jitter: 10ms, over: 2h", "one-way-loss, site: S001, direction: to-controller",
		"failover, site: S001, delay: 80ms, rate: 2M", "saturate-link, site: S001, for: 10m",
		"carrier-down, carrier: carrier-1, share: 0.8", "exchange-down, exchange: X1", "service-down, service: email, error: nxdomain",
		"service-down, service: email, site: S001, error: proxy-407", "controller-network-down", "controller-stall, for: 20s",
		"controller-restart, down_for: 30s", "maintenance, site: S001, for: 1h", "cut-link, site: S001, heal: true", "controller-network-down, heal: true",
	}
	var b strings.Builder
	b.WriteString("name: all\nestate: {services: [email]}\ntimeline:\n")
	for _, l := range lines {
		b.WriteString("  - {at: 5m, do: " + l + "}\n")
	}
	r := parse(t, b.String())
	if len(r.Timeline) != len(lines) {
		t.Errorf("read %d of %d lines", len(r.Timeline), len(lines))
	}
	done := map[rehearsal.Verb]bool{}
	for _, f := range r.Timeline {
		done[f.Do] = true
	}
	for _, v := range rehearsal.Verbs() {
		if !done[v] {
			t.Errorf("%s is in no line of this test", v)
		}
	}
}

func TestAnExportIsReadAgain(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 5, 0, 123e6, time.UTC)
	made := parse(t, "name: \"exported: i0000000a\"\nestate: {sites: 2, services: [email]}\nexpect: [{cause: site-link-down, site: S002, final_grade: proven}]\n")
	made.Evidence = []inventory.Evidence{
		{At: at, Kind: inventory.EvidenceSweep, Site: "S002", OK: true, RTT: 20 * time.Millisecond},
		{At: at, LearntAt: at.Add(time.Minute), Kind: inventory.EvidenceEntry, Site: "S002", Workstation: "w1", Entry: &inventory.JournalEntry{N: 1, Gateway: "yes"}},
	}
	var b bytes.Buffer
	if err := rehearsal.Export(&b, made); err != nil {
		t.Fatal(err)
	}
	again := parse(t, b.String())
	if diff := cmp.Diff(made.Evidence, again.Evidence, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(made.Estate, again.Estate); diff != "" {
		t.Error(diff)
	}
	if _, err := rehearsal.Parse("x.yaml", strings.NewReader(strings.ReplaceAll(b.String(), `"rtt_ns"`, `"rtt_seconds"`))); err == nil || !strings.Contains(err.Error(), "rtt_seconds") {
		t.Errorf("an unknown word of an observation: %v", err)
	}
}

// FuzzParse holds that nothing makes Parse, or the script of what it read, panic
// or take for ever.
func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	files, _ := filepath.Glob("../../configs/rehearsals/*.yaml")
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<16 {
			return
		}
		r, err := rehearsal.Parse("fuzz.yaml", bytes.NewReader(content))
		if err != nil {
			return
		}
		if len(r.Timeline)*r.Estate.Workstations() > 20_000 || len(r.History) > 5 {
			return
		}
		for _, f := range r.Timeline {
			if f.Every > 0 && r.For/f.Every > 10_000 {
				return
			}
		}
		rehearsal.Judge(r, rehearsal.Seen{})
	})
}
