package wire

import (
	"time"

	"muster/inventory"
)

// Enrolment asks for a certificate. Token is the secret half of a join token.
type Enrolment struct {
	Wire         Range               `json:"wire"`
	TokenID      string              `json:"token_id"`
	TokenSecret  string              `json:"token_secret"`
	CSR          []byte              `json:"csr"` // PKCS #10, DER; its subject is ignored
	Name         string              `json:"name"`
	Kind         inventory.AssetKind `json:"kind"`
	Identity     inventory.Identity  `json:"identity"`
	AgentVersion string              `json:"agent_version"`
	Simulated    bool                `json:"simulated,omitempty"`
}

// Enrolled is a new workstation.
type Enrolled struct {
	Wire         Range     `json:"wire"`
	Workstation  string    `json:"workstation"`
	Certificates [][]byte  `json:"certificates"` // DER, leaf first, then the CA
	NotAfter     time.Time `json:"not_after"`
	Settings     Settings  `json:"settings"`
	// Review says why a person must look before reports are counted; empty is all well.
	Review string `json:"review,omitempty"`
}

// Renewal asks for a new certificate with the same key.
type Renewal struct {
	CSR []byte `json:"csr"`
}

// Renewed is the new certificate.
type Renewed struct {
	Certificates [][]byte  `json:"certificates"`
	NotAfter     time.Time `json:"not_after"`
}

// Settings is what the controller wants of an agent. The agent keeps the last
// one on disk, so a pool re-forms while the controller is away.
type Settings struct {
	Version       string   `json:"version"` // hash of the rest; the agent echoes it in reports
	Controllers   []string `json:"controllers"`
	ReportEvery   Seconds  `json:"report_every_seconds"`   // at most this long between reports
	ReportSoonest Seconds  `json:"report_soonest_seconds"` // at least this long between two
	HealthEvery   Seconds  `json:"health_every_seconds"`
	InventoryTry  Seconds  `json:"inventory_every_seconds"`
	SoftwareEvery Seconds  `json:"software_every_seconds"`
	Pool          *Pool    `json:"pool,omitempty"` // nil: the site runs without gossip, or the machine is away
	HomeSite      string   `json:"home_site"`
	Site          string   `json:"site"` // empty: at no site
}

// Pool is what a member needs to join its site.
type Pool struct {
	Site       string   `json:"site"`
	Label      string   `json:"label"`
	Keys       [][]byte `json:"keys"` // AES-256, current first, then the previous one
	KeyVersion int      `json:"key_version"`
	Neighbours []string `json:"neighbours"` // host:port of members lately alive
}

// Seconds is a duration that travels as a whole number of seconds.
type Seconds int

// Duration converts s.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }
