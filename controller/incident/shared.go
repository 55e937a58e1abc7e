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
	e.nameUnnamed(now)
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

// nameUnnamed names a cause that had no name while the first of its sites fell
// silent: the next ones of the same carrier came seconds later.
func (e *Engine) nameUnnamed(now time.Time) {
	t := e.troubles[unnamedKey]
	if t == nil || !t.ClearAt.IsZero() {
		return
	}
	var sites []*site
	for _, s := range e.order {
		if s.silence.active && s.silence.into == unnamedKey {
			sites = append(sites, s)
		}
	}
	if len(sites) < e.rules.SharedLeast {
		return
	}
	sortBySilence(sites)
	best, ok := e.bestCover(sites, now)
	if !ok || e.troubles[best.key] != nil || float64(len(best.sites)) < e.rules.SharedRatio*float64(len(sites)) {
		return
	}
	delete(e.troubles, unnamedKey)
	t.Key, t.Incident.Scope = best.key, best.scope
	e.troubles[t.Key] = t
	for _, s := range sites {
		if !slices.Contains(best.sites, s) {
			e.observeAgain(s, now)
		}
	}
	e.share(best, now)
}

func sortBySilence(sites []*site) {
	slices.SortFunc(sites, func(a, b *site) int {
		return cmp.Or(a.silence.since.Compare(b.silence.since), cmp.Compare(a.code, b.code))
	})
}

// cluster is the largest set of sites that fell silent within the window and that
// no wider cause has taken, once there was time to hear the others.
func (e *Engine) cluster(now time.Time) []*site {
	var silent []*site
	for _, s := range e.order {
		if s.silence.active && s.silence.into == "" && !s.facts.Site.Direct() && !e.covered(inventory.Scope{Site: s.code}, now) &&
			(e.troubles[siteKey(s.code)] != nil || s.silence.waits) {
			silent = append(silent, s)
		}
	}
	if len(silent) < e.rules.SharedLeast {
		return nil
	}
	sortBySilence(silent)
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
	switch c.cause {
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
	switch t.Incident.Cause {
	case inventory.CauseSharedCarrier:
		return s.carrier == t.Incident.Scope.Carrier
	case inventory.CauseSharedExchange:
		return s.exchange == t.Incident.Scope.Exchange
	default:
		return near
	}
}
