package app

import (
	"net/netip"
	"time"
)

// Status is how an agent stands: a snapshot for a person and for tests.
type Status struct {
	At          time.Time  `json:"at"`
	Version     string     `json:"version"`
	Name        string     `json:"name"`
	Workstation string     `json:"workstation,omitempty"` // empty: not enrolled
	Review      string     `json:"review,omitempty"`      // why a person must look first
	HomeSite    string     `json:"home_site,omitempty"`
	Site        string     `json:"site,omitempty"`
	Addr        netip.Addr `json:"addr,omitzero"` // the address that routes to the controller
	Port        uint16     `json:"port"`
	Run         string     `json:"run"`

	CertificateUntil time.Time `json:"certificate_until,omitzero"`
	SettingsVersion  string    `json:"settings,omitempty"`
	KeyVersion       int       `json:"key,omitempty"`

	// Uplink is ok, relayed, lost or an error class; empty before the first try.
	Uplink     string    `json:"uplink,omitempty"`
	Via        string    `json:"via,omitempty"` // the neighbour that relays
	LastAckAt  time.Time `json:"last_acknowledged_at,omitzero"`
	LastSeq    uint64    `json:"last_acknowledged_seq,omitempty"`
	Peers      int       `json:"peers"` // heard directly within 20 s
	PeersKnown int       `json:"peers_known"`
	Journal    string    `json:"journal,omitempty"` // why the journal cannot be written; empty is all well

	// Problem is what keeps the agent from its work, for a person; empty is all well.
	Problem string `json:"problem,omitempty"`
}
