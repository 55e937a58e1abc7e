package intake_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
)

// faulty is the real store with faults put in its way.
type faulty struct {
	intake.Store
	mu     sync.Mutex // guards commit
	commit func(ctx context.Context, rows []inventory.ReportRow) ([]inventory.Outcome, error)
}

func (f *faulty) CommitReports(ctx context.Context, rows []inventory.ReportRow) ([]inventory.Outcome, error) {
	f.mu.Lock()
	commit := f.commit
	f.mu.Unlock()
	if commit == nil {
		return f.Store.CommitReports(ctx, rows)
	}
	return commit(ctx, rows)
}

func (f *faulty) set(commit func(context.Context, []inventory.ReportRow) ([]inventory.Outcome, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commit = commit
}

func newFaulty(t *testing.T, opts ...rigOption) (*rig, *faulty) {
	t.Helper()
	f := &faulty{}
	return newRig(t, append(opts, withStore(func(s intake.Store) intake.Store {
		f.Store = s
		return f
	}))...), f
}

func TestFullDiskIsSaidAndSurvived(t *testing.T) {
	g, f := newFaulty(t)
	m := g.enrolled("SER-0001")
	f.set(func(context.Context, []inventory.ReportRow) ([]inventory.Outcome, error) {
		return nil, fmt.Errorf("cannot commit: %w", inventory.ErrFull)
	})
	r := m.report()
	a := m.postReport(r)
	a.refused(t, 503, wire.ProblemBusy, "disk is full", "nothing was taken")
	if a.header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After is %q, want 60", a.header.Get("Retry-After"))
	}
	if len(g.accepted) != 0 || g.stored() != 0 {
		t.Error("a refused report was counted")
	}
	f.set(nil)
	if reply := m.accept(r); reply.Repeat {
		t.Error("the report that was refused is called a repeat")
	}
}

func TestRowThatCannotBeStoredRefusesItselfAlone(t *testing.T) {
	l := intake.DefaultLimits()
	l.GatherFor = 200 * time.Millisecond
	g, f := newFaulty(t, withLimits(l))
	machines := []*machine{g.enrolled("SER-0001"), g.enrolled("SER-0002"), g.enrolled("SER-0003")}
	bad := machines[1].id
	f.set(func(ctx context.Context, rows []inventory.ReportRow) ([]inventory.Outcome, error) {
		for _, row := range rows {
			if row.Workstation == bad {
				return nil, errors.New("this row is poison")
			}
		}
		return f.Store.CommitReports(ctx, rows)
	})
	status := make([]int, len(machines))
	var all sync.WaitGroup
	for i, m := range machines {
		all.Go(func() { status[i] = m.postReport(m.report()).status })
	}
	all.Wait()
	if status[0] != 200 || status[1] != 503 || status[2] != 200 || g.stored() != 2 {
		t.Errorf("answers %v, %d stored; want 200, 503, 200 and 2", status, g.stored())
	}
}

func TestFullQueueTellsAgentsToComeBack(t *testing.T) {
	l := intake.DefaultLimits()
	l.Queue, l.Batch = 2, 1
	g, f := newFaulty(t, withLimits(l))
	var machines []*machine
	for i := range 6 {
		machines = append(machines, g.enrolled(fmt.Sprintf("SER-%04d", i)))
	}
	begun, release := make(chan struct{}, len(machines)), make(chan struct{})
	f.set(func(ctx context.Context, rows []inventory.ReportRow) ([]inventory.Outcome, error) {
		begun <- struct{}{}
		<-release
		return f.Store.CommitReports(ctx, rows)
	})
	answers := make(chan answer, len(machines))
	var all sync.WaitGroup
	for i, m := range machines {
		all.Go(func() { answers <- m.postReport(m.report()) })
		if i == 0 {
			<-begun
		}
	}
	// One report is being committed and two wait: the other three are told at once.
	for range 3 {
		a := <-answers
		a.refused(t, 503, wire.ProblemBusy, "too many reports wait", "nothing was taken")
		if a.header.Get("Retry-After") != "5" {
			t.Errorf("Retry-After is %q, want 5", a.header.Get("Retry-After"))
		}
	}
	close(release)
	all.Wait()
	for range 3 {
		if a := <-answers; a.status != 200 {
			t.Errorf("one that waited got %d %s", a.status, a.body)
		}
	}
}

func TestWorkstationThatSendsTooMuchIsSlowedDown(t *testing.T) {
	l := intake.DefaultLimits()
	l.ReportBurst, l.ReportPerSecond = 3, 0.5
	g := newRig(t, withLimits(l))
	m, other := g.enrolled("SER-0001"), g.enrolled("SER-0002")
	for range 3 {
		m.accept(m.report())
	}
	a := m.postReport(m.report())
	a.refused(t, 429, wire.ProblemRate, m.id, "0.5 reports a second")
	if after := a.header.Get("Retry-After"); after != "2" {
		t.Errorf("Retry-After is %q, want 2", after)
	}
	other.accept(other.report())
}

