package pools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// The rhythm of an agent, in seconds. The mesh says that a workstation lives, so
// a quiet one reports every five minutes; where there is no gossip the report is
// the sign of life and goes every minute.
const (
	reportEvery       = 300
	reportSoonest     = 60
	directReportEvery = 60
	healthEvery       = 60
	inventoryEvery    = 4 * 3600
	softwareEvery     = 4 * 3600
	neighbours        = 5 // addresses handed out with a pool
)

// Settings is what an agent should have now. An install that is under review,
// or that the register does not know, gets no pool.
func (p *Pools) Settings(ctx context.Context, id string) (wire.Settings, error) {
	if err := p.learn(ctx, id); err != nil {
		return wire.Settings{}, err
	}
	p.mu.Lock()
	s := wire.Settings{
		Controllers: p.opts.Controllers, ReportEvery: reportEvery, ReportSoonest: reportSoonest,
		HealthEvery: healthEvery, InventoryTry: inventoryEvery, SoftwareEvery: softwareEvery,
		HomeSite: p.roster.HomeSite(id),
	}
	var known bool
	if s.Site, known = p.at[id]; !known {
		s.Site = s.HomeSite
	}
	at := p.sites[s.Site]
	primary := 0
	switch {
	case at == nil || !p.roster.Knows(id):
	case at.noun.Direct():
		s.ReportEvery = directReportEvery
	default:
		primary = at.ring.Primary
		s.Pool = &wire.Pool{Site: s.Site, Label: s.Site, Keys: at.ring.Keys, KeyVersion: at.ring.Version}
	}
	p.mu.Unlock()

	version, err := versionOf(s, primary)
	if err != nil {
		return wire.Settings{}, err
	}
	s.Version = version
	if s.Pool != nil {
		s.Pool.Neighbours = p.neighbours(s.Site)
	}
	return s, nil
}

// learn puts an install on the roster that enrolled since the register was read.
func (p *Pools) learn(ctx context.Context, id string) error {
	p.mu.Lock()
	known := p.roster.Knows(id)
	p.mu.Unlock()
	if known {
		return nil
	}
	w, err := p.opts.Store.Workstation(ctx, id)
	if err != nil {
		return fmt.Errorf("cannot find workstation %s: %w", id, err)
	}
	p.mu.Lock()
	p.roster.Add(w)
	p.mu.Unlock()
	return nil
}

// versionOf hashes what matters; neighbours come and go and are left out, keys
// are named by their versions so that none is hashed into what is logged.
func versionOf(s wire.Settings, primary int) (string, error) {
	keyVersion, label := 0, ""
	if s.Pool != nil {
		keyVersion, label = s.Pool.KeyVersion, s.Pool.Label
	}
	s.Pool = nil
	b, err := json.Marshal(struct {
		Settings    wire.Settings
		Label       string
		Key, Writes int
	}{s, label, keyVersion, primary})
	if err != nil {
		return "", fmt.Errorf("cannot name settings: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6]), nil
}

// neighbours picks a few members that live now, so that a pool re-forms while
// every controller is away.
func (p *Pools) neighbours(code string) []string {
	var addrs []string
	for _, m := range p.opts.Mesh.Members(code) {
		if m.State == mesh.StateAlive && !m.Controller {
			addrs = append(addrs, m.Addr.String())
		}
	}
	rand.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	return addrs[:min(len(addrs), neighbours)]
}

// Replaced takes an install off the roster that a newer one on the same asset
// replaced, and puts the new one on.
func (p *Pools) Replaced(old string, now inventory.Workstation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(old)
	p.roster.Add(now)
}

// forget drops an install; mu is held.
func (p *Pools) forget(id string) {
	p.roster.Remove(id)
	p.homing.Forget(id)
	delete(p.at, id)
	delete(p.held, id)
	delete(p.names, id)
}
