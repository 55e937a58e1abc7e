package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"muster/inventory"
)

func (d *demo) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.o.Out, format+"\n", args...) // nobody to tell when the terminal is gone
}

// lifeline ends the demo when nobody reads its output any more, so that a county
// does not live on behind a closed pipe.
type lifeline struct {
	io.Writer
	hangUp func()
}

// Write implements io.Writer.
func (l lifeline) Write(b []byte) (int, error) {
	n, err := l.Writer.Write(b)
	if err != nil {
		l.hangUp()
	}
	return n, err
}

// greet says where the page is: it opens while the county wakes.
func (d *demo) greet(context.Context) error {
	d.say("Muster %s: a county of %d sites and %d workstations, and this machine as one more.",
		d.o.Version, d.o.Sites, d.o.Workstations)
	d.say("Open   http://%s/", d.app.WebAddr())
	d.say("Token  %s   (for the API: curl -H 'Authorization: Bearer …')", d.token)
	return nil
}

// wakingLine reports how many are present until the returned function is called.
func (d *demo) wakingLine(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { d.progress(ctx) })
	return func() { cancel(); wg.Wait() }
}

func (d *demo) progress(ctx context.Context) {
	every := 5 * time.Second
	if d.o.Terminal {
		every = 500 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.line(d.counts())
		}
	}
}

func (d *demo) line(c inventory.SiteCounts) {
	text := fmt.Sprintf("waking: %d of %d workstations present, %.0f s", c.Present, c.Expected, time.Since(d.startedAt).Seconds())
	if d.o.Terminal {
		_, _ = fmt.Fprintf(d.o.Out, "\r\x1b[K%s", text)
		return
	}
	d.say("%s", text)
}

// counts adds up the whole county.
func (d *demo) counts() inventory.SiteCounts {
	var sum inventory.SiteCounts
	for _, c := range d.app.Pools().AllCounts() {
		sum = sum.Plus(c)
	}
	return sum
}

// watch waits until everyone is there, says what to try, and then until the end.
func (d *demo) watch(ctx context.Context) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	lastLine := time.Now()
	for {
		c := d.counts()
		if c.Present >= d.o.Workstations {
			if d.o.Terminal {
				_, _ = fmt.Fprint(d.o.Out, "\r\x1b[K")
			}
			d.say("Awake: %d of %d workstations present after %.0f s.", c.Present, c.Expected, time.Since(d.startedAt).Seconds())
			d.suggest()
			break
		}
		if d.o.Terminal || time.Since(lastLine) >= 5*time.Second {
			d.line(c)
			lastLine = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	<-ctx.Done()
	d.say("Stopping.")
	return ctx.Err()
}

func (d *demo) suggest() {
	web := "http://" + d.app.WebAddr()
	d.say(`
Try, in another terminal:
  export MUSTER_SERVER=%[1]s MUSTER_TOKEN=%[2]s
  bin/muster site list                                    every site with present of expected
  bin/muster workstation list --site S003                 one site's machines; then: workstation show ID
  bin/muster site import configs/import/sites.csv --dry-run   what an import would change, before it does
  bin/muster mesh rotate S003                             a new pool key, without anybody leaving
  curl -s -H "Authorization: Bearer $MUSTER_TOKEN" %[1]s/api/v1/sites/S003
Interrupt (Ctrl-C) ends it and leaves nothing running.`, web, d.token)
}

// levelAtLeast lets through what is at least as grave as its level.
type levelAtLeast struct {
	slog.Handler
	least slog.Level
}

// Enabled implements slog.Handler.
func (l levelAtLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= l.least && l.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (l levelAtLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return levelAtLeast{l.Handler.WithAttrs(attrs), l.least}
}

// WithGroup implements slog.Handler.
func (l levelAtLeast) WithGroup(name string) slog.Handler {
	return levelAtLeast{l.Handler.WithGroup(name), l.least}
}
