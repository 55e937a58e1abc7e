package readiness

import (
	"time"

	"muster/inventory"
)

// Facts is everything about one site, as rows for the criteria. For a gate of a
// wave or a programme Key is its code, and Sites and Milestones hold its rows.
// Rows are read only while they are judged; a Judge keeps them until they are
// replaced.
type Facts struct {
	Key  string         // a site's code; of wider gates the wave's or the programme's
	Site inventory.Site // of wider gates: hours and zone of those who work on it
	Zone *time.Location // of the site; nil is UTC
	// Shut are days on which the site stays shut although its hours say otherwise:
	// bank holidays. They age no measurement.
	Shut []inventory.DaySpan

	Positions    []PositionRow
	Workstations []WorkstationRow
	Assets       []AssetRow
	Access       []AccessRow
	Staff        []StaffRow
	Links        []LinkRow
	Milestones   []MilestoneRow
	Software     []SoftwareRow
	SiteRow      SiteRow   // over: site
	Sites        []SiteRow // over: sites, of a wave or a programme
}

// PositionRow is a desk with its swap and what stands there now.
type PositionRow struct {
	Key  string    `json:"key,omitempty"` // the position's code
	At   time.Time `json:"at,omitzero"`
	Code string    `json:"code,omitempty"`
	Room string    `json:"room,omitempty"`
	Role string    `json:"role,omitempty"`
	// Class is a column of the access matrix: standard, laptop, kiosk.
	Class    string   `json:"class,omitempty"`
	Asset    string   `json:"asset,omitempty"` // the tag of what stands there, as declared
	InScope  bool     `json:"in_scope"`
	OutScope string   `json:"out_of_scope,omitempty"` // why it is not
	Swap     SwapPart `json:"swap"`
	// Workstation is what reports from the position; nil: nothing does.
	Workstation *WorkstationRow `json:"workstation,omitempty"`
}

// SwapPart is a position's swap. The zero part is "no swap is planned".
type SwapPart struct {
	State    inventory.SwapState `json:"state"`
	Verified bool                `json:"verified"` // by evidence, or declared
	Declared bool                `json:"declared"` // verified, with a half that rests on a person's word
	Done     bool                `json:"done"`     // as a person says
	NewSeen  bool                `json:"new_seen"` // the new half is known
	OldGone  bool                `json:"old_gone"` // the old half is known
	Failed   string              `json:"failed,omitempty"`
	Missing  []string            `json:"missing,omitempty"` // why a done one is not verified yet
	Checks   map[string]bool     `json:"checks,omitempty"`  // what persons tried at the desk, the newest of each name
}

// WorkstationRow is what an agent last reported of its machine.
type WorkstationRow struct {
	Key     string               `json:"key,omitempty"` // the workstation's id
	At      time.Time            `json:"at,omitzero"`   // of its last report
	ID      string               `json:"id,omitempty"`
	Name    string               `json:"name,omitempty"`
	Asset   string               `json:"asset,omitempty"`
	Class   string               `json:"class,omitempty"`
	Present inventory.Fact[bool] `json:"present"` // silence is unknown: it never fails a gate by itself
	SiteOK  inventory.Fact[bool] `json:"site_ok"` // it reports from its home site's subnet
	OS      OSPart               `json:"os"`
	HardwarePart

	Software        SoftwarePart            `json:"software"`
	Protection      inventory.Fact[bool]    `json:"protection"`         // a product is there and on
	ProtectionFresh inventory.Fact[bool]    `json:"protection_current"` // and its signatures are current
	Firewall        inventory.Fact[bool]    `json:"firewall"`
	RestartPending  inventory.Fact[bool]    `json:"restart_pending"`
	DiskFreeRatio   inventory.Fact[float64] `json:"disk_free_ratio"` // of the fullest disk
	Conflict        bool                    `json:"conflict"`        // two machines use its identity
}

// OSPart is an operating system and its patch level.
type OSPart struct {
	Family      inventory.Fact[string] `json:"family"`
	Name        inventory.Fact[string] `json:"name"`
	Version     inventory.Fact[string] `json:"version"`
	Build       inventory.Fact[int]    `json:"build"`        // 22631 of Windows' 22631.4317
	PatchedDays inventory.Fact[int]    `json:"patched_days"` // between the newest update and the report
}

// HardwarePart is what both a workstation and an asset know of their hardware.
type HardwarePart struct {
	MemoryGiB  inventory.Fact[float64] `json:"memory_gib"`
	DiskGiB    inventory.Fact[float64] `json:"disk_gib"` // the system disk's size, not its free space
	TPM        TPMPart                 `json:"tpm"`
	SecureBoot SecureBootPart          `json:"secure_boot"`
	Firmware   inventory.Fact[string]  `json:"firmware"` // uefi or bios
	CPU        CPUPart                 `json:"cpu"`
	Windows11  Windows11               `json:"windows11"`
}

// TPMPart is a trusted platform module.
type TPMPart struct {
	Present inventory.Fact[bool]    `json:"present"`
	Version inventory.Fact[float64] `json:"version"`
}

// SecureBootPart keeps capable and enabled apart.
type SecureBootPart struct {
	Capable inventory.Fact[bool] `json:"capable"`
	Enabled inventory.Fact[bool] `json:"enabled"`
}

// CPUPart is a processor.
type CPUPart struct {
	Vendor inventory.Fact[string] `json:"vendor"`
	Name   inventory.Fact[string] `json:"name"`
	Family inventory.Fact[int]    `json:"family"`
	Model  inventory.Fact[int]    `json:"model"`
	Cores  inventory.Fact[int]    `json:"cores"`
	MHz    inventory.Fact[int]    `json:"mhz"`
}

