// Package identity says who a workstation is: it holds the controller's own
// certificate authority, makes and judges join tokens, issues, renews and checks
// certificates, and decides which machine of the register an enrolment is.
//
// It promises that a certificate names exactly one workstation, that a secret is
// kept only as its hash, and that nothing but a renewal is granted on an expired
// certificate. Deciding is pure (MatchEnrolment, CheckToken, CheckCSR); only
// Open touches the disk. What is revoked, and every noun, is the store's.
package identity
