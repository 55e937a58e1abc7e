package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"muster/agent/report"
	"muster/inventory/wire"
	"muster/mesh"
)

// work enrols if need be, takes up life in the pool and reports, until ctx ends.
func (a *App) work(ctx context.Context) {
	a.mu.Lock()
	enrolled := a.seal.Enrolled()
	a.mu.Unlock()
	spread := a.opts.JoinSpread
	if !enrolled {
		if !a.enrolUntil(ctx) {
			return
		}
		spread = 0 // enrolment has waited its share already
	}
	if err := a.settle(ctx, spread); err != nil {
		a.setProblem(err.Error())
		a.log.ErrorContext(ctx, "agent cannot work", "error", err)
		<-ctx.Done()
		return
	}
	a.oweLastOutage()
	select { // the first report tells of a new boot, and the next is minutes away
	case <-a.begun:
	case <-ctx.Done():
		return
	}
	_, reporter := a.parts()
	var probing sync.WaitGroup
	probing.Go(func() { a.probing.run(ctx) })
	probing.Go(func() { a.probing.answer(ctx) })
	reporter.Run(ctx)
	probing.Wait()
}

// settle makes the resident and the reporter, and uses the settings at hand.
func (a *App) settle(ctx context.Context, spread time.Duration) error {
	a.mu.Lock()
	workstation, settings := a.seal.Workstation, a.settings
	a.mu.Unlock()
	controllers := a.resolve(ctx)
	options := mesh.ResidentOptions{
		Port: a.port, Workstation: workstation, Version: clip(a.opts.Version, 32), Run: a.journal.Run(),
		Log: a.opts.Log, Dir: a.path(meshFolder), JoinSpread: spread, Controllers: controllers,
		OnAddr: func(netip.Addr) {
			if _, reporter := a.parts(); reporter != nil {
				reporter.Nudge()
			}
		},
		OnUnheard: a.unheard,
		OnQuery:   a.probing.query,
	}
	if a.opts.Addr.Addr().IsUnspecified() {
		options.CurrentAddr = a.opts.CurrentAddr
	}
	resident, err := mesh.NewResident(options)
	if err != nil {
		return fmt.Errorf("cannot join the mesh: %w", err)
	}
	reporter, err := report.New(report.Options{
		Workstation: workstation, Version: a.opts.Version, Source: &source{app: a}, Journal: a.journal,
		Poster: a.client, Encoder: a.opts.Shared.encoder, Dir: a.opts.StateDir, Process: a.own,
		Log: a.opts.Log.With("component", "report"), Cadence: report.CadenceOf(settings),
		Standing: a.inUse,
		PoolKeys: func() string { return resident.Standing().Keys },
		AddrOut:  a.addrOut,
		Now:      a.opts.Now, Probes: a.probing.take, Stops: a.opts.Machine.Stops,
		OnReply:   func(reply wire.Reply, way report.Way) { a.replied(ctx, reply, way) },
		OnFailure: func(err error) { a.failed(ctx, err) },
	})
	if err != nil {
		return errors.Join(err, resident.Close(ctx))
	}
	a.mu.Lock()
	a.resident, a.reporter = resident, reporter
	a.mu.Unlock()
	a.use(ctx, settings)
	return nil
}

// unheard hears, at most once a minute, that the controller misses this machine:
// a report goes by another way than the direct one.
func (a *App) unheard() {
	if _, reporter := a.parts(); a.client.Abandon() && reporter != nil {
		reporter.Nudge()
	}
}

// inUse is what reports say of settings and key.
func (a *App) inUse() (settings string, key int) {
	a.mu.Lock()
	version, resident := a.settings.Version, a.resident
	a.mu.Unlock()
	if resident != nil {
		key = resident.Standing().KeyVersion
	}
	return version, key
}

// replied takes what an acknowledgement brought. It runs on the reporter's
// goroutine, between two reports.
func (a *App) replied(ctx context.Context, reply wire.Reply, way report.Way) {
	_, clock := a.boot()
	a.mu.Lock()
	s := &a.standing
	if s.failing || s.problem != "" {
		a.log.InfoContext(ctx, "controller reached", "via", way.Via)
	}
	s.via, s.uplink, s.failing, s.problem = way.Via, mesh.UplinkOK, false, ""
	if way.Via != mesh.ViaDirect {
		s.uplink = mesh.UplinkRelayed
	}
	s.lastAckAt, s.lastAckClock, s.hasAck, s.lastSeq = time.Now(), clock, true, reply.Seq
	s.controllerNow = reply.Now.Sub(a.opts.Now())
	a.mu.Unlock()
	if reply.Settings != nil {
		a.adopt(ctx, *reply.Settings)
	}
	a.placed(ctx, way.From, reply.Repeat)
	a.probing.asked(reply.Asks)
	if a.renewalDue() {
		a.tryRenew(ctx)
	}
}

// failed hears that a post failed, and mends what can be mended.
func (a *App) failed(ctx context.Context, err error) {
	text := trouble(err)
	a.mu.Lock()
	first := !a.standing.failing
	a.standing.failing, a.standing.uplink = true, mesh.ClassifyUplink(err)
	a.mu.Unlock()
	if a.setProblem(text) {
		level := slog.LevelInfo // a link that is down is the controller's to judge
		if _, ok := errors.AsType[*wire.Problem](err); ok {
			level = slog.LevelWarn
		}
		a.log.LogAttrs(ctx, level, "report not acknowledged", slog.Any("error", err))
	}
	if resident, _ := a.parts(); first && resident != nil {
		resident.SetControllers(a.resolve(ctx)) // a name may mean another address now
	}
	var problem *wire.Problem
	if errors.As(err, &problem) && problem.Type == wire.ProblemCert && a.mayRenewAgain(time.Now()) {
		a.tryRenew(ctx)
	}
}

// mayRenewAgain keeps a certificate that is refused for another reason than its
// age from being renewed without end.
func (a *App) mayRenewAgain(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.standing.renewedAt.IsZero() && now.Sub(a.standing.renewedAt) < renewAgain {
		return false
	}
	a.standing.renewedAt = now
	return true
}

// setProblem notes what keeps the agent from its work; true means that it is new.
func (a *App) setProblem(text string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	fresh := a.standing.problem != text && text != ""
	a.standing.problem = text
	return fresh
}

func clip(s string, most int) string { return s[:min(len(s), most)] }
