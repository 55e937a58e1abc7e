package mesh

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/memberlist"
)

// KeyBytes is the size of a pool's key: AES-256.
const KeyBytes = 32

// NewKey makes a pool's key.
func NewKey() []byte {
	key := make([]byte, KeyBytes)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// checkKeys holds a key list against its bounds: the current key, and at most
// three earlier ones that are still opened.
func checkKeys(keys [][]byte) error {
	if len(keys) == 0 || len(keys) > 4 {
		return fmt.Errorf("%d keys, want 1 to 4", len(keys))
	}
	for i, key := range keys {
		if len(key) != KeyBytes {
			return fmt.Errorf("key %d has %d bytes, want %d", i, len(key), KeyBytes)
		}
	}
	return nil
}

// keyRing is a pool's keys, in memberlist's own keyring and beside it as they
// ought to be. Serf lets any key holder change a member's ring with a query
// (KeyManager); restore undoes that, because only the controller rotates keys.
type keyRing struct {
	ring *memberlist.Keyring

	// mu guards want and sealers, and every change of ring that is ours.
	mu      sync.Mutex
	want    [][]byte
	sealers []cipher.AEAD // of want, in its order
}

func newKeyRing(keys [][]byte) (*keyRing, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	ring, err := memberlist.NewKeyring(cloneKeys(keys), slices.Clone(keys[0]))
	if err != nil {
		return nil, err
	}
	r := &keyRing{ring: ring}
	return r, r.keep(keys)
}

// keep remembers keys; the caller holds mu or owns r alone.
func (r *keyRing) keep(keys [][]byte) error {
	sealers := make([]cipher.AEAD, len(keys))
	for i, key := range keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		if sealers[i], err = cipher.NewGCM(block); err != nil {
			return err
		}
	}
	r.want, r.sealers = cloneKeys(keys), sealers
	return nil
}

// set installs what is new, uses the current key and removes what is gone, so
// that at every moment each message of a member that holds a common key opens.
func (r *keyRing) set(keys [][]byte) error {
	if err := checkKeys(keys); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.keep(keys); err != nil {
		return err
	}
	return r.apply()
}

// apply makes ring what want says; the caller holds mu.
func (r *keyRing) apply() error {
	var errs []error
	for _, key := range r.want {
		errs = append(errs, r.ring.AddKey(slices.Clone(key)))
	}
	errs = append(errs, r.ring.UseKey(r.want[0]))
	for _, key := range slices.Clone(r.ring.GetKeys()) {
		if !slices.ContainsFunc(r.want, func(w []byte) bool { return slices.Equal(w, key) }) {
			errs = append(errs, r.ring.RemoveKey(key))
		}
	}
	return errors.Join(errs...)
}

// restore puts the ring back where another key holder changed it, and reports
// whether it had to. The order of the earlier keys does not matter.
func (r *keyRing) restore() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	have := r.ring.GetKeys()
	if len(have) == len(r.want) && slices.Equal(have[0], r.want[0]) {
		return false
	}
	_ = r.apply() // the keys were accepted once
	return true
}

// seal seals plain with the current key, nonce first.
func (r *keyRing) seal(dst, plain, bound []byte) []byte {
	r.mu.Lock()
	sealer := r.sealers[0]
	r.mu.Unlock()
	nonce := make([]byte, sealer.NonceSize())
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return sealer.Seal(append(dst, nonce...), nonce, plain, bound)
}

// open opens what seal made, with any of the keys.
func (r *keyRing) open(sealed, bound []byte) ([]byte, bool) {
	r.mu.Lock()
	sealers := r.sealers
	r.mu.Unlock()
	for _, s := range sealers {
		if len(sealed) < s.NonceSize()+s.Overhead() {
			return nil, false
		}
		if plain, err := s.Open(nil, sealed[:s.NonceSize()], sealed[s.NonceSize():], bound); err == nil {
			return plain, true
		}
	}
	return nil, false
}

// opens reports whether memberlist's sealed packet (a version byte, then nonce
// and text) opens with one of the keys.
func (r *keyRing) opens(packet []byte, label string) bool {
	if len(packet) < 2 || packet[0] > 1 {
		return false
	}
	_, ok := r.open(packet[1:], []byte(label))
	return ok
}

func cloneKeys(keys [][]byte) [][]byte {
	out := make([][]byte, len(keys))
	for i, key := range keys {
		out[i] = slices.Clone(key)
	}
	return out
}
