package wire

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

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

// MaxCSR bounds a signing request.
const MaxCSR = 4096

// DecodeEnrolment parses and validates an enrolment of at most MaxEnrol bytes.
func DecodeEnrolment(b []byte) (Enrolment, error) {
	var e Enrolment
	if len(b) > MaxEnrol {
		return e, fmt.Errorf("cannot read enrolment: %d bytes, the limit is %d: %w", len(b), MaxEnrol, ErrTooLarge)
	}
	if err := decode("enrolment", b, &e); err != nil {
		return e, err
	}
	return e, e.Validate()
}

// Validate holds the enrolment against its bounds.
func (e Enrolment) Validate() error {
	if _, err := Spoken().Common(e.Wire); err != nil {
		return fmt.Errorf("cannot read enrolment: %w: %w", err, ErrVersion)
	}
	switch {
	case e.TokenID == "" || e.TokenSecret == "":
		return errors.New("enrolment has no join token")
	case len(e.TokenID) > MaxText || len(e.TokenSecret) > MaxText:
		return fmt.Errorf("enrolment has a join token longer than %d bytes", MaxText)
	case len(e.CSR) == 0 || len(e.CSR) > MaxCSR:
		return fmt.Errorf("enrolment has a certificate request of %d bytes, want 1 to %d", len(e.CSR), MaxCSR)
	case !e.Kind.Computer():
		return fmt.Errorf("enrolment is of a %.40q: want %q or %q", e.Kind, inventory.AssetDesktop, inventory.AssetLaptop)
	case len(e.Identity.MACs) > MaxMACs:
		return fmt.Errorf("enrolment has %d network cards, the limit is %d", len(e.Identity.MACs), MaxMACs)
	}
	for field, text := range map[string]string{
		"name": e.Name, "agent_version": e.AgentVersion, "identity.uuid": e.Identity.UUID, "identity.serial": e.Identity.Serial,
	} {
		if err := plain(text); err != nil {
			return fmt.Errorf("enrolment field %s: %w", field, err)
		}
	}
	for i, mac := range e.Identity.MACs {
		if err := plain(mac); err != nil {
			return fmt.Errorf("enrolment field identity.macs[%d]: %w", i, err)
		}
	}
	return nil
}

// plain refuses text that is too long or would upset a terminal or a table.
func plain(text string) error {
	if len(text) > MaxText {
		return fmt.Errorf("%d bytes, the limit is %d", len(text), MaxText)
	}
	if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 {
		return fmt.Errorf("holds a control character at byte %d", i)
	}
	return nil
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

// DecodeRenewal parses and validates a renewal of at most MaxEnrol bytes.
func DecodeRenewal(b []byte) (Renewal, error) {
	var r Renewal
	if len(b) > MaxEnrol {
		return r, fmt.Errorf("cannot read renewal: %d bytes, the limit is %d: %w", len(b), MaxEnrol, ErrTooLarge)
	}
	if err := decode("renewal", b, &r); err != nil {
		return r, err
	}
	if len(r.CSR) == 0 || len(r.CSR) > MaxCSR {
		return r, fmt.Errorf("renewal has a certificate request of %d bytes, want 1 to %d", len(r.CSR), MaxCSR)
	}
	return r, nil
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
	Site          string   `json:"site"`              // empty: at no site
	Probing       *Probing `json:"probing,omitempty"` // nil: nothing is probed
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
type Seconds = inventory.Seconds
