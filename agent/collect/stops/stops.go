// Package stops reads how this machine's last boots ended, by what its operating
// system has written down: wtmp, the headers of systemd's journal files and pstore
// on Linux, the System event log on Windows, panic reports on macOS.
//
// It is evidence for after the fact: a boot that followed a clean stop, or none.
// The readers are bounded in bytes, records and time; the parsers are pure and
// bear any input. What these records hold of people, such as who signed in or who
// asked for a restart, is passed over and never leaves the parsers. A system that
// says nothing is an error with the reason, never an empty list that looks like a
// machine without faults.
package stops

import (
	"sort"
	"time"

	"muster/inventory"
)

// Most is how many stops are told, the newest.
const Most = 10

// restartWithin is how soon a boot follows a stop that was a restart, where the
// records do not say which it was.
const restartWithin = 3 * time.Minute

// newest sorts stops, newest first, and keeps the last few.
func newest(stops []inventory.Stop) []inventory.Stop {
	sort.SliceStable(stops, func(i, j int) bool { return stops[i].At.After(stops[j].At) })
	return stops[:min(len(stops), Most)]
}
