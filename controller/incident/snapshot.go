package incident

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"muster/inventory"
)

// MaxSnapshot bounds what Restore reads.
const MaxSnapshot = 64 << 20

const snapshotVersion = 1

// saved is what Snapshot writes.
type saved struct {
	Version    int                  `json:"v"`
	Now        time.Time            `json:"now"`
	Machines   []savedMachine       `json:"machines"`
	Sites      []savedSite          `json:"sites"`
	References map[string]gauge     `json:"references"`
	OwnGate    gauge                `json:"own_gate"`
	Stalls     []span               `json:"stalls"`
	Blinds     []span               `json:"blinds"`
	LagAt      time.Time            `json:"lag_at"`
	Live       []*trouble           `json:"live"`
	Recent     []*trouble           `json:"recent"`
	Settling   []*trouble           `json:"settling"`
	Clear      map[string]time.Time `json:"service_clear"`
}

// savedMachine has short names: there are thousands.
type savedMachine struct {
	ID      string                `json:"i"`
	Site    string                `json:"s"`
	Addr    netip.Addr            `json:"a,omitzero"`
	Heard   time.Time             `json:"h,omitzero"`
	TCP     time.Time             `json:"t,omitzero"`
	Refused time.Time             `json:"f,omitzero"`
	Report  time.Time             `json:"r,omitzero"`
	Joined  time.Time             `json:"j,omitzero"`
	Failed  time.Time             `json:"x,omitzero"`
	Left    time.Time             `json:"l,omitzero"`
	Reason  inventory.LeaveReason `json:"w,omitempty"`
	Why     time.Time             `json:"wa,omitzero"`
	Told    time.Time             `json:"wt,omitzero"`
	Moved   time.Time             `json:"m,omitzero"`
	Back    time.Time             `json:"k,omitzero"`
	Uplink  string                `json:"u,omitempty"`
	Tag     time.Time             `json:"ua,omitzero"`
	Since   time.Time             `json:"us,omitzero"`
	Misses  instants              `json:"ms,omitempty"`
	Accused instants              `json:"ac,omitempty"`
	Boot    string                `json:"b,omitempty"`
	BootAt  time.Time             `json:"ba,omitzero"`
	Was     string                `json:"bw,omitempty"`
	Clone   time.Time             `json:"c,omitzero"`
	Entries []entry               `json:"e,omitempty"`
	Stops   []datedStop           `json:"st,omitempty"`
}

type savedSite struct {
	Code     string                   `json:"code"`
	Answer   time.Time                `json:"answer_at,omitzero"`
	UDP      time.Time                `json:"udp_at,omitzero"`
	Reach    inventory.ReachState     `json:"reach,omitempty"`
	ReachAt  time.Time                `json:"reach_at,omitzero"`
	SilentAt time.Time                `json:"silent_at,omitzero"`
	TCP      gauge                    `json:"tcp,omitzero"`
	Router   gauge                    `json:"router,omitzero"`
	Gateway  gauge                    `json:"gateway,omitzero"`
	Services map[string]*serviceFacts `json:"services,omitempty"`
	Failing  bool                     `json:"failing,omitempty"`
	Outages  []span                   `json:"outages,omitempty"`
	AgainAt  time.Time                `json:"again_at,omitzero"`
	Silent   *savedSilence            `json:"silence,omitempty"`
	Minutes  []linkMinute             `json:"minutes,omitempty"`
}

type savedSilence struct {
	Since   time.Time `json:"since"`
	Members []string  `json:"members"`
	Router  bool      `json:"router,omitempty"`
	Into    string    `json:"into,omitempty"`
	First   time.Time `json:"first,omitzero"`
}

// Snapshot is the engine's state as bytes: facts, incidents and their start
// times. Estate, windows and baselines are not in it.
func (e *Engine) Snapshot() ([]byte, error) {
	f := saved{
		Version: snapshotVersion, Now: e.now, OwnGate: e.ownGate, Stalls: e.stalls, Blinds: e.blinds, LagAt: e.lagAt,
		Settling: e.settling, Clear: e.serviceClear, References: make(map[string]gauge, len(e.references)),
	}
	for target, g := range e.references {
		f.References[target.String()] = *g
	}
	for _, key := range sortedKeys(e.troubles) {
		f.Live = append(f.Live, e.troubles[key])
	}
	for _, key := range sortedKeys(e.recent) {
		f.Recent = append(f.Recent, e.recent[key])
	}
	for _, s := range e.order {
		f.Sites = append(f.Sites, s.save())
		for _, m := range s.machines {
			f.Machines = append(f.Machines, m.save())
		}
	}
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("cannot write the incidents' state: %w", err)
	}
	if len(b) > MaxSnapshot {
		return nil, fmt.Errorf("cannot write the incidents' state: %d bytes, the limit is %d", len(b), MaxSnapshot)
	}
	return b, nil
}

func (m *machine) save() savedMachine {
	return savedMachine{
		ID: m.id, Site: m.site.code, Addr: m.addr, Heard: m.heardAt, TCP: m.tcpAt, Refused: m.refusedAt, Report: m.reportAt,
		Joined: m.joinedAt, Failed: m.failedAt, Left: m.leftAt, Reason: m.reason, Why: m.reasonAt, Told: m.toldAt, Moved: m.movedAt, Back: m.backAt,
		Uplink: m.uplink, Tag: m.tagAt, Since: m.uplinkAt, Misses: m.misses, Accused: m.accused, Boot: m.boot, BootAt: m.bootAt,
		Was: m.was, Clone: m.cloneAt, Entries: m.entries, Stops: m.stops,
	}
}

func (s *site) save() savedSite {
	f := savedSite{
		Code: s.code, Answer: s.answerAt, UDP: s.udpAt, Reach: s.reach, ReachAt: s.reachAt, SilentAt: s.silentAt, TCP: s.tcp,
		Router: s.router, Gateway: s.gateway, Services: s.services, Failing: s.failing, Outages: s.outages, AgainAt: s.againAt,
		Minutes: s.quality.closed,
	}
	if s.silence.active {
		f.Silent = &savedSilence{Since: s.silence.since, Router: s.silence.router, Into: s.silence.into, First: s.silence.firstLife}
		for _, m := range s.silence.members {
			f.Silent.Members = append(f.Silent.Members, m.id)
		}
	}
	return f
}
