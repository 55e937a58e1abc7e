package programme

import (
	"slices"
	"strings"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

// AccessCell is how a class of workstations at a site reaches a service.
type AccessCell struct {
	Site         string                  `json:"site"`
	Service      string                  `json:"service"`
	Class        string                  `json:"class"`
	Workstations int                     `json:"workstations"` // that have probed it
	Reached      int                     `json:"reached"`      // of those, by their newest probe
	P95Millis    inventory.Fact[float64] `json:"p95_ms"`       // the worst machine's
	At           time.Time               `json:"at,omitzero"`  // of the newest probe
	Errors       []string                `json:"errors"`
}

// Access is the matrix of sites, services and classes of workstations. Where no
// machine of a class has probed a service its cell says 0 workstations.
func (d *Desk) Access(site string) []AccessCell {
	d.mu.RLock()
	defer d.mu.RUnlock()
	cells := []AccessCell{}
	for _, code := range d.estate.codes {
		if site == "" || code == site {
			cells = append(cells, d.accessAt(code)...)
		}
	}
	return cells
}

func (d *Desk) accessAt(code string) []AccessCell {
	standing := map[string]inventory.Position{}
	for _, p := range d.estate.at[code] {
		standing[d.estate.positions[p].Asset] = d.estate.positions[p]
	}
	var rows []readiness.WorkstationRow
	classes := map[string]bool{}
	for _, m := range d.home[code] {
		if m.w.Active() {
			class := classOf(m.w, standing[m.w.AssetTag])
			classes[class] = true
			rows = append(rows, readiness.WorkstationRow{ID: m.w.ID, Class: class})
		}
	}
	var cells []AccessCell
	for _, s := range d.o.Services {
		if !serves(s, d.estate.sites[code].Kind) {
			continue
		}
		byClass := map[string]*AccessCell{}
		for class := range classes {
			byClass[class] = &AccessCell{Site: code, Service: s.Name, Class: class, P95Millis: inventory.Unknown[float64]("no probe has succeeded"), Errors: []string{}}
		}
		for _, row := range d.looksAt(code, s.Name, rows) {
			byClass[row.Class].add(row)
		}
		for _, class := range sortedKeys(byClass) {
			cells = append(cells, *byClass[class])
		}
	}
	return cells
}

func (c *AccessCell) add(row readiness.AccessRow) {
	c.Workstations++
	if row.Reachable.Or(false) {
		c.Reached++
	}
	if row.At.After(c.At) {
		c.At = row.At
	}
	if p95, known := row.P95Millis.Get(); known && p95 > c.P95Millis.Or(0) {
		c.P95Millis = row.P95Millis
	}
	if row.Error != "" && !slices.Contains(c.Errors, row.Error) {
		c.Errors = append(c.Errors, row.Error)
		slices.SortFunc(c.Errors, strings.Compare)
	}
}
