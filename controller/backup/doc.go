// Package backup packs everything a controller needs to come back into one
// encrypted file, and puts it back: the database, the CA with its key, the
// configuration and the gates. After a restore every agent reconnects, because
// the CA that it trusts and the certificate that it holds are the same.
//
// A bundle is age (scrypt passphrase) around gzip around tar. Its first entry is
// the manifest, which names every other entry with its size and SHA-256; entries
// follow in that order and nothing else is read.
//
// Write may run while the controller works. Restore reads and verifies the whole
// bundle beside its targets before it touches one of them, then puts everything
// in place by renaming; what was there is set aside, never deleted. The package
// leaves to its caller where things are and who may ask.
package backup
