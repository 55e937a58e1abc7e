package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/controller/notify"
	"muster/inventory"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// freePort is a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // only its number is wanted
	return l.Addr().String()
}

// noRoutes is a configuration that calls nobody.
const noRoutes = "route: {receiver: none}\nreceivers: [{name: none}]\n"

// alertmanager starts Debian's on an address.
func alertmanager(t *testing.T, addr, routes string) {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "am.yml")
	if err := os.WriteFile(config, []byte(routes), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		t.Fatalf("Debian's prometheus-alertmanager is missing: make test installs it: %v", err)
	}
	command := exec.Command(program, "--config.file="+config, "--storage.path="+dir, "--web.listen-address="+addr, "--cluster.listen-address=")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
}

type seen struct {
	Labels map[string]string `json:"labels"`
	Status struct {
		State string `json:"state"`
	} `json:"status"`
	Annotations map[string]string `json:"annotations"`
}

// alerts asks an Alertmanager what it holds.
func alerts(ctx context.Context, addr string) ([]seen, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/api/v2/alerts", nil)
	if err != nil {
		return nil, err
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() // read below
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s", response.Status)
	}
	var got []seen
	return got, json.NewDecoder(response.Body).Decode(&got)
}

// until asks again and again, as long as the test may run.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		}
	}
}

// TestAlertmanagerFromDebianIsToldAndResolved starts it only after the incident is
// open: what it did not hear is said again until it is accepted.
func TestAlertmanagerFromDebianIsToldAndResolved(t *testing.T) {
	addr := freePort(t)
	am := notify.NewAlertmanager("am", []string{"http://" + addr}, new(http.Client), time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); am.Run(ctx) }()
	defer func() { cancel(); <-done }()

	i := opened("i00000001")
	am.Set(notify.Facts{Incident: i, Zone: time.UTC, SiteName: "Mill Lane"})
	until(t, "a missing Alertmanager is shown", func() bool { return !am.Health().FailingSince.IsZero() })

	alertmanager(t, addr, noRoutes)
	until(t, "Alertmanager has the alert", func() bool {
		got, err := alerts(ctx, addr)
		return err == nil && len(got) == 1 && got[0].Labels["incident"] == "i00000001" && got[0].Labels["site"] == "S003" && got[0].Status.State == "active"
	})
	i.State, i.ResolvedAt = inventory.IncidentResolved, time.Now()
	am.Set(notify.Facts{Incident: i, Zone: time.UTC})
	until(t, "Alertmanager has it resolved", func() bool {
		got, err := alerts(ctx, addr)
		return err == nil && len(got) == 0
	})
	if h := am.Health(); !h.FailingSince.IsZero() {
		t.Errorf("health %+v", h)
	}
}

// receivers is where an Alertmanager posts: who heard which cause, and how it stood.
type receivers struct {
	mu    sync.Mutex // guards heard
	heard map[string]bool
}

// ServeHTTP implements http.Handler; the path is the receiver's name.
func (r *receivers) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var body struct {
		Alerts []struct {
			Status string            `json:"status"`
			Labels map[string]string `json:"labels"`
		} `json:"alerts"`
	}
	if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range body.Alerts {
		r.heard[request.URL.Path+" "+a.Labels["cause"]+" "+a.Labels["carrier"]+" "+a.Status] = true
	}
}

func (r *receivers) have(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard[text]
}

// TestARevisionEndsTheOldAlertAndFiresTheNewOneWhereItRoutes has Debian's
// Alertmanager route by cause: who was called hears that it is over, who is to be
// called hears of it, and there are never two.
func TestARevisionEndsTheOldAlertAndFiresTheNewOneWhereItRoutes(t *testing.T) {
	hook := &receivers{heard: map[string]bool{}}
	server := httptest.NewServer(hook)
	defer server.Close()
	addr := freePort(t)
	alertmanager(t, addr, fmt.Sprintf(`
route:
  receiver: network
  group_by: [incident]
  group_wait: 0s
  group_interval: 1s
  routes:
  - {receiver: carrier, matchers: [cause="site-link-down", carrier="northnet"]}
receivers:
- {name: network, webhook_configs: [{url: %[1]s/network}]}
- {name: carrier, webhook_configs: [{url: %[1]s/carrier}]}
`, server.URL))
	am := notify.NewAlertmanager("am", []string{"http://" + addr}, new(http.Client), time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); am.Run(ctx) }()
	defer func() { cancel(); <-done }()

	i := opened("i00000001")
	i.Cause, i.Grade = inventory.CauseLinkOrPower, inventory.GradeInferred
	f := notify.Facts{Incident: i, Zone: time.UTC, Links: []inventory.Link{{Circuit: "NN-1", Carrier: "northnet"}, {Circuit: "4G-1", Carrier: "airnet", Role: inventory.LinkBackup}}}
	am.Set(f)
	until(t, "the network desk hears of it", func() bool { return hook.have("/network link-or-power northnet firing") })
	f.Incident.Cause, f.Incident.Grade = inventory.CauseSiteLinkDown, inventory.GradeProven
	am.Set(f)
	until(t, "the carrier's desk hears of it, and the network desk of its end", func() bool {
		if got, err := alerts(ctx, addr); err == nil && len(got) > 1 {
			t.Fatalf("two alerts of one incident: %+v", got)
		}
		return hook.have("/carrier site-link-down northnet firing") && hook.have("/network link-or-power northnet resolved")
	})
	f.Links = nil // the register cannot be read: no change
	f.Incident.People = 12
	am.Set(f)
	until(t, "what changes beside the labels is told", func() bool {
		got, err := alerts(ctx, addr)
		return err == nil && len(got) == 1 && got[0].Annotations["people"] == "12" && got[0].Labels["carrier"] == "northnet"
	})
	f.Incident.State = inventory.IncidentResolved
	am.Set(f)
	until(t, "the carrier's desk hears of the end", func() bool { return hook.have("/carrier site-link-down northnet resolved") })
}
