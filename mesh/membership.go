package mesh

import (
	"errors"
	"fmt"
	"net/netip"
)

// Membership is what it takes to be in a site's pool.
type Membership struct {
	Site        string
	Label       string           // tells pools apart on one port; short, it is in every packet
	Keys        [][]byte         // AES-256, the current one first
	KeyVersion  int              // of the current key
	Neighbours  []netip.AddrPort // members lately alive
	Controllers []netip.AddrPort
}

// Validate holds the membership against its bounds.
func (m Membership) Validate() error {
	switch {
	case m.Site == "":
		return errors.New("membership names no site")
	case m.Label == "" || len(m.Label) > MaxLabel:
		return fmt.Errorf("membership of %s: label of %d bytes, want 1 to %d", m.Site, len(m.Label), MaxLabel)
	}
	if err := checkKeys(m.Keys); err != nil {
		return fmt.Errorf("membership of %s: %w", m.Site, err)
	}
	return nil
}

// Role is what a member is in a pool.
type Role string

// The roles.
const (
	RoleAgent      Role = "agent"
	RoleController Role = "controller"
)

// State is what Serf believes of a member. Suspicion is not shown: it is a
// rumour that its subject refutes within seconds when it is false.
type State string

// The states.
const (
	StateAlive  State = "alive"
	StateLeft   State = "left"   // said goodbye
	StateFailed State = "failed" // stopped answering
)

// Member is one name in a pool's list.
type Member struct {
	Name        string
	Workstation string // empty where the name has none, as a controller's
	Run         string // the suffix that makes the name fresh
	Addr        netip.AddrPort
	State       State
	Tags        Tags
	Controller  bool // by its tag; any key holder could say so
}
