package runner

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/controller/incident"
	"muster/inventory"
)

// Store is what the runner keeps and reads; *store.Store is one.
type Store interface {
	KeepIncidents(ctx context.Context, incidents []inventory.Incident, state *inventory.EngineState) error
	EngineState(ctx context.Context) (inventory.EngineState, error)
	Incidents(ctx context.Context, filter inventory.IncidentFilter) ([]inventory.Incident, string, error)
	Incident(ctx context.Context, id string) (inventory.Incident, error)

	LastReport(ctx context.Context) (int64, error)
	ReportsAfter(ctx context.Context, position int64, limit int) ([]inventory.LoggedReport, error)
	JournalRecords(ctx context.Context, workstation string, from, to time.Time) ([]inventory.JournalRow, error)

	AddEvidence(ctx context.Context, batches []inventory.EvidenceBatch) error
	Evidence(ctx context.Context, id string) ([]inventory.Evidence, error)

	PutWindow(ctx context.Context, window inventory.Window) error
	Windows(ctx context.Context, endAfter time.Time) ([]inventory.Window, error)
	Window(ctx context.Context, id string) (inventory.Window, error)

	PutBaselines(ctx context.Context, baselines map[string][]byte, at time.Time) error
	Baselines(ctx context.Context) (map[string][]byte, error)
	PutMinutes(ctx context.Context, day time.Time, minutes map[string][]byte) error
	Minutes(ctx context.Context, site string) ([][]byte, error)
	MinutesOf(ctx context.Context, day time.Time) (map[string][]byte, error)
	PruneMinutes(ctx context.Context, before time.Time) error

	AppendEvents(ctx context.Context, events []inventory.Event) error
}

// Options is what a Runner is made of. What is asked of others (AskBurst and the
// rest) must return at once; nil asks nothing.
type Options struct {
	Store Store
	// Estate is what the register says now.
	Estate func(ctx context.Context) (incident.Estate, error)
	// SiteOf is where a workstation is; Installs lists a site's; Members its pool.
	SiteOf   func(workstation string) string
	Installs func(site string) []string
	Members  func(site string) []inventory.PoolMember

	Now func() time.Time
	// Lag is how late this process's own clock ticks are; nil measures it.
	Lag func() time.Duration
	Log *slog.Logger
	// Registry takes the metrics; nil: none.
	Registry prometheus.Registerer
	// Rules are the engine's; nil: incident.DefaultRules.
	Rules *incident.Rules
	// QueueSize bounds the evidence that waits; zero is 65,536 pieces.
	QueueSize int

	// OnChange hears of each change, in order, after it was kept.
	OnChange func(inventory.IncidentChange)
	// OnMinutes hears of each minute of a link that is over.
	OnMinutes func([]inventory.Evidence)
	// Blind is told when the controller's own network fails and when it is back.
	Blind         func(blind bool)
	AskBurst      func(site, workstation string)
	AskProbe      func(site, service string, count int)
	AskReport     func(site, workstation string)
	AskReferences func()
}

const defaultQueue = 65_536

func (o *Options) complete() error {
	if o.Store == nil || o.Estate == nil || o.SiteOf == nil || o.Now == nil || o.Log == nil {
		return errors.New("cannot make incident runner: a store, an estate, whereabouts, a clock and a log are needed")
	}
	if o.QueueSize < 0 {
		return errors.New("cannot make incident runner: its queue holds less than nothing")
	}
	if o.QueueSize == 0 {
		o.QueueSize = defaultQueue
	}
	if o.Rules == nil {
		o.Rules = new(incident.DefaultRules())
	}
	if o.Installs == nil {
		o.Installs = func(string) []string { return nil }
	}
	if o.Members == nil {
		o.Members = func(string) []inventory.PoolMember { return nil }
	}
	if o.OnChange == nil {
		o.OnChange = func(inventory.IncidentChange) {}
	}
	if o.Blind == nil {
		o.Blind = func(bool) {}
	}
	if o.AskReport == nil {
		o.AskReport = func(string, string) {}
	}
	if o.AskBurst == nil {
		o.AskBurst = func(string, string) {}
	}
	if o.AskProbe == nil {
		o.AskProbe = func(string, string, int) {}
	}
	if o.AskReferences == nil {
		o.AskReferences = func() {}
	}
	return nil
}
