package stage

import (
	"slices"

	"muster/controller/rehearsal"
	"muster/inventory"
)

// doToSite does one step to one site.
func (s *Stage) doToSite(p *place, step rehearsal.Step) {
	f, begun := step.Fault, !step.Heal
	switch step.Do {
	case rehearsal.CutLink, rehearsal.CarrierDown, rehearsal.ExchangeDown:
		p.cut(step.Do, begun)
	case rehearsal.HealLink:
		p.cut(rehearsal.CutLink, false)
		if f.Do != rehearsal.FlapLink {
			p.mend()
		}
	case rehearsal.OneWayLoss:
		p.oneWayLoss(f.Direction, begun)
	case rehearsal.DegradeLink:
		p.degraded = given(f, begun)
		p.blow(f.Over)
	case rehearsal.Failover:
		p.failedOver = given(f, begun)
		p.blow(0)
	case rehearsal.SaturateLink:
		p.saturated = begun
		p.blow(0)
	case rehearsal.BlockUDP:
		s.fabric.BlockUDP(p.code, begun)
	case rehearsal.MTU:
		s.fabric.LimitMTU(p.code, f.Bytes*one(begun))
		s.world.mtu[p.code] = f.Bytes * one(begun)
	case rehearsal.RouterSilent:
		p.mute = begun
	case rehearsal.RouterDown:
		p.routerDown = begun
	case rehearsal.PowerCut:
		p.powerCut(step)
	case rehearsal.PowerRestore:
		p.dark, p.ups = false, false
	default:
		s.doToLAN(p, step)
	}
	p.refresh()
}

// doToLAN does what happens to some of a site's machines by their network.
func (s *Stage) doToLAN(p *place, step rehearsal.Step) {
	begun := !step.Heal
	for _, d := range s.taken(step) {
		if d.home != p {
			continue
		}
		switch step.Do { //nolint:exhaustive // the others are not of the LAN
		case rehearsal.SwitchDown:
			d.cableOut = begun
		case rehearsal.DHCPFail:
			d.lost.Store(begun)
		case rehearsal.Isolate:
			s.fabric.Segment(*d.addr.Load(), one(begun))
		case rehearsal.Renumber:
			d.spare = begun
			d.renumber()
		}
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

func given(f rehearsal.Fault, begun bool) *rehearsal.Fault {
	if !begun {
		return nil
	}
	return &f
}

func (p *place) cut(why rehearsal.Verb, begun bool) {
	if begun {
		p.cuts[why] = true
	} else {
		delete(p.cuts, why)
	}
}

// mend ends everything that is wrong with the link.
func (p *place) mend() {
	for direction := range p.oneWay {
		p.oneWayLoss(direction, false)
	}
	p.degraded, p.failedOver, p.saturated = nil, nil, false
	p.blow(0)
}

func (p *place) oneWayLoss(direction rehearsal.Direction, begun bool) {
	if begun {
		p.oneWay[direction] = true
	} else if direction == "" {
		clear(p.oneWay)
	} else {
		delete(p.oneWay, direction)
	}
	p.stage.fabric.DropOneWay(p.code, controllerSite, p.oneWay[rehearsal.ToController])
	p.stage.fabric.DropOneWay(controllerSite, p.code, p.oneWay[rehearsal.ToSite])
}

// powerCut turns off who is taken; the site's others live on their batteries, in
// the dark.
func (p *place) powerCut(step rehearsal.Step) {
	p.dark, p.ups = true, step.Fault.UPS
	for _, d := range p.stage.desks {
		if d.home != p {
			continue
		}
		if slices.Contains(step.Workstations, d.name) {
			d.crash(inventory.StopUnclean)
		} else {
			d.onBattery = true
		}
	}
}
