// Package seal keeps what makes an installed agent this one and no other: its
// key, its certificate, and beside them the fingerprint of the hardware they
// were given for; also the last settings and the join token.
//
// A disk that is copied to other machines carries the seal along. Imaged says
// so at the next start: the fingerprint does not fit, so the copy wipes it and
// enrols anew, and an imaged room of 200 becomes 200 workstations.
//
// Every file is for its owner only and replaced as a whole: after a crash there
// is the old content or the new one. The folder's lock is the journal's.
package seal
