package incident

import (
	"fmt"
	"time"

	"muster/inventory"
)

// proveSingle says how one machine that is back was silent: by its journal, the
// system's own records of stops, and its boots.
func (e *Engine) proveSingle(t *trouble, now time.Time) {
	m := e.machines[t.Incident.Scope.Workstation]
	if m == nil || t.Incident.Cause == inventory.CauseMoved {
		return
	}
	v := t.Live
	v.At = now
	if !e.readSingle(m, t, &v, now) {
		return
	}
	was := t.Incident
	if was.Cause == v.Cause && rank(was.Grade) >= rank(v.Grade) {
		return
	}
	e.judgeInto(t, v)
	e.weigh(t, now)
	e.say(t, inventory.IncidentRevised, now, false)
}

// readSingle fills the verdict in; it reports false where nothing more is known.
func (e *Engine) readSingle(m *machine, t *trouble, v *inventory.Verdict, now time.Time) bool {
	from, to := t.Onset.Add(-2*e.rules.RebootNear), t.ClearAt
	v.Grade, v.Confidence = inventory.GradeCorroborated, 0.85
	where := fmt.Sprintf("%s at %s", m.id, t.Incident.Scope.Site)
	for _, s := range m.stops {
		if s.At.Before(from) || s.At.After(to) {
			continue
		}
		if s.Clean {
			v.Cause, v.Rule = inventory.CauseWorkstationOff, "clean-stop-recorded"
			v.Reason = fmt.Sprintf("%s was stopped cleanly (%s), by the system's own record; its word to us was lost.", where, s.Kind)
		} else {
			v.Cause, v.Rule = inventory.CauseWorkstationCrashed, "unclean-stop-recorded"
			v.Reason = fmt.Sprintf("%s ended without a clean stop (%s), by the system's own record.", where, s.Kind)
		}
		return true
	}
	var before, after *entry
	during, edges := 0, ""
	for i := range m.entries {
		x := &m.entries[i]
		switch {
		case !x.At.After(t.Onset):
			before = x
		case x.At.Before(to):
			during++
			if x.Carrier == "no" {
				edges = "its cable or Wi-Fi was gone"
			}
			fallthrough
		default:
			if after == nil {
				after = x
			}
		}
	}
	switch {
	case before != nil && before.Kind == "leave" && before.Reason == string(inventory.LeaveSleep):
		v.Cause, v.Rule, v.Reason = inventory.CauseWorkstationAsleep, "sleep-in-journal", where+" was asleep, by its journal; its word to us was lost."
	case before != nil && before.Kind == "leave":
		v.Cause, v.Rule, v.Reason = inventory.CauseWorkstationOff, "leave-in-journal", where+" was stopped cleanly, by its journal; its word to us was lost."
	case before != nil && after != nil && after.Boot != before.Boot:
		v.Cause, v.Rule = inventory.CauseWorkstationCrashed, "new-boot-without-stop"
		v.Reason = where + " came back with a new boot, and its journal ends without a clean stop."
	case before != nil && after != nil && after.Kind == "start":
		v.Cause, v.Rule, v.Reason = inventory.CauseAgentFault, "agent-started-again", where+" ran on; its agent stopped and was started again."
	case during > 1 && edges != "":
		v.Cause, v.Rule, v.Reason = inventory.CauseWorkstationSilent, "cable-out", where+" ran on; "+edges+"."
	case after == nil && m.was != "" && m.boot != m.was && m.bootAt.After(t.Onset) && now.Sub(to) >= e.rules.MachineWait:
		v.Cause, v.Rule, v.Grade, v.Confidence = inventory.CauseWorkstationCrashed, "new-boot", inventory.GradeInferred, 0.6
		v.Reason = where + " came back with a new boot and had given no reason; its journal is still awaited."
	default:
		return false
	}
	return true
}
