// Package keyring decides which AES-256 keys a site's pool holds, which one
// encrypts, when a new one is made and when an old one retires. It is pure; its
// runner in controller/app stores the keys and hands them out in report replies.
//
// A pool in which some members encrypt with a key that others lack falls apart,
// so a rotation walks in three steps:
//
//	made      the new key is handed out, everyone can read it, nobody writes it
//	promoted  it encrypts: every present workstation has acknowledged it, or
//	          PromoteAfter has passed (longer than the longest pause between reports)
//	alone     the previous key retires: every active workstation has said that it
//	          writes the new one, or RetireAfter has passed
//
// A machine that was off during all of it reports over TLS first and gets the
// keys from the reply. After a revocation the previous key retires at once with
// the promotion: whoever was off waits for its first report.
package keyring

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Rules are the times of a rotation.
type Rules struct {
	RotateEvery  time.Duration // age at which a key is replaced
	PromoteAfter time.Duration // since the key was made
	RetireAfter  time.Duration // since the successor was made
}

// DefaultRules rotates every 90 days; the rest is docs/design.md's.
func DefaultRules() Rules {
	return Rules{RotateEvery: 90 * 24 * time.Hour, PromoteAfter: 6 * time.Minute, RetireAfter: 30 * 24 * time.Hour}
}

// Size is the length of a key in bytes: AES-256.
const Size = 32

// Make returns a fresh key of the given version.
func Make(version int, now time.Time) inventory.PoolKey {
	key := make([]byte, Size)
	_, _ = rand.Read(key) // never fails: it aborts the program instead
	return inventory.PoolKey{Version: version, Key: key, CreatedAt: now}
}

// Acks is the newest key version that each workstation holds, by its own word.
type Acks map[string]int

// hold reports whether every one of ids holds version or a newer one.
func (a Acks) hold(version int, ids []string) bool {
	for _, id := range ids {
		if a[id] < version {
			return false
		}
	}
	return true
}

// Ring is a site's keys with those that retired taken out, the encrypting one
// first and the newest version beside it.
type Ring struct {
	Keys    [][]byte
	Version int // the newest key's, which agents acknowledge
	Primary int // the encrypting key's
}

// Order lays out the keys that are handed out. present are the workstations
// that are in the pool now.
func Order(keys []inventory.PoolKey, acks Acks, present []string, now time.Time, rules Rules) Ring {
	live := living(keys)
	if len(live) == 0 {
		return Ring{}
	}
	newest := live[len(live)-1]
	primary := newest
	if len(live) > 1 && !promoted(newest, acks, present, now, rules) {
		primary = live[len(live)-2]
	}
	ring := Ring{Version: newest.Version, Primary: primary.Version, Keys: [][]byte{primary.Key}}
	for _, k := range slices.Backward(live) {
		if k.Version != primary.Version {
			ring.Keys = append(ring.Keys, k.Key)
		}
	}
	return ring
}

// Name tells a ring from every other without giving a key away: two keys may
// have one number, where a controller came back from a backup that did not know
// the later one.
func (r Ring) Name(keys []inventory.PoolKey) string {
	names := make([]string, 0, len(r.Keys))
	for _, key := range r.Keys {
		for _, k := range keys {
			if bytes.Equal(k.Key, key) {
				names = append(names, nameOf(k))
			}
		}
	}
	return strings.Join(names, " ")
}

// Newest is the part of Name that is the newest key's.
func (r Ring) Newest(keys []inventory.PoolKey) string {
	for _, k := range keys {
		if k.Version == r.Version {
			return nameOf(k)
		}
	}
	return ""
}

// NewestID is the id of the newest key.
func (r Ring) NewestID(keys []inventory.PoolKey) string {
	for _, k := range keys {
		if k.Version == r.Version {
			return k.ID()
		}
	}
	return ""
}

// Held reads what a workstation says it holds, the key that it writes first: the
// newest version of keys among them, and the version of the first; 0 where keys
// has none of them.
func Held(keys []inventory.PoolKey, ids []string) (held, writes int) {
	for _, k := range living(keys) {
		at := slices.Index(ids, k.ID())
		if at >= 0 {
			held = max(held, k.Version)
		}
		if at == 0 {
			writes = k.Version
		}
	}
	return held, writes
}

func nameOf(k inventory.PoolKey) string {
	return fmt.Sprintf("%d@%d", k.Version, k.CreatedAt.UnixMicro())
}

func promoted(newest inventory.PoolKey, acks Acks, present []string, now time.Time, rules Rules) bool {
	return now.Sub(newest.CreatedAt) >= rules.PromoteAfter || (len(present) > 0 && acks.hold(newest.Version, present))
}

// Retired lists the versions that should retire now. writes is the key that each
// workstation encrypts with, by its own word: one that holds the newest may still
// write the one before, which the controller must then read. active are the
// workstations that may come back and still need an old key.
func Retired(keys []inventory.PoolKey, acks, writes Acks, active, present []string, now time.Time, rules Rules) []int {
	live := living(keys)
	if len(live) < 2 {
		return nil
	}
	newest := live[len(live)-1]
	if !promoted(newest, acks, present, now, rules) {
		return nil
	}
	if !writes.hold(newest.Version, active) && now.Sub(newest.CreatedAt) < rules.RetireAfter {
		// At most the current and the previous key are ever handed out.
		return versions(live[:len(live)-2])
	}
	return versions(live[:len(live)-1])
}

// Due reports whether a new key should be made: there is none, or the newest is
// old and nothing is under way.
func Due(keys []inventory.PoolKey, now time.Time, rules Rules) bool {
	live := living(keys)
	return len(live) == 0 || (len(live) == 1 && now.Sub(live[0].CreatedAt) >= rules.RotateEvery)
}

// Turning reports whether a rotation is under way.
func Turning(keys []inventory.PoolKey) bool {
	live := 0
	for _, k := range keys {
		if k.RetiredAt.IsZero() {
			live++
		}
	}
	return live > 1
}

// Next is the version that follows all of keys, retired ones included.
func Next(keys []inventory.PoolKey) int {
	next := 1
	for _, k := range keys {
		next = max(next, k.Version+1)
	}
	return next
}

func living(keys []inventory.PoolKey) []inventory.PoolKey {
	var live []inventory.PoolKey
	for _, k := range keys {
		if k.RetiredAt.IsZero() {
			live = append(live, k)
		}
	}
	slices.SortFunc(live, func(a, b inventory.PoolKey) int { return a.Version - b.Version })
	return live
}

func versions(keys []inventory.PoolKey) []int {
	var vs []int
	for _, k := range keys {
		vs = append(vs, k.Version)
	}
	return vs
}
