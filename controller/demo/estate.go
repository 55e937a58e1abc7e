package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"muster/configs"
	"muster/controller/demo/past"
	"muster/inventory"
	"muster/inventory/importer"
)

// estate is the county as its register holds it, with the machine behind each
// workstation's asset.
type estate struct {
	register inventory.Register
	machines []placed
}

// placed is a simulated machine at its desk.
type placed struct {
	machine Machine
	kind    inventory.AssetKind
	site    int // index into register.Sites
	desk    int // within the site, from 0
}

const countyFolder = "estates/county"

// settle takes the first sites of the county of configs/estates, and puts
// workstations at their desks, spread evenly.
func settle(ctx context.Context, sites, workstations int, makeMachine func(n int) (Machine, inventory.AssetKind)) (estate, error) {
	var e estate
	var err error
	if e.register, err = readCounty(sites); err != nil {
		return e, err
	}
	for n := range workstations {
		site, desk := n%sites, n/sites
		m, kind := makeMachine(n)
		e.machines = append(e.machines, placed{machine: m, kind: kind, site: site, desk: desk})
		e.register.Assets = append(e.register.Assets, assetOf(ctx, m, kind, n, e.register.Sites[site].Code, desk))
	}
	return e, nil
}

// readCounty reads the county's files as any file is read, through the importer,
// and keeps the first sites and their links.
func readCounty(sites int) (inventory.Register, error) {
	var register inventory.Register
	if err := readFile("sites.csv", importer.Sites, register, &register.Sites); err != nil {
		return register, err
	}
	if err := readFile("links.csv", importer.Links, register, &register.Links); err != nil {
		return register, err
	}
	if err := readFile("programmes.csv", importer.Programmes, register, &register.Programmes); err != nil {
		return register, err
	}
	if err := readFile("waves.csv", importer.Waves, register, &register.Waves); err != nil {
		return register, err
	}
	if err := readFile("courses.csv", importer.Courses, register, &register.Courses); err != nil {
		return register, err
	}
	if err := readFile("milestones.csv", importer.Milestones, register, &register.Milestones); err != nil {
		return register, err
	}
	if sites > len(register.Sites) {
		return register, fmt.Errorf("cannot settle %d sites: the demo's county has %d", sites, len(register.Sites))
	}
	register.Sites = register.Sites[:sites]
	taking := map[string]bool{}
	for _, s := range register.Sites {
		taking[s.Code] = true
	}
	register.Links = slices.DeleteFunc(register.Links, func(l inventory.Link) bool { return !taking[l.Site] })
	keepWaves(&register, taking)
	return register, nil
}

// keepWaves drops from the programme what is of none of the sites.
func keepWaves(register *inventory.Register, taking map[string]bool) {
	waves := map[string]bool{}
	register.Waves = slices.DeleteFunc(register.Waves, func(w inventory.Wave) bool {
		return !slices.ContainsFunc(w.Sites, func(code string) bool { return taking[code] })
	})
	for i := range register.Waves {
		w := &register.Waves[i]
		waves[w.Code] = true
		w.Sites = slices.DeleteFunc(w.Sites, func(code string) bool { return !taking[code] })
	}
	kept := map[string]bool{}
	register.Milestones = slices.DeleteFunc(register.Milestones, func(m inventory.Milestone) bool {
		kept[m.Code] = waves[m.Wave]
		return !waves[m.Wave]
	})
	for i := range register.Milestones {
		m := &register.Milestones[i]
		m.After = slices.DeleteFunc(m.After, func(code string) bool { return !kept[code] })
	}
}

// readFile plans one file against the register and puts what it declares into nouns.
func readFile[T any](name string, kind importer.Kind, register inventory.Register, nouns *[]T) error {
	content, err := fs.ReadFile(configs.Estates, path.Join(countyFolder, name))
	if err != nil {
		return fmt.Errorf("cannot read the demo's county: %w", err)
	}
	table, err := importer.Read(name, content, importer.ReadOptions{Kind: kind})
	if err != nil {
		return fmt.Errorf("cannot read the demo's county: %w", err)
	}
	plan := importer.NewPlan([]*importer.Table{table}, register, importer.PlanOptions{})
	if len(plan.Problems) > 0 {
		return fmt.Errorf("cannot read the demo's county: %s", plan.Problems[0])
	}
	for _, c := range plan.Changes {
		var noun T
		if err := json.Unmarshal(c.After, &noun); err != nil {
			return fmt.Errorf("cannot read the demo's county: %s %s: %w", c.Noun, c.Key, err)
		}
		*nouns = append(*nouns, noun)
	}
	return nil
}

// assetOf is the register's entry for a machine: what a buyer would have typed
// in, from the machine's own label.
func assetOf(ctx context.Context, m Machine, kind inventory.AssetKind, n int, site string, desk int) inventory.Asset {
	hw, id := m.Hardware(ctx), m.Identity(ctx)
	a := inventory.Asset{
		Tag: fmt.Sprintf("WCC-%05d", 10001+n), Kind: kind, Name: m.Name(), Site: site,
		Position: fmt.Sprintf("D%02d", desk+1), State: inventory.AssetInService,
		Maker: hw.Maker.Or(""), Model: hw.Model.Or(""), UUID: inventory.CanonicalUUID(id.UUID),
	}
	if !inventory.JunkSerial(id.Serial) {
		a.Serial = id.Serial
	}
	for _, mac := range id.MACs {
		if mac := inventory.CanonicalMAC(mac); mac != "" {
			a.MACs = append(a.MACs, mac)
		}
	}
	return a
}

// readRecipe reads how the year behind the county is made up.
func readRecipe() (past.Recipe, error) {
	const name = "year.yaml"
	content, err := fs.ReadFile(configs.Estates, path.Join(countyFolder, name))
	if err != nil {
		return past.Recipe{}, fmt.Errorf("cannot read the demo's county: %w", err)
	}
	return past.ReadRecipe("county/"+name, content)
}

// layOut copies a file of the county to where the controller reads it.
func layOut(name, to string) error {
	content, err := fs.ReadFile(configs.Estates, path.Join(countyFolder, name))
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot lay out the county's %s: %w", name, err)
	}
	return nil
}
