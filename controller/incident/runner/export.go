package runner

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"muster/controller/incident"
	"muster/controller/rehearsal"
	"muster/inventory"
)

// Export writes what an incident was judged from as a rehearsal that replays to
// the same verdict. ErrNotFound for an incident that is not there, ErrConflict for
// one whose evidence was not kept.
func (r *Runner) Export(ctx context.Context, id string, out io.Writer) error {
	i, err := r.o.Store.Incident(ctx, id)
	if err != nil {
		return err
	}
	if err := r.do(ctx, func(ctx context.Context) error { r.keepTrace(ctx); return nil }); err != nil {
		return err
	}
	evidence, err := r.o.Store.Evidence(ctx, id)
	if err != nil {
		return err
	}
	if len(evidence) == 0 {
		return fmt.Errorf("the evidence of incident %s is not kept: it says how one machine stood, or is too old: %w", id, inventory.ErrConflict)
	}
	estate, err := r.o.Estate(ctx)
	if err != nil {
		return err
	}
	return rehearsal.Export(out, rehearse(i, evidence, estate))
}

// rehearse is the incident as a rehearsal: its evidence, the sites that it is of,
// and its present verdict as what must be concluded.
func rehearse(i inventory.Incident, evidence []inventory.Evidence, estate incident.Estate) rehearsal.Rehearsal {
	slices.SortStableFunc(evidence, func(a, b inventory.Evidence) int { return learntAt(a).Compare(learntAt(b)) })
	start := learntAt(evidence[0]).Truncate(time.Second)
	for _, p := range evidence {
		if p.At.Before(start) && i.StartedAt.Sub(p.At) < beforeFor {
			start = p.At.Truncate(time.Second)
		}
	}
	out := rehearsal.Rehearsal{
		Name: fmt.Sprintf("%s, incident %s", i.Cause, i.ID), Seed: 1, Start: start.UTC(),
		For: learntAt(evidence[len(evidence)-1]).Sub(start).Truncate(time.Second) + time.Minute, AllowOthers: true, Evidence: evidence,
	}
	out.Estate.References = estate.References
	for _, s := range estate.Services {
		out.Estate.Services = append(out.Estate.Services, s.Name)
	}
	codes := map[string]bool{}
	for _, p := range evidence {
		codes[p.Site] = true
	}
	for _, s := range estate.Sites {
		if codes[s.Site.Code] {
			out.Estate.Sites = append(out.Estate.Sites, siteOf(s))
		}
	}
	if !i.Cause.Presence() && i.State != inventory.IncidentBlip && i.State != inventory.IncidentFolded {
		expect := rehearsal.Expectation{Cause: i.Cause, Subject: rehearsal.Subject{
			Site: i.Scope.Site, Carrier: i.Scope.Carrier, Exchange: i.Scope.Exchange, Service: i.Scope.Service,
		}, FinalGrade: i.Grade}
		out.Expect = append(out.Expect, expect)
	}
	return out
}

func siteOf(s incident.SiteFacts) rehearsal.Site {
	site := rehearsal.Site{
		Code: s.Site.Code, Workstations: s.Expected, Router: rehearsal.RouterNone, Hours: s.Site.Hours, Zone: s.Site.Zone, Mesh: s.Site.Mesh, Staff: s.Staff,
	}
	if s.HasRouter {
		site.Router = rehearsal.RouterAnswers
	}
	for _, l := range s.Links {
		if l.Role != inventory.LinkBackup {
			site.Carrier, site.Exchange = l.Carrier, l.Exchange
			break
		}
	}
	return site
}