func TestClosingAnswersWhatIsUnderWayAndRefusesTheRest(t *testing.T) {
	g, f := newFaulty(t)
	m, late := g.enrolled("SER-0001"), g.enrolled("SER-0002")
	begun, release := make(chan struct{}), make(chan struct{})
	f.set(func(ctx context.Context, rows []inventory.ReportRow) ([]inventory.Outcome, error) {
		close(begun)
		<-release
		return f.Store.CommitReports(ctx, rows)
	})
	first := make(chan int, 1)
	go func() { first <- m.postReport(m.report()).status }()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.intake.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("closing with a post under way: %v", err)
	}
	late.postReport(late.report()).refused(t, 503, wire.ProblemBusy, "stopping")
	close(release)
	if got := <-first; got != 200 {
		t.Errorf("the post under way got %d", got)
	}
	for range 2 {
		if err := g.intake.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if g.stored() != 1 {
		t.Errorf("%d stored, want 1", g.stored())
	}
}

func TestSettingsThatFailDoNotCostTheAcknowledgement(t *testing.T) {
	g := newRig(t, func(_ *rig, o *intake.Options) {
		o.Settings = func(context.Context, string, string) (wire.Settings, error) {
			return wire.Settings{}, errors.New("no roster yet")
		}
	})
	m := g.enrolled("SER-0001")
	if reply := m.accept(m.report()); reply.Settings != nil {
		t.Errorf("settings %+v", reply.Settings)
	}
}

func TestNewRefusesWhatItCannotWorkWith(t *testing.T) {
	g := newRig(t)
	whole := intake.Options{
		Authority: g.authority, Store: g.store, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
		Settings: func(context.Context, string, string) (wire.Settings, error) { return wire.Settings{}, nil },
	}
	for name, spoil := range map[string]func(*intake.Options){
		"no authority":    func(o *intake.Options) { o.Authority = nil },
		"no store":        func(o *intake.Options) { o.Store = nil },
		"no settings":     func(o *intake.Options) { o.Settings = nil },
		"no registry":     func(o *intake.Options) { o.Registry = nil },
		"bad limits":      func(o *intake.Options) { o.Limits.Queue = -1 },
		"used registry":   func(o *intake.Options) { o.Registry = g.registry },
		"unreadable book": func(o *intake.Options) { o.Store = unreadable{g.store} },
	} {
		o := whole
		o.Registry = prometheus.NewRegistry()
		spoil(&o)
		if _, err := intake.New(o); err == nil || !strings.HasPrefix(err.Error(), "cannot open intake: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	i, err := intake.New(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

type unreadable struct{ intake.Store }

func (unreadable) RevokedSerials(context.Context) ([]string, error) {
	return nil, errors.New("no such table")
}

func TestMetricsCountByReasonAndNeverByWhatAgentsSend(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	m.accept(m.report())
	m.send(m.request(wire.ReportPath, []byte("{"), m.headers()))
	families, err := g.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range families {
		fmt.Fprintln(&text, f.String())
		if len(f.GetMetric()) > 20 {
			t.Errorf("%s has %d series", f.GetName(), len(f.GetMetric()))
		}
	}
	if strings.Contains(text.String(), m.id) {
		t.Error("a workstation's id is in the metrics")
	}
	for _, want := range []string{`label:{name:"reason" value:"body"}`, `label:{name:"outcome" value:"fresh"}`, "muster_intake_commit_seconds"} {
		if !strings.Contains(strings.ReplaceAll(text.String(), "  ", " "), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

func TestManyMachinesAreServedAtOnce(t *testing.T) {
	g := newRig(t)
	var machines []*machine
	for i := range 8 {
		machines = append(machines, g.enrolled(fmt.Sprintf("SER-%04d", i)))
	}
	const each = 20
	var all sync.WaitGroup
	for _, m := range machines {
		all.Go(func() {
			for range each {
				body, err := json.Marshal(m.report())
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := m.client.Do(m.request(wire.ReportPath, body, m.headers()))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Errorf("status %d", resp.StatusCode)
				}
			}
		})
	}
	all.Wait()
	if got := g.stored(); got != each*len(machines) || len(g.accepted) != got {
		t.Errorf("%d stored and %d told, want %d", got, len(g.accepted), each*len(machines))
	}
}

func TestStalledBodyDoesNotHoldItsMachinesDesk(t *testing.T) {
	l := intake.DefaultLimits()
	l.BodyFor = 100 * time.Millisecond
	g := newRig(t, withLimits(l))
	m := g.enrolled("SER-0001")
	for name, length := range map[string]int64{"small": 500, "of unknown length": -1} {
		hold, release := io.Pipe()
		req := m.request(wire.ReportPath, nil, m.headers())
		req.Body, req.ContentLength = hold, length
		go func() { _, _ = release.Write([]byte(`{"v":`)) }()
		m.send(req).refused(t, 503, wire.ProblemBusy, "too slowly")
		_ = release.Close()
		if a := m.postReport(m.report()); a.status != 200 {
			t.Errorf("%s: the next report gets %d %s", name, a.status, a.body)
		}
	}
}

func TestResumedSessionStillNamesItsWorkstation(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	config := m.client.Transport.(*http.Transport).TLSClientConfig
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	m.accept(m.report())
	for _, resumed := range []bool{true, false} {
		m.client.Transport.(*http.Transport).CloseIdleConnections()
		if !resumed {
			g.ahead(31 * 24 * time.Hour)
		}
		body, err := json.Marshal(m.report())
		if err != nil {
			t.Fatal(err)
		}
		resp, err := m.client.Do(m.request(wire.ReportPath, body, m.headers()))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.TLS.DidResume != resumed || (resp.StatusCode == http.StatusOK) != resumed {
			t.Errorf("resumed %v with status %d, want %v", resp.TLS.DidResume, resp.StatusCode, resumed)
		}
	}
}
