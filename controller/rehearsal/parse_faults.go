package rehearsal

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// faults reads timeline or history.
func (p *parser) faults(at *yaml.Node, what string, most time.Duration) []Fault {
	var all []Fault
	p.items(at, what, maxLines, func(v *yaml.Node) {
		if f, ok := p.fault(v, what, most); ok {
			all = append(all, f)
		}
	})
	return all
}

func (p *parser) fault(at *yaml.Node, what string, most time.Duration) (Fault, bool) {
	f := plainFault()
	f.Line = at.Line
	if at.Kind != yaml.MappingNode {
		p.wrong(at, "%s: want a line such as {at: 5m, do: cut-link, site: S003}, got %s", what, kindOf(at))
		return f, false
	}
	for i := 0; i+1 < len(at.Content); i += 2 { // the verb says which other keys there are
		if at.Content[i].Value == "do" {
			f.Do = word(p.reading, at.Content[i+1], "do", Verbs())
		}
	}
	if f.Do == "" {
		if !slices.ContainsFunc(at.Content, func(v *yaml.Node) bool { return v.Value == "do" }) {
			p.wrong(at, "%s: the line does nothing: do is missing, the words are %s", what, verbList())
		}
		return f, false
	}
	g, all := words()[f.Do], p.faultFields(&f)
	least := time.Duration(0)
	if what == "history" {
		least = -most // counted back from the start
		g.takes = append(slices.Clone(g.takes), keyEvery, keyFor)
	}
	given := map[string]bool{}
	fields := field{
		"at":   func(v *yaml.Node) { f.At, given["at"] = p.lasting(v, "at", least, most), true },
		"do":   func(*yaml.Node) {},
		"heal": func(v *yaml.Node) { f.Heal = p.yes(v, "heal") },
	}
	for _, key := range g.takes {
		fields[key] = func(v *yaml.Node) { given[key] = true; all[key](v) }
	}
	p.mapping(at, string(f.Do), fields)
	p.checkFault(at, f, g, given)
	return f, true
}

// checkFault says what the keys of a line lack together.
func (p *parser) checkFault(at *yaml.Node, f Fault, g grammar, given map[string]bool) {
	if !given["at"] {
		p.wrong(at, "%s: at is missing: when does it happen?", f.Do)
	}
	for _, key := range g.needs {
		if !given[key] && !f.Heal {
			p.wrong(at, "%s: %s is missing", f.Do, key)
		}
	}
	chosen := 0
	for _, key := range []string{keyWorkstations, keyWorkstation, keyShare} {
		if given[key] {
			chosen++
		}
	}
	switch {
	case chosen > 1:
		p.wrong(at, "%s: give one of workstations and share", f.Do)
	case f.Do != Move && f.Do != CloneIdentity && len(g.needs) == 0 && slices.Contains(g.takes, keySite) &&
		!f.Do.OfMachines() && !given[keySite] && len(f.Workstations) == 0:
		if f.Do != Maintenance {
			p.wrong(at, "%s: site is missing", f.Do)
		}
	case f.Do == DegradeLink && !f.Heal && !given[keyLoss] && !given[keyDelay] && !given[keyJitter]:
		p.wrong(at, "%s: give loss, delay or jitter", f.Do)
	case f.Do == SkewClock && !given[keySite] && chosen == 0:
		p.wrong(at, "%s: site or workstations is missing", f.Do)
	}
	for _, name := range f.Workstations {
		if f.Site != "" && !strings.HasPrefix(name, f.Site+"-") && f.Do != Move {
			p.wrong(at, "%s: %s is not at %s", f.Do, name, f.Site)
		}
	}
}

