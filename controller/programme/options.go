package programme

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/controller/readiness"
	"muster/controller/refresh"
	"muster/inventory"
)

// Store is what a desk keeps and reads; *store.Store is one.
type Store interface {
	Register(ctx context.Context) (inventory.Register, error)
	AllWorkstations(ctx context.Context) ([]inventory.Workstation, error)
	Workstation(ctx context.Context, id string) (inventory.Workstation, error)
	Lists(ctx context.Context, id string) (inventory.Lists, error)

	States(ctx context.Context, filter inventory.StateFilter) ([]inventory.State, string, error)
	Record(ctx context.Context, events []inventory.Event, states []inventory.State) error
	RecordBatch(ctx context.Context, events []inventory.Event, states []inventory.State, batch inventory.Batch) (int64, error)
	Events(ctx context.Context, filter inventory.EventFilter) ([]inventory.Event, string, error)

	Evaluations(ctx context.Context, asOf time.Time) ([]inventory.Evaluation, error)
	Evaluation(ctx context.Context, id string) (inventory.Evaluation, error)
	EvaluationsOf(ctx context.Context, site, gate string, page inventory.Page) ([]inventory.Evaluation, string, error)
	AppendEvaluations(ctx context.Context, evaluations []inventory.Evaluation) error
	BurnUp(ctx context.Context, asOf time.Time, zone *time.Location) ([]inventory.BurnDay, error)
}

// Live is the estate as it stands now; *pools.Pools is one. Its methods answer
// from memory, at once.
type Live interface {
	Presence(workstation string) (inventory.Presence, time.Time)
	// WorkstationAt is the site at which a workstation is now.
	WorkstationAt(workstation string) (site string, direct, known bool)
	AllCounts() map[string]inventory.SiteCounts
	Reach(site string) inventory.Reach
}

// Message is what people are told of the programme.
type Message struct {
	ID    string // the same id is told once
	Kind  string // of MessageKinds: routes choose by it
	Site  string
	To    string // the role or person whom it concerns
	Title string
	Lines []string
}

// Kinds of message.
const (
	MessageSign      = "ready-for-sign-off"
	MessageWeakened  = "sign-off-weakened"
	MessageWaiver    = "waiver-expiring"
	MessageVisit     = "visit-tomorrow"
	MessageBlocker   = "blocker-due"
	MessageEscalated = "blocker-escalated"
)

// MessageKinds lists them.
func MessageKinds() []string {
	return []string{MessageSign, MessageWeakened, MessageWaiver, MessageVisit, MessageBlocker, MessageEscalated}
}

// Options is what a Desk is made of. Store, Live, Gates, Now and Log are needed.
type Options struct {
	Store Store
	Live  Live
	Gates []*readiness.Gate
	// Software are the baselines of programs; none: nothing is asked of programs.
	Software []*readiness.SoftwareBaseline
	// Services are what people must reach from any site.
	Services []inventory.Service
	// Incidents are those that go on.
	Incidents func() []inventory.Incident
	// Available is the available ratio of links over the last thirty days, by
	// circuit; nil: unknown. It may take its time.
	Available func(ctx context.Context) (map[string]inventory.Fact[float64], error)
	// AskServices makes a workstation probe the services now. It must return at once.
	AskServices func(workstation string, services []string)
	// RegisterMoved is told when an action changed the register.
	RegisterMoved func(ctx context.Context)
	// Tell gives a message to people; it must return at once.
	Tell func(Message)

	Rules  refresh.Rules // zero: refresh.DefaultRules
	Trials int           // of a forecast; zero is 10,000

	Now      func() time.Time
	Log      *slog.Logger
	Registry prometheus.Registerer // nil: no metrics
}

func (o *Options) complete() error {
	if o.Store == nil || o.Live == nil || o.Now == nil || o.Log == nil {
		return errors.New("cannot open the programme desk: a store, a live picture, a clock and a log are needed")
	}
	if o.Incidents == nil {
		o.Incidents = func() []inventory.Incident { return nil }
	}
	if o.AskServices == nil {
		o.AskServices = func(string, []string) {}
	}
	if o.RegisterMoved == nil {
		o.RegisterMoved = func(context.Context) {}
	}
	if o.Tell == nil {
		o.Tell = func(Message) {}
	}
	if o.Rules == (refresh.Rules{}) {
		o.Rules = refresh.DefaultRules()
	}
	if o.Trials == 0 {
		o.Trials = 10_000
	}
	return nil
}
