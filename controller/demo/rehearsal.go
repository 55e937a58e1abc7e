package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"muster/controller/rehearsal"
	"muster/controller/stage"
	"muster/inventory"
)

// calmFor is how long everybody has been up when a watched rehearsal begins: the
// sweep has learnt what each link is usually like.
const calmFor = 30 * time.Second

// rehearse plays a rehearsal live on an in-memory county, with the real pages and
// API beside it, and says what was done and what was concluded.
func rehearse(ctx context.Context, o Options) error {
	r, err := readRehearsal(o.Rehearsal)
	if err != nil {
		return err
	}
	if len(r.Timeline) == 0 {
		return fmt.Errorf("cannot watch %s: it has no timeline; `make rehearse FILES=%[1]s` replays evidence", o.Rehearsal)
	}
	if o.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.For)
		defer cancel()
	}
	dir, err := os.MkdirTemp("", "muster-rehearsal-")
	if err != nil {
		return fmt.Errorf("cannot make the rehearsal's folder: %w", err)
	}
	token := o.APIToken
	if token == "" {
		token = "demo_" + rand.Text()
	}
	l := &live{o: o, r: r, lines: make(chan string, 1000)}
	l.r.Start = time.Now().Add(rehearsal.SettleFor) // hours and baselines are those of the hour in which people watch
	l.stage = stage.New(stage.Options{
		Rehearsal: l.r, Dir: dir, Log: o.Log, Version: o.Version, Listen: o.Listen, APIToken: token,
		OnIncident: l.incident, OnStep: l.step,
	})
	var printing sync.WaitGroup
	printing.Go(l.print)
	err = l.run(ctx, token)
	closing, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	l.stage.Close(closing)
	close(l.lines)
	printing.Wait()
	if removed := os.RemoveAll(dir); err == nil {
		err = removed
	}
	return quiet(ctx, err)
}

func readRehearsal(name string) (rehearsal.Rehearsal, error) {
	f, err := os.Open(name)
	if err != nil {
		return rehearsal.Rehearsal{}, fmt.Errorf("cannot read rehearsal: %w", err)
	}
	defer f.Close()
	return rehearsal.Parse(name, f)
}

// live is a rehearsal before people's eyes. Lines are printed by one goroutine, so
// that a slow terminal holds nothing up; those that do not fit are left out.
type live struct {
	o     Options
	r     rehearsal.Rehearsal
	stage *stage.Stage
	lines chan string
}

func (l *live) print() {
	for line := range l.lines {
		_, _ = fmt.Fprintln(l.o.Out, line) // nobody to tell when the terminal is gone
	}
}

func (l *live) say(format string, args ...any) {
	select {
	case l.lines <- fmt.Sprintf(format, args...):
	default:
	}
}

func (l *live) run(ctx context.Context, token string) error {
	l.say("Rehearsal %q: %d sites, %d workstations, %s. It is played live, on the clock on the wall.",
		l.r.Name, len(l.r.Estate.Sites), l.r.Estate.Workstations(), l.r.For)
	raised := make(chan error, 1)
	go func() { raised <- l.stage.Raise(ctx) }()
	if err := l.waking(raised, token); err != nil {
		return err
	}
	start := time.Now().Add(calmFor)
	l.say("Everybody is present. It begins at %s.", start.Format(time.TimeOnly))
	if err := sleep(ctx, calmFor); err != nil {
		return err
	}
	began := time.Now()
	if err := l.stage.Play(ctx, began); err != nil {
		return err
	}
	l.r.Start = began
	seen := l.stage.Seen()
	seen.Took = time.Since(began)
	var table strings.Builder
	if err := rehearsal.Table(&table, []rehearsal.Sheet{rehearsal.Judge(l.r, seen)}); err != nil {
		return err
	}
	l.say("\n%s\nIt is over; the pages stay until you interrupt (Ctrl-C).", table.String())
	<-ctx.Done()
	return ctx.Err()
}

// waking says where the page is and how many are present, until all are.
func (l *live) waking(raised <-chan error, token string) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	told := false
	for {
		select {
		case err := <-raised:
			return err
		case <-tick.C:
		}
		if addr := l.stage.WebAddr(); addr != "" && !told {
			told = true
			l.say("Open   http://%s/incidents\nToken  %s   (for the API: curl -H 'Authorization: Bearer …')", addr, token)
		}
		l.say("waking: %d of %d workstations present", l.stage.Present(), l.r.Estate.Workstations())
	}
}

// step says what was done.
func (l *live) step(s rehearsal.Step) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  done       %s", time.Now().Format(time.TimeOnly), s.Do)
	if s.Heal {
		b.WriteString(" undone")
	}
	for _, some := range [][]string{s.Sites, s.Workstations} {
		switch {
		case len(some) > 6:
			fmt.Fprintf(&b, "  %s and %d more", strings.Join(some[:6], " "), len(some)-6)
		case len(some) > 0:
			fmt.Fprintf(&b, "  %s", strings.Join(some, " "))
		}
	}
	l.say("%s", b.String())
}

// incident says what was concluded.
func (l *live) incident(c inventory.IncidentChange) {
	i := c.Incident
	about := rehearsal.Subject{
		Site: i.Scope.Site, Carrier: i.Scope.Carrier, Exchange: i.Scope.Exchange, Service: i.Scope.Service,
		Workstation: l.stage.Name(i.Scope.Workstation),
	}.String()
	if i.Scope.Controller {
		about = "the controller"
	}
	reason := ""
	if n := len(i.Verdicts); n > 0 {
		reason = i.Verdicts[n-1].Reason
	}
	l.say("%s  %-9s  %s: %s, %s (%.2f)  %s", c.At.Local().Format(time.TimeOnly), c.Step, about, i.Cause, i.Grade, i.Confidence, reason)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
