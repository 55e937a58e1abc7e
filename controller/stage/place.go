package stage

import (
	"net/netip"
	"time"

	"muster/controller/rehearsal"
	"muster/mesh/fabric"
)

// place is one site on the stage, with what was done to it.
type place struct {
	stage *Stage
	index int
	code  string
	site  rehearsal.Site

	cuts       map[rehearsal.Verb]bool // why its link is cut
	dark       bool                    // no power: switches, machines and, unless ups, the router
	ups        bool
	routerDown bool
	mute       bool
	oneWay     map[rehearsal.Direction]bool
	degraded   *rehearsal.Fault
	failedOver *rehearsal.Fault
	saturated  bool
}

// addr is an address of the site, in its first prefix or the spare one.
func (p *place) addr(last int, spare bool) netip.Addr {
	second := 1 + byte(p.index/250)
	if spare {
		second += 100
	}
	return netip.AddrFrom4([4]byte{10, second, byte(p.index % 250), byte(last)})
}

func (p *place) gateway(spare bool) netip.Addr { return p.addr(1, spare) }

// router is the far end of the site's link, as the controller asks it.
func (p *place) router() netip.Addr {
	return netip.AddrFrom4([4]byte{10, 250, byte(p.index / 250), byte(p.index % 250)})
}

func (p *place) prefix(spare bool) netip.Prefix {
	return netip.PrefixFrom(p.addr(0, spare), 24)
}

// routerDead reports whether nothing is forwarded.
func (p *place) routerDead() bool { return p.routerDown || p.dark && !p.ups }

// refresh brings the fabric in line with what was done to the site.
func (p *place) refresh() {
	f := p.stage.fabric
	if len(p.cuts) > 0 || p.routerDead() {
		f.Cut(p.code)
	} else {
		f.Uncut(p.code)
	}
	for _, router := range []netip.Addr{p.router(), p.gateway(false), p.gateway(true)} {
		if p.routerDead() {
			f.Isolate(router)
		} else {
			f.Restore(router)
		}
		f.Mute(router, p.mute || p.site.Router == rehearsal.RouterMute)
	}
	for _, d := range p.stage.desks {
		if d.home == p {
			d.refresh()
		}
	}
}

// weather is what the link is like now, each way.
func (p *place) weather() fabric.Weather {
	delay, spread, loss := p.site.Uplink.Delay, p.site.Uplink.Spread, p.site.Uplink.Loss
	w := fabric.Weather{}
	if o := p.failedOver; o != nil {
		w.Rate = o.Rate
		if o.Delay > 0 {
			delay = o.Delay
		}
	}
	if o := p.degraded; o != nil {
		delay, spread, loss = delay+o.Delay, spread+o.Jitter, loss+o.Loss
	}
	if p.saturated {
		delay, spread, loss = delay+rehearsal.SaturatedDelay, spread+rehearsal.SaturatedSpread, loss+rehearsal.SaturatedLoss
	}
	w.Latency, w.Jitter, w.Loss = delay/2, spread/2, min(loss, 1)
	return w
}

// blow lets the link's weather become what it should be now.
func (p *place) blow(over time.Duration) {
	for _, room := range []string{controllerSite, outside} {
		p.stage.fabric.Drift(p.code, room, p.weather(), over)
	}
}
