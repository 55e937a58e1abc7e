package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// Prober makes a workstation probe something; *rota.Desk is one. It waits until
// ctx ends, and wraps ctx's error where no answer came in time.
type Prober interface {
	Ask(ctx context.Context, workstation string, spec wire.ProbeSpec) (inventory.ProbeResult, error)
}

const (
	probeWait = 30 * time.Second // for the workstation's answer
	// probeMost is how long the probe itself may take: the question and the answer
	// take some seconds beside it.
	probeMost  = inventory.Seconds(15)
	eventProbe = "workstation.probed"
)

type probe struct {
	WorkstationKey
	Body struct {
		Kind     string `json:"kind,omitempty" enum:"icmp,tcp,http,dns,mtu,trace" doc:"how to probe; without it, what the target's scheme says"`
		Target   string `json:"target" minLength:"1" maxLength:"255" doc:"https://mail.example.org/, tcp://files.example.org:445, dns://records.example.org, or a name or address with a kind; gateway, neighbour and controller are the machine's own"`
		Proxy    string `json:"proxy,omitempty" maxLength:"255" doc:"name:port; without it, direct"`
		Resolver string `json:"resolver,omitempty" maxLength:"64" doc:"addr:port; without it, the machine's own"`
		Status   int    `json:"expect_status,omitempty"`
		Text     string `json:"expect_text,omitempty" maxLength:"200"`
	}
}

// probeWorkstation asks and waits. That somebody asked stands in an event, whether
// an answer came or not.
func (a *API) probeWorkstation(ctx context.Context, in *probe) (inventory.ProbeResult, error) {
	var none inventory.ProbeResult
	spec, err := in.spec()
	if err != nil {
		return none, err
	}
	if a.Prober == nil {
		return none, problem(http.StatusServiceUnavailable, "", "this controller asks no workstation to probe")
	}
	body, err := json.Marshal(map[string]any{"kind": spec.Kind, "target": spec.Target})
	if err != nil {
		return none, fmt.Errorf("cannot probe from %q: %w", in.ID, err)
	}
	now := a.clock()
	if _, err := a.Store.AppendEvent(ctx, inventory.Event{
		Kind: eventProbe, Subject: inventory.Subject{Noun: inventory.NounWorkstation, Key: in.ID},
		OccurredAt: now, RecordedAt: now, Author: author(callerOf(ctx)), Body: body,
	}); err != nil {
		return none, fmt.Errorf("cannot record who probes from %q: %w", in.ID, err)
	}
	waiting, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	result, err := a.Prober.Ask(waiting, in.ID, spec)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		presence, _ := a.Live.Presence(in.ID)
		return none, problem(http.StatusGatewayTimeout, "urn:muster:no-answer", fmt.Sprintf(
			"%s (%s) did not answer within %s; the question waits for its next report, and asking again soon shows what came", in.ID, presence, probeWait))
	case errors.Is(err, inventory.ErrNotFound):
		return none, fmt.Errorf("cannot probe from %q: %w", in.ID, err)
	case err != nil:
		return none, problem(http.StatusServiceUnavailable, "", "cannot probe from "+in.ID+": "+err.Error())
	}
	return result, nil
}

// spec is the probe that a body asks for.
func (in *probe) spec() (wire.ProbeSpec, error) {
	spec := wire.ProbeSpec{
		Kind: inventory.ProbeKind(in.Body.Kind), Why: inventory.ProbeAsked, Target: in.Body.Target, Proxy: in.Body.Proxy,
		Resolver: in.Body.Resolver, Status: in.Body.Status, Text: in.Body.Text, Timeout: probeMost,
	}
	var err error
	if inventory.SelfNamed(spec.Target) {
		if spec.Kind == "" {
			spec.Kind = inventory.ProbePing
		}
	} else {
		var target inventory.ProbeTarget
		if target, err = inventory.ParseProbeTarget(spec.Kind, spec.Target); err == nil {
			spec.Kind = target.Kind
		}
	}
	if err == nil {
		err = spec.Validate()
	}
	if err != nil {
		p := problem(http.StatusUnprocessableEntity, "urn:muster:field", "cannot probe from "+in.ID+": "+err.Error())
		p.Errors = []FieldProblem{{Location: "body.target", Message: err.Error()}}
		return spec, p
	}
	return spec, nil
}
