package incident

import (
	"net/netip"
	"slices"
	"time"

	"muster/inventory"
)

// Bounds of what is kept. A county has 2,000 machines at 130 sites.
const (
	maxMachines   = 200_000
	maxInstants   = 12 // of a set of moments
	maxEntries    = 96 // of a machine's journal, compacted
	maxEntriesRaw = 160
)

// instants is a bounded set of moments in order. When it is full the one before
// the last goes, so that the first ones and the newest are always there.
type instants []time.Time

func (s instants) add(t time.Time) instants {
	i, found := slices.BinarySearchFunc(s, t, time.Time.Compare)
	if found {
		return s
	}
	if len(s) < maxInstants {
		return slices.Insert(s, i, t)
	}
	if i < len(s)-1 {
		return s
	}
	if i == len(s) {
		s[i-2], s[i-1] = s[i-1], t
		return s
	}
	s[i-1] = t
	return s
}

// after drops what is not later than t.
func (s instants) after(t time.Time) instants {
	i, found := slices.BinarySearchFunc(s, t, time.Time.Compare)
	if found {
		i++
	}
	return slices.Delete(s, 0, i)
}

// newer is the later of two moments.
func newer(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// gauge is something that answers or does not: a router, a reference.
type gauge struct {
	OK    time.Time `json:"ok,omitzero"` // newest answer
	Miss  time.Time `json:"miss,omitzero"`
	First time.Time `json:"first,omitzero"` // of the misses since OK, as far as known
	Run   int       `json:"run,omitempty"`  // misses since OK; a repeat of the newest is not counted
}

func (g *gauge) note(ok bool, at time.Time) {
	switch {
	case ok && at.After(g.OK):
		g.OK = at
		if !g.Miss.After(at) {
			g.First, g.Run = time.Time{}, 0
		} else if !g.First.After(at) {
			g.First, g.Run = g.Miss, 1
		}
	case !ok && at.After(g.OK) && !at.Equal(g.Miss):
		if g.First.IsZero() || at.Before(g.First) {
			g.First = at
		}
		g.Miss = newer(g.Miss, at)
		g.Run++
	}
}

// machine is what was observed of one workstation.
type machine struct {
	id   string
	key  string // of its trouble
	site *site
	addr netip.Addr

	addrAt    time.Time
	heardAt   time.Time // newest answer over UDP
	tcpAt     time.Time // newest answer of its port over TCP
	tcpMissAt time.Time
	refusedAt time.Time // newest refusal: the machine lives, its agent does not listen
	reportAt  time.Time // newest report, relayed ones too
	joinedAt  time.Time
	tagAt     time.Time
	failedAt  time.Time // newest gossip that it failed
	leftAt    time.Time
	reasonAt  time.Time
	reason    inventory.LeaveReason
	uplink    string
	uplinkAt  time.Time // since when the tag says so
	misses    instants  // asked over UDP since the newest sign of life
	lost      instants  // of those, the sweep's: they are loss once it answers
	accused   instants  // failures by gossip
	boot      string
	bootAt    time.Time // newest report of that boot
	was       string    // the boot before
	cloneAt   time.Time
	entries   []entry
	stops     []datedStop
	movedAt   time.Time
	backAt    time.Time // when it was heard again after it had been silent, or for the first time
	toldAt    time.Time // of which reason people were told
}

// lifeAt is the newest sign that the agent runs and can be reached in some way.
func (m *machine) lifeAt() time.Time {
	return newer(newer(m.heardAt, m.reportAt), newer(m.joinedAt, m.tagAt))
}

// explained reports whether the machine said why it went and has not been heard
// since.
func (m *machine) explained(r *Rules, now time.Time) bool {
	if m.reason == "" || m.lifeAt().After(m.reasonAt.Add(r.GoodbyeFor)) {
		return false
	}
	if m.reason == inventory.LeaveShutdown || m.reason == inventory.LeaveSleep {
		return true
	}
	return now.Sub(m.reasonAt) < r.RestartFor
}

// gone reports whether gossip calls it failed or left, and nothing contradicts.
func (m *machine) gone(r *Rules) bool {
	life := m.lifeAt()
	return m.failedAt.Sub(life) > r.AccusedAfter || m.leftAt.After(life)
}

// wasSilent reports whether its next sign of life is a return.
func (m *machine) wasSilent(r *Rules) bool {
	return m.lifeAt().IsZero() || len(m.misses) >= r.MissLeast || m.gone(r) || m.reasonAt.After(m.lifeAt().Add(-r.GoodbyeFor))
}

// goneAt is when gossip last said so.
func (m *machine) goneAt() time.Time { return newer(m.failedAt, m.leftAt) }

// silentSince is the first sign of its silence; zero where there is none.
func (m *machine) silentSince() time.Time {
	life := m.lifeAt()
	var first time.Time
	for _, at := range m.misses {
		if at.After(life) {
			first = at
			break
		}
	}
	for _, at := range []time.Time{m.failedAt, m.leftAt} {
		if at.After(life) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// site is what was observed of one site.
type site struct {
	facts    SiteFacts
	code     string
	zone     *time.Location
	carrier  string
	exchange string
	circuit  string
	backup   bool
	machines []*machine

	answerAt time.Time // newest sign of life of any machine
	udpAt    time.Time // newest answer over UDP
	reach    inventory.ReachState
	reachAt  time.Time
	silentAt time.Time // newest word of the sweep that it is silent
	tcp      gauge     // of its machines' ports
	router   gauge
	gateway  gauge
	quality  quality
	gates    []sample // round trips of router and gateway, oldest first; bounded
	services map[string]*serviceFacts
	failing  bool      // some service may fail here
	outages  []span    // silences of the whole site, newest last; the one under way has no end
	silence  silence   // the one under way
	againAt  time.Time // a wider cause ended: what is silent must be seen again
	busy     bool      // something is not as it should be

	news  bool // a journal or a stop came
	dirty bool
	dueAt time.Time
}

// routerAnswers says whether the router or the gateway answered since t, and
// whether it can be told: one that never answered may be silent by design, and one
// that stopped answering before its site did was told to.
func (s *site) routerAnswers(t time.Time, every time.Duration) (answers, told bool) {
	for _, g := range []gauge{s.router, s.gateway} {
		switch {
		case g.OK.After(t):
			return true, true
		case !g.OK.IsZero() && g.Miss.After(t) && t.Sub(g.First) < every:
			told = true
		}
	}
	return false, told
}

// span is a stretch of time.
type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

func (s span) has(t time.Time) bool { return !t.Before(s.From) && !t.After(s.To) }

// maxOutages bounds the silences of a site that are remembered.
const maxOutages = 8

// restless reports whether anything about the site is not as it should be: then
// good news counts too.
func (s *site) restless() bool { return s.busy }

// within reports whether t lies in a silence of the whole site, or so shortly
// around it that gossip still tells of it.
func (s *site) within(t time.Time, before, after time.Duration) bool {
	for _, o := range s.outages {
		if !t.Before(o.From.Add(-before)) && (o.To.IsZero() || !t.After(o.To.Add(after))) {
			return true
		}
	}
	return false
}

// restoredAt is when the newest silence that is over ended.
func (s *site) restoredAt() time.Time {
	var at time.Time
	for _, o := range s.outages {
		at = newer(at, o.To)
	}
	return at
}

// fellSilent and spoke keep the list of silences.
func (s *site) fellSilent(at time.Time) {
	if n := len(s.outages); n > 0 && s.outages[n-1].To.IsZero() {
		return
	}
	s.outages = append(s.outages, span{From: at})
	if len(s.outages) > maxOutages {
		s.outages = s.outages[1:]
	}
}

func (s *site) spoke(at time.Time) {
	if n := len(s.outages); n > 0 && s.outages[n-1].To.IsZero() {
		s.outages[n-1].To = newer(at, s.outages[n-1].From)
	}
}

// open reports whether the site is in its opening hours.
func (s *site) open(t time.Time) bool { return s.facts.Site.Hours.Open(t.In(s.zone)) }
