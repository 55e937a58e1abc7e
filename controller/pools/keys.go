package pools

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/controller/keyring"
	"muster/inventory"
)

// EventKeyMade and EventKeyRetired are the steps of a rotation as events.
const (
	EventKeyMade    = "pool.key-made"
	EventKeyRetired = "pool.key-retired"
)

// author of what the controller does by itself.
const controllerAuthor = "controller"

// loadKeys reads each pool site's keys, acknowledgements and mark of a revocation,
// and makes a first key where there is none.
func (p *Pools) loadKeys(ctx context.Context, sites []inventory.Site) (
	keys map[string][]inventory.PoolKey, held map[string]int, revoked map[string]string, err error,
) {
	keys, held, revoked = make(map[string][]inventory.PoolKey, len(sites)), map[string]int{}, map[string]string{}
	for _, s := range sites {
		if s.Direct() {
			continue
		}
		ks, err := p.opts.Store.PoolKeys(ctx, s.Code)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("cannot read the keys of %s: %w", s.Code, err)
		}
		if len(ks) == 0 {
			k := keyring.Make(1, p.opts.Now())
			if err := p.opts.Store.PutPoolKey(ctx, s.Code, k); err != nil {
				return nil, nil, nil, fmt.Errorf("cannot keep the first key of %s: %w", s.Code, err)
			}
			ks = []inventory.PoolKey{k}
		}
		keys[s.Code] = ks
		acks, err := p.opts.Store.KeyAcks(ctx, s.Code)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("cannot read who holds the keys of %s: %w", s.Code, err)
		}
		for _, ack := range acks {
			held[ack.Workstation] = max(held[ack.Workstation], ack.Version)
		}
		if revoked[s.Code], err = p.readMark(ctx, s.Code); err != nil {
			return nil, nil, nil, err
		}
	}
	return keys, held, revoked, nil
}

// order lays out a site's ring; mu is held.
func (p *Pools) order(s *site) {
	present := p.roster.With(inventory.Present, s.noun.Code, p.opts.Now())
	ring := keyring.Order(s.keys, p.held, present, p.opts.Now(), p.opts.KeyRules)
	changed := ring.Version != s.ring.Version || ring.Primary != s.ring.Primary || len(ring.Keys) != len(s.ring.Keys)
	s.ring = ring
	s.stale = s.stale || changed
}

// turn is what one tick does to one site's keys.
type turn struct {
	code   string
	made   *inventory.PoolKey
	mark   bool // a revocation asked for it
	retire []inventory.PoolKey
	ring   keyring.Ring
	push   bool // the mesh must be given the ring
}

// turnKeys walks every rotation one step. A site at rest costs a comparison.
func (p *Pools) turnKeys(ctx context.Context) {
	p.turning.Lock()
	defer p.turning.Unlock()
	now := p.opts.Now()
	for _, t := range p.turns(now) {
		if err := p.keep(ctx, t, now); err != nil {
			p.log.Error("cannot turn keys", "site", t.code, "err", err)
			continue
		}
		if t.push {
			if err := p.opts.Mesh.SetKeys(t.code, t.ring.Keys, t.ring.Version); err != nil {
				p.log.Error("cannot give the pool its keys", "site", t.code, "err", err)
				p.mu.Lock()
				if s := p.sites[t.code]; s != nil {
					s.stale = true
				}
				p.mu.Unlock()
			}
		}
	}
}

func (p *Pools) turns(now time.Time) []turn {
	p.mu.Lock()
	defer p.mu.Unlock()
	var turns []turn
	for code, s := range p.sites {
		due := keyring.Due(s.keys, now, p.opts.KeyRules) || s.revoked == markDue && len(s.ring.Keys) == 1
		if s.noun.Direct() || !due && !s.stale && len(s.ring.Keys) == 1 && !keyring.Turning(s.keys) {
			continue
		}
		t := turn{code: code}
		if due {
			k := keyring.Make(keyring.Next(s.keys), now)
			t.made, t.mark = &k, s.revoked == markDue
		}
		present := p.roster.With(inventory.Present, code, now)
		waitFor := p.roster.Installs(code)
		if s.revoked == markDue || s.revoked != "" && s.revoked == s.ring.NewestID(s.keys) {
			waitFor = present // whoever is off gets the new key with its first report
		}
		for _, version := range keyring.Retired(s.keys, p.held, p.writes, waitFor, present, now, p.opts.KeyRules) {
			t.retire = append(t.retire, retire(s.keys, version, now))
		}
		p.order(s)
		if t.ring = s.ring; s.open {
			t.push, s.stale = s.stale, false
		}
		if t.push || t.made != nil || len(t.retire) > 0 {
			turns = append(turns, t)
		}
	}
	return turns
}

func retire(keys []inventory.PoolKey, version int, now time.Time) inventory.PoolKey {
	for i := range keys {
		if keys[i].Version == version {
			keys[i].RetiredAt = now
			return keys[i]
		}
	}
	return inventory.PoolKey{}
}

// keep writes a turn's keys and events.
func (p *Pools) keep(ctx context.Context, t turn, now time.Time) error {
	if t.made != nil {
		if err := p.opts.Store.PutPoolKey(ctx, t.code, *t.made); err != nil {
			return err
		}
		p.mu.Lock()
		if s := p.sites[t.code]; s != nil {
			s.keys = append(s.keys, *t.made) // handed out from the next tick on
		}
		p.mu.Unlock()
		if t.mark {
			p.mark(ctx, t.code, t.made.ID())
		}
		p.record(ctx, EventKeyMade, poolSubject(t.code), controllerAuthor, now, map[string]any{"version": t.made.Version})
	}
	for _, k := range t.retire {
		if err := p.opts.Store.PutPoolKey(ctx, t.code, k); err != nil {
			return err
		}
		p.record(ctx, EventKeyRetired, poolSubject(t.code), controllerAuthor, now, map[string]any{"version": k.Version})
	}
	return nil
}

// record appends an event; one that cannot be written is logged, for what it
// tells of has happened already.
func (p *Pools) record(ctx context.Context, kind string, subject inventory.Subject, author string, at time.Time, body map[string]any) {
	encoded, err := json.Marshal(body)
	if err == nil {
		_, err = p.opts.Store.AppendEvent(ctx, inventory.Event{
			Kind: kind, Subject: subject, OccurredAt: at, RecordedAt: at, Author: author, Body: encoded,
		})
	}
	if err != nil {
		p.log.Error("cannot record event", "event", kind, "subject", subject.Key, "err", err)
	}
}