// SoftwarePart is a workstation against its baseline. Unknown where there is no
// baseline for it, or no list of programs.
type SoftwarePart struct {
	Missing inventory.Fact[[]string] `json:"missing"`
	Old     inventory.Fact[[]string] `json:"old"`
	Surplus inventory.Fact[[]string] `json:"surplus"`
}

// AssetRow is a thing that the organisation owns, with what an agent or a file
// knows of its hardware.
type AssetRow struct {
	Key          string                  `json:"key,omitempty"` // the asset's tag
	At           time.Time               `json:"at,omitzero"`
	Tag          string                  `json:"tag,omitempty"`
	Kind         inventory.AssetKind     `json:"kind"`
	Maker        string                  `json:"maker,omitempty"`
	Model        string                  `json:"model,omitempty"`
	State        inventory.AssetState    `json:"state"`
	Position     string                  `json:"position,omitempty"`
	AgeYears     inventory.Fact[float64] `json:"age_years"`
	WarrantyDays inventory.Fact[int]     `json:"warranty_days"` // left; negative: it is over
	HardwarePart
}

// AccessRow is one service as one workstation reaches it.
type AccessRow struct {
	Key         string                  `json:"key,omitempty"` // workstation/service
	At          time.Time               `json:"at,omitzero"`
	Service     string                  `json:"service,omitempty"`
	Class       string                  `json:"class,omitempty"` // of the workstation
	Workstation string                  `json:"workstation,omitempty"`
	Reachable   inventory.Fact[bool]    `json:"reachable"`
	P95Millis   inventory.Fact[float64] `json:"p95_ms"`
	Error       string                  `json:"error,omitempty"` // the class of the failure; empty: none
}

// StaffRow is one person's post with its training. It carries no name.
type StaffRow struct {
	Key      string                  `json:"key,omitempty"` // the staff number
	At       time.Time               `json:"at,omitzero"`
	Number   string                  `json:"number,omitempty"`
	Role     string                  `json:"role,omitempty"`
	Training map[string]TrainingPart `json:"training,omitempty"` // by course: every course of the register
}

// TrainingPart is one course of one person.
type TrainingPart struct {
	Complete bool           `json:"complete"`
	Needed   bool           `json:"needed"` // by the person's role
	On       inventory.Date `json:"on,omitempty"`
	Until    inventory.Date `json:"until,omitempty"` // empty: for ever
}

// LinkRow is one circuit.
type LinkRow struct {
	Key           string                  `json:"key,omitempty"` // the circuit
	At            time.Time               `json:"at,omitzero"`
	Circuit       string                  `json:"circuit,omitempty"`
	Carrier       string                  `json:"carrier,omitempty"`
	Role          inventory.LinkRole      `json:"role"`
	Up            inventory.Fact[bool]    `json:"up"`
	LossRatio     inventory.Fact[float64] `json:"loss_ratio"`
	RTTMillis     inventory.Fact[float64] `json:"rtt_ms"`
	Available     inventory.Fact[float64] `json:"available_ratio"` // over the runner's stated period
	DownKbps      inventory.Fact[int]     `json:"down_kbps"`
	OpenIncidents int                     `json:"open_incidents"`
}

// MilestoneRow is a step of moving records.
type MilestoneRow struct {
	Key        string         `json:"key,omitempty"` // the milestone's code
	At         time.Time      `json:"at,omitzero"`
	Code       string         `json:"code,omitempty"`
	Area       string         `json:"area,omitempty"`
	Wave       string         `json:"wave,omitempty"`
	Name       string         `json:"name,omitempty"`
	Owner      string         `json:"owner,omitempty"`
	Done       bool           `json:"done"`
	Reconciled bool           `json:"reconciled"`
	Waits      []string       `json:"waits,omitempty"` // milestones that must be done before it and are not
	Planned    inventory.Date `json:"planned,omitempty"`
	Actual     inventory.Date `json:"actual,omitempty"`
	LateDays   int            `json:"late_days"` // past its plan and not done
	Expected   int            `json:"expected"`
	Moved      int            `json:"moved"`
	Rejected   int            `json:"rejected"`
}

// SoftwareRow is one program of a baseline on one workstation.
type SoftwareRow struct {
	Key         string                 `json:"key,omitempty"` // workstation/program
	At          time.Time              `json:"at,omitzero"`
	Workstation string                 `json:"workstation,omitempty"`
	Program     string                 `json:"program,omitempty"`
	State       inventory.Fact[string] `json:"state"`             // present, missing, old, surplus
	Version     string                 `json:"version,omitempty"` // as installed
	Wanted      string                 `json:"wanted,omitempty"`  // the least version
}

// SiteRow is a site as a whole: the one row of `over: site`, and one of many in a
// gate of a wave or a programme.
type SiteRow struct {
	Key           string                  `json:"key,omitempty"` // the site's code
	At            time.Time               `json:"at,omitzero"`
	Code          string                  `json:"code,omitempty"`
	Name          string                  `json:"name,omitempty"`
	Kind          string                  `json:"kind,omitempty"`
	District      string                  `json:"district,omitempty"`
	Wave          string                  `json:"wave,omitempty"`
	OpenIncidents inventory.Fact[int]     `json:"open_incidents"`
	PresentRatio  inventory.Fact[float64] `json:"present_ratio"`
	Expected      int                     `json:"expected"`       // workstations
	Gates         map[string]GatePart     `json:"gate,omitempty"` // by name: how its own gates stand
}

// GatePart is how a gate stands at a site.
type GatePart struct {
	Verdict  inventory.ReadyVerdict `json:"verdict"`
	Signed   bool                   `json:"signed"` // a sign-off holds
	Blockers int                    `json:"blockers"`
}
