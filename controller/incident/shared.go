package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

const (
	sharedPrefix = "shared:"
	unnamedKey   = sharedPrefix + "unnamed"
)

func isSharedKey(key string) bool { return strings.HasPrefix(key, sharedPrefix) }

// cover is a candidate for a shared cause: silent sites that one name covers.
type cover struct {
	key      string
	scope    inventory.Scope
	cause    inventory.Cause
	sites    []*site // silent ones
	of       int     // sites of that name whose state is known
	carriers int
}

func (c cover) ratio() float64 { return float64(len(c.sites)) / float64(max(c.of, 1)) }

// judgeShared looks for causes that silent sites share, by greedy set cover: the
// carrier or exchange that covers most of them, then the next for what is left.
func (e *Engine) judgeShared(now time.Time) {
	for _, key := range sortedKeys(e.troubles) {
		if isSharedKey(key) {
			e.followShared(e.troubles[key], now)
		}
	}
	if e.blind() || e.waiting {
		return
	}
	left := e.cluster(now)
	for len(left) >= e.rules.SharedLeast {
		best, ok := e.bestCover(left, now)
		if !ok {
			break
		}
		e.share(best, now)
		left = slices.DeleteFunc(left, func(s *site) bool { return slices.Contains(best.sites, s) })
	}
	if len(left) >= e.rules.SharedLeast && e.settled(left, now) {
		e.share(cover{key: unnamedKey, cause: inventory.CauseSharedUnnamed, sites: left, of: len(left)}, now)
	}
}

// cluster is the largest set of sites that fell silent within the window and that
// no wider cause has taken, once there was time to hear the others.
func (e *Engine) cluster(now time.Time) []*site {
	var silent []*site
	for _, s := range e.order {
		if s.silence.active && s.silence.into == "" && !s.facts.Site.Direct() && !e.covered(inventory.Scope{Site: s.code}, now) &&
			e.troubles[siteKey(s.code)] != nil {
			silent = append(silent, s)
		}
	}
	if len(silent) < e.rules.SharedLeast {
		return nil
	}
	slices.SortFunc(silent, func(a, b *site) int {
		return cmp.Or(a.silence.since.Compare(b.silence.since), cmp.Compare(a.code, b.code))
	})
	best, bestAt := 0, 0
	for i := range silent {
		n := i
		for n < len(silent) && silent[n].silence.since.Sub(silent[i].silence.since) <= e.rules.SharedIn {
			n++
		}
		if n-i > best {
			best, bestAt = n-i, i
		}
	}
	found := silent[bestAt : bestAt+best]
	if best < e.rules.SharedLeast || now.Sub(found[0].silence.since) < hearOthers {
		return nil
	}
	return slices.Clone(found)
}

// hearOthers is how long the other sites have to be heard after a first silence: two
// sweeps (docs/mesh.md).
const hearOthers = 3 * time.Second

// settled reports whether the whole estate is either silent or heard since, or had
// its time: nothing unnamed is concluded while names may still come out.
func (e *Engine) settled(left []*site, now time.Time) bool {
	newest := left[len(left)-1].silence.since
	if now.Sub(newest) < hearOthers {
		return false
	}
	if now.Sub(newest) >= 3*hearOthers {
		return true
	}
	for _, s := range e.order {
		if !s.silence.active && !s.facts.Site.Direct() && !s.answerAt.After(left[0].silence.since) &&
			newest.Sub(s.answerAt) < time.Minute {
			return false
		}
	}
	return true
}

// bestCover is the carrier or exchange that covers most of the silent sites, if
// enough of its own are silent.
func (e *Engine) bestCover(left []*site, now time.Time) (cover, bool) {
	from := left[0].silence.since
	covers := make(map[string]*cover)
	add := func(key string, cause inventory.Cause, scope inventory.Scope, s *site) {
		c := covers[key]
		if c == nil {
			c = &cover{key: key, cause: cause, scope: scope}
			covers[key] = c
		}
		c.sites = append(c.sites, s)
	}
	for _, s := range left {
		if s.silence.router {
			continue // its link works
		}
		if s.carrier != "" {
			add(sharedPrefix+"carrier:"+s.carrier, inventory.CauseSharedCarrier, inventory.Scope{Carrier: s.carrier}, s)
		}
		if s.exchange != "" {
			add(sharedPrefix+"exchange:"+s.exchange, inventory.CauseSharedExchange, inventory.Scope{Exchange: s.exchange}, s)
		}
	}
	var best *cover
	for _, key := range sortedKeys(covers) {
		c := covers[key]
		e.count(c, from)
		if len(c.sites) < e.rules.SharedLeast || c.ratio() < e.rules.SharedRatio || e.covered(c.scope, now) {
			continue
		}
		if best == nil || c.beats(best) {
			best = c
		}
	}
	if best == nil {
		return cover{}, false
	}
	return *best, true
}

