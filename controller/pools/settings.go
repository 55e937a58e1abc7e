package pools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"muster/controller/keyring"
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

// Settings is what an agent should have now, where held is the version that it
// has: when that is the newest, the neighbours are left out, which nobody will
// read. An install that is under review, or that the register does not know,
// gets no pool.
func (p *Pools) Settings(ctx context.Context, id, held string) (wire.Settings, error) {
	if err := p.learn(ctx, id); err != nil {
		return wire.Settings{}, err
	}
	s, err := p.settings(id)
	if err == nil && s.Pool != nil && s.Version != held {
		s.Pool.Neighbours = p.neighbours(s.Site)
	}
	return s, err
}

// settings is all but the neighbours.
func (p *Pools) settings(id string) (wire.Settings, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	switch {
	case at == nil || !p.roster.Knows(id):
	case at.noun.Direct():
		s.ReportEvery = directReportEvery
	default:
		s.Pool = &wire.Pool{Site: s.Site, Label: s.Site, Keys: at.ring.Keys, KeyVersion: at.ring.Version}
	}
	probing := ""
	if at != nil && p.roster.Knows(id) {
		probing = p.probing(&s, at)
	}
	version, err := p.versionOf(s, at, probing)
	s.Version = version
	return s, err
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
	before := p.roster.InstallOn(w.AssetTag)
	p.mu.Unlock()
	if err := p.dropReplaced(ctx, before); err != nil {
		return err
	}
	p.mu.Lock()
	p.roster.Add(w)
	p.mu.Unlock()
	return nil
}

// dropReplaced takes an install off the roster that a newer one on its asset has
// replaced: a re-imaged machine takes its own place, not a stranger's beside it.
func (p *Pools) dropReplaced(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	w, err := p.opts.Store.Workstation(ctx, id)
	if err != nil {
		return fmt.Errorf("cannot find workstation %s: %w", id, err)
	}
	if !w.Active() {
		p.mu.Lock()
		p.forget(id)
		p.mu.Unlock()
	}
	return nil
}

// shape is what settings differ by: the rest of them are constants and the
// options, the same for as long as the controller runs.
type shape struct {
	site, home  string
	reportEvery wire.Seconds
	keys        string // the ring's name; empty where there is no pool
	probing     string // the name of what is probed; empty: nothing
}

// maxShapes bounds the versions that are remembered: a county has few more than
// it has sites.
const maxShapes = 10_000

// versionOf names settings; mu is held. Every report asks, so what was hashed
// once is remembered.
func (p *Pools) versionOf(s wire.Settings, at *site, probing string) (string, error) {
	is := shape{site: s.Site, home: s.HomeSite, reportEvery: s.ReportEvery, probing: probing}
	if s.Pool != nil {
		is.keys = at.ring.Name(at.keys)
	}
	if version, ok := p.versions[is]; ok {
		return version, nil
	}
	version, err := hashSettings(s, is.keys)
	if err != nil {
		return "", err
	}
	if len(p.versions) >= maxShapes {
		clear(p.versions)
	}
	p.versions[is] = version
	return version, nil
}

// hashSettings hashes what matters; neighbours come and go and are left out,
// keys are named, not hashed into what is logged.
func hashSettings(s wire.Settings, keys string) (string, error) {
	label := ""
	if s.Pool != nil {
		label = s.Pool.Label
	}
	s.Pool = nil
	b, err := json.Marshal(struct {
		Settings    wire.Settings
		Label, Keys string
	}{s, label, keys})
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

// acknowledge notes which keys a workstation holds and writes, by their ids or, of
// an older agent, by the settings that its report echoes. The number alone says
// neither: see keyring's Ring.Name. mu is held.
func (p *Pools) acknowledge(report wire.Report, code string) {
	id, at := report.Workstation, p.sites[code]
	if at != nil && len(report.PoolKeys) > 0 {
		held, writes := keyring.Held(at.keys, report.PoolKeys)
		if was, heard := p.held[id]; !heard || was != held {
			p.acks[id] = held
		}
		p.held[id], p.writes[id] = held, writes
		return
	}
	if at == nil || report.KeyVersion == 0 || (report.KeyVersion <= p.held[id] && report.KeyVersion <= p.writes[id]) {
		return
	}
	if report.SettingsVersion == "" || report.KeyVersion < at.ring.Version {
		p.held[id] = max(p.held[id], report.KeyVersion)
		p.writes[id] = max(p.writes[id], report.KeyVersion)
		return
	}
	newest := at.ring.Newest(at.keys)
	for is, version := range p.versions {
		if version != report.SettingsVersion {
			continue
		}
		held := strings.Fields(is.keys) // the one that writes first
		if slices.Contains(held, newest) {
			p.held[id] = max(p.held[id], at.ring.Version)
		}
		if len(held) > 0 && held[0] == newest {
			p.writes[id] = max(p.writes[id], at.ring.Version)
		}
		return
	}
	// Settings from before this start, or another controller's: its next report says.
}

// forget drops an install; mu is held.
func (p *Pools) forget(id string) {
	p.roster.Remove(id)
	p.homing.Forget(id)
	delete(p.at, id)
	delete(p.held, id)
	delete(p.writes, id)
	delete(p.acks, id)
	delete(p.names, id)
}
