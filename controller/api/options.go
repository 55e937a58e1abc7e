package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/controller/programme"
	"muster/inventory"
	"muster/inventory/wire"
)

// Store is the register and the events; *store.Store is one. Errors wrap the
// sentinels of package inventory.
type Store interface {
	Declared
	Assets(ctx context.Context, filter inventory.AssetFilter) ([]inventory.Asset, string, error)
	Links(ctx context.Context, filter inventory.LinkFilter) ([]inventory.Link, string, error)
	Link(ctx context.Context, circuit string) (inventory.Link, error)
	Subnets(ctx context.Context) ([]inventory.Subnet, error)
	Register(ctx context.Context) (inventory.Register, error)

	Nouns(ctx context.Context, noun inventory.Noun, filter inventory.NounFilter) ([]json.RawMessage, string, error)
	Noun(ctx context.Context, noun inventory.Noun, key string) (json.RawMessage, error)
	Erase(ctx context.Context, number, author string) error
	Erasure(ctx context.Context, number string) (inventory.Erasure, error)

	Apply(ctx context.Context, batch inventory.Batch) (int64, error)
	Undo(ctx context.Context, number int64, author string, at time.Time) error
	Batches(ctx context.Context, page inventory.Page) ([]inventory.Batch, string, error)
	Batch(ctx context.Context, number int64) (inventory.Batch, error)

	AddToken(ctx context.Context, token inventory.Token) error
	Tokens(ctx context.Context) ([]inventory.Token, error)
	RevokeToken(ctx context.Context, id string, at time.Time) error

	AddAPIToken(ctx context.Context, token inventory.APIToken) error
	APITokens(ctx context.Context) ([]inventory.APIToken, error)
	RevokeAPIToken(ctx context.Context, id string, at time.Time) error

	PoolKeys(ctx context.Context, site string) ([]inventory.PoolKey, error)
	KeyAcks(ctx context.Context, site string) ([]inventory.KeyAck, error)

	Deliveries(ctx context.Context, filter inventory.DeliveryFilter) ([]inventory.Delivery, string, error)

	AppendEvent(ctx context.Context, event inventory.Event) (int64, error)
	Events(ctx context.Context, filter inventory.EventFilter) ([]inventory.Event, string, error)
}

// Live is the estate as it stands now: the roster and the mesh. Its methods
// answer from memory, at once, and are safe for concurrent use.
type Live interface {
	// Presence of a workstation and since when; unknown for one it has never heard of.
	Presence(id string) (inventory.Presence, time.Time)
	// SiteCounts of a site's workstations.
	SiteCounts(code string) inventory.SiteCounts
	// Reach is what the sweep says of the site.
	Reach(code string) inventory.Reach
	// PoolMembers of the site's pool, controllers among them.
	PoolMembers(code string) []inventory.PoolMember
	// WithPresence lists the ids of a site's workstations that have the
	// presence, in order; an empty site is the whole estate.
	WithPresence(presence inventory.Presence, site string) []string
}

// Operator does what reaches beyond the register: into certificates, pools and
// the roster. Each call records its own event with the author.
type Operator interface {
	// RevokeWorkstation ends the workstation's certificates and rotates its
	// site's key at once.
	RevokeWorkstation(ctx context.Context, id, why, author string) error
	// ResolveReview ends a review: merge makes the workstation the install of
	// the asset that it matched, otherwise it is kept as a machine of its own.
	ResolveReview(ctx context.Context, id string, merge bool, author string) error
	// RotateKey makes a new key for the site's pool and returns its version.
	RotateKey(ctx context.Context, site, author string) (int, error)
	// RegisterChanged is called after a batch was applied or undone.
	RegisterChanged(ctx context.Context)
}

// Issuer makes join tokens; *identity.Authority is one.
type Issuer interface {
	NewToken(kind inventory.TokenKind, site string, uses int, expiresAt time.Time) (inventory.Token, string, wire.JoinToken)
}

// Component is one part of the controller as /readyz shows it.
type Component struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	Why   string `json:"why,omitempty"` // why it is not ready, or how far it is
}

// Options is what the API is made of.
type Options struct {
	Store    Store
	Live     Live
	Operator Operator
	Desk     Desk
	Issuer   Issuer
	Door     *Door
	Picture  *Picture
	Pages    http.Handler // everything outside /api, /metrics, /healthz and /readyz
	Version  string
	Log      *slog.Logger
	Registry interface {
		prometheus.Registerer
		prometheus.Gatherer
	}
	Now func() time.Time
	// DropNames refuses names of staff: policy does not want them kept.
	DropNames bool
	// Controllers is the addresses, host:port, that a join token names.
	Controllers func() []string
	// Components is what /readyz shows; nil: always ready.
	Components func(ctx context.Context) []Component
	// Programme drives the refresh and readiness; nil: nothing of either is served.
	Programme *programme.Desk
	// Ledger makes link reports.
	Ledger Ledger
	// Notifier shows the ways out to people; nil: none are configured.
	Notifier Notifier
	// Series serves the query API of Prometheus below SeriesPrefix; nil: none.
	Series http.Handler
	// Prober asks workstations to probe; nil: none is asked.
	Prober Prober
}

func (o Options) validate() error {
	switch {
	case o.Store == nil:
		return errors.New("no store")
	case o.Live == nil:
		return errors.New("no live picture")
	case o.Operator == nil:
		return errors.New("no operator")
	case o.Desk == nil:
		return errors.New("no desk for incidents")
	case o.Ledger == nil:
		return errors.New("no ledger of links")
	case o.Issuer == nil:
		return errors.New("no issuer of join tokens")
	case o.Door == nil:
		return errors.New("no door")
	case o.Picture == nil:
		return errors.New("no picture")
	case o.Log == nil:
		return errors.New("no log")
	case o.Registry == nil:
		return errors.New("no metrics registry")
	case o.Now == nil:
		return errors.New("no clock")
	case o.Controllers == nil:
		return errors.New("no controllers' addresses for join tokens")
	}
	return nil
}