// count finds how many sites of the cover's name are known to be silent or to
// answer since. One that was not heard yet counts for neither.
func (e *Engine) count(c *cover, from time.Time) {
	c.of = len(c.sites)
	carriers := make(map[string]bool)
	for _, s := range c.sites {
		carriers[s.carrier] = true
	}
	c.carriers = len(carriers)
	for _, s := range e.order {
		named := c.cause == inventory.CauseSharedCarrier && s.carrier == c.scope.Carrier ||
			c.cause == inventory.CauseSharedExchange && s.exchange == c.scope.Exchange
		if named && s.answerAt.After(from) && !slices.Contains(c.sites, s) && !s.facts.Site.Direct() {
			c.of++
		}
	}
}

// beats orders covers: the one with more sites; of equal ones the exchange where it
// takes several carriers and nearly all of its own, since an exchange fails as a
// whole and a carrier need not; else the carrier, who is called in both cases.
func (c *cover) beats(d *cover) bool {
	if len(c.sites) != len(d.sites) {
		return len(c.sites) > len(d.sites)
	}
	return c.exchangeWhole() && !d.exchangeWhole() || !d.exchangeWhole() && c.cause == inventory.CauseSharedCarrier
}

func (c *cover) exchangeWhole() bool {
	return c.cause == inventory.CauseSharedExchange && c.carriers >= 2 && c.ratio() >= 0.95
}

// share makes or widens the shared trouble and folds the sites' own into it.
func (e *Engine) share(c cover, now time.Time) {
	j := judged{
		key: c.key, scope: c.scope, cause: c.cause, rule: "cover", grade: inventory.GradeCorroborated, confidence: 0.85,
		since: c.sites[0].silence.since,
	}
	for _, s := range c.sites {
		j.scope.Sites = append(j.scope.Sites, s.code)
		j.since = older(j.since, s.silence.since)
		j.freshAt = newer(j.freshAt, s.silence.sc.freshAt)
	}
	slices.Sort(j.scope.Sites)
	if c.cause == inventory.CauseSharedUnnamed {
		j.rule, j.grade, j.confidence = "together", inventory.GradeInferred, 0.6
	}
	j.reason = c.words()
	t := e.hold(j, now)
	for _, s := range c.sites {
		e.takeOver(t, s, now)
	}
}

func (e *Engine) takeOver(t *trouble, s *site, now time.Time) {
	s.silence.into = t.Key
	if narrow := e.troubles[siteKey(s.code)]; narrow != nil {
		t.Members = unite(t.Members, s.silence.members)
		e.fold(narrow, t, now)
	}
}

func (c cover) words() string {
	since := c.sites[0].silence.since
	for _, s := range c.sites {
		since = older(since, s.silence.since)
	}
	at := c.sites[0].clock(since)
	switch c.cause { //nolint:exhaustive // the shared ones
	case inventory.CauseSharedCarrier:
		return fmt.Sprintf("%d of %d sites of carrier %s have been silent since %s: the carrier.", len(c.sites), c.of, c.scope.Carrier, at)
	case inventory.CauseSharedExchange:
		return fmt.Sprintf("%d of %d sites at exchange %s, on %s, have been silent since %s: the exchange.",
			len(c.sites), c.of, c.scope.Exchange, count(c.carriers, "carrier"), at)
	default:
		return fmt.Sprintf("%d sites fell silent within half a minute from %s on and share neither a carrier nor an exchange: something they have in common that the register does not name.", len(c.sites), at)
	}
}

// followShared keeps a shared trouble fresh, lets late sites of its name join, and
// ends it when nearly all of its sites are back.
func (e *Engine) followShared(t *trouble, now time.Time) {
	still := 0
	var back time.Time
	scope := t.Incident.Scope
	for _, s := range e.order {
		own := slices.Contains(scope.Sites, s.code)
		if !own && s.silence.active && s.silence.into == "" && t.ClearAt.IsZero() && e.joins(t, s) {
			e.takeOver(t, s, now)
			t.Incident.Scope.Sites = mergeSites(t.Incident.Scope.Sites, []string{s.code})
			own = true
		}
		switch {
		case own && s.silence.active && s.silence.into == t.Key:
			still++
			if s.silence.sc != nil {
				t.FreshAt = newer(t.FreshAt, s.silence.sc.freshAt)
			}
		case own:
			back = newer(back, s.restoredAt())
		}
	}
	if !t.ClearAt.IsZero() || still >= e.rules.SharedLeast ||
		float64(still) > max(e.rules.SharedEnd*float64(len(t.Incident.Scope.Sites)), 1) {
		return
	}
	e.well(t.Key, back)
	for _, s := range e.order {
		if s.silence.into == t.Key {
			e.observeAgain(s, now)
		}
	}
}

// joins reports whether a site that fell silent belongs to a shared trouble.
func (e *Engine) joins(t *trouble, s *site) bool {
	if s.facts.Site.Direct() || s.silence.router {
		return false
	}
	near := s.silence.since.Sub(t.Onset).Abs() <= e.rules.SharedIn
	switch t.Incident.Cause { //nolint:exhaustive // the shared ones
	case inventory.CauseSharedCarrier:
		return s.carrier == t.Incident.Scope.Carrier
	case inventory.CauseSharedExchange:
		return s.exchange == t.Incident.Scope.Exchange
	default:
		return near
	}
}
