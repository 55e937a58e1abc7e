package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"muster/inventory"
)

// Report is one numbered message of a workstation. (Workstation, Run, Seq) is
// its name: a repeat is harmless, the same name with another body is evidence of
// a cloned identity.
type Report struct {
	Version     int           `json:"v"`
	Workstation string        `json:"workstation"`
	Run         string        `json:"run"` // random, new with each journal file
	Seq         uint64        `json:"seq"` // 1, 2, 3 … within the run
	Boot        string        `json:"boot"`
	BootClock   time.Duration `json:"boot_clock_ns"` // clock since boot, suspend included, at reading
	Wall        time.Time     `json:"wall"`          // the machine's own idea of the time
	Agent       string        `json:"agent"`         // version

	SettingsVersion string `json:"settings,omitempty"`

	// The pool keys that the agent holds: the number of the newest, and the ids of
	// all, the one that it writes first. They travel when they changed, while there
	// are two, and now and then.
	KeyVersion int      `json:"key,omitempty"`
	PoolKeys   []string `json:"pool_keys,omitempty"`

	Network *inventory.Network `json:"network,omitempty"`
	Health  *inventory.Health  `json:"health,omitempty"`

	// Hashes of the lists as they are now, when one changed and now and then; a
	// controller that lacks a list asks for it.
	Hashes Hashes `json:"hashes,omitzero"`

	Hardware *inventory.Hardware `json:"hardware,omitempty"`
	Firmware *inventory.Firmware `json:"firmware,omitempty"`
	OS       *inventory.OS       `json:"os,omitempty"`
	Software *SoftwareDelta      `json:"software,omitempty"`

	Journal []JournalRecord `json:"journal,omitempty"`

	Probes []inventory.ProbeResult `json:"probes,omitempty"` // at most MaxProbes

	// Stops is how the last boots ended by the system's own records, newest first,
	// at most MaxStops: with the first report of each boot, and when they changed.
	Stops []inventory.Stop `json:"stops,omitempty"`
}

// Hashes names the present content of each list; empty is not read yet.
type Hashes struct {
	Hardware string `json:"hardware,omitempty"`
	Firmware string `json:"firmware,omitempty"`
	OS       string `json:"os,omitempty"`
	Software string `json:"software,omitempty"`
}

func (h Hashes) valid() bool {
	for _, hash := range []string{h.Hardware, h.Firmware, h.OS, h.Software} {
		if hash != "" && !validToken(hash) {
			return false
		}
	}
	return true
}

// Of is the hash that h names for list.
func (h Hashes) Of(list List) string {
	switch list {
	case ListHardware:
		return h.Hardware
	case ListFirmware:
		return h.Firmware
	case ListOS:
		return h.OS
	case ListSoftware:
		return h.Software
	}
	return ""
}

// SoftwareDelta turns the list named Base into the one named by Hashes.Software.
// An empty Base means the whole list is in Added.
type SoftwareDelta struct {
	Base    string              `json:"base,omitempty"`
	Added   []inventory.Program `json:"added,omitempty"`
	Removed []inventory.Program `json:"removed,omitempty"`
	Unknown string              `json:"unknown,omitempty"` // why the list could not be read
}

// Reply acknowledges a report: it is on the controller's disk.
type Reply struct {
	Wire     Range     `json:"wire"`
	Seq      uint64    `json:"seq"`
	Repeat   bool      `json:"repeat,omitempty"` // it had been acknowledged before
	Now      time.Time `json:"now"`
	Settings *Settings `json:"settings,omitempty"` // only when Report.SettingsVersion is not the newest
	Want     []List    `json:"want,omitempty"`
	// WantJournal asks for records between two boot-clock readings of one boot.
	WantJournal *JournalSpan `json:"want_journal,omitempty"`
	// Asks are probes to make at once. They may come twice: each is made once.
	Asks []ProbeSpec `json:"asks,omitempty"`
}

// List names one of the lists that travel apart.
type List string

// The lists.
const (
	ListHardware List = "hardware"
	ListFirmware List = "firmware"
	ListOS       List = "os"
	ListSoftware List = "software"
)

// Lists names every list.
func Lists() []List { return []List{ListHardware, ListFirmware, ListOS, ListSoftware} }

