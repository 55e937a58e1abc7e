package readiness

import (
	"time"

	"muster/inventory"
)

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
