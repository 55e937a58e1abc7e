package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"muster/controller/notify"
	"muster/inventory"
)

// Notifier shows and tries the ways out to people; *notify.Desk is one.
type Notifier interface {
	Status() []notify.Status
	Try(ctx context.Context, to notify.Target, author string) error
}

type deliveryList struct {
	Paging
	Incident string `query:"incident" maxLength:"32"`
	Sink     string `query:"sink" maxLength:"100"`
	Waiting  bool   `query:"waiting" doc:"only those that have not arrived"`
}

func (a *API) listDeliveries(ctx context.Context, in *deliveryList) ([]inventory.Delivery, string, error) {
	return a.Store.Deliveries(ctx, inventory.DeliveryFilter{Incident: in.Incident, Sink: in.Sink, Waiting: in.Waiting, Page: in.page()})
}

type sinkList struct{ Paging }

func (a *API) listSinks(_ context.Context, in *sinkList) ([]notify.Status, string, error) {
	if a.Notifier == nil {
		return nil, "", nil
	}
	items, next := pageOf(a.Notifier.Status(), in.page(), func(s notify.Status) string { return s.Name })
	return items, next, nil
}

type sinkTry struct {
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Address string `json:"address,omitempty" maxLength:"255" doc:"where the sink needs one: an e-mail address"`
	}
}

// Tried says that a test message is on its way.
type Tried struct {
	Sink    string `json:"sink"`
	Address string `json:"address,omitempty"`
	Arrived bool   `json:"arrived"`
}

func (a *API) trySink(ctx context.Context, in *sinkTry) (Tried, error) {
	if a.Notifier == nil {
		return Tried{}, fmt.Errorf("no notifications are configured: %w", inventory.ErrNotFound)
	}
	to := notify.Target{Sink: in.Name, Address: in.Body.Address}
	if err := a.Notifier.Try(ctx, to, author(callerOf(ctx))); err != nil {
		return Tried{}, problem(http.StatusBadGateway, "urn:muster:sink", err.Error())
	}
	return Tried{Sink: in.Name, Address: in.Body.Address, Arrived: true}, nil
}

func deliveryColumns() []column[inventory.Delivery] {
	type d = inventory.Delivery
	return []column[d]{
		{"id", func(v d) string { return v.ID }},
		{"kind", func(v d) string { return string(v.Kind) }},
		{"incident", func(v d) string { return v.Incident }},
		{"sink", func(v d) string { return v.Sink }},
		{"address", func(v d) string { return v.Address }},
		{"title", func(v d) string { return v.Title }},
		{"created_at", func(v d) string { return instant(v.CreatedAt) }},
		{"sent_at", func(v d) string { return instant(v.SentAt) }},
		{"attempts", func(v d) string { return strconv.Itoa(v.Attempts) }},
		{"given_up_at", func(v d) string { return instant(v.GivenUpAt) }},
		{"problem", func(v d) string { return v.Problem }},
	}
}

func sinkColumns() []column[notify.Status] {
	type s = notify.Status
	return []column[s]{
		{"name", func(v s) string { return v.Name }},
		{"kind", func(v s) string { return string(v.Kind) }},
		{"waiting", func(v s) string { return strconv.Itoa(v.Waiting) }},
		{"last_sent_at", func(v s) string { return instant(v.LastSentAt) }},
		{"failing_since", func(v s) string { return instant(v.FailingSince) }},
		{"problem", func(v s) string { return v.Problem }},
	}
}