// JournalSpan is a piece of one boot's journal.
type JournalSpan struct {
	Boot string        `json:"boot"`
	From time.Duration `json:"from_ns"`
	To   time.Duration `json:"to_ns"`
}

// DecodeReport parses and validates a report of at most MaxReport bytes.
func DecodeReport(b []byte) (Report, error) {
	var r Report
	if len(b) > MaxReport {
		return r, fmt.Errorf("cannot read report: %d bytes, the limit is %d: %w", len(b), MaxReport, ErrTooLarge)
	}
	if err := decode("report", b, &r); err != nil {
		// Another version may have another shape: then that is what is wrong.
		var head struct {
			Version int `json:"v"`
		}
		if checkDepth(b) == nil && json.Unmarshal(b, &head) == nil && !spoken(head.Version) {
			return r, versionError(head.Version)
		}
		return r, err
	}
	return r, r.Validate()
}

// MaxPoolKeys bounds the pool keys that an agent says it holds.
const MaxPoolKeys = 4

func validKeyIDs(ids []string) bool {
	for _, id := range ids {
		if len(id) != 16 || strings.Trim(id, "0123456789abcdef") != "" {
			return false
		}
	}
	return len(ids) <= MaxPoolKeys
}

// ErrVersion is wrapped by Validate when the report's version is not spoken here.
var ErrVersion = errors.New("wire version not spoken")

func spoken(version int) bool { return version >= Oldest && version <= Version }

func versionError(version int) error {
	return fmt.Errorf("report has version %d, this controller speaks %d to %d: %w", version, Oldest, Version, ErrVersion)
}

// Validate holds the report against its bounds.
func (r Report) Validate() error {
	switch {
	case !spoken(r.Version):
		return versionError(r.Version)
	case !inventory.ValidWorkstationID(r.Workstation):
		return fmt.Errorf("report names no workstation: %.40q", r.Workstation)
	case !validToken(r.Run):
		return fmt.Errorf("report of %s has no usable run id: %.40q", r.Workstation, r.Run)
	case !validToken(r.Boot):
		return fmt.Errorf("report of %s has no usable boot id: %.40q", r.Workstation, r.Boot)
	case r.Seq == 0 || r.Seq > 1<<62:
		return fmt.Errorf("report of %s has sequence number %d", r.Workstation, r.Seq)
	case r.BootClock < 0:
		return fmt.Errorf("report of %s has a negative boot clock", r.Workstation)
	case len(r.Agent) > MaxText:
		return fmt.Errorf("report of %s has an agent version of %d bytes, the limit is %d", r.Workstation, len(r.Agent), MaxText)
	case len(r.SettingsVersion) > MaxText:
		return fmt.Errorf("report of %s has a settings version of %d bytes, the limit is %d", r.Workstation, len(r.SettingsVersion), MaxText)
	case r.KeyVersion < 0:
		return fmt.Errorf("report of %s has pool key version %d", r.Workstation, r.KeyVersion)
	case !validKeyIDs(r.PoolKeys):
		return fmt.Errorf("report of %s names its pool keys by something that is no id of a key, or by more than %d", r.Workstation, MaxPoolKeys)
	case !r.Hashes.valid():
		return fmt.Errorf("report of %s names a list by something that is not a hash", r.Workstation)
	case len(r.Journal) > MaxRecords:
		return fmt.Errorf("report of %s has %d journal records, the limit is %d", r.Workstation, len(r.Journal), MaxRecords)
	case r.Software != nil && len(r.Software.Added)+len(r.Software.Removed) > MaxPrograms:
		return fmt.Errorf("report of %s has %d programs, the limit is %d",
			r.Workstation, len(r.Software.Added)+len(r.Software.Removed), MaxPrograms)
	}
	for i, record := range r.Journal {
		if err := record.Validate(); err != nil {
			return fmt.Errorf("report of %s, journal record %d: %w", r.Workstation, i, err)
		}
	}
	if len(r.Probes) > MaxProbes {
		return fmt.Errorf("report of %s has %d probes, the limit is %d", r.Workstation, len(r.Probes), MaxProbes)
	}
	for i, probe := range r.Probes {
		if err := validateProbe(probe); err != nil {
			return fmt.Errorf("report of %s, probe %d: %w", r.Workstation, i, err)
		}
	}
	return r.validStops()
}
