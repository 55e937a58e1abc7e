package rota

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

var day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestAServiceIsAskedAboutOnceAMinute(t *testing.T) {
	c := NewConfirmations(DefaultRules())
	if !c.Take("S001", "email", day) || c.Take("S001", "email", day.Add(59*time.Second)) || !c.Take("S001", "email", day.Add(time.Minute)) {
		t.Error("a confirmation is not once a minute")
	}
	if !c.Take("S002", "email", day) || !c.Take("S001", "files", day) {
		t.Error("another site or service has to wait")
	}
	for i := range 3 * maxPlaces {
		c.Take(fmt.Sprint(i), "email", day.Add(time.Duration(i)*time.Second))
	}
	if len(c.asked) > maxPlaces+1 {
		t.Errorf("%d places are remembered", len(c.asked))
	}
}

func TestOthersAreOthersAndTakeTurns(t *testing.T) {
	members := []string{"w1", "w2", "w3", "w4", "w5", "w6"}
	seen := map[string]bool{}
	for round := range int64(50) {
		picked := Others("S001", "email", round, members, []string{"w3"}, 2)
		if len(picked) != 2 || picked[0] == picked[1] || slices.Contains(picked, "w3") {
			t.Fatalf("picked are %v", picked)
		}
		for _, p := range picked {
			seen[p] = true
		}
	}
	if len(seen) != 5 {
		t.Errorf("in fifty rounds only %v were asked", seen)
	}
	if got := Others("S001", "email", 1, []string{"w3"}, []string{"w3"}, 2); len(got) != 0 {
		t.Errorf("of a lonely machine the others are %v", got)
	}
}

// county is a mesh and an estate that note what they are asked.
type county struct {
	mu      sync.Mutex // guards asked
	asked   []string
	direct  bool
	members []string
}

func (c *county) Members(site string) []mesh.Member {
	var all []mesh.Member
	for _, m := range c.members {
		all = append(all, mesh.Member{Name: m + ".run01", Workstation: m, State: mesh.StateAlive})
	}
	return append(all, mesh.Member{Name: "controller", State: mesh.StateAlive, Controller: true})
}

func (c *county) Query(_ context.Context, site, name string, body []byte, members ...string) ([]mesh.Answer, error) {
	var q wire.ProbeQuestion
	if err := json.Unmarshal(body, &q); err != nil || name != wire.QueryProbe || len(body) > wire.MaxQuestion {
		return nil, fmt.Errorf("a question of %s: %s", name, body)
	}
	slices.Sort(members)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, fmt.Sprint(site, " ", q.Services, " ", q.Report, " ", len(members)))
	return nil, nil
}

func (c *county) WorkstationAt(id string) (site string, direct, known bool) {
	if !slices.Contains(c.members, id) {
		return "", false, false
	}
	return "S001", c.direct, true
}
func (c *county) WithPresence(inventory.Presence, string) []string { return c.members }

func (c *county) heard() []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

func desk(t *testing.T, c *county) *Desk {
	t.Helper()
	c.members = []string{"w00000001", "w00000002", "w00000003", "w00000004"}
	d, err := New(Options{
		Mesh: c, Estate: c, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Services: func() []inventory.Service {
			return []inventory.Service{{Name: "email", Target: "https://mail.county.example/", Status: 200}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func failure(why inventory.ProbeWhy, class inventory.ProbeError) inventory.ProbeResult {
	return inventory.ProbeResult{Kind: inventory.ProbeHTTP, Why: why, Service: "email", Target: "https://mail.county.example/", Error: class}
}

func TestAFailureOfTheRotaIsConfirmedByTwoOthersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &county{}
		d := desk(t, c)
		defer d.Close()
		d.Reported("w00000001", []inventory.ProbeResult{failure(inventory.ProbeRota, inventory.ProbeRefused)})
		if got := c.heard(); len(got) != 1 || got[0] != "S001 [email] false 2" {
			t.Errorf("the pool was asked %v", got)
		}
		d.Reported("w00000002", []inventory.ProbeResult{failure(inventory.ProbeConfirm, inventory.ProbeRefused)})
		d.Reported("w00000003", []inventory.ProbeResult{failure(inventory.ProbeRota, inventory.ProbeRefused)})
		d.Confirm("S001", "email", 2)
		if got := c.heard(); len(got) != 1 {
			t.Errorf("while answers are on their way the pool was asked %v", got)
		}
		<-time.After(time.Minute)
		d.Confirm("S001", "email", 3)
		if got := c.heard(); len(got) != 2 || got[1] != "S001 [email] false 3" {
			t.Errorf("a minute later the pool was asked %v", got)
		}
		d.Reported("w09999999", []inventory.ProbeResult{failure(inventory.ProbeRota, inventory.ProbeRefused)})
	})
}

func TestAStallIsFollowedByAMeasurementOfPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &county{}
		d := desk(t, c)
		defer d.Close()
		r := failure(inventory.ProbeRota, inventory.ProbeTimeout)
		r.ConnectMillis = 20
		d.Reported("w00000001", []inventory.ProbeResult{r})
		asks := d.Asks("w00000001")
		if len(asks) != 1 || asks[0].Kind != inventory.ProbeMTU || asks[0].Why != inventory.ProbeConfirm || asks[0].Validate() != nil {
			t.Errorf("it is asked %+v", asks)
		}
		if got := c.heard(); len(got) != 2 {
			t.Errorf("the pool was asked %v", got)
		}
	})
}

func TestWithoutAPoolQuestionsWaitForReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &county{direct: true}
		d := desk(t, c)
		defer d.Close()
		d.Confirm("S001", "email", 2)
		waiting := 0
		for _, m := range c.members {
			for _, spec := range d.Asks(m) {
				if waiting++; spec.Why != inventory.ProbeConfirm || spec.Service != "email" || spec.Status != 200 || spec.Ask == "" {
					t.Errorf("%s is asked %+v", m, spec)
				}
			}
		}
		if waiting != 2 || len(c.heard()) != 0 {
			t.Errorf("%d questions wait, the pool was asked %v", waiting, c.heard())
		}
	})
}

func TestWhoAsksGetsTheAnswerAndSoDoesWhoAsksTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &county{}
		d := desk(t, c)
		defer d.Close()
		spec := wire.ProbeSpec{Kind: inventory.ProbeTCP, Target: "tcp://files.county.example:445"}
		type outcome struct {
			r   inventory.ProbeResult
			err error
		}
		outcomes := make(chan outcome, 2)
		for range 2 {
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				defer cancel()
				r, err := d.Ask(ctx, "w00000001", spec)
				outcomes <- outcome{r, err}
			}()
		}
		synctest.Wait()
		asks := d.Asks("w00000001")
		if len(asks) != 1 || asks[0].Why != inventory.ProbeAsked || len(d.Asks("w00000002")) != 0 {
			t.Fatalf("the replies carry %+v", asks)
		}
		if got := c.heard(); !slices.Contains(got, "S001 [] true 1") {
			t.Errorf("the pool was asked %v", got)
		}
		answer := inventory.ProbeResult{Ask: asks[0].Ask, Kind: inventory.ProbeTCP, OK: true, ConnectMillis: 20}
		d.Reported("w00000002", []inventory.ProbeResult{answer}) // not whom it was asked
		if len(d.Asks("w00000001")) != 1 {
			t.Error("another workstation answered in its place")
		}
		d.Reported("w00000001", []inventory.ProbeResult{answer, answer})
		for range 2 {
			if o := <-outcomes; o.err != nil || o.r.ConnectMillis != 20 {
				t.Errorf("who asked got %+v, %v", o.r, o.err)
			}
		}
		if len(d.Asks("w00000001")) != 0 {
			t.Error("an answered question is asked again")
		}
	})
}

func TestQuestionsEndWithTheirTimeAndAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &county{}
		d := desk(t, c)
		ask := func(workstation, target string) error {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			_, err := d.Ask(ctx, workstation, wire.ProbeSpec{Kind: inventory.ProbePing, Target: target})
			return err
		}
		if err := ask("w09999999", "10.0.0.1"); !errors.Is(err, inventory.ErrNotFound) {
			t.Errorf("an unknown workstation: %v", err)
		}
		if err := ask("w00000001", "not a target"); err == nil {
			t.Error("nonsense is asked")
		}
		begun := time.Now()
		if err := ask("w00000001", "10.0.0.1"); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 30*time.Second {
			t.Errorf("nobody answers: %v after %s", err, time.Since(begun))
		}
		if len(d.Asks("w00000001")) != 1 {
			t.Error("the question did not wait for the next report")
		}
		for i := range 2 * wire.MaxAsks {
			_, _, err := d.enter("w00000001", wire.ProbeSpec{Kind: inventory.ProbePing, Target: fmt.Sprint("10.0.1.", i)})
			if (err != nil) != (i >= wire.MaxAsks-1) || err != nil && !errors.Is(err, ErrBusy) {
				t.Errorf("question %d: %v", i, err)
			}
		}
		<-time.After(askedFor + time.Second)
		if n := len(d.Asks("w00000001")); n != 0 {
			t.Errorf("%d questions still wait", n)
		}
		closed := make(chan error, 1)
		go func() { closed <- ask("w00000002", "10.0.0.1") }()
		synctest.Wait()
		d.Close()
		if err := <-closed; !errors.Is(err, ErrClosed) {
			t.Errorf("at the end: %v", err)
		}
	})
}
