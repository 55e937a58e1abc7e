package stops

import (
	"encoding/binary"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// Who writes what is read of the System log.
const (
	providerPower   = "Microsoft-Windows-Kernel-Power"
	providerGeneral = "Microsoft-Windows-Kernel-General"
	providerBoot    = "Microsoft-Windows-Kernel-Boot"
	providerLog     = "EventLog"
	providerUser    = "User32"
	providerCrash   = "Microsoft-Windows-WER-SystemErrorReporting"
)

// Numbers of events.
const (
	eventBegun     = 12   // Kernel-General: the system started
	eventEnded     = 13   // Kernel-General: the system shuts down
	eventBootType  = 27   // Kernel-Boot: cold, or with what a fast start kept
	eventPowerLost = 41   // Kernel-Power: started without having shut down cleanly
	eventGoes      = 109  // Kernel-Power: the kernel shuts down, with the action
	eventBugcheck  = 1001 // the machine restarted after a stop error
	eventAsked     = 1074 // User32: somebody or something asked for it
	eventLogClosed = 6006 // EventLog: the log ends, as at each clean stop
	eventUnclean   = 6008 // EventLog: the previous shutdown was unexpected
)

// actionReset is POWER_ACTION's PowerActionShutdownReset.
const actionReset = "5"

// Distances in a log: a boot is told by two events, and what is wrong with the
// boot before is told in the first minutes.
const (
	sameBoot   = time.Minute
	toldWithin = 30 * time.Minute
)

// isBoot reports whether an event begins a boot. A resume from hibernation is none.
func (e event) isBoot() bool {
	switch {
	case e.provider == providerGeneral && e.id == eventBegun:
		return true
	case e.provider == providerBoot && e.id == eventBootType:
		kind := e.fields["BootType"]
		return kind == "0" || kind == "1"
	}
	return false
}

// stopsOfEvents judges the end before each boot: by what was written before it of
// a clean stop, and after it of an unclean one. Events come in any order.
func stopsOfEvents(events []event) []inventory.Stop {
	events = slices.Clone(events)
	sort.SliceStable(events, func(i, j int) bool { return events[i].at.Before(events[j].at) })
	var boots []time.Time
	for _, e := range events {
		if e.isBoot() && (len(boots) == 0 || e.at.Sub(boots[len(boots)-1]) > sameBoot) {
			boots = append(boots, e.at)
		}
	}
	var stops []inventory.Stop
	for i, boot := range boots {
		var before time.Time
		if i > 0 {
			before = boots[i-1]
		}
		after := boot.Add(toldWithin)
		if i+1 < len(boots) && boots[i+1].Before(after) {
			after = boots[i+1]
		}
		if s, ok := judge(events, before, boot, after); ok {
			stops = append(stops, s)
		}
	}
	return newest(stops)
}

// judge finds how the boot between from and boot ended. What is written up to
// sameBoot around a boot may stand on either side of it. False means that the log
// does not reach back so far.
func judge(events []event, from, boot, told time.Time) (inventory.Stop, bool) {
	unclean, clean := inventory.Stop{}, inventory.Stop{}
	for _, e := range events {
		switch {
		case e.at.Before(from):
		case !e.at.Before(boot.Add(-sameBoot)) && e.at.Before(told) && uncleanBy(&unclean, e, boot):
		case e.at.Before(boot):
			cleanBy(&clean, e)
		}
	}
	switch {
	case unclean.Source != "":
		return unclean, true
	case clean.Source != "":
		return clean, true
	}
	return inventory.Stop{}, false
}

// uncleanBy adds what an event says of a stop that was not clean.
func uncleanBy(s *inventory.Stop, e event, boot time.Time) bool {
	kind, source, detail := inventory.StopUnclean, "", ""
	switch {
	case e.provider == providerPower && e.id == eventPowerLost:
		source = "Kernel-Power 41"
		if code, err := strconv.ParseUint(e.fields["BugcheckCode"], 0, 64); err == nil && code != 0 {
			kind, detail = inventory.StopCrash, "stop code 0x"+strconv.FormatUint(code, 16)
		}
	case e.provider == providerLog && e.id == eventUnclean:
		source = "EventLog 6008"
	case e.provider == providerCrash && e.id == eventBugcheck:
		kind, source = inventory.StopCrash, "BugCheck 1001"
		code, _, _ := strings.Cut(e.fields["param1"], " ")
		if n, err := strconv.ParseUint(code, 0, 64); err == nil {
			detail = "stop code 0x" + strconv.FormatUint(n, 16)
		}
	default:
		return false
	}
	if s.Source == "" {
		s.At, s.Kind = boot, kind
	} else {
		s.Source += ", "
	}
	s.Source += source
	if kind == inventory.StopCrash {
		s.Kind = kind
	}
	if detail != "" {
		s.Detail = detail
	}
	if at, ok := lastAlive(e.binary, boot); ok && source == "EventLog 6008" {
		s.At = at
	}
	return true
}

// cleanBy takes what an event says of a clean stop; the last word counts, and the
// kernel's outranks the one who asked.
func cleanBy(s *inventory.Stop, e event) {
	switch {
	case e.provider == providerUser && e.id == eventAsked:
		kind, _ := askedFor(e)
		*s = inventory.Stop{At: e.at, Kind: kind, Source: "User32 1074"}
	case e.provider == providerPower && e.id == eventGoes:
		kind := inventory.StopShutdown
		if e.fields["ShutdownActionType"] == actionReset {
			kind = inventory.StopRestart
		}
		*s = inventory.Stop{At: e.at, Kind: kind, Source: "Kernel-Power 109"}
	case s.Source != "":
	case e.provider == providerGeneral && e.id == eventEnded:
		*s = inventory.Stop{At: e.at, Kind: inventory.StopShutdown, Source: "Kernel-General 13"}
	case e.provider == providerLog && e.id == eventLogClosed:
		*s = inventory.Stop{At: e.at, Kind: inventory.StopShutdown, Source: "EventLog 6006"}
	}
}

// askedFor reads the kind of stop of a 1074. Windows writes it in its display
// language; other words than English ones count as a shutdown, which the kernel's
// own event corrects. False means that the words were not known.
func askedFor(e event) (inventory.StopKind, bool) {
	word := e.fields["param5"]
	if word == "" {
		word = e.fields["5"]
	}
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "restart", "reboot":
		return inventory.StopRestart, true
	case "shutdown", "shut down", "power off", "poweroff":
		return inventory.StopShutdown, true
	}
	return inventory.StopShutdown, false
}

