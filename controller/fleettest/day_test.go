package fleettest_test

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/controller/rehearsal"
	"muster/inventory"
)

var (
	dayHours = flag.Int("day-hours", 0, "fleet hours that six sites of real agents live through, from noon on; zero: an evening of two small ones")
	daySeed  = flag.Uint64("day-seed", 1, "of what people do in -day-hours")
)

// TestAnOrdinaryDayOfRealAgentsHasNoSiteIncident lets people come and go, with 1 %
// loss each way: laptops that sleep at noon, an evening's shutdowns, some without a
// word, a backup window, patches at night, a boot storm, crashes and reboots.
// Nothing about a site may open.
func TestAnOrdinaryDayOfRealAgentsHasNoSiteIncident(t *testing.T) {
	t.Parallel()
	d := day{start: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), lasts: time.Duration(*dayHours) * time.Hour, sizes: []int{15, 15, 12, 8, 2, 1}}
	if *dayHours == 0 {
		d.start, d.lasts, d.sizes = d.start.Add(4*time.Hour+25*time.Minute), 70*time.Minute, []int{5, 1}
	}
	d.rng = rand.New(rand.NewPCG(*daySeed, 24))
	r := d.rehearsal(t, *daySeed)
	seen := fleettest.Rehearse(t, r, agentLog(t))
	for _, broken := range seen.Broken {
		t.Error(broken)
	}
	steps := map[string]int{}
	for _, c := range seen.Changes {
		i := c.Incident
		steps[string(i.Cause)+" "+string(c.Step)]++
		if i.Cause.Presence() || i.Cause == inventory.CauseWorkstationCrashed {
			continue
		}
		said := fmt.Sprintf("%s of %s at %v, from %s on: %s", c.Step, i.Cause, i.Scope, i.StartedAt.Format("15:04:05"), i.Verdicts[len(i.Verdicts)-1].Reason)
		if c.Step == inventory.IncidentOpened {
			t.Errorf("false incident: %s", said)
		} else {
			t.Log(said)
		}
	}
	t.Logf("%d sites, %d workstations, %s, %d things done: %s of the clock's; %v", len(d.sizes), r.Estate.Workstations(), d.lasts, len(r.Timeline), seen.Took.Round(time.Second), steps)
}

// day writes what people and machines do on an ordinary one.
type day struct {
	start time.Time
	lasts time.Duration
	sizes []int
	rng   *rand.Rand
	lines []dayLine
}

type dayLine struct {
	at   time.Duration
	text string
}

// clock is a time after midnight of the first day; earlier ones than noon are the
// next day's.
func (d *day) clock(hour, minute int, within time.Duration) time.Time {
	at := d.start.Truncate(24 * time.Hour).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	if hour < 12 {
		at = at.Add(24 * time.Hour)
	}
	return at.Add(d.span(0, within))
}

func (d *day) span(from, to time.Duration) time.Duration {
	return from + time.Duration(d.rng.Int64N(int64(max(to-from, 1))))
}

// do adds a line, unless it lies outside the day.
func (d *day) do(at time.Time, format string, args ...any) {
	after := at.Sub(d.start)
	if after < 0 || after > d.lasts-time.Minute {
		return
	}
	d.lines = append(d.lines, dayLine{after, fmt.Sprintf("  - {at: %s, do: ", after) + fmt.Sprintf(format, args...) + "}\n"})
}

func (d *day) rehearsal(t *testing.T, seed uint64) rehearsal.Rehearsal {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "name: an ordinary day\nseed: %d\nstart: %s\nfor: %s\nallow_others: true\nestate:\n  services: [email, files, records]\n  sites:\n",
		seed, d.start.Format(time.RFC3339), d.lasts)
	for i, size := range d.sizes {
		fmt.Fprintf(&b, "    - {code: S%03d, workstations: %d, laptops: 0.3, uplink_loss: 0.01}\n", i+1, size)
	}
	midnight := d.start.Truncate(24 * time.Hour)
	b.WriteString("history:\n")
	for i := range d.sizes {
		code := fmt.Sprintf("S%03d", i+1)
		// The history begins at the same hour as the rehearsal.
		fmt.Fprintf(&b, "  - {at: %s, do: saturate-link, site: %s, for: 40m, every: 24h}\n", midnight.Add(25*time.Hour).Sub(d.start), code)
		d.do(midnight.Add(25*time.Hour), "saturate-link, site: %s, for: 40m", code)
	}
	for i, size := range d.sizes {
		site := rehearsal.Site{Code: fmt.Sprintf("S%03d", i+1), Workstations: size, Laptops: 0.3}
		for n := range size {
			d.live(rehearsal.WorkstationName(site.Code, n), n >= size-site.LaptopCount(), n)
		}
	}
	slices.SortStableFunc(d.lines, func(a, b dayLine) int { return cmp.Compare(a.at, b.at) })
	b.WriteString("timeline:\n")
	for _, line := range d.lines {
		b.WriteString(line.text)
	}
	r, err := rehearsal.Parse("an ordinary day", strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// live is one machine's day: one in five stays on at night, one in twelve is
// switched off at the wall, one in twelve crashes in the morning and one is
// rebooted.
func (d *day) live(name string, laptop bool, n int) {
	one := func(verb string) string { return fmt.Sprintf("%s, workstations: [%s]", verb, name) }
	morning := d.clock(8, 15, 75*time.Minute)
	if laptop {
		d.do(d.clock(12, 5, 50*time.Minute), "%s", one("sleep"))
		d.do(d.clock(13, 0, time.Hour), "%s", one("wake"))
		d.do(d.clock(16, 30, time.Hour), "%s", one("sleep"))
		d.do(morning, "%s", one("wake"))
		return
	}
	again := func(at time.Time, verb string, from, to time.Duration) {
		d.do(at, "%s", one(verb))
		d.do(at.Add(d.span(from, to)), "%s", one("boot"))
	}
	switch {
	case n%5 == 4:
		again(d.clock(3, 0, 20*time.Minute), "restart", 2*time.Minute, 6*time.Minute)
	case n%12 == 2:
		d.do(d.clock(16, 30, time.Hour), "%s", one("crash"))
		d.do(morning, "%s", one("boot"))
	default:
		d.do(d.clock(16, 30, time.Hour), "%s", one("shutdown"))
		d.do(morning, "%s", one("boot"))
	}
	switch n % 12 {
	case 3:
		again(d.clock(10, 0, 90*time.Minute), "crash", 2*time.Minute, 10*time.Minute)
	case 6:
		again(d.clock(10, 0, 90*time.Minute), "restart", 2*time.Minute, 4*time.Minute)
	}
}
