package inventory

import "time"

// EnrolChange is everything that one enrolment changes; the store commits all of
// it or nothing.
type EnrolChange struct {
	TokenID     string      // the token whose use is counted
	Workstation Workstation // made, or written over where its ID exists
	Replaces    string      // ID of the older install on the same asset; empty: none
	Certificate Certificate
	Author      string
	At          time.Time
}

// Certificate is what the controller remembers of a certificate that it issued.
type Certificate struct {
	Serial      string    `json:"serial"`
	Workstation string    `json:"workstation"`
	KeyHash     string    `json:"key_hash"` // SHA-256 of the public key, lower-case hex
	IssuedAt    time.Time `json:"issued_at"`
	NotAfter    time.Time `json:"not_after"`
	RevokedAt   time.Time `json:"revoked_at,omitzero"`
}

// Candidate is a machine that shares an identity key with one that enrols. A
// Workstation without ID means that no agent reported from it yet, an Asset
// without Tag that the register does not hold it.
type Candidate struct {
	Workstation Workstation
	Asset       Asset
}
