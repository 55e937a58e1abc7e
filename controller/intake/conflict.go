package intake

import (
	"context"
	"encoding/json"
	"net/http"

	"muster/inventory"
)

// judgeLife refuses what two machines send under one identity.
func (i *Intake) judgeLife(r *http.Request, v *visit) *problem {
	lives, verdict := v.desk.lives.Step(Life{Run: v.report.Run, Boot: v.from.boot}, v.receivedAt)
	v.desk.lives = lives
	if !verdict.Refuse {
		return nil
	}
	return i.conflict(r.Context(), v, verdict, "two machines report with one certificate")
}

// sighting is one side of a conflict as its event keeps it.
type sighting struct {
	Run  string `json:"run"`
	Boot string `json:"boot,omitempty"`
	Seq  uint64 `json:"seq,omitempty"`
	Addr string `json:"addr,omitempty"`
	Via  string `json:"via,omitempty"`
}

// conflict refuses a report and, where the conflict is new, records it.
func (i *Intake) conflict(ctx context.Context, v *visit, verdict LifeVerdict, why string) *problem {
	if verdict.Began {
		i.metrics.conflicts.Inc()
		i.recordConflict(ctx, v, verdict, why)
	}
	return problemf(reasonConflict, "%s: %s (run %s, boot %s); both are refused until one is enrolled anew",
		v.peer.workstation, why, v.report.Run, v.report.Boot).retry(conflictRetry)
}

func (i *Intake) recordConflict(ctx context.Context, v *visit, verdict LifeVerdict, why string) {
	this := sighting{Run: v.report.Run, Boot: v.from.boot, Seq: v.report.Seq, Via: v.from.via}
	if v.from.addr.IsValid() {
		this.Addr = v.from.addr.String()
	}
	body, err := json.Marshal(struct {
		Why   string   `json:"why"`
		This  sighting `json:"this"`
		Other sighting `json:"other"`
	}{why, this, sighting{Run: verdict.Other.Run, Boot: verdict.Other.Boot}})
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