// faultFields are the words of all verbs; each takes some.
func (p *parser) faultFields(f *Fault) field {
	errors := []inventory.ProbeError{
		inventory.ProbeNXDomain, inventory.ProbeDNSTimeout, inventory.ProbeTimeout, inventory.ProbeRefused, inventory.ProbeTLS,
		inventory.ProbeProxyAuth, inventory.ProbePortal,
	}
	return field{
		keySite:         func(v *yaml.Node) { f.Site = p.site(v) },
		keyWorkstation:  func(v *yaml.Node) { f.Workstations = []string{p.workstation(v)} },
		keyWorkstations: func(v *yaml.Node) { p.chosen(v, f) },
		keyShare:        func(v *yaml.Node) { f.Share = p.ratio(v, keyShare) },
		keyOver:         func(v *yaml.Node) { f.Over = p.lasting(v, keyOver, 0, longest) },
		keyReasons:      func(v *yaml.Node) { f.Silent = !p.yes(v, keyReasons) },
		keyTo:           func(v *yaml.Node) { f.To = p.site(v) },
		keyBy:           func(v *yaml.Node) { f.By = p.lasting(v, keyBy, -400*24*time.Hour, 400*24*time.Hour) },
		keyUPS:          func(v *yaml.Node) { f.UPS = word(p.reading, v, keyUPS, []string{"router"}) != "" },
		keyBattery:      func(v *yaml.Node) { f.Battery = p.ratio(v, keyBattery) },
		keyBoot:         func(v *yaml.Node) { f.Boot = p.ratio(v, keyBoot) },
		keyBytes:        func(v *yaml.Node) { f.Bytes = p.count(v, keyBytes, 200, 9000) },
		keyEvery:        func(v *yaml.Node) { f.Every = p.lasting(v, keyEvery, time.Second, longest) },
		keyFor:          func(v *yaml.Node) { f.For = p.lasting(v, keyFor, time.Second, longest) },
		keyLoss:         func(v *yaml.Node) { f.Loss = p.ratio(v, keyLoss) },
		keyDelay:        func(v *yaml.Node) { f.Delay = p.lasting(v, keyDelay, 0, 30*time.Second) },
		keyJitter:       func(v *yaml.Node) { f.Jitter = p.lasting(v, keyJitter, 0, 30*time.Second) },
		keyRate:         func(v *yaml.Node) { f.Rate = p.rate(v) },
		keyDirection: func(v *yaml.Node) {
			f.Direction = word(p.reading, v, keyDirection, []Direction{ToController, ToSite})
		},
		keyCarrier:  func(v *yaml.Node) { f.Carrier = p.carrier(v) },
		keyExchange: func(v *yaml.Node) { f.Exchange = p.exchange(v) },
		keyService:  func(v *yaml.Node) { f.Service = p.service(v) },
		keyError:    func(v *yaml.Node) { f.Error = word(p.reading, v, keyError, errors) },
		keyDownFor:  func(v *yaml.Node) { f.DownFor = p.lasting(v, keyDownFor, 0, longest) },
	}
}

// chosen reads workstations: a count, or a list of names.
func (p *parser) chosen(at *yaml.Node, f *Fault) {
	if at.Kind == yaml.SequenceNode {
		p.items(at, keyWorkstations, maxWorkstations, func(v *yaml.Node) { f.Workstations = append(f.Workstations, p.workstation(v)) })
		return
	}
	f.Count = p.count(at, keyWorkstations, 1, maxWorkstations)
}

// rate reads bits per second: 512k, 2M, 1G, with or without bit or bit/s behind.
func (p *parser) rate(at *yaml.Node) int64 {
	value, ok := p.scalar(at, keyRate)
	if !ok {
		return 0
	}
	number := strings.ToLower(strings.TrimSpace(value))
	for _, unit := range []string{"bit/s", "bps", "bit"} {
		number = strings.TrimSpace(strings.TrimSuffix(number, unit))
	}
	times := 1.0
	for unit, factor := range map[string]float64{"k": 1e3, "m": 1e6, "g": 1e9} {
		if rest, found := strings.CutSuffix(number, unit); found {
			number, times = strings.TrimSpace(rest), factor
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n*times >= 1000 && n*times <= 1e12) {
		p.wrong(at, "rate: %q is not bits per second such as 512k or 2M", clip(value))
		return 0
	}
	return int64(n * times)
}

func verbList() string {
	words := make([]string, 0, 40)
	for _, v := range Verbs() {
		words = append(words, string(v))
	}
	return list(words)
}
