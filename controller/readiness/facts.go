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
	Key  string // the position's code
	At   time.Time
	Code string
	Room string
	Role string
	// Class is a column of the access matrix: standard, laptop, kiosk.
	Class    string
	Asset    string // the tag of what stands there, as declared
	InScope  bool
	OutScope string // why it is not
	Swap     SwapPart
	// Workstation is what reports from the position; nil: nothing does.
	Workstation *WorkstationRow
}

// SwapPart is a position's swap. The zero part is "no swap is planned".
type SwapPart struct {
	State    inventory.SwapState
	Verified bool // by evidence, or declared
	Declared bool // verified, with a half that rests on a person's word
	Done     bool // as a person says
	NewSeen  bool // the new half is known
	OldGone  bool // the old half is known
	Failed   string
	Missing  []string        // why a done one is not verified yet
	Checks   map[string]bool // what persons tried at the desk, the newest of each name
}

// WorkstationRow is what an agent last reported of its machine.
type WorkstationRow struct {
	Key     string    // the workstation's id
	At      time.Time // of its last report
	ID      string
	Name    string
	Asset   string
	Class   string
	Present inventory.Fact[bool] // silence is unknown: it never fails a gate by itself
	SiteOK  inventory.Fact[bool] // it reports from its home site's subnet
	OS      OSPart
	HardwarePart

	Software        SoftwarePart
	Protection      inventory.Fact[bool] // a product is there and on
	ProtectionFresh inventory.Fact[bool] // and its signatures are current
	Firewall        inventory.Fact[bool]
	RestartPending  inventory.Fact[bool]
	DiskFreeRatio   inventory.Fact[float64] // of the fullest disk
	Conflict        bool                    // two machines use its identity
}

// OSPart is an operating system and its patch level.
type OSPart struct {
	Family      inventory.Fact[string]
	Name        inventory.Fact[string]
	Version     inventory.Fact[string]
	Build       inventory.Fact[int] // 22631 of Windows' 22631.4317
	PatchedDays inventory.Fact[int] // between the newest update and the report
}

// HardwarePart is what both a workstation and an asset know of their hardware.
type HardwarePart struct {
	MemoryGiB  inventory.Fact[float64]
	DiskGiB    inventory.Fact[float64] // the system disk's size, not its free space
	TPM        TPMPart
	SecureBoot SecureBootPart
	Firmware   inventory.Fact[string] // uefi or bios
	CPU        CPUPart
	Windows11  Windows11
}

// TPMPart is a trusted platform module.
type TPMPart struct {
	Present inventory.Fact[bool]
	Version inventory.Fact[float64]
}

// SecureBootPart keeps capable and enabled apart.
type SecureBootPart struct {
	Capable inventory.Fact[bool]
	Enabled inventory.Fact[bool]
}

// CPUPart is a processor.
type CPUPart struct {
	Vendor inventory.Fact[string]
	Name   inventory.Fact[string]
	Family inventory.Fact[int]
	Model  inventory.Fact[int]
	Cores  inventory.Fact[int]
	MHz    inventory.Fact[int]
}

// SoftwarePart is a workstation against its baseline. Unknown where there is no
// baseline for it, or no list of programs.
type SoftwarePart struct {
	Missing inventory.Fact[[]string]
	Old     inventory.Fact[[]string]
	Surplus inventory.Fact[[]string]
}

// AssetRow is a thing that the organisation owns, with what an agent or a file
// knows of its hardware.
type AssetRow struct {
	Key          string // the asset's tag
	At           time.Time
	Tag          string
	Kind         inventory.AssetKind
	Maker        string
	Model        string
	State        inventory.AssetState
	Position     string
	AgeYears     inventory.Fact[float64]
	WarrantyDays inventory.Fact[int] // left; negative: it is over
	HardwarePart
}

// AccessRow is one service as one workstation reaches it.
type AccessRow struct {
	Key         string // workstation/service
	At          time.Time
	Service     string
	Class       string // of the workstation
	Workstation string
	Reachable   inventory.Fact[bool]
	P95Millis   inventory.Fact[float64]
	Error       string // the class of the failure; empty: none
}

// StaffRow is one person's post with its training. It carries no name.
type StaffRow struct {
	Key      string // the staff number
	At       time.Time
	Number   string
	Role     string
	Training map[string]TrainingPart // by course: every course of the register
}

// TrainingPart is one course of one person.
type TrainingPart struct {
	Complete bool
	Needed   bool // by the person's role
	On       inventory.Date
	Until    inventory.Date // empty: for ever
}

// LinkRow is one circuit.
type LinkRow struct {
	Key           string // the circuit
	At            time.Time
	Circuit       string
	Carrier       string
	Role          inventory.LinkRole
	Up            inventory.Fact[bool]
	LossRatio     inventory.Fact[float64]
	RTTMillis     inventory.Fact[float64]
	Available     inventory.Fact[float64] // over the runner's stated period
	DownKbps      inventory.Fact[int]
	OpenIncidents int
}

