package services

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"sync"

	"muster/inventory"
	"muster/inventory/wire"
)

// How often the elected probers of a site measure: two of them, ten pings to the
// controller each, cost its link 0.4 MB a day, and full packets once an hour 0.15.
const (
	windowEvery = 900
	mtuEvery    = 3600
)

// Proxies finds proxies by PAC files; *pac.Files is one.
type Proxies interface {
	// Proxy is how a target is reached from an address, by a PAC file: name:port, or
	// empty for direct. ok is false while it is not known. It answers from memory.
	Proxy(file, target string, from netip.Addr) (proxy string, ok bool)
	// Generation grows whenever an answer changed.
	Generation() uint64
}

// Options is what plans are made of.
type Options struct {
	Services []inventory.Service
	// Outside are addresses beyond the WAN that agents ask while the controller is
	// not heard; at most wire.MaxOutside are used.
	Outside []netip.Addr
	Proxies Proxies // nil: PAC files are not understood, and services behind them are left out
	Log     *slog.Logger
}

// Plans says what is probed from which site. It is safe for concurrent use.
type Plans struct {
	opts Options

	mu         sync.Mutex // guards what follows
	generation uint64
	known      map[asker]plan
}

// asker is what plans differ by.
type asker struct {
	kind string
	from netip.Addr // invalid unless a PAC file asks for it
}

type plan struct {
	probing *wire.Probing
	name    string
}

// maxPlans bounds what is remembered: a county has fewer kinds and subnets.
const maxPlans = 10_000

// New checks the services.
func New(o Options) (*Plans, error) {
	if o.Log == nil {
		return nil, errors.New("cannot plan what is probed: no log")
	}
	if err := Check(o.Services); err != nil {
		return nil, err
	}
	return &Plans{opts: o, known: map[asker]plan{}}, nil
}

// Services lists the services as they are configured.
func (p *Plans) Services() []inventory.Service { return p.opts.Services }

// Of is what is probed from a site, asked from an address inside it, and a name
// that changes with it. Nobody may write to what it returns.
func (p *Plans) Of(site inventory.Site, inside netip.Addr) (*wire.Probing, string) {
	is := asker{kind: site.Kind}
	generation := uint64(0)
	if p.opts.Proxies != nil && p.auto() {
		is.from, generation = inside, p.opts.Proxies.Generation()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if generation != p.generation || len(p.known) >= maxPlans {
		clear(p.known)
		p.generation = generation
	}
	made, ok := p.known[is]
	if !ok {
		made = p.plan(site.Kind, inside)
		p.known[is] = made
	}
	return made.probing, made.name
}

func (p *Plans) auto() bool {
	for _, s := range p.opts.Services {
		if inventory.AutoProxy(s.Proxy) {
			return true
		}
	}
	return false
}

func (p *Plans) plan(kind string, inside netip.Addr) plan {
	probing := &wire.Probing{WindowEvery: windowEvery, MTUEvery: mtuEvery}
	for _, addr := range p.opts.Outside[:min(len(p.opts.Outside), wire.MaxOutside)] {
		probing.Outside = append(probing.Outside, addr.String())
	}
	for _, s := range p.opts.Services {
		if !s.At(kind) {
			continue
		}
		proxy, ok := p.proxy(s, inside)
		if !ok {
			continue // the next report after its PAC file was read brings it
		}
		probing.Services = append(probing.Services, wire.ServiceProbe{
			Name: s.Name, Target: s.Target, Proxy: proxy, Resolver: s.Resolver, Status: s.Status, Text: s.Text,
			Timeout: s.Patience(), Every: inventory.Seconds(s.Interval().Seconds()),
		})
	}
	b, err := json.Marshal(probing)
	if err != nil { // strings and numbers only: cannot happen
		p.opts.Log.ErrorContext(context.Background(), "cannot name what is probed", "error", err)
		return plan{}
	}
	return plan{probing: probing, name: wire.HashBytes(b)}
}

// proxy is the one through which a service is reached; empty is direct.
func (p *Plans) proxy(s inventory.Service, inside netip.Addr) (string, bool) {
	switch {
	case s.Proxy == "" || s.Proxy == inventory.ProxyDirect:
		return "", true
	case !inventory.AutoProxy(s.Proxy):
		return s.Proxy, true
	case p.opts.Proxies == nil:
		return "", false
	default:
		return p.opts.Proxies.Proxy(s.Proxy, s.Target, inside)
	}
}
