package wire

import "fmt"

// Version is the wire version that this build speaks; Oldest is the oldest that
// its controller still accepts (the current and two previous ones).
const (
	Version = 1
	Oldest  = 1
)

// Range is the versions that one side accepts.
type Range struct {
	Oldest  int `json:"oldest"`
	Current int `json:"current"`
}

// Spoken is the range of this build.
func Spoken() Range { return Range{Oldest: Oldest, Current: Version} }

// Common is the highest version that both sides speak.
func (r Range) Common(other Range) (int, error) {
	highest := min(r.Current, other.Current)
	if highest < r.Oldest || highest < other.Oldest {
		return 0, fmt.Errorf("no common wire version: %d to %d here, %d to %d there",
			r.Oldest, r.Current, other.Oldest, other.Current)
	}
	return highest, nil
}

// Paths of the agent's calls.
const (
	EnrolPath  = "/agent/v1/enrol"
	RenewPath  = "/agent/v1/renew"
	ReportPath = "/agent/v1/report"
)

// Headers of a report. What is of the moment of sending is a header because a
// repeated report must have the same body.
const (
	HeaderBoot      = "Muster-Boot"       // boot id at sending
	HeaderBootClock = "Muster-Boot-Clock" // boot clock at sending, nanoseconds
	HeaderVia       = "Muster-Via"        // workstation id of the relaying neighbour
	HeaderProcess   = "Muster-Process"    // random id of the agent's process, which tells two copies of one agent apart
)
