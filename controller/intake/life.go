package intake

import (
	"net/netip"
	"time"
)

// Life is one stretch of a workstation's existence: one process of its agent, on
// one boot, with one journal. A machine never goes back to an earlier life: a
// process ends for good, and so does a boot.
type Life struct {
	Run     string
	Boot    string // empty where the agent does not say on which boot it sent
	Process string // empty where the agent is too old to say
}

// unknownBoot is what a machine says that cannot name its boot: all of them the
// same.
const unknownBoot = "unknown-boot"

// boots reports whether both lives name a boot, and whether it is one.
func (l Life) boots(m Life) (named, one bool) {
	named = l.Boot != "" && m.Boot != ""
	return named, named && l.Boot == m.Boot
}

// same reports whether both are one life. Where a process is not named, a run on
// one boot stands for it.
func (l Life) same(m Life) bool {
	if l.Process != "" && m.Process != "" {
		return l.Process == m.Process
	}
	named, one := l.boots(m)
	return l.Run == m.Run && (one || !named)
}

// Posted is what a report says of its sender, and how it came.
type Posted struct {
	Life
	Clock      time.Duration // boot clock at sending; means nothing without a boot
	Addr       netip.Addr    // invalid where a neighbour relayed it
	Via        string
	ReceivedAt time.Time
}

const (
	// How far the delays of two posts may differ that nothing held up.
	usualDelay = 3 * time.Second
	// Two posts that tell how long posts are under way are this far apart: what a
	// broken link holds back comes all at once.
	apart = 30 * time.Second
	// A life that was heard only now may have begun this little earlier.
	lifeGrace = 5 * time.Second
	// A post is under way for no longer than this: the connection of a neighbour
	// that relays gives up after a quarter of an hour.
	longestTransit = 20 * time.Minute
	// Zeros of one clock that are both sure lie no further apart.
	oneZero = 30 * time.Second
)

// stretch is a life as it was heard. When a post of it was sent, by our clock, is
//
//	sent = zero + clock, zero = min(received − clock) over its posts
//
// It is sure() once a second post had about the delay of the least delayed one: a
// post that a neighbour's connection held back for minutes, and that is heard
// after the machine has started anew, is no second machine. A connection that
// breaks holds back one post, so two of one process are not held back alike.
type stretch struct {
	Life
	last       Posted
	beganAt    time.Time     // when it was first heard
	beganClock time.Duration // its boot clock then
	zero       BootZero
	alike      int // posts that were under way for about as long as the quickest
	posts      int
}

// hear takes one more post of the stretch into account.
func (s stretch) hear(p Posted) stretch {
	if s.posts == 0 {
		s.beganAt, s.beganClock = p.ReceivedAt, p.Clock
	}
	if p.Boot == "" {
		s.alike = 2 // nothing will ever tell more
	} else {
		held := p.ReceivedAt.Add(-p.Clock).Sub(s.zero.At)
		if s.zero.Boot == p.Boot && p.Clock-s.beganClock >= apart && held.Abs() < usualDelay {
			s.alike++
		}
		s.zero, s.Boot = s.zero.Measure(p.Boot, p.Clock, p.ReceivedAt), p.Boot
	}
	if p.Process != "" { // a life that an older agent began is named with the next
		s.Process = p.Process
	}
	s.Run, s.last = p.Run, p
	s.posts++
	return s
}

// sure reports whether zero can be trusted. Where no process is named, the posts
// of several are taken for those of one.
func (s stretch) sure() bool { return s.alike > 1 || s.alike > 0 && s.Process != "" }

// again is the life that p brings back: s itself, or another process on its boot,
// whose clock is known by it.
func (s stretch) again(p Posted) stretch {
	heard := s.hear(p)
	if s.same(p.Life) {
		return heard
	}
	other := stretch{}.hear(p)
	other.zero, other.alike = heard.zero, s.alike
	return other
}

// oneClock reports whether both count by one boot clock, so that their posts can
// be put in order without knowing how long any was under way. Two boots of one
// name, or a clock that stood still between the two, are found by their zeros.
func (s stretch) oneClock(t stretch) bool {
	if s.zero.Boot == "" || s.zero.Boot != t.zero.Boot {
		return false
	}
	apart := s.zero.At.Sub(t.zero.At).Abs()
	return apart < oneZero || apart < longestTransit && (!s.sure() || !t.sure())
}

// precededBy reports whether a post of a life that was not heard before was sent
// before s was first heard, on the same boot.
func (s stretch) precededBy(p Posted) bool {
	return p.Boot != "" && p.Clock < s.beganClock && stretch{}.hear(p).oneClock(s)
}

// late reports whether p, of the past life s, was sent before the present life was
// first heard.
func (s stretch) late(present stretch, p Posted) bool {
	since := p.ReceivedAt.Sub(present.beganAt)
	if p.Boot == "" || s.zero.Boot != p.Boot {
		return since < longestTransit
	}
	s = s.hear(p)
	if s.oneClock(present) {
		return p.Clock < present.beganClock
	}
	sentAt := s.zero.At.Add(p.Clock)
	if p.ReceivedAt.Sub(sentAt) > longestTransit { // the machine stood still, and its clock with it
		return since < longestTransit
	}
	return sentAt.Sub(present.beganAt) < lifeGrace
}
