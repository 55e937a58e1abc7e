package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"muster/controller/api"
	"muster/controller/intake"
	"muster/dashboards"
	"muster/mesh"
)

// Times of the two servers. An agent's connection stays open between reports:
// a handshake costs seven times a post.
const (
	agentIdleFor  = 15 * time.Minute
	headerWithin  = 10 * time.Second
	webIdleFor    = 2 * time.Minute
	webReadWithin = 2 * time.Minute
)

func (a *App) openIntake(context.Context) error {
	in, err := intake.New(intake.Options{
		Authority: a.authority, Store: a.store, Log: a.opts.Log, Now: a.opts.Now, Limits: a.opts.Limits, Registry: a.registry,
		Settings: a.pools.Settings,
		OnReport: func(r intake.Accepted) {
			a.pools.Reported(r.Report, r.Addr, r.ReceivedAt)
			a.incidents.Accepted(r)
			a.programme.Accepted(r)
			a.sampleReport(r)
			a.probing.Reported(r.Workstation, r.Report.Probes)
		},
		OnConflict: a.incidents.Conflict, WantJournal: a.incidents.WantJournal, Asks: a.probing.Asks,
	})
	if err != nil {
		return err
	}
	a.intake = in
	a.later(in.Close)
	server := &http.Server{
		Handler: in.Handler(), ReadHeaderTimeout: headerWithin, IdleTimeout: agentIdleFor,
		ErrorLog:  slog.NewLogLogger(a.opts.Log.With("component", "intake").Handler(), slog.LevelDebug),
		TLSConfig: a.authority.ServerConfig(names(a.told), nil),
		HTTP2:     &http.HTTP2Config{MaxConcurrentStreams: 8},
	}
	a.serve("agents", server, func() error { return server.ServeTLS(mesh.GatherPairs(a.port.TLS()), "", "") })
	return nil
}

// names is the hosts of the addresses that agents are told.
func names(told []string) []string {
	var out []string
	for _, t := range told {
		if ap, err := netip.ParseAddrPort(t); err == nil {
			out = append(out, ap.Addr().String())
		}
	}
	return out
}

func (a *App) openWebSide(ctx context.Context) error {
	if a.opts.WithoutWeb {
		return nil
	}
	if err := a.openWeb(ctx); err != nil {
		return err
	}
	a.opts.Log.Info("pages and API are open", "addr", a.WebAddr())
	return a.leaveConnection(ctx)
}

func (a *App) openWeb(context.Context) error {
	listener, err := net.Listen("tcp", a.opts.Listen)
	if err != nil {
		return fmt.Errorf("cannot open the web side: %w", err)
	}
	a.web = listener
	a.later(func(context.Context) error {
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	handler, err := a.webHandler()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerWithin, ReadTimeout: webReadWithin, IdleTimeout: webIdleFor,
		ErrorLog: slog.NewLogLogger(a.opts.Log.With("component", "web").Handler(), slog.LevelDebug),
	}
	if a.opts.TLSCert == "" {
		a.serve("web", server, func() error { return server.Serve(listener) })
		return nil
	}
	keypair, err := newKeypair(a.opts.TLSCert, a.opts.TLSKey, a.opts.Now)
	if err != nil {
		return err
	}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: keypair.get, NextProtos: []string{"h2", "http/1.1"}}
	a.serve("web", server, func() error { return server.ServeTLS(listener, "", "") })
	return nil
}

// serve runs a server until the teardown, which drains it.
func (a *App) serve(name string, server *http.Server, run func() error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(); !errors.Is(err, http.ErrServerClosed) {
			a.opts.Log.Error("a server ended", "server", name, "err", err)
		}
	}()
	a.later(func(ctx context.Context) error {
		drain, cancel := context.WithTimeout(ctx, drainFor)
		defer cancel()
		err := server.Shutdown(drain)
		if err != nil {
			err = server.Close() // whoever is still connected was answered or comes back
		}
		<-done
		return err
	})
}

// drainFor is how long requests under way may take at the end; agents keep
// their connections open, so the drain of theirs always ends here.
const drainFor = 500 * time.Millisecond

func (a *App) webHandler() (http.Handler, error) {
	door, err := api.NewDoor(api.DoorOptions{Tokens: a.store, Now: a.opts.Now, Secure: a.opts.TLSCert != "" || len(a.opts.Proxies) > 0})
	if err != nil {
		return nil, err
	}
	picture := api.NewPicture(a.store, a.pools, api.WithIncidents(a.incidents.Live), api.WithReadiness(a.programme.VerdictOf))
	pages, err := dashboards.New(dashboards.Options{
		Source: picture, Door: door, Desk: api.Clerk{Desk: a.incidents, Events: a.store, Now: a.opts.Now}, Accounts: linkPage{a.ledger, a.opts.Now}, Version: a.opts.Version, Log: a.opts.Log, Now: a.opts.Now,
		OpenOnLoopback: a.opts.OpenOnLoopback,
	})
	if err != nil {
		return nil, err
	}
	options := api.Options{
		Store: a.store, Live: a.pools, Operator: operator{a.pools, a.registerChanged}, Desk: a.incidents,
		Issuer: a.authority, Door: door, Picture: picture, Pages: pages,
		Version: a.opts.Version, Log: a.opts.Log, Registry: a.registry, Now: a.opts.Now,
		Controllers: func() []string { return a.told }, Components: a.ready, Prober: a.probing, Ledger: a.ledger, Programme: a.programme,
		DropNames: a.opts.DropNames(),
	}
	if a.series != nil {
		options.Series = a.series.Handler(api.SeriesPrefix)
	}
	if a.notify != nil {
		options.Notifier = a.notify
	}
	served, err := api.New(options)
	if err != nil {
		return nil, err
	}
	return served.Handler(), nil
}

// ready lists the parts for /readyz.
func (a *App) ready(ctx context.Context) []api.Component {
	storeReady := api.Component{Name: "store", Ready: true}
	if err := a.store.Ping(ctx); err != nil {
		storeReady.Ready, storeReady.Why = false, err.Error()
	}
	open, wanted := a.pools.Opened()
	poolsReady := api.Component{Name: "pools", Ready: open >= wanted}
	if !poolsReady.Ready {
		poolsReady.Why = fmt.Sprintf("%d of %d are open", open, wanted)
	}
	return []api.Component{storeReady, poolsReady}
}
