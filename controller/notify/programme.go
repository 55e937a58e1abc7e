package notify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// Kinds of notice of the programme.
const (
	NoticeSign      = "ready-for-sign-off"
	NoticeWeakened  = "sign-off-weakened"
	NoticeWaiver    = "waiver-expiring"
	NoticeVisit     = "visit-tomorrow"
	NoticeBlocker   = "blocker-due"
	NoticeEscalated = "blocker-escalated"
)

// NoticeKinds lists them.
func NoticeKinds() []string {
	return []string{NoticeSign, NoticeWeakened, NoticeWaiver, NoticeVisit, NoticeBlocker, NoticeEscalated}
}

// ProgrammeConfig says who hears of the refresh and of readiness.
type ProgrammeConfig struct {
	Routes []ProgrammeRoute `yaml:"routes"`
	// Digest is when what waits is told; empty is Monday, 08:00.
	Digest DigestTimes `yaml:"digest"`
}

// ProgrammeRoute is one way. Every route that matches is taken.
type ProgrammeRoute struct {
	Name  string   `yaml:"name"`
	Kinds []string `yaml:"kinds"` // empty: every kind
	Sites []string `yaml:"sites"` // empty: every site
	For   []string `yaml:"for"`   // the role, person or crew whom it concerns; empty: everybody
	To    []Target `yaml:"to"`
	// AtOnce: true tells each by itself, false in the digest. Left out, what waits for
	// somebody goes at once (sign-offs, visits, what lies too long), the rest weekly.
	AtOnce *bool `yaml:"at_once"`
}

// Notice is what people are told of the programme. The same id is told once.
type Notice struct {
	ID    string
	Kind  string
	Site  string
	For   string // the role, person or crew whom it concerns
	Title string
	Lines []string
}

func (r ProgrammeRoute) matches(n Notice) bool {
	named := func(wanted []string, is string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, is) })
	}
	return named(r.Kinds, n.Kind) && named(r.Sites, n.Site) && named(r.For, n.For)
}

func (r ProgrammeRoute) atOnce(kind string) bool {
	if r.AtOnce != nil {
		return *r.AtOnce
	}
	return kind != NoticeBlocker && kind != NoticeWaiver
}

func (c ProgrammeConfig) validate(kinds map[string]SinkKind) []error {
	var errs []error
	for n, r := range c.Routes {
		label := cmp.Or(r.Name, strconv.Itoa(n+1))
		for _, err := range (Route{To: r.To}).validate(kinds) {
			errs = append(errs, fmt.Errorf("route %s: %w", label, err))
		}
		for _, kind := range r.Kinds {
			if !slices.Contains(NoticeKinds(), kind) {
				errs = append(errs, fmt.Errorf("route %s: unknown kind %q; known: %s", label, kind, strings.Join(NoticeKinds(), ", ")))
			}
		}
		for _, site := range r.Sites {
			if !inventory.ValidSiteCode(site) {
				errs = append(errs, fmt.Errorf("route %s: %q is not a site code", label, site))
			}
		}
	}
	if err := c.Digest.validate(); err != nil {
		errs = append(errs, fmt.Errorf("digest: %w", err))
	}
	if c.Digest.At == "" && len(c.Digest.Days) > 0 {
		errs = append(errs, errors.New("digest: days are given, and no hour: at: \"08:00\""))
	}
	return errs
}

// times is when the digest of the programme is written.
func (c ProgrammeConfig) times() DigestTimes {
	if c.Digest.At == "" {
		return DigestTimes{At: "08:00", Days: []string{"Mon"}}
	}
	return c.Digest
}

// Say takes a notice of the programme and returns whom to tell now; the rest
// waits for the digest.
func (b *Book) Say(n Notice, plan Plan, now time.Time) []inventory.Delivery {
	var atOnce []Target
	for _, r := range plan.Programme.Routes {
		if !r.matches(n) {
			continue
		}
		if r.atOnce(n.Kind) {
			atOnce = merge(atOnce, r.To)
			continue
		}
		for _, t := range r.To {
			line := DigestLine{At: now, To: t, Text: n.Title}
			if !slices.ContainsFunc(b.Programme, func(l DigestLine) bool { return l.To == t && l.Text == n.Title }) {
				b.Programme = append(b.Programme, line)
			}
		}
	}
	if extra := len(b.Programme) - maxDigest; extra > 0 {
		b.Programme = slices.Delete(b.Programme, 0, extra)
	}
	m := Message{Title: shorten(n.Title, MaxTitle), Lines: n.Lines}
	var out []inventory.Delivery
	for _, t := range atOnce {
		out = append(out, inventory.Delivery{
			ID: name(inventory.DeliverNotice, n.ID, t, 0), Kind: inventory.DeliverNotice, Sink: t.Sink, Address: t.Address,
			Title: m.Title, Body: m.Body(), CreatedAt: now, NextAt: now,
		})
	}
	return out
}

// writeProgramme writes what has gathered once its hour has come.
func (b *Book) writeProgramme(now time.Time, plan Plan) []inventory.Delivery {
	at, ok := plan.Programme.times().last(now, plan.Zone)
	if !ok || !at.After(b.ProgrammeAt) {
		return nil
	}
	b.ProgrammeAt = at
	lines := b.Programme
	b.Programme = nil
	return gathered("programme-"+at.UTC().Format("20060102T1504"), lines, programmeTitle, now)
}

func programmeTitle(n int) string {
	if n == 1 {
		return "Muster: 1 thing waits in the programme"
	}
	return "Muster: " + strconv.Itoa(n) + " things wait in the programme"
}

// maxSaid bounds the notices that wait to be taken up.
const maxSaid = 10_000

// Say takes a notice of the programme. It returns at once.
func (d *Desk) Say(n Notice) {
	d.mu.Lock()
	if len(d.said) < maxSaid {
		d.said = append(d.said, n)
	}
	d.mu.Unlock()
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

func (d *Desk) takeSaid() {
	d.mu.Lock()
	said := d.said
	d.said = nil
	d.mu.Unlock()
	for _, n := range said {
		waiting := len(d.book.Programme)
		out := d.book.Say(n, d.o.Plan, d.o.Now())
		if len(out) > 0 || len(d.book.Programme) != waiting {
			d.keep(out)
		}
	}
}
