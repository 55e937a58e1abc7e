package identity

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Options say where the authority lives.
type Options struct {
	// Dir holds ca.pem: the CA's certificate and key in one file, so that they
	// are never half written. It is made, with mode 0700, where it is missing.
	Dir string
	// Expect is the fingerprint that every agent trusts, where one is known. Open
	// then fails instead of making a new CA or using another one: either would
	// cut off every agent without a word.
	Expect string
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger
}

// ErrAnotherCA is wrapped by Open when the CA on disk is missing or is not the
// one that Options.Expect names.
var ErrAnotherCA = errors.New("not the CA that the agents trust")

// Authority is the controller's certificate authority. It is safe for
// concurrent use and starts no goroutine.
type Authority struct {
	cert        *x509.Certificate
	key         *ecdsa.PrivateKey
	fingerprint string
	now         func() time.Time
	log         *slog.Logger
}

// Open reads the CA in Options.Dir, or makes one where there is none.
func Open(opts Options) (*Authority, error) {
	if opts.Dir == "" {
		return nil, errors.New("cannot open CA: no folder given")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	a := &Authority{now: opts.Now, log: opts.Log.With("component", "identity")}
	path := filepath.Join(opts.Dir, "ca.pem")
	err := a.read(path)
	if errors.Is(err, os.ErrNotExist) {
		if opts.Expect != "" {
			return nil, fmt.Errorf("cannot open CA: %s is missing and a new one would cut off every agent: %w", path, ErrAnotherCA)
		}
		err = a.create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open CA: %w", err)
	}
	sum := sha256.Sum256(a.cert.Raw)
	a.fingerprint = hex.EncodeToString(sum[:])
	if opts.Expect != "" && opts.Expect != a.fingerprint {
		return nil, fmt.Errorf("cannot open CA: %s holds %s, agents trust %s: %w", path, a.fingerprint, opts.Expect, ErrAnotherCA)
	}
	return a, nil
}

// Fingerprint is the SHA-256 of the CA's certificate in lower-case hex; join
// tokens carry it and agents pin it.
func (a *Authority) Fingerprint() string { return a.fingerprint }
