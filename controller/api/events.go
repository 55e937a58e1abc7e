package api

import (
	"context"
	"strconv"
	"time"

	"muster/inventory"
)

type eventList struct {
	Paging
	Kind          string    `query:"kind" maxLength:"64" doc:"such as workstation.enrolled"`
	Noun          string    `query:"noun" maxLength:"32" doc:"of the subject: site, workstation …"`
	Key           string    `query:"key" maxLength:"200" doc:"of the subject"`
	From          time.Time `query:"from" doc:"occurred at or after"`
	To            time.Time `query:"to" doc:"occurred before"`
	RecordedUntil time.Time `query:"recorded_until" doc:"as it was known then"`
}

func (a *API) listEvents(ctx context.Context, in *eventList) ([]inventory.Event, string, error) {
	return a.Store.Events(ctx, inventory.EventFilter{
		Kind:         in.Kind,
		Subject:      inventory.Subject{Noun: inventory.Noun(in.Noun), Key: in.Key},
		OccurredFrom: in.From, OccurredTo: in.To, RecordedUntil: in.RecordedUntil,
		Page: in.page(),
	})
}

func eventColumns() []column[inventory.Event] {
	type e = inventory.Event
	return []column[e]{
		{"id", func(e e) string { return strconv.FormatInt(e.ID, 10) }},
		{"occurred_at", func(e e) string { return instant(e.OccurredAt) }},
		{"recorded_at", func(e e) string { return instant(e.RecordedAt) }},
		{"kind", func(e e) string { return e.Kind }},
		{"noun", func(e e) string { return string(e.Subject.Noun) }},
		{"key", func(e e) string { return e.Subject.Key }},
		{"author", func(e e) string { return e.Author }},
		{"body", func(e e) string { return string(e.Body) }},
	}
}
