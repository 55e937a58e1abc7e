package rehearsal

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// readEstate reads the estate, or makes the plain one where there is none. What
// is said at the estate's own level holds for every site that does not say it.
func (p *parser) readEstate(at *yaml.Node) {
	p.out.Estate = plainEstate()
	e := &p.out.Estate
	common, sites := field{}, &yaml.Node{}
	var each []func(*Site) // what the estate says of all sites
	if at != nil {
		for key := range p.siteFields(&Site{}) {
			common[key] = func(v *yaml.Node) {
				each = append(each, func(s *Site) { p.siteFields(s)[key](v) })
			}
		}
		delete(common, "code")
		common["workstations_per_site"] = common["workstations"]
		delete(common, "workstations")
		common["sites"] = func(v *yaml.Node) { sites = v }
		common["services"] = func(v *yaml.Node) {
			p.items(v, "services", maxServices, func(v *yaml.Node) {
				name := p.text(v, "service", 64)
				if !validName(name) {
					p.wrong(v, "services: %q is not a name of letters, digits, - and _", clip(name))
				}
				e.Services = append(e.Services, name)
			})
		}
		common["references"] = func(v *yaml.Node) { e.References = p.count(v, "references", 0, maxReferences) }
		common["lan_delay"] = func(v *yaml.Node) { e.LANDelay = p.lasting(v, "lan_delay", 0, time.Second) }
		p.mapping(at, "estate", common)
	}
	p.readSites(sites, each)
	p.checkEstate(at)
}

func (p *parser) readSites(at *yaml.Node, each []func(*Site)) {
	e := &p.out.Estate
	add := func() *Site {
		s := plainSite(len(e.Sites))
		for _, set := range each {
			set(&s)
		}
		e.Sites = append(e.Sites, s)
		return &e.Sites[len(e.Sites)-1]
	}
	switch at.Kind {
	case yaml.SequenceNode:
		p.items(at, "sites", maxSites, func(v *yaml.Node) {
			s := add()
			p.mapping(v, "site", p.siteFields(s))
			if !gives(v, keyWorkstations) {
				p.resize(s)
			}
		})
	case yaml.Kind(0):
		for range defaultSites {
			p.resize(add())
		}
	default:
		for range p.count(at, "sites", 1, maxSites) {
			p.resize(add())
		}
	}
}

// siteFields are the words of one site.
func (p *parser) siteFields(s *Site) field {
	return field{
		"code": func(v *yaml.Node) {
			if s.Code = p.text(v, "code", 16); !inventory.ValidSiteCode(s.Code) {
				p.wrong(v, "site: %q is not a site code: want 1 to 16 of A-Z, 0-9, - and _", clip(s.Code))
			}
		},
		"workstations": func(v *yaml.Node) { s.Workstations = p.count(v, "workstations", 0, maxPerSite) },
		"laptops":      func(v *yaml.Node) { s.Laptops = p.ratio(v, "laptops") },
		"carrier":      func(v *yaml.Node) { s.Carrier = p.text(v, "carrier", 100) },
		"exchange":     func(v *yaml.Node) { s.Exchange = p.text(v, "exchange", 100) },
		"router": func(v *yaml.Node) {
			s.Router = word(p.reading, v, "router", []Router{RouterAnswers, RouterMute, RouterNone})
		},
		"mesh": func(v *yaml.Node) {
			s.Mesh = word(p.reading, v, "mesh", []inventory.MeshMode{inventory.MeshPool, inventory.MeshDirect})
		},
		"staff":         func(v *yaml.Node) { s.Staff = p.count(v, "staff", 0, 100_000) },
		"uplink_delay":  func(v *yaml.Node) { s.Uplink.Delay = p.lasting(v, "uplink_delay", 0, 5*time.Second) },
		"uplink_spread": func(v *yaml.Node) { s.Uplink.Spread = p.lasting(v, "uplink_spread", 0, 5*time.Second) },
		"uplink_loss":   func(v *yaml.Node) { s.Uplink.Loss = p.ratio(v, "uplink_loss") },
		"hours": func(v *yaml.Node) {
			s.Hours = inventory.Hours(p.text(v, "hours", maxText))
			if err := s.Hours.Validate(); err != nil {
				p.wrong(v, "hours: %s", err)
			}
		},
		"zone": func(v *yaml.Node) {
			s.Zone = p.text(v, "zone", 64)
			if _, err := (inventory.Site{Zone: s.Zone}).Location(); err != nil || s.Zone == "Local" {
				p.wrong(v, "zone: %q is not a time zone such as Europe/London", clip(s.Zone))
			}
		},
	}
}

func (p *parser) checkEstate(at *yaml.Node) {
	if at == nil {
		return
	}
	seen := map[string]bool{}
	for _, s := range p.out.Estate.Sites {
		if seen[s.Code] {
			p.wrong(at, "sites: there are two of code %s", s.Code)
		}
		seen[s.Code] = true
	}
	if n := p.out.Estate.Workstations(); n > maxWorkstations {
		p.wrong(at, "estate: %d workstations, a rehearsal bears at most %d", n, maxWorkstations)
	}
}

// What a line may name is what the estate holds.

func (p *parser) site(at *yaml.Node) string {
	return word(p.reading, at, "site", p.out.Estate.on(func(Site) bool { return true }))
}

func (p *parser) carrier(at *yaml.Node) string {
	return word(p.reading, at, "carrier", p.distinct(func(s Site) string { return s.Carrier }))
}

func (p *parser) exchange(at *yaml.Node) string {
	return word(p.reading, at, "exchange", p.distinct(func(s Site) string { return s.Exchange }))
}

func (p *parser) service(at *yaml.Node) string {
	return word(p.reading, at, "service", p.out.Estate.Services)
}

func (p *parser) distinct(of func(Site) string) []string {
	var all []string
	for _, s := range p.out.Estate.Sites {
		if name := of(s); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

var workstationName = regexp.MustCompile(`^(.+)-(\d{1,3})$`)

// workstation reads a name such as S003-01: the site's code and a number from 1.
func (p *parser) workstation(at *yaml.Node) string {
	value, ok := p.scalar(at, "workstation")
	if !ok {
		return ""
	}
	parts := workstationName.FindStringSubmatch(value)
	if parts != nil {
		site, known := p.out.Estate.Site(parts[1])
		n, _ := strconv.Atoi(parts[2]) // at most three digits
		if known && n >= 1 && n <= site.Workstations {
			return WorkstationName(site.Code, n-1)
		}
	}
	p.wrong(at, "workstation: unknown word %q, the words are %s", clip(value), p.workstationWords())
	return ""
}

func (p *parser) workstationWords() string {
	var words []string
	for _, s := range p.out.Estate.Sites {
		if s.Workstations > 0 {
			words = append(words, fmt.Sprintf("%s to %s", WorkstationName(s.Code, 0), WorkstationName(s.Code, s.Workstations-1)))
		}
	}
	return list(words)
}

func validName(name string) bool {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != ""
}
