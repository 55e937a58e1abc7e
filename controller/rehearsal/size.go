package rehearsal

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// A rehearsal is written at one size of its sites and may name others at which it
// has a meaning. What a line says holds at every size unless it says at which.

// MeantFor reports whether the file says that it may be played at a size; at its
// own, zero, any may.
func (r Rehearsal) MeantFor(size int) bool { return size == 0 || slices.Contains(r.Sizes, size) }

// sizes reads a list of sizes.
func (p *parser) sizes(at *yaml.Node, what string) []int {
	var all []int
	p.items(at, what, maxSizes, func(v *yaml.Node) { all = append(all, p.count(v, what, 1, maxPerSite)) })
	return all
}

// resize gives a site the size that is read: those that the file is about as they
// stand in it, bystanders no more than they have.
func (p *parser) resize(s *Site) {
	switch {
	case p.out.Size == 0:
	case slices.Contains(p.about, s.Code):
		s.Workstations = p.out.Size
	default:
		s.Workstations = min(s.Workstations, p.out.Size)
	}
}

// gives reports whether a mapping has a key.
func gives(at *yaml.Node, key string) bool {
	for i := 0; i+1 < len(at.Content); i += 2 {
		if at.Content[i].Value == key {
			return true
		}
	}
	return false
}

// about lists the sites that something happens to or is expected at; all of them
// where only the controller has trouble, or nothing is said of sites.
func (r Rehearsal) about() []string {
	all := r.Estate.on(func(Site) bool { return true })
	var sites []string
	for _, f := range slices.Concat(r.Timeline, r.History) {
		switch {
		case f.Do.OfController() || f.Do == Maintenance && f.Site == "":
		case f.Site != "":
			sites = append(sites, f.Site)
		case len(f.Workstations) > 0:
			for _, name := range f.Workstations {
				sites = append(sites, SiteOf(name))
			}
			if f.To != "" {
				sites = append(sites, f.To)
			}
		case f.Carrier != "":
			sites = append(sites, r.Estate.OnCarrier(f.Carrier)...)
		case f.Exchange != "":
			sites = append(sites, r.Estate.OnExchange(f.Exchange)...)
		default:
			return all
		}
	}
	for _, e := range r.Expect {
		if e.Subject.Site != "" {
			sites = append(sites, e.Subject.Site)
		}
	}
	if len(sites) == 0 {
		return all
	}
	return sites
}
