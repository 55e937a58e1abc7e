package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"muster/inventory"
)

// judgeLife refuses what two machines send under one identity.
func (i *Intake) judgeLife(r *http.Request, v *visit) *problem {
	lives, verdict := v.desk.lives.Step(v.posted())
	v.desk.lives = lives
	if !verdict.Refuse {
		return nil
	}
	return i.conflict(r.Context(), v, verdict, "two machines report with one certificate")
}

// posted is what the report says of its sender.
func (v *visit) posted() Posted {
	return Posted{
		Life:  Life{Run: v.report.Run, Boot: v.from.boot, Process: v.from.process},
		Clock: v.from.clock, Addr: v.from.addr, Via: v.from.via, ReceivedAt: v.receivedAt,
	}
}

// sighting is one side of a conflict as its event keeps it.
type sighting struct {
	Run     string `json:"run"`
	Boot    string `json:"boot,omitempty"`
	Process string `json:"process,omitempty"`
	Seq     uint64 `json:"seq,omitempty"`
	Addr    string `json:"addr,omitempty"`
	Via     string `json:"via,omitempty"`
}

func sightingOf(p Posted) sighting {
	s := sighting{Run: p.Run, Boot: p.Boot, Process: p.Process, Via: p.Via}
	if p.Addr.IsValid() {
		s.Addr = p.Addr.String()
	}
	return s
}

// conflict refuses a report and records a conflict that is new, or that goes on.
func (i *Intake) conflict(ctx context.Context, v *visit, verdict LifeVerdict, why string) *problem {
	if verdict.Began {
		i.metrics.conflicts.Inc()
	}
	if verdict.Record {
		i.onConflict(v.peer.workstation, v.receivedAt)
		i.recordConflict(ctx, v, verdict, why)
	}
	return problemf(reasonConflict, "%s: %s (run %s, boot %s); both are refused until one is enrolled anew",
		v.peer.workstation, why, v.report.Run, v.report.Boot).retry(conflictRetry)
}

func (i *Intake) recordConflict(ctx context.Context, v *visit, verdict LifeVerdict, why string) {
	this := sightingOf(v.posted())
	this.Seq = v.report.Seq
	body, err := json.Marshal(struct {
		Why   string   `json:"why"`
		Still bool     `json:"still,omitempty"` // it began before
		This  sighting `json:"this"`
		Other sighting `json:"other"`
	}{why, !verdict.Began, this, sightingOf(verdict.Other)})
	if err == nil {
		// The agent may hang up; what was seen is recorded all the same.
		_, err = i.store.AppendEvent(context.WithoutCancel(ctx), inventory.Event{
			Kind:    inventory.EventConflict,
			Subject: inventory.Subject{Noun: inventory.NounWorkstation, Key: v.peer.workstation},
			Author:  "intake", OccurredAt: v.receivedAt.UTC(), RecordedAt: v.receivedAt.UTC(), Body: body,
		})
	}
	if err != nil {
		i.log.Error("cannot record identity conflict", "workstation", v.peer.workstation, "error", err)
	}
}

// resumeConflicts takes up the conflicts that were going on before this start: a
// restart of the controller accepts neither of two machines.
func (i *Intake) resumeConflicts(ctx context.Context) error {
	now := i.now()
	filter := inventory.EventFilter{
		Kind: inventory.EventConflict, OccurredFrom: now.Add(-conflictHold - conflictRecordEvery), Page: inventory.Page{Limit: inventory.MaxPage},
	}
	for {
		events, next, err := i.store.Events(ctx, filter)
		if err != nil {
			return fmt.Errorf("cannot read which identities are in conflict: %w", err)
		}
		for _, e := range events {
			d := i.desks.of(e.Subject.Key)
			d.lives = d.lives.Resume(e.OccurredAt, now)
		}
		if next == "" {
			return nil
		}
		filter.After = next
	}
}
