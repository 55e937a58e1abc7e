package incident

import (
	"slices"
	"time"

	"muster/inventory"
)

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
