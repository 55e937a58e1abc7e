package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/notify"
	"muster/controller/store"
	"muster/inventory"
)

// shelf is a sink that remembers, and fails while it is told to.
type shelf struct {
	mu   sync.Mutex
	err  error
	got  []string
	hang bool
}

func (s *shelf) Send(ctx context.Context, d inventory.Delivery) error {
	s.mu.Lock()
	err, hang := s.err, s.hang
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, string(d.Kind))
	return nil
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *shelf) has() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.got...)
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "muster.db"), BackupDir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// county is what the desk is told of incidents.
type county struct {
	mu        sync.Mutex
	incidents map[string]inventory.Incident
}

func (c *county) put(i inventory.Incident) inventory.Incident {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.incidents[i.ID] = i
	return i
}

func (c *county) all(context.Context) ([]inventory.Incident, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []inventory.Incident
	for _, i := range c.incidents {
		out = append(out, i)
	}
	return out, nil
}

func (c *county) one(_ context.Context, id string) (inventory.Incident, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, known := c.incidents[id]
	if !known {
		return i, inventory.ErrNotFound
	}
	return i, nil
}

func openDesk(t *testing.T, s *store.Store, c *county, sinks map[string]notify.Sink, routes ...notify.Route) *notify.Desk {
	t.Helper()
	d, err := notify.New(notify.Options{
		Store: s, Plan: notify.Plan{Routes: routes, Zone: time.UTC}, Incidents: c.all, Incident: c.one, Sinks: sinks, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Facts: func(_ context.Context, i inventory.Incident) notify.Facts {
			return notify.Facts{Incident: i, Zone: time.UTC}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
}

func opened(id string) inventory.Incident {
	return inventory.Incident{
		ID: id, Cause: inventory.CauseSiteLinkDown, Grade: inventory.GradeProven, State: inventory.IncidentOpen, Severity: inventory.SeverityMajor,
		Scope: inventory.Scope{Site: "S003"}, StartedAt: time.Now(), OpenedAt: time.Now(), People: 4,
	}
}

func change(step inventory.IncidentStep, i inventory.Incident) inventory.IncidentChange {
	return inventory.IncidentChange{Step: step, At: time.Now(), Incident: i}
}

func wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// bubble runs a test with a desk's clock in the test's hands.
func bubble(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, openStore(t)) })
}

func sent(t *testing.T, what string, s *shelf, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, s.has()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestAFailingSinkIsRetriedAndShownAndDelaysNoOther(t *testing.T) {
	bubble(t, func(t *testing.T, s *store.Store) {
		bad, good, stuck := &shelf{err: errors.New("no route to it")}, &shelf{}, &shelf{hang: true}
		c := &county{incidents: map[string]inventory.Incident{}}
		d := openDesk(t, s, c, map[string]notify.Sink{"bad": bad, "good": good, "stuck": stuck},
			notify.Route{To: []notify.Target{{Sink: "bad"}, {Sink: "good"}, {Sink: "stuck"}}})
		defer d.Close()
		d.Heard(change(inventory.IncidentOpened, c.put(opened("i00000001"))))
		wait(time.Second)
		sent(t, "at once", good, "opening")
		sent(t, "the failing one", bad)
		status := d.Status()
		if status[0].Name != "bad" || status[0].FailingSince.IsZero() || status[0].Problem != "no route to it" || status[0].Waiting != 1 {
			t.Errorf("the failing sink is shown as %+v", status[0])
		}
		wait(time.Hour)
		bad.fail(nil)
		wait(16 * time.Minute)
		sent(t, "an hour later", bad, "opening")
		if h := d.Status()[0]; !h.FailingSince.IsZero() || h.Waiting != 0 {
			t.Errorf("the mended sink is shown as %+v", h)
		}
	})
}

func TestARestartNeitherRepeatsNorForgets(t *testing.T) {
	bubble(t, func(t *testing.T, s *store.Store) {
		sink := &shelf{}
		c := &county{incidents: map[string]inventory.Incident{}}
		route := notify.Route{To: []notify.Target{{Sink: "ops"}}}
		sinks := map[string]notify.Sink{"ops": sink}

		d := openDesk(t, s, c, sinks, route)
		d.Heard(change(inventory.IncidentOpened, c.put(opened("i00000001"))))
		wait(time.Second)
		sink.fail(errors.New("down"))
		d.Heard(change(inventory.IncidentOpened, c.put(opened("i00000002"))))
		wait(time.Second)
		d.Close()
		c.put(opened("i00000003")) // its step is lost: the controller stopped in between
		sink.fail(nil)

		d = openDesk(t, s, c, sinks, route)
		wait(time.Minute)
		sent(t, "after the restart", sink, "opening", "opening", "opening")
		d.Close()
		d = openDesk(t, s, c, sinks, route)
		wait(time.Minute)
		d.Close()
		sent(t, "after another", sink, "opening", "opening", "opening")
	})
}

func TestWhatIsRefusedForGoodIsGivenUpAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *store.Store) {
		sink := &shelf{err: notify.ErrRefused}
		c := &county{incidents: map[string]inventory.Incident{}}
		d := openDesk(t, s, c, map[string]notify.Sink{"ops": sink}, notify.Route{To: []notify.Target{{Sink: "ops"}}})
		defer d.Close()
		d.Heard(change(inventory.IncidentOpened, c.put(opened("i00000001"))))
		wait(time.Second)
		found, _, err := s.Deliveries(context.Background(), inventory.DeliveryFilter{})
		if err != nil || len(found) != 1 || found[0].GivenUpAt.IsZero() || found[0].Problem == "" {
			t.Errorf("deliveries %+v, %v", found, err)
		}
	})
}

func TestEscalationsComeWithTime(t *testing.T) {
	bubble(t, func(t *testing.T, s *store.Store) {
		first, next := &shelf{}, &shelf{}
		c := &county{incidents: map[string]inventory.Incident{}}
		d := openDesk(t, s, c, map[string]notify.Sink{"first": first, "next": next}, notify.Route{
			To:       []notify.Target{{Sink: "first"}},
			Escalate: []notify.Rung{{After: notify.Duration(15 * time.Minute), To: []notify.Target{{Sink: "next"}}}},
		})
		defer d.Close()
		d.Heard(change(inventory.IncidentOpened, c.put(opened("i00000001"))))
		wait(14 * time.Minute)
		sent(t, "early", next)
		wait(2 * time.Minute)
		sent(t, "a quarter of an hour later", next, "escalation")
	})
}