// begun is what was asked for within the last minutes before now.
func begun(events []event, now time.Time, within time.Duration) (inventory.StopKind, bool) {
	var last *event
	for i, e := range events {
		if e.provider == providerUser && e.id == eventAsked && now.Sub(e.at) <= within && (last == nil || e.at.After(last.at)) {
			last = &events[i]
		}
	}
	if last == nil {
		return "", false
	}
	return askedFor(*last)
}

// lastAlive reads from a 6008 when the system last was known to run: two
// SYSTEMTIMEs, in local time and in UTC. They must agree but for a zone.
func lastAlive(b []byte, boot time.Time) (time.Time, bool) {
	if len(b) < 32 {
		return time.Time{}, false
	}
	local, ok := systemTime(b)
	at, also := systemTime(b[16:])
	apart := local.Sub(at)
	quarter := (apart + 7*time.Minute).Truncate(15*time.Minute) - apart
	if !ok || !also || apart.Abs() > 14*time.Hour || quarter.Abs() > time.Minute || at.After(boot) || boot.Sub(at) > 400*24*time.Hour {
		return time.Time{}, false
	}
	return at, true
}

// systemTime reads a SYSTEMTIME: eight 16-bit numbers.
func systemTime(b []byte) (time.Time, bool) {
	n := func(i int) int { return int(binary.LittleEndian.Uint16(b[2*i:])) }
	year, month, day := n(0), n(1), n(3)
	if year < 1980 || year > 2300 || month < 1 || month > 12 || day < 1 || day > 31 || n(4) > 23 || n(5) > 59 || n(6) > 59 || n(7) > 999 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, n(4), n(5), n(6), n(7)*1e6, time.UTC), true
}
