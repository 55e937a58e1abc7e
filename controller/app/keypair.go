package app

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// keypair is the web side's certificate, read again when its file changes. A
// pair that cannot be read leaves the old one in use.
type keypair struct {
	certFile, keyFile string
	now               func() time.Time

	mu        sync.Mutex // guards what follows
	cert      *tls.Certificate
	changedAt time.Time
	lookAt    time.Time
}

const lookEvery = 10 * time.Second

func newKeypair(certFile, keyFile string, now func() time.Time) (*keypair, error) {
	k := &keypair{certFile: certFile, keyFile: keyFile, now: now}
	if err := k.read(); err != nil {
		return nil, fmt.Errorf("cannot use the web certificate: %w", err)
	}
	return k, nil
}

func (k *keypair) read() error {
	stat, err := os.Stat(k.certFile)
	if err != nil {
		return err
	}
	if stat.ModTime().Equal(k.changedAt) {
		return nil
	}
	cert, err := tls.LoadX509KeyPair(k.certFile, k.keyFile)
	if err != nil {
		return err
	}
	k.cert, k.changedAt = &cert, stat.ModTime()
	return nil
}

func (k *keypair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.now(); now.After(k.lookAt) {
		k.lookAt = now.Add(lookEvery)
		_ = k.read() // a half-written pair: the old one serves until the next look
	}
	return k.cert, nil
}
