package series_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/series"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// clock is a controller's time in a test's hands.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func open(t *testing.T, dir string, change func(*series.Options)) *series.DB {
	t.Helper()
	c := &clock{t: monday.Add(time.Hour)}
	o := series.Options{Dir: dir, Log: slog.New(slog.DiscardHandler), Now: c.now, Version: "test"}
	if change != nil {
		change(&o)
	}
	d, err := series.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func shut(t *testing.T, d *series.DB) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func rtt(site string, minute int, seconds float64) series.Sample {
	return series.Sample{
		Family: "muster_link_rtt_seconds", At: monday.Add(time.Duration(minute) * time.Minute), Value: seconds,
		Labels: []series.Label{{Name: "site", Value: site}, {Name: "circuit", Value: "NN-" + site}, {Name: "carrier", Value: "northnet"}},
	}
}

func put(t *testing.T, d *series.DB, samples ...series.Sample) int {
	t.Helper()
	left, err := d.Append(context.Background(), samples)
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// values asks a site's round trips at each minute of the first ten.
func values(t *testing.T, d *series.DB, site string) []float64 {
	t.Helper()
	got, err := d.Range(context.Background(), `last_over_time(muster_link_rtt_seconds{site="`+site+`"}[59s])`, monday, monday.Add(9*time.Minute), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 {
		return nil
	}
	var out []float64
	for _, p := range got[0].Points {
		out = append(out, p.Value)
	}
	return out
}

func TestLateEvidenceFindsItsPlaceAndAContradictionDoesNot(t *testing.T) {
	d := open(t, t.TempDir(), nil)
	defer shut(t, d)
	var samples []series.Sample
	for _, m := range rand.New(rand.NewPCG(3, 4)).Perm(10) {
		samples = append(samples, rtt("S001", m, float64(m)))
	}
	if left := put(t, d, samples...); left != 0 {
		t.Errorf("%d samples were left out", left)
	}
	put(t, d, rtt("S001", 9, 9)) // once more, the same
	if left := put(t, d, rtt("S001", 9, 99)); left != 1 {
		t.Errorf("a contradiction: %d left out, want 1", left)
	}
	if diff := cmp.Diff([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, values(t, d, "S001")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsTooOldFromTheFutureOrOfNoFamilyIsLeftOutAlone(t *testing.T) {
	d := open(t, t.TempDir(), nil)
	defer shut(t, d)
	bad := []series.Sample{
		{Family: "muster_link_rtt_seconds", At: monday.Add(24 * time.Hour), Value: 1, Labels: []series.Label{{Name: "site", Value: "S001"}}},
		{Family: "made_up", At: monday, Value: 1},
		{Family: "muster_site_reach", At: monday, Value: 1, Labels: []series.Label{{Name: "user", Value: "ann"}}},
		{Family: "muster_site_reach", At: monday, Value: 1, Labels: []series.Label{{Name: "site", Value: strings.Repeat("x", 1000)}}},
	}
	if left := put(t, d, append(bad, rtt("S001", 0, 5))...); left != len(bad) {
		t.Errorf("%d left out, want %d", left, len(bad))
	}
	if got := values(t, d, "S001"); !cmp.Equal(got, []float64{5}) {
		t.Errorf("kept %v", got)
	}
	if left := put(t, d, rtt("S001", -100*60, 1)); left != 1 {
		t.Error("evidence of four days ago was taken")
	}
}

func TestMinutesOfALinkComeBackAsTheyWereKept(t *testing.T) {
	d := open(t, t.TempDir(), nil)
	defer shut(t, d)
	at := rtt("S001", 0, 0)
	loss := func(minute int, v float64) series.Sample {
		return series.Sample{Family: "muster_link_loss_ratio", At: monday.Add(time.Duration(minute) * time.Minute), Value: v, Labels: at.Labels}
	}
	put(t, d, rtt("S001", 0, 0.02), loss(0, 0.5), loss(1, 1), rtt("S001", 2, 0.03), loss(2, 0), loss(3, 0), rtt("S002", 0, 9))
	got, err := d.LinkMinutes(t.Context(), "S001", monday, monday.Add(3*time.Minute))
	want := []series.LinkMinute{
		{At: monday, Loss: 0.5, RTT: 20 * time.Millisecond}, {At: monday.Add(time.Minute), Loss: 1}, {At: monday.Add(2 * time.Minute), RTT: 30 * time.Millisecond},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestSamplesOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, nil)
	put(t, d, rtt("S001", 0, 1), rtt("S001", 1, 2))
	shut(t, d)
	d = open(t, dir, nil)
	defer shut(t, d)
	put(t, d, rtt("S001", 2, 3))
	if got := values(t, d, "S001"); !cmp.Equal(got, []float64{1, 2, 3}) {
		t.Errorf("after a restart %v", got)
	}
}

// serve starts the API on loopback.
func serve(t *testing.T, d *series.DB) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/prometheus/api/v1/", d.Handler("/prometheus/api/v1"))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/prometheus"
}

func ask(t *testing.T, where string) map[string]any {
	t.Helper()
	response, err := http.Get(where) //nolint:gosec,noctx // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() // read below
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatalf("%s answered %s: %s", where, response.Status, b)
	}
	return got
}

func TestTheQueryAPIIsPrometheusOwn(t *testing.T) {
	d := open(t, t.TempDir(), nil)
	defer shut(t, d)
	put(t, d, rtt("S001", 0, 0.02), rtt("S002", 0, 0.05))
	base := serve(t, d)
	at := fmt.Sprint(monday.Unix())
	for path, want := range map[string]string{
		"/api/v1/query?time=" + at + "&query=" + url.QueryEscape("max(muster_link_rtt_seconds)"):                                 `"0.05"`,
		"/api/v1/query_range?start=" + at + "&end=" + at + "&step=60&query=" + url.QueryEscape("count(muster_link_rtt_seconds)"): `"2"`,
		"/api/v1/series?match[]=muster_link_rtt_seconds&start=" + at:                                                             `"NN-S001"`,
		"/api/v1/labels":                                  `"carrier"`,
		"/api/v1/label/site/values":                       `"S002"`,
		"/api/v1/metadata?metric=muster_link_rtt_seconds": `"gauge"`,
		"/api/v1/metadata":                                `muster_site_workstations`,
		"/api/v1/status/buildinfo":                        `"version"`,
		"/api/v1/rules":                                   `"groups"`,
	} {
		got := ask(t, base+path)
		text, err := json.Marshal(got["data"])
		if err != nil || got["status"] != "success" || !strings.Contains(string(text), want) {
			t.Errorf("%s answered %v, want %s in it", path, got, want)
		}
	}
	if got := ask(t, base+"/api/v1/query?query=sum("); got["errorType"] != "bad_data" {
		t.Errorf("a bad query: %v", got)
	}
}

func TestNothingCanBeWrittenThroughTheAPI(t *testing.T) {
	d := open(t, t.TempDir(), nil)
	defer shut(t, d)
	base := serve(t, d)
	for _, c := range []struct{ method, path string }{
		{http.MethodPost, "/api/v1/write"},
		{http.MethodDelete, "/api/v1/series"},
		{http.MethodPost, "/api/v1/admin/tsdb/delete_series"},
		{http.MethodPost, "/api/v1/otlp/v1/metrics"},
		{http.MethodPut, "/api/v1/admin/tsdb/snapshot"},
		{http.MethodGet, "/api/v1/notifications/live"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := new(http.Client).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("%s %s: %s", c.method, c.path, response.Status)
		}
	}
}

// TestPromtoolReadsTheController runs Debian's promtool against the API.
func TestPromtoolReadsTheController(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatalf("Debian's promtool is missing: make test installs it: %v", err)
	}
	d := open(t, t.TempDir(), nil)
	defer shut(t, d)
	put(t, d, rtt("S001", 0, 0.02), rtt("S001", 1, 0.03))
	base := serve(t, d)
	at := monday.Format(time.RFC3339)
	for want, args := range map[string][]string{
		"0.02":     {"query", "instant", "--time", at, base, `muster_link_rtt_seconds{site="S001"}`},
		"0.03":     {"query", "range", "--start", at, "--end", monday.Add(time.Minute).Format(time.RFC3339), "--step", "1m", base, "muster_link_rtt_seconds"},
		"NN-S001":  {"query", "series", "--match", "muster_link_rtt_seconds", "--start", at, "--end", monday.Add(time.Hour).Format(time.RFC3339), base},
		"northnet": {"query", "labels", "--start", at, "--end", monday.Add(time.Hour).Format(time.RFC3339), base, "carrier"},
	} {
		out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput() //nolint:gosec // the test's own words
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("promtool %v: %v\n%s\nwant %s in it", args, err, out, want)
		}
	}
}

func TestTheCatalogueIsSortedAndEachFamilySaysItsUnit(t *testing.T) {
	var names []string
	for _, f := range series.Catalogue() {
		names = append(names, f.Name)
		if f.Help == "" || !slices.IsSorted(f.Labels) || f.Unit != "" && !strings.Contains(f.Name, "_"+f.Unit) {
			t.Errorf("%+v", f)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("not sorted: %v", names)
	}
}

// TestSamplesAreWrittenToAnotherPrometheus runs Debian's as the outside engine.
func TestSamplesAreWrittenToAnotherPrometheus(t *testing.T) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Fatalf("Debian's prometheus is missing: make test installs it: %v", err)
	}
	dir, addr := t.TempDir(), freePort(t)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	outside := exec.Command(program, "--config.file="+write("p.yml", "scrape_configs: []\n"), "--storage.tsdb.path="+filepath.Join(dir, "p"), //nolint:gosec // the test's own words
		"--web.listen-address="+addr, "--web.enable-remote-write-receiver", "--log.level=error")
	if err := outside.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = outside.Process.Kill(); _ = outside.Wait() })

	file := write("remote.yml", "remote_write: [{url: \"http://"+addr+"/api/v1/write\", queue_config: {batch_send_deadline: 100ms, max_shards: 1}}]\n")
	d := open(t, filepath.Join(dir, "own"), func(o *series.Options) { o.RemoteWrite, o.Now = file, time.Now })
	defer shut(t, d)
	until(t, "the outside engine has the sample", func() bool {
		put(t, d, series.Sample{Family: "muster_site_reach", At: time.Now(), Value: 1, Labels: []series.Label{{Name: "site", Value: "S001"}}})
		response, err := http.Get("http://" + addr + "/api/v1/query?query=muster_site_reach") //nolint:noctx // the test's own server
		if err != nil {
			return false
		}
		defer response.Body.Close() // read below
		b, err := io.ReadAll(response.Body)
		return err == nil && strings.Contains(string(b), "S001")
	})
}

func TestAFileWithoutRemoteWriteIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.yml")
	for text, want := range map[string]string{"": "has no remote_write", "remote_wrote: []": "remote_wrote", "remote_write: [{}]": "url for remote_write is empty"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := series.Open(series.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Now: time.Now, RemoteWrite: file})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	d, err := series.Open(series.Options{Dir: b.TempDir(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close() // a benchmark
	begin := time.Now().Add(-time.Hour)
	batch := make([]series.Sample, 130*3)
	n := 0
	for b.Loop() {
		n++
		for i := range batch {
			batch[i] = rtt(fmt.Sprintf("S%03d", i/3), 0, float64(n))
			batch[i].Family = []string{"muster_link_rtt_seconds", "muster_link_loss_ratio", "muster_link_jitter_seconds"}[i%3]
			batch[i].At = begin.Add(time.Duration(n) * 10 * time.Millisecond)
		}
		if _, err := d.Append(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*len(batch))/b.Elapsed().Seconds(), "samples/s")
}
