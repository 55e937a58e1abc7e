package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"muster/inventory"
)

// Desk is where incidents and maintenance windows are seen to; *runner.Runner is
// one. Errors wrap the sentinels of package inventory.
type Desk interface {
	// Live are the pending and open incidents, with their evidence as it is now.
	Live() []inventory.Incident
	Acknowledge(ctx context.Context, id, author string) (inventory.Incident, error)
	Note(ctx context.Context, id, author, text string) (inventory.Incident, error)
	Ticket(ctx context.Context, id, author, ticket string) (inventory.Incident, error)
	// Export writes the incident's evidence as a rehearsal.
	Export(ctx context.Context, id string, out io.Writer) error
	AddWindow(ctx context.Context, window inventory.Window) (inventory.Window, error)
	EndWindow(ctx context.Context, id, author string) (inventory.Window, error)
}

type incidentList struct {
	Paging
	Site        string    `query:"site" maxLength:"16" doc:"that this site is part of"`
	Carrier     string    `query:"carrier" maxLength:"100" doc:"of this carrier, or that may be its link's"`
	Workstation string    `query:"workstation" maxLength:"32" doc:"of this workstation"`
	Cause       string    `query:"cause" maxLength:"40" doc:"such as site-link-down"`
	State       string    `query:"state" enum:"pending,open,resolved,event,folded"`
	Live        bool      `query:"live" doc:"only what goes on now: pending and open"`
	Presence    bool      `query:"presence" doc:"also verdicts on how single machines stand, and events that healed by themselves; a filter by workstation, by such a cause or by state shows them anyway"`
	From        time.Time `query:"from" doc:"went on at or after"`
	To          time.Time `query:"to" doc:"began at or before"`
}

func (in *incidentList) filter() (inventory.IncidentFilter, error) {
	f := inventory.IncidentFilter{
		Site: in.Site, Carrier: in.Carrier, Workstation: in.Workstation, Cause: inventory.Cause(in.Cause),
		State: inventory.IncidentState(in.State), Live: in.Live, From: in.From, To: in.To, Page: in.page(),
	}
	if f.Cause != "" && !f.Cause.Valid() {
		return f, unknownCause(in.Cause)
	}
	f.Paged = !in.Presence && f.Workstation == "" && f.State == "" && !f.Cause.Presence()
	return f, nil
}

func unknownCause(cause string) *Problem {
	words := make([]string, 0, len(inventory.Causes()))
	for _, c := range inventory.Causes() {
		words = append(words, string(c))
	}
	detail := fmt.Sprintf("there is no cause %q", cause)
	if near := nearest(cause, words); near != "" {
		detail += fmt.Sprintf(": did you mean %q?", near)
	}
	p := problem(http.StatusBadRequest, "urn:muster:query", detail+"; the causes are "+strings.Join(words, ", "))
	p.Errors = []FieldProblem{{Location: "query.cause", Message: "unknown"}}
	return p
}

func (a *API) listIncidents(ctx context.Context, in *incidentList) ([]inventory.Incident, string, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, "", err
	}
	return a.Picture.Incidents(ctx, filter)
}

// IncidentKey names an incident in an address.
type IncidentKey struct {
	ID string `path:"id" maxLength:"32"`
}

func (a *API) showIncident(ctx context.Context, in *IncidentKey) (inventory.Incident, error) {
	return a.Picture.Incident(ctx, in.ID)
}

func (a *API) acknowledgeIncident(ctx context.Context, in *IncidentKey) (inventory.Incident, error) {
	return a.Desk.Acknowledge(ctx, in.ID, author(callerOf(ctx)))
}

type incidentNote struct {
	IncidentKey
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"4000"`
	}
}

func (a *API) noteIncident(ctx context.Context, in *incidentNote) (inventory.Incident, error) {
	text := strings.TrimSpace(in.Body.Text)
	if text == "" {
		return inventory.Incident{}, inventory.FieldErrors{{Field: "text", Why: "is empty"}}
	}
	return a.Desk.Note(ctx, in.ID, author(callerOf(ctx)), text)
}

type incidentTicket struct {
	IncidentKey
	Body struct {
		Ticket string `json:"ticket" maxLength:"100" doc:"the carrier's or our own reference; empty takes it away"`
	}
}

func (a *API) ticketIncident(ctx context.Context, in *incidentTicket) (inventory.Incident, error) {
	ticket := strings.TrimSpace(in.Body.Ticket)
	if strings.ContainsFunc(ticket, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return inventory.Incident{}, inventory.FieldErrors{{Field: "ticket", Why: "holds control characters"}}
	}
	return a.Desk.Ticket(ctx, in.ID, author(callerOf(ctx)), ticket)
}

// incidentExport makes the handler of an incident's evidence as a file.
func incidentExport(a *API) *handler {
	return &handler{
		summary: "Export an incident's evidence as a rehearsal that replays to the same verdict",
		query:   queryOf(reflect.TypeFor[IncidentKey]()),
		typed: func(api huma.API, op huma.Operation) {
			huma.Register(api, op, func(ctx context.Context, in *IncidentKey) (*exported, error) {
				var file bytes.Buffer
				if err := a.Desk.Export(ctx, in.ID, &file); err != nil {
					return nil, a.explain(ctx, op, err)
				}
				return &exported{
					Type: "application/yaml; charset=utf-8", Disposition: fmt.Sprintf(`attachment; filename="incident-%s.yaml"`, in.ID), Body: file.Bytes(),
				}, nil
			})
		},
	}
}

func incidentColumns() []column[inventory.Incident] {
	type i = inventory.Incident
	return []column[i]{
		{"id", func(i i) string { return i.ID }},
		{"cause", func(i i) string { return string(i.Cause) }},
		{"grade", func(i i) string { return string(i.Grade) }},
		{"confidence", func(i i) string { return strconv.FormatFloat(i.Confidence, 'f', 2, 64) }},
		{"state", func(i i) string { return string(i.State) }},
		{"severity", func(i i) string { return string(i.Severity) }},
		{"site", func(i i) string { return i.Scope.Site }},
		{"sites", func(i i) string { return strings.Join(i.Scope.Sites, " ") }},
		{"carrier", func(i i) string { return i.Scope.Carrier }},
		{"exchange", func(i i) string { return i.Scope.Exchange }},
		{"circuit", func(i i) string { return i.Scope.Circuit }},
		{"service", func(i i) string { return i.Scope.Service }},
		{"workstation", func(i i) string { return i.Scope.Workstation }},
		{"people", func(i i) string { return strconv.Itoa(i.People) }},
		{"started_at", func(i i) string { return instant(i.StartedAt) }},
		{"detected_at", func(i i) string { return instant(i.DetectedAt) }},
		{"opened_at", func(i i) string { return instant(i.OpenedAt) }},
		{"resolved_at", func(i i) string { return instant(i.ResolvedAt) }},
		{"acknowledged_at", func(i i) string { return instant(i.AcknowledgedAt) }},
		{"acknowledged_by", func(i i) string { return i.AcknowledgedBy }},
		{"ticket", func(i i) string { return i.Ticket }},
		{"into", func(i i) string { return i.Into }},
		{"reason", inventory.Incident.Reason},
	}
}
