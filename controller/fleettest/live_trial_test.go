//go:build linux

package fleettest_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/inventory"
)

// patience is how long a verdict is waited for. Tests hold verdicts, not times: a
// machine that does ten things at once is slow and not wrong.
const patience = 6 * time.Minute

// trial is one scenario as it was played: scenarios run side by side, on sites of
// their own, and are reported one by one.
type trial struct {
	*liveCounty
	name    string
	allowed []inventory.Cause // every verdict of its incidents is one of these
	began   time.Time

	mu       sync.Mutex // guards what follows
	claimed  []string   // incidents that it caused
	problems []string
}

// logf says how it goes, while it goes: a run takes minutes.
func (x *trial) logf(format string, args ...any) {
	x.tb.Logf("%s, %.1f s: %s", x.name, time.Since(x.began).Seconds(), fmt.Sprintf(format, args...))
}

func (x *trial) errorf(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.problems = append(x.problems, fmt.Sprintf(format, args...))
	x.tb.Logf("%s, %.1f s: WRONG: %s", x.name, time.Since(x.began).Seconds(), x.problems[len(x.problems)-1])
}

// until waits for something to be so; false means that it never was.
func (x *trial) until(what string, is func() bool) bool {
	begun := time.Now()
	for !is() {
		if time.Since(begun) > patience {
			x.errorf("after %s it is still not so: %s", patience, what)
			return false
		}
		x.Pass(250 * time.Millisecond)
	}
	return true
}

// await waits for an incident that began with this trial or was claimed by it.
func (x *trial) await(what string, is func(inventory.Incident) bool) (found inventory.Incident, ok bool) {
	ok = x.until(what, func() bool {
		all, _ := x.seen.incidents()
		for _, i := range all {
			if (!i.DetectedAt.Before(x.began) || x.claims(i.ID)) && i.State != inventory.IncidentFolded && is(i) {
				found = i
				return true
			}
		}
		return false
	})
	if ok {
		x.claim(found.ID)
	}
	return found, ok
}

func (x *trial) claims(id string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Contains(x.claimed, id)
}

func (x *trial) claim(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !slices.Contains(x.claimed, id) {
		x.claimed = append(x.claimed, id)
	}
}

// opened waits until the incident with one of the causes is open and told of, and
// notes how long each took since the fault.
func (x *trial) opened(fault time.Time, about func(inventory.Scope) bool, causes ...inventory.Cause) (inventory.Incident, bool) {
	i, ok := x.await(fmt.Sprintf("an incident is open as %v", causes), func(i inventory.Incident) bool {
		return about(i.Scope) && slices.Contains(causes, i.Cause) && i.State == inventory.IncidentOpen
	})
	if !ok {
		return i, false
	}
	x.until("somebody is told of "+i.ID, func() bool { return len(x.hook.of(i.ID, inventory.DeliverOpening)) > 0 })
	named := i.DetectedAt
	for _, v := range i.Verdicts {
		if slices.Contains(causes, v.Cause) {
			named = v.At
			break
		}
	}
	notified := "never"
	if first := x.hook.of(i.ID, inventory.DeliverOpening); len(first) > 0 {
		notified = fmt.Sprintf("%.1f s", first[0].at.Sub(fault).Seconds())
	}
	x.logf("%s %s: detected %.1f s, named %.1f s, notified %s after the fault: %s", i.ID, i.Cause,
		i.DetectedAt.Sub(fault).Seconds(), named.Sub(fault).Seconds(), notified, i.Reason())
	return i, true
}

// ended waits until the incident is resolved as cause, proven where that can be.
func (x *trial) ended(id string, healed time.Time, cause inventory.Cause, grade inventory.Grade) {
	i, ok := x.await(fmt.Sprintf("%s is resolved as %s, %s", id, cause, grade), func(i inventory.Incident) bool {
		return i.ID == id && i.State == inventory.IncidentResolved && i.Cause == cause && (grade == "" || i.Grade == grade)
	})
	if !ok {
		return
	}
	revised := ""
	if last := i.Verdicts[len(i.Verdicts)-1]; last.At.After(healed) {
		revised = fmt.Sprintf(", known %.1f s after it", last.At.Sub(healed).Seconds())
	}
	x.logf("%s resolved %.1f s after the healing, %s %s%s: %s", id, i.ResolvedAt.Sub(healed).Seconds(), i.Grade, i.Cause, revised, i.Reason())
}

// report says what was found, and holds every verdict that was ever shown against
// those that are right.
func (x *trial) report(t *testing.T) {
	for _, line := range x.problems {
		t.Error(line)
	}
	all, err := x.seen.incidents()
	if err != nil {
		t.Errorf("cannot ask the controller: %v", err)
	}
	for _, i := range all {
		if !slices.Contains(x.claimed, i.ID) {
			continue
		}
		for _, v := range i.Verdicts {
			if !slices.Contains(x.allowed, v.Cause) && v.Cause != inventory.CauseUnknown {
				t.Errorf("%s was called %s (%.2f, %s) at %s: %s", i.ID, v.Cause, v.Confidence, v.Grade, v.At.Format(time.TimeOnly), v.Reason)
			}
		}
		if n := len(x.hook.of(i.ID, inventory.DeliverOpening)); n > 1 {
			t.Errorf("%s was told of as new %d times", i.ID, n)
		}
	}
	if t.Failed() {
		t.Logf("what the controller knew: %s", x.evidence(t, all))
	}
}

func (x *trial) evidence(t *testing.T, all []inventory.Incident) string {
	var kept []string
	for _, i := range all {
		if slices.Contains(x.claimed, i.ID) || len(x.claimed) == 0 && !i.DetectedAt.Before(x.began) {
			kept = append(kept, fmt.Sprintf("%s %s %s %s", i.ID, i.State, i.Cause, x.keep(t.ArtifactDir(), i.ID)))
		}
	}
	return strings.Join(kept, "; ")
}

// unexpected are incidents that no trial caused: neither how one machine stands, nor
// what healed by itself, nor what went into a wider one that a trial caused.
func unexpected(all []inventory.Incident, trials []*trial, from time.Time) (found []inventory.Incident) {
	caused := func(id string) bool {
		return slices.ContainsFunc(trials, func(x *trial) bool { return x.claims(id) })
	}
	for _, i := range all {
		switch {
		case i.DetectedAt.Before(from), i.Cause.Presence(), i.State == inventory.IncidentBlip, caused(i.ID), i.Into != "" && caused(i.Into):
		default:
			found = append(found, i)
		}
	}
	return found
}