// MilestoneRow is a step of moving records.
type MilestoneRow struct {
	Key        string // the milestone's code
	At         time.Time
	Code       string
	Area       string
	Wave       string
	Name       string
	Owner      string
	Done       bool
	Reconciled bool
	Waits      []string // milestones that must be done before it and are not
	Planned    inventory.Date
	Actual     inventory.Date
	LateDays   int // past its plan and not done
	Expected   int
	Moved      int
	Rejected   int
}

// SoftwareRow is one program of a baseline on one workstation.
type SoftwareRow struct {
	Key         string // workstation/program
	At          time.Time
	Workstation string
	Program     string
	State       inventory.Fact[string] // present, missing, old, surplus
	Version     string                 // as installed
	Wanted      string                 // the least version
}

// SiteRow is a site as a whole: the one row of `over: site`, and one of many in a
// gate of a wave or a programme.
type SiteRow struct {
	Key           string // the site's code
	At            time.Time
	Code          string
	Name          string
	Kind          string
	District      string
	Wave          string
	OpenIncidents inventory.Fact[int]
	PresentRatio  inventory.Fact[float64]
	Expected      int                 // workstations
	Gates         map[string]GatePart // by name: how its own gates stand
}

// GatePart is how a gate stands at a site.
type GatePart struct {
	Verdict  inventory.ReadyVerdict
	Signed   bool // a sign-off holds
	Blockers int
}

// row is what the engine needs of every row.
type row interface {
	key() string
	at() time.Time
	// bench is the group and the workstation that min_workstations counts; an
	// empty workstation counts for none.
	bench() (group, workstation string)
	subject() inventory.Subject
}

const (
	nounAccess   inventory.Noun = "access"
	nounSoftware inventory.Noun = "software"
)

func (r *PositionRow) key() string { return r.Key }

func (r *PositionRow) at() time.Time { return r.At }

func (r *PositionRow) bench() (group, workstation string) {
	if r.Workstation == nil {
		return "", ""
	}
	return "", r.Workstation.ID
}

func (r *PositionRow) subject() inventory.Subject {
	return inventory.Subject{Noun: inventory.NounPosition, Key: r.Key}
}

func (r *WorkstationRow) key() string                        { return r.Key }
func (r *WorkstationRow) at() time.Time                      { return r.At }
func (r *WorkstationRow) bench() (group, workstation string) { return "", r.ID }
func (r *WorkstationRow) subject() inventory.Subject {
	return inventory.Subject{Noun: inventory.NounWorkstation, Key: r.Key}
}

func (r *AssetRow) key() string                        { return r.Key }
func (r *AssetRow) at() time.Time                      { return r.At }
func (r *AssetRow) bench() (group, workstation string) { return "", "" }
func (r *AssetRow) subject() inventory.Subject {
	return inventory.Subject{Noun: inventory.NounAsset, Key: r.Key}
}

func (r *AccessRow) key() string                        { return r.Key }
func (r *AccessRow) at() time.Time                      { return r.At }
func (r *AccessRow) bench() (group, workstation string) { return r.Service, r.Workstation }
func (r *AccessRow) subject() inventory.Subject {
	return inventory.Subject{Noun: nounAccess, Key: r.Key}
}

func (r *StaffRow) key() string                        { return r.Key }
func (r *StaffRow) at() time.Time                      { return r.At }
func (r *StaffRow) bench() (group, workstation string) { return "", "" }
func (r *StaffRow) subject() inventory.Subject {
	return inventory.Subject{Noun: inventory.NounStaff, Key: r.Key}
}

func (r *LinkRow) key() string                        { return r.Key }
func (r *LinkRow) at() time.Time                      { return r.At }
func (r *LinkRow) bench() (group, workstation string) { return "", "" }
func (r *LinkRow) subject() inventory.Subject {
	return inventory.Subject{Noun: inventory.NounLink, Key: r.Key}
}

func (r *MilestoneRow) key() string                        { return r.Key }
func (r *MilestoneRow) at() time.Time                      { return r.At }
func (r *MilestoneRow) bench() (group, workstation string) { return "", "" }
func (r *MilestoneRow) subject() inventory.Subject {
	return inventory.Subject{Noun: inventory.NounMilestone, Key: r.Key}
}

func (r *SoftwareRow) key() string                        { return r.Key }
func (r *SoftwareRow) at() time.Time                      { return r.At }
func (r *SoftwareRow) bench() (group, workstation string) { return r.Program, r.Workstation }
func (r *SoftwareRow) subject() inventory.Subject {
	return inventory.Subject{Noun: nounSoftware, Key: r.Key}
}

func (r *SiteRow) key() string                        { return r.Key }
func (r *SiteRow) at() time.Time                      { return r.At }
func (r *SiteRow) bench() (group, workstation string) { return "", "" }
func (r *SiteRow) subject() inventory.Subject {
	return inventory.Subject{Noun: inventory.NounSite, Key: r.Key}
}
