package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// A CA lives for 20 years: agents pin it, and replacing it means enrolling anew.
const caLife = 20 * 365 * 24 * time.Hour

const (
	blockCertificate = "CERTIFICATE"
	blockKey         = "PRIVATE KEY"
)

// CAPEM is the CA's certificate, without its key.
func (a *Authority) CAPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: a.cert.Raw})
}

func (a *Authority) read(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case blockCertificate:
			if a.cert, err = x509.ParseCertificate(block.Bytes); err != nil {
				return fmt.Errorf("certificate in %s is damaged: %w", path, err)
			}
		case blockKey:
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return fmt.Errorf("key in %s is damaged: %w", path, err)
			}
			ec, ok := key.(*ecdsa.PrivateKey)
			if !ok {
				return fmt.Errorf("key in %s is %T, want ECDSA", path, key)
			}
			a.key = ec
		}
	}
	if err := a.whole(); err != nil {
		return fmt.Errorf("%s: %w; restore it from a backup", path, err)
	}
	a.warnIfReadable(path)
	return nil
}

// whole reports what is missing or does not fit together.
func (a *Authority) whole() error {
	switch {
	case a.cert == nil:
		return errors.New("holds no certificate")
	case a.key == nil:
		return errors.New("holds no key")
	case !a.cert.IsCA:
		return errors.New("its certificate is not a CA's")
	case !a.key.PublicKey.Equal(a.cert.PublicKey):
		return errors.New("its key is not that of its certificate")
	}
	return nil
}

func (a *Authority) warnIfReadable(path string) {
	st, err := os.Stat(path)
	if err == nil && filepath.Separator == '/' && st.Mode().Perm()&0o077 != 0 {
		a.log.Warn("the CA's key is readable by others", "path", path, "mode", st.Mode().Perm().String())
	}
}

func (a *Authority) create(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("cannot make key: %w", err)
	}
	now := a.now().UTC()
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: "Muster controller CA"},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("cannot sign certificate: %w", err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("cannot read own certificate: %w", err)
	}
	a.key = key
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("cannot write key: %w", err)
	}
	file := append(a.CAPEM(), pem.EncodeToMemory(&pem.Block{Type: blockKey, Bytes: pkcs8})...)
	if err := writeWhole(path, file); err != nil {
		return err
	}
	a.log.Info("made a new CA", "path", path, "not_after", a.cert.NotAfter)
	return nil
}

// writeWhole puts a private file in place at once and on disk, so that a crash
// leaves either no CA or a whole one.
func writeWhole(path string, b []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".ca-*") // CreateTemp makes it 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if filepath.Separator != '/' {
		err = nil // Windows cannot sync a folder, and orders the rename itself
	}
	return errors.Join(err, d.Close())
}

// newSerial is a random positive number of 127 bits (RFC 5280, 4.1.2.2).
func newSerial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	b[0] &= 0x7f
	b[15] |= 1
	return new(big.Int).SetBytes(b)
}
