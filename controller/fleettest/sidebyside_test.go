//go:build linux

package fleettest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/controller/fleettest/lab"
	"muster/inventory"
)

// alertHook is where Alertmanager posts.
type alertHook struct {
	mu  sync.Mutex // guards all
	all map[string]time.Time
}

var alertHookAddr = netip.MustParseAddrPort("127.0.0.1:9098")

func newAlertHook(tb testing.TB, s *lab.Scene) *alertHook {
	tb.Helper()
	h := &alertHook{all: map[string]time.Time{}}
	serveUntilTheEnd(tb, s, alertHookAddr, h)
	return h
}

// ServeHTTP implements http.Handler.
func (h *alertHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	var body struct {
		Alerts []struct {
			Status string            `json:"status"`
			Labels map[string]string `json:"labels"`
		} `json:"alerts"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range body.Alerts {
		key := a.Labels["prometheus"] + a.Labels["site"]
		if _, known := h.all[key]; a.Status == "firing" && !known {
			h.all[key] = at
		}
	}
}

func (h *alertHook) first(p *lab.Prometheus, site string) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all[p.Name+site]
}

// reaction is when a cut was seen, called by its name, and told to somebody.
type reaction struct{ detected, named, notified time.Duration }

func (r reaction) whole() bool { return r.detected > 0 && r.named > 0 && r.notified > 0 }

// BenchmarkSideBySide cuts the link of one site after another and takes how long it
// was until it was detected, named and notified: by Muster, and by Debian's
// Prometheus with its blackbox exporter and Alertmanager in the same namespace, once
// every 15 s as Debian's file says and once every 60 s as is built in. What Prometheus
// says of a cut is `SiteUnreachable`: pending is detected, firing is named.
func BenchmarkSideBySide(b *testing.B) {
	sites := liveSites()[:5]
	c := newLiveCounty(b, sites)
	var all []*lab.Site
	for _, s := range sites {
		all = append(all, c.sites[s.code])
	}
	alerts := newAlertHook(b, c.Scene)
	c.StartAlertmanager("http://" + alertHookAddr.String() + "/")
	rivals := []*lab.Prometheus{c.StartPrometheus(9090, 15, all), c.StartPrometheus(9091, 60, all)}

	cuts := map[string]time.Time{}
	for _, s := range sites[:3] { // one phase of the minute after the other, and no shared cause
		c.onset()
		cuts[s.code] = time.Now()
		c.sites[s.code].Cut()
		c.Pass(5 * time.Second)
	}
	reactions := map[string]map[string]reaction{"muster": {}}
	for _, p := range rivals {
		reactions[p.Name] = map[string]reaction{}
	}
	begun := time.Now()
	for whole := false; !whole; c.Pass(500 * time.Millisecond) {
		if time.Since(begun) > patience {
			b.Fatalf("not everybody has told of the cuts: %+v", reactions)
		}
		whole = true
		for code, cut := range cuts {
			reactions["muster"][code] = c.reaction(code, cut)
			whole = whole && reactions["muster"][code].whole()
			for _, p := range rivals {
				reactions[p.Name][code] = alerts.reaction(p, code, cut, reactions[p.Name][code])
				whole = whole && reactions[p.Name][code].whole()
			}
		}
	}
	b.Log("seconds after the cut, detected / named / notified")
	for _, who := range []string{"muster", "15 s", "60 s"} {
		reportReactions(b, who, reactions[who])
	}
	b.ReportMetric(0, "ns/op")
}

// reaction reads what Muster told of a site's cut.
func (c *liveCounty) reaction(site string, cut time.Time) (r reaction) {
	all, _ := c.seen.incidents()
	for _, i := range all {
		if !ofSite(site)(i.Scope) || i.DetectedAt.Before(cut) {
			continue
		}
		r.detected = i.DetectedAt.Sub(cut)
		for _, v := range i.Verdicts {
			if v.Cause == inventory.CauseLinkOrPower && r.named == 0 {
				r.named = v.At.Sub(cut)
			}
		}
		if told := c.hook.of(i.ID, inventory.DeliverOpening); len(told) > 0 {
			r.notified = told[0].at.Sub(cut)
		}
	}
	return r
}

// reaction goes on with what a Prometheus told of a site's cut so far.
func (h *alertHook) reaction(p *lab.Prometheus, site string, cut time.Time, r reaction) reaction {
	if r.whole() {
		return r
	}
	found, err := p.Alerts()
	now := time.Now()
	if err == nil {
		for _, a := range found {
			if a.Labels["site"] != site {
				continue
			}
			r.detected = a.ActiveAt.Sub(cut)
			if a.State == "firing" && r.named == 0 {
				r.named = now.Sub(cut)
			}
		}
	}
	if at := h.first(p, site); !at.IsZero() {
		r.notified = at.Sub(cut)
	}
	return r
}

func reportReactions(b *testing.B, who string, of map[string]reaction) {
	b.Helper()
	unit := map[string]string{"muster": "muster", "15 s": "prometheus15", "60 s": "prometheus60"}[who]
	var lines []string
	for _, code := range []string{"S001", "S002", "S003"} {
		r := of[code]
		lines = append(lines, fmt.Sprintf("%.1f / %.1f / %.1f", r.detected.Seconds(), r.named.Seconds(), r.notified.Seconds()))
	}
	b.Logf("%-8s %s", who, strings.Join(lines, "   "))
	for _, step := range []struct {
		name string
		of   func(reaction) time.Duration
	}{
		{"detected", func(r reaction) time.Duration { return r.detected }},
		{"named", func(r reaction) time.Duration { return r.named }},
		{"notified", func(r reaction) time.Duration { return r.notified }},
	} {
		var took []time.Duration
		for _, r := range of {
			took = append(took, step.of(r))
		}
		slices.Sort(took)
		b.ReportMetric(took[len(took)/2].Seconds(), unit+"-"+step.name+"-s")
		b.ReportMetric(took[len(took)-1].Seconds(), unit+"-"+step.name+"-worst-s")
	}
}
