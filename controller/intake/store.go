package intake

import (
	"context"
	"crypto/x509"

	"muster/controller/identity"
	"muster/inventory"
)

// Store is where everything is kept; controller/store implements it. Errors wrap
// inventory.ErrNotFound, ErrFull and ErrTokenSpent.
type Store interface {
	ReportStore
	EnrolStore
	CertificateStore
}

// ReportStore keeps reports.
type ReportStore interface {
	// CommitReports returns when the rows are on disk, one outcome a row.
	CommitReports(ctx context.Context, rows []inventory.ReportRow) ([]inventory.Outcome, error)
	ListBody(ctx context.Context, workstation, list string) (hash string, body []byte, err error)
	AppendEvent(ctx context.Context, event inventory.Event) (int64, error)
	Events(ctx context.Context, filter inventory.EventFilter) (events []inventory.Event, next string, err error)
}

// EnrolStore keeps what enrolment reads and changes.
type EnrolStore interface {
	TokenByID(ctx context.Context, id string) (inventory.Token, error)
	CandidatesByIdentity(ctx context.Context, keys []inventory.IdentityKey) ([]inventory.Candidate, error)
	Workstation(ctx context.Context, id string) (inventory.Workstation, error)
	// Enrol commits the whole change or nothing.
	Enrol(ctx context.Context, change inventory.EnrolChange) error
}

// CertificateStore keeps which certificates were issued and which are revoked.
type CertificateStore interface {
	AddCertificate(ctx context.Context, c inventory.Certificate) error
	RevokedSerials(ctx context.Context) ([]string, error)
}

// Authority issues and checks certificates; identity.Authority is one.
type Authority interface {
	Issue(csrDER []byte, workstation string) (identity.Certificate, error)
	Renew(peer []*x509.Certificate, csrDER []byte) (workstation string, c identity.Certificate, err error)
	Check(peer []*x509.Certificate) (workstation, serial, keyHash string, err error)
}
