package rehearsal

import (
	"cmp"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Script is a timeline with every draw made: who is taken, and when exactly. It
// is the same for the same file and seed, wherever it is played.
type Script struct {
	Steps    []Step    // in order of At
	Episodes []Episode // one a fault's line, in order
}

// Step is one thing that a stage does. Workstations and Sites are those taken;
// the rest of the parameters stand in Fault.
type Step struct {
	At           time.Duration
	Do           Verb
	Heal         bool // undo what Do did to the same
	Sites        []string
	Workstations []string
	Fault        Fault
}

// Episode is a fault from its beginning to its end.
type Episode struct {
	Fault        Fault
	Sites        []string
	Workstations []string
	From         time.Duration
	Until        time.Duration // when it was undone; negative: never
	Back         time.Duration // after a power cut: the second machine that is back; negative otherwise
}

// condition is how a workstation stands between two lines.
type condition int

const (
	up condition = iota
	off
	asleep
	agentless
)

// writer turns lines into steps.
type writer struct {
	r          Rehearsal
	out        Script
	conditions map[string]condition
	now        Fault
	rng        *rand.Rand
}

// Script makes every draw of the timeline.
func (r Rehearsal) Script() Script { return r.script(r.Timeline) }

// Past makes every draw of the history. Its times count from the first day of
// the baseline; a line with Every comes again until the last.
func (r Rehearsal) Past() Script {
	span := time.Duration(r.Baseline.Days) * 24 * time.Hour
	var lines []Fault
	for _, f := range r.History {
		for at := f.At; at < span; at += f.Every {
			again := f
			again.At = at
			lines = append(lines, again)
			if f.Every <= 0 || f.Do == FlapLink || len(lines) > maxLines*maxBaselineDays {
				break
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return r.script(lines)
}

func (r Rehearsal) script(lines []Fault) Script {
	w := &writer{r: r, conditions: map[string]condition{}}
	for n, f := range lines {
		w.now, w.rng = f, draws(r.Seed, uint64(n), string(f.Do))
		w.line(f)
	}
	slices.SortStableFunc(w.out.Steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return w.out
}

// draws is the chance of one line: a line more or less leaves the others' alone.
func draws(seed, n uint64, verb string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(verb)) // never fails
	return rand.New(rand.NewPCG(seed^0x5eed, n<<32^h.Sum64()))
}

func (w *writer) line(f Fault) {
	if f.Heal || f.Do.opposite() {
		w.undo(f)
		return
	}
	switch {
	case f.Do == PowerCut:
		w.powerCut(f)
	case f.Do == FlapLink:
		w.flap(f)
	case f.Do.OfMachines() || f.Do == SwitchDown || f.Do == Isolate || f.Do == DHCPFail || f.Do == Renumber:
		w.machines(f)
	default:
		sites := w.sitesOf(f)
		w.step(f.At, f.Do, false, sites, nil)
		until := time.Duration(-1)
		switch {
		case f.Do == ControllerStall, f.Do == Maintenance:
			until = f.At + f.For // it ends by itself
		case f.Do == ControllerRestart:
			until = f.At + f.DownFor
		case f.For > 0:
			until = f.At + f.For
			w.step(until, f.Do, true, sites, nil)
		}
		w.begin(f, sites, nil, until)
	}
}

func (w *writer) step(at time.Duration, do Verb, heal bool, sites, workstations []string) {
	w.out.Steps = append(w.out.Steps, Step{At: at, Do: do, Heal: heal, Sites: sites, Workstations: workstations, Fault: w.now})
}

func (w *writer) begin(f Fault, sites, workstations []string, until time.Duration) {
	w.out.Episodes = append(w.out.Episodes, Episode{
		Fault: f, Sites: sites, Workstations: workstations, From: f.At, Until: until, Back: -1,
	})
}

// sitesOf are the sites that a line takes, drawn where it takes a share.
func (w *writer) sitesOf(f Fault) []string {
	var sites []string
	switch {
	case f.Do == Maintenance || f.Do.OfController():
		if f.Site != "" {
			return []string{f.Site}
		}
		return nil
	case f.Do == CarrierDown:
		sites = w.r.Estate.OnCarrier(f.Carrier)
	case f.Do == ExchangeDown:
		sites = w.r.Estate.OnExchange(f.Exchange)
	case f.Site != "":
		return []string{f.Site}
	default:
		return w.r.Estate.on(func(Site) bool { return true })
	}
	if f.Share >= 0 {
		sites = w.some(sites, share(f.Share, len(sites)))
	}
	return sites
}

// share rounds to the nearest whole, at least 1; nothing of nothing.
func share(of float64, n int) int { return min(max(int(of*float64(n)+0.5), 1), n) }

// some draws n and keeps their order.
func (w *writer) some(from []string, n int) []string {
	if n >= len(from) {
		return slices.Clone(from)
	}
	picked := w.rng.Perm(len(from))[:n]
	slices.Sort(picked)
	taken := make([]string, 0, n)
	for _, i := range picked {
		taken = append(taken, from[i])
	}
	return taken
}

// everyone lists the workstations where a line is, whatever they do.
func (w *writer) everyone(f Fault) []string {
	var names []string
	for _, s := range w.r.Estate.Sites {
		if f.Site != "" && s.Code != f.Site {
			continue
		}
		for n := range s.Workstations {
			names = append(names, WorkstationName(s.Code, n))
		}
	}
	return names
}

// taken draws the workstations of a line from those that it can happen to.
func (w *writer) taken(f Fault, can func(condition) bool) []string {
	all := w.everyone(f)
	able := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return !can(w.conditions[name]) })
	switch {
	case len(f.Workstations) > 0:
		return slices.Clone(f.Workstations)
	case f.Count > 0:
		return w.some(able, f.Count)
	case f.Share >= 0:
		return w.some(able, share(f.Share, len(all)))
	default:
		return able
	}
}

func isUp(c condition) bool { return c == up }

// machines lets a line happen to machines one by one, spread over its time.
func (w *writer) machines(f Fault) {
	can := isUp
	if f.Do == Move || f.Do == SkewClock || !f.Do.OfMachines() {
		can = func(condition) bool { return true }
	}
	names := w.taken(f, can)
	w.spread(f.At, f.Over, f.Do, false, names)
	for _, name := range names {
		switch f.Do { //nolint:exhaustive // the others leave the machine up
		case Shutdown, Crash:
			w.conditions[name] = off
		case Sleep:
			w.conditions[name] = asleep
		case KillAgent:
			w.conditions[name] = agentless
		}
	}
	until := time.Duration(-1)
	if f.Do == Restart {
		for _, name := range names {
			at := w.out.at(Restart, name) + restartTakes(w.rng)
			until = max(until, at)
			w.step(at, Boot, false, w.homes([]string{name}), []string{name})
		}
	}
	w.begin(f, w.homes(names), names, until)
}

// restartTakes is how long a machine is away: 40 to 90 seconds.
func restartTakes(rng *rand.Rand) time.Duration {
	return 40*time.Second + time.Duration(rng.Int64N(int64(50*time.Second)))
}

// at is when the last step of a kind takes a workstation.
func (s Script) at(do Verb, name string) time.Duration {
	for _, step := range slices.Backward(s.Steps) {
		if step.Do == do && slices.Contains(step.Workstations, name) {
			return step.At
		}
	}
	return 0
}

// spread makes one step of all, or one a machine at random over a duration.
func (w *writer) spread(at, over time.Duration, do Verb, heal bool, names []string) {
	if len(names) == 0 {
		return
	}
	if over <= 0 {
		w.step(at, do, heal, w.homes(names), names)
		return
	}
	for _, name := range names {
		w.step(at+time.Duration(w.rng.Int64N(int64(over)+1)), do, heal, w.homes([]string{name}), []string{name})
	}
}

// homes are the sites of workstations, each once.
func (w *writer) homes(names []string) []string {
	var sites []string
	for _, name := range names {
		if site := SiteOf(name); !slices.Contains(sites, site) {
			sites = append(sites, site)
		}
	}
	return sites
}

// SiteOf is the site in a workstation's name.
func SiteOf(name string) string { return name[:max(strings.LastIndexByte(name, '-'), 0)] }

// flap cuts and heals for half of each period.
func (w *writer) flap(f Fault) {
	end := f.At + f.For
	if f.For == 0 {
		end = w.r.For
	}
	if heal, ok := w.healing(f); ok {
		end = min(end, heal)
	}
	sites := []string{f.Site}
	for at := f.At; at < end; at += f.Every {
		w.step(at, CutLink, false, sites, nil)
		w.step(min(at+f.Every/2, end), HealLink, false, sites, nil)
	}
	w.begin(f, sites, nil, end)
}

// healing looks ahead for the line that ends a fault.
func (w *writer) healing(f Fault) (time.Duration, bool) {
	for _, later := range w.r.Timeline {
		if later.At > f.At && later.Site == f.Site && (later.Heal && later.Do == f.Do || later.Do.Undoes(f.Do)) {
			return later.At, true
		}
	}
	return 0, false
}
