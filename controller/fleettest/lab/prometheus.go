//go:build linux

package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// Prometheus is one of Debian's, in the controller's namespace, that asks sites by
// its blackbox exporter and tells its alerts to an Alertmanager.
type Prometheus struct {
	Name string
	scn  *Scene
	addr string
}

// Where they listen, on loopback inside the controller's namespace.
const (
	blackboxAddr     = "127.0.0.1:9115"
	alertmanagerAddr = "127.0.0.1:9093"
)

// Alert is one that Prometheus knows.
type Alert struct {
	State    string            `json:"state"`
	ActiveAt time.Time         `json:"activeAt"`
	Labels   map[string]string `json:"labels"`
}

// StartAlertmanager starts Debian's blackbox exporter, and its Alertmanager with the
// usual group_wait of 30 s, which posts to hook.
func (s *Scene) StartAlertmanager(hook string) {
	s.tb.Helper()
	s.Configure(map[string]string{
		"blackbox.yml": "modules:\n  icmp: {prober: icmp, timeout: 5s, icmp: {preferred_ip_protocol: ip4}}\n",
		"alertmanager.yml": "route: {receiver: hook, group_by: [alertname, site, prometheus], group_wait: 30s}\n" +
			"receivers:\n  - name: hook\n    webhook_configs: [{url: '" + hook + "'}]\n",
	})
	s.beside("prometheus-blackbox-exporter", "--config.file="+s.Path("blackbox.yml"), "--web.listen-address="+blackboxAddr)
	s.beside("prometheus-alertmanager", "--config.file="+s.Path("alertmanager.yml"), "--storage.path="+s.Path("alertmanager"),
		"--web.listen-address="+alertmanagerAddr, "--cluster.listen-address=")
	s.Within(time.Minute, "Alertmanager is ready", func() bool { return s.get("http://"+alertmanagerAddr+"/-/ready", nil) == nil })
}

// StartPrometheus starts Debian's Prometheus, which scrapes and judges every so many
// seconds and calls a site unreachable when for a minute nothing of it answered.
func (s *Scene) StartPrometheus(port, everySeconds int, sites []*Site) *Prometheus {
	s.tb.Helper()
	p := &Prometheus{Name: fmt.Sprintf("%d s", everySeconds), scn: s, addr: fmt.Sprintf("127.0.0.1:%d", port)}
	var targets strings.Builder
	n := 0
	for _, site := range sites {
		fmt.Fprintf(&targets, "      - {labels: {site: %s}, targets: ['%s'", site.Code, site.Router())
		for _, w := range site.Workstations {
			fmt.Fprintf(&targets, ", '%s'", w.Addr)
		}
		targets.WriteString("]}\n")
		n += 1 + len(site.Workstations)
	}
	file, rules := fmt.Sprintf("prometheus-%d.yml", everySeconds), fmt.Sprintf("rules-%d.yml", everySeconds)
	s.Configure(map[string]string{
		rules: "groups:\n  - name: sites\n    rules:\n      - {alert: SiteUnreachable, expr: 'max by (site) (probe_success) == 0', for: 1m}\n",
		file: fmt.Sprintf(`global: {scrape_interval: %[1]ds, evaluation_interval: %[1]ds, external_labels: {prometheus: '%[2]s'}}
rule_files: ['%[3]s']
alerting: {alertmanagers: [{static_configs: [{targets: ['%[4]s']}]}]}
scrape_configs:
  - job_name: sites
    metrics_path: /probe
    params: {module: [icmp]}
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: '%[5]s'}
    static_configs:
%[6]s`, everySeconds, p.Name, s.Path(rules), alertmanagerAddr, blackboxAddr, targets.String()),
	})
	s.beside("prometheus", "--config.file="+s.Path(file), "--storage.tsdb.path="+s.Path("tsdb-"+fmt.Sprint(everySeconds)), "--web.listen-address="+p.addr)
	s.Within(3*time.Minute, "every target of Prometheus answers", func() bool { return p.answering() == n })
	return p
}

// answering counts the targets that answered when they were last asked.
func (p *Prometheus) answering() int {
	var v struct {
		Result []struct {
			Value [2]any `json:"value"`
		} `json:"result"`
	}
	err := p.scn.get("http://"+p.addr+"/api/v1/query?query="+url.QueryEscape("sum(probe_success)"), &v)
	if err != nil || len(v.Result) != 1 {
		return 0
	}
	n := 0
	if _, err := fmt.Sscan(fmt.Sprint(v.Result[0].Value[1]), &n); err != nil {
		return 0
	}
	return n
}

// Alerts are those that are pending or firing.
func (p *Prometheus) Alerts() ([]Alert, error) {
	var v struct {
		Alerts []Alert `json:"alerts"`
	}
	err := p.scn.get("http://"+p.addr+"/api/v1/alerts", &v)
	return v.Alerts, err
}

// get asks one of Prometheus' programs; data takes what it answers, where wanted.
func (s *Scene) get(address string, data any) error {
	out, err := s.Command(context.Background(), s.Controller(), "curl", "-sf", "-m", "5", address).Output()
	if err != nil || data == nil {
		return err
	}
	answer := struct {
		Data any `json:"data"`
	}{data}
	return json.Unmarshal(out, &answer)
}

// beside runs a program of Debian's in the controller's namespace until the test ends.
func (s *Scene) beside(program string, args ...string) {
	s.tb.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		s.tb.Fatalf("cannot compare with Prometheus: %v; install it with: apt-get install %s", err, program)
	}
	said := &log{}
	cmd := s.Command(context.Background(), s.Controller(), path, args...)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		s.tb.Fatalf("cannot start %s: %v", program, err)
	}
	s.tb.Cleanup(func() {
		_ = cmd.Process.Kill() // gone already: Wait says so
		_ = cmd.Wait()
		if s.tb.Failed() {
			s.tb.Logf("%s said last:\n%s", program, said.tail())
		}
	})
}
