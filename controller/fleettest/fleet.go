// Package fleettest runs a whole fleet in one testing/synctest bubble: the real
// controller with real SQLite, real agents, real Serf, on mesh/fabric. Fleet
// time is the bubble's: minutes pass in seconds, and nothing depends on how busy
// the machine is.
//
// A test is a timeline:
//
//	fleettest.Run(t, fleettest.Estate{Sites: 3, PerSite: 6}, func(f *fleettest.Fleet) {
//		f.Cut("S002")
//		f.Within(5*time.Second, "the sweep knows", func() bool { return f.Reach("S002") == inventory.ReachSilent })
//	})
//
// It is imported by tests only.
package fleettest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	agent "muster/agent/app"
	"muster/agent/collect/simulated"
	"muster/controller/app"
	"muster/inventory"
	"muster/mesh/fabric"
)

// Estate says how large the fleet is.
type Estate struct {
	Sites   int // S001, S002 …
	PerSite int
	Seed    uint64
	Mesh    inventory.MeshMode // of every site; empty is a pool
	Log     *slog.Logger       // nil: quiet
	// Services are probed by every site; World answers, and nil says that all is well.
	Services []inventory.Service
	World    simulated.World
	// References are asked outside the WAN.
	References []string
	// KeepSeries keeps samples, of which link reports are made.
	KeepSeries bool
}

// Fleet is a running fleet. Its methods are called from the test's goroutine.
type Fleet struct {
	t          *testing.T
	estate     Estate
	dir        string
	Fabric     *fabric.Fabric
	Controller *app.App
	tokens     map[string]string   // by site
	agents     map[string]*machine // by asset tag
}

// machine is one workstation: its agent comes and goes with the power.
type machine struct {
	tag    string
	site   string
	addr   netip.AddrPort
	number int64 // seeds the model
	model  *simulated.Machine
	agent  *agent.App // nil while it is off
}

const (
	meshPort       = 7946
	controllerSite = "controller"
)

var controllerAddr = netip.AddrFrom4([4]byte{10, 0, 0, 2})

// Run builds the fleet, waits until everyone is present, plays, and takes it down.
func Run(t *testing.T, estate Estate, play func(f *Fleet)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := &Fleet{t: t, estate: estate, dir: dir, Fabric: fabric.New(estate.Seed), tokens: map[string]string{}, agents: map[string]*machine{}}
		if f.estate.Log == nil {
			f.estate.Log = slog.New(slog.DiscardHandler)
		}
		defer f.close()
		f.StartController()
		f.register()
		f.BootAll()
		f.Within(2*time.Minute, "everyone is present", func() bool { return f.present() == estate.Sites*estate.PerSite })
		play(f)
	})
}

// StartController starts the controller, or starts it again on the same folder.
func (f *Fleet) StartController() {
	f.t.Helper()
	c, err := app.New(app.Options{
		Config: app.Config{
			Data: filepath.Join(f.dir, "controller"), Listen: "127.0.0.1:0", LogLevel: "info",
			MeshListen: netip.AddrPortFrom(controllerAddr, meshPort).String(), Services: f.estate.Services, References: f.estate.References,
		},
		Version: "test", Log: f.estate.Log, Network: f.Fabric.Machine(controllerAddr, controllerSite), WithoutWeb: true, KeepSeries: f.estate.KeepSeries,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := c.Start(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	f.Controller = c
}

// StopController stops the controller; agents go on.
func (f *Fleet) StopController() {
	f.t.Helper()
	if f.Controller == nil {
		return
	}
	if err := f.Controller.Stop(context.Background()); err != nil {
		f.t.Errorf("the controller did not stop: %v", err)
	}
	f.Controller = nil
}

// register imports the estate and makes a token for it.
func (f *Fleet) register() {
	f.t.Helper()
	b := inventory.Batch{Source: "fleettest", Author: "fleettest", MadeAt: time.Now().UTC()}
	add := func(noun inventory.Noun, key string, after any) {
		body, err := json.Marshal(after)
		if err != nil {
			f.t.Fatal(err)
		}
		b.Changes = append(b.Changes, inventory.Change{Noun: noun, Key: key, After: body})
	}
	for s := range f.estate.Sites {
		code := siteCode(s)
		prefix := netip.PrefixFrom(siteAddr(s, 0), 24)
		add(inventory.NounSite, code, inventory.Site{Code: code, Name: "Site " + code, Mesh: f.estate.Mesh})
		add(inventory.NounSubnet, prefix.String(), inventory.Subnet{Prefix: prefix, Site: code, Gateway: siteAddr(s, 1)})
		f.Fabric.Place(siteAddr(s, 1), code)
		for m := range f.estate.PerSite {
			n := s*f.estate.PerSite + m
			tag := Tag(code, m)
			f.agents[tag] = f.machine(tag, s, m, int64(f.estate.Seed)*10_000+int64(n))
			model := f.agents[tag].model
			id := model.Identity(context.Background())
			asset := inventory.Asset{Tag: tag, Kind: model.Kind(), Name: model.Name(), Site: code, UUID: inventory.CanonicalUUID(id.UUID)}
			if !inventory.JunkSerial(id.Serial) {
				asset.Serial = id.Serial
			}
			asset.MACs = id.MACs
			add(inventory.NounAsset, tag, asset)
		}
	}
	if err := f.Controller.Import(context.Background(), []inventory.Batch{b}); err != nil {
		f.t.Fatal(err)
	}
	for s := range f.estate.Sites {
		token, err := f.Controller.IssueToken(context.Background(), inventory.TokenSite, siteCode(s), 1000, 365*24*time.Hour)
		if err != nil {
			f.t.Fatal(err)
		}
		f.tokens[siteCode(s)] = token
	}
}

func siteCode(n int) string { return fmt.Sprintf("S%03d", n+1) }

func siteAddr(site, last int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 1 + byte(site/250), byte(site % 250), byte(last)})
}

// Tag is the asset tag of the m-th workstation of a site, from 0.
func Tag(site string, m int) string { return fmt.Sprintf("%s-%02d", site, m+1) }

// close stops everything and lets the bubble's clock run on: memberlist's probes
// outlive its shutdown by several intervals.
func (f *Fleet) close() {
	for _, m := range f.agents {
		f.halt(m, "")
	}
	f.StopController()
	f.Wait(2 * time.Minute)
}
