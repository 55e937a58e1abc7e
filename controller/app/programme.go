package app

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/configs"
	"muster/controller/programme"
	"muster/controller/readiness"
	"muster/controller/sla/ledger"
	"muster/inventory"
	"muster/mesh"
)

// Words that stand for a folder.
const (
	noFolder      = "none"
	builtInFolder = "built-in"
)

// accountedFor is the period over which gates ask how available a link was.
const accountedFor = 30 * 24 * time.Hour

// makeProgramme makes the desk that drives the refresh and readiness. What happens
// is noted from here on.
func (a *App) makeProgramme(context.Context) error {
	gates, err := a.opts.readGates()
	if err != nil {
		return err
	}
	software, err := a.opts.readSoftware()
	if err != nil {
		return err
	}
	o := programme.Options{
		Store: a.store, Live: living{a}, Gates: gates, Software: software, Services: a.opts.Services,
		Incidents: a.incidents.Live, Available: a.available,
		AskServices:   func(workstation string, services []string) { a.probing.Look(workstation, services) },
		RegisterMoved: func(ctx context.Context) { a.pools.RegisterChanged(ctx); a.registerChanged() },
		Tell:          a.tellProgramme,
		Now:           a.opts.Now, Log: a.opts.Log, Registry: a.registry,
	}
	a.programme, err = programme.New(o)
	return err
}

// startProgramme begins to judge, once the roster knows what to expect.
func (a *App) startProgramme(ctx context.Context) error {
	if err := a.programme.Start(ctx); err != nil {
		return err
	}
	a.later(func(context.Context) error { a.programme.Close(); return nil })
	return nil
}

// Programme is the desk of the refresh and readiness.
func (a *App) Programme() *programme.Desk { return a.programme }

// member hands an event of a pool on.
func (a *App) member(e mesh.MemberEvent) {
	a.pools.Member(e)
	a.incidents.Member(e)
	a.programme.Member(e)
}

// registerChanged lets everyone who judges by the register read it anew.
func (a *App) registerChanged() {
	a.incidents.RegisterChanged()
	a.programme.RegisterChanged()
}

// available is the available ratio of links over the last days, by circuit.
func (a *App) available(ctx context.Context) (map[string]inventory.Fact[float64], error) {
	now := a.opts.Now().UTC()
	r, err := a.ledger.Report(ctx, ledger.Query{Period: inventory.Span{From: now.Add(-accountedFor), To: now}})
	if err != nil {
		return nil, err
	}
	found := make(map[string]inventory.Fact[float64], len(r.Accounts))
	for _, account := range r.Accounts {
		found[account.Circuit] = account.Available
	}
	return found, nil
}

// living is the pools for the desk, which is made before they are.
type living struct{ app *App }

// Presence implements programme.Live.
func (l living) Presence(workstation string) (inventory.Presence, time.Time) {
	return l.app.pools.Presence(workstation)
}

// WorkstationAt implements programme.Live.
func (l living) WorkstationAt(workstation string) (site string, direct, known bool) {
	return l.app.pools.WorkstationAt(workstation)
}

// AllCounts implements programme.Live.
func (l living) AllCounts() map[string]inventory.SiteCounts { return l.app.pools.AllCounts() }

// Reach implements programme.Live.
func (l living) Reach(site string) inventory.Reach { return l.app.pools.Reach(site) }

// readGates reads the gates that the configuration names.
func (c Config) readGates() ([]*readiness.Gate, error) {
	folder, err := folderOf(c.Gates, "gates", configs.Gates)
	if folder == nil || err != nil {
		return nil, err
	}
	return readYAML(folder, c.Gates, readiness.LoadGate)
}

// readSoftware reads the baselines of programs that the configuration names.
func (c Config) readSoftware() ([]*readiness.SoftwareBaseline, error) {
	if c.Software == "" {
		return nil, nil
	}
	folder, err := folderOf(c.Software, "software", configs.Software)
	if folder == nil || err != nil {
		return nil, err
	}
	return readYAML(folder, c.Software, readiness.LoadSoftware)
}

// folderOf opens a folder that a key names; nil: none.
func folderOf(named, key string, builtIn fs.FS) (fs.FS, error) {
	switch named {
	case noFolder:
		return nil, nil //nolint:nilnil // no folder, and nothing wrong
	case "", builtInFolder:
		return fs.Sub(builtIn, key)
	}
	if info, err := os.Stat(named); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("cannot use configuration: %s %q is not a folder, %s or %s", key, named, builtInFolder, noFolder)
	}
	return os.DirFS(named), nil
}

// readYAML reads every file of a folder, in order of their names.
func readYAML[T any](folder fs.FS, named string, load func(file string, src []byte) (T, error)) ([]T, error) {
	files, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var all []T
	for _, file := range files {
		src, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", file, err)
		}
		shown := path.Join(builtInFolder, file)
		if named != "" && named != builtInFolder {
			shown = filepath.Join(named, file)
		}
		one, err := load(shown, src)
		if err != nil {
			return nil, fmt.Errorf("cannot use configuration: %w", err)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("cannot use configuration: no *.yaml in %s", strings.TrimSpace(named))
	}
	return all, nil
}
