package pools_test

import (
	"net/netip"
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// says lets the workstation report at MILL that it holds keys, the one that it
// writes first.
func (e *estate) says(number int, keys ...[]byte) {
	r := wire.Report{Workstation: "w00000001", KeyVersion: number}
	for _, key := range keys {
		r.PoolKeys = append(r.PoolKeys, inventory.PoolKeyID(key))
	}
	e.Reported(r, netip.MustParseAddr("10.1.0.7"), e.now)
}

// keys is the site's keys that live, the first one first.
func (e *estate) keys(t *testing.T) [][]byte {
	t.Helper()
	all, err := e.store.PoolKeys(t.Context(), "MILL")
	if err != nil {
		t.Fatal(err)
	}
	var keys [][]byte
	for _, k := range all {
		if k.RetiredAt.IsZero() {
			keys = append([][]byte{k.Key}, keys...)
		}
	}
	return keys
}

func (e *estate) rotate(t *testing.T) {
	t.Helper()
	if _, err := e.RotateKey(t.Context(), "MILL", "ada"); err != nil {
		t.Fatal(err)
	}
}

// acked is the version that the store has of the workstation, or 0.
func (e *estate) acked(t *testing.T) int {
	t.Helper()
	acks, err := e.store.KeyAcks(t.Context(), "MILL")
	if err != nil {
		t.Fatal(err)
	}
	for _, ack := range acks {
		return ack.Version
	}
	return 0
}

// primary is the key that the controller encrypts with.
func (e *estate) primary() string { return inventory.PoolKeyID(e.mesh.spec("MILL").Keys[0]) }

func TestAnotherKeyOfTheSameNumberIsNoAcknowledgement(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(*estate, *testing.T){
		"at once":                         func(*estate, *testing.T) {},
		"after a start of the controller": (*estate).restart,
		"after an import":                 func(e *estate, t *testing.T) { e.RegisterChanged(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(t)
			lost := []byte("a key of the controller before it came back from a backup")
			e.says(2, lost)
			e.rotate(t)
			keys := e.keys(t)
			first := inventory.PoolKeyID(keys[0])
			between(e, t)
			e.says(2, lost, keys[0])
			if e.RegisterChanged(t.Context()); inventory.PoolKeyID(e.settings(t, "w00000001").Pool.Keys[0]) != first {
				t.Fatal("a key that nobody holds encrypts")
			}
			e.says(2, keys[0], keys[1])
			eventually(t, "the new key encrypts", func() bool { return e.primary() == inventory.PoolKeyID(keys[1]) })
			e.says(2, keys[1], keys[0])
			eventually(t, "the new key stands alone", func() bool { return len(e.keys(t)) == 1 })
		})
	}
}

func TestRotationGoesOnWhereItWasAfterAStart(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.says(1, e.keys(t)[0])
	e.rotate(t)
	keys := e.keys(t)
	e.says(2, keys[0], keys[1])
	eventually(t, "the acknowledgement is in the store", func() bool { return e.acked(t) == 2 })
	e.restart(t)
	if n := len(e.keys(t)); n != 2 {
		t.Fatalf("after the start there are %d keys: what it writes is not known yet", n)
	}
	e.says(2, keys[1], keys[0])
	eventually(t, "the new key stands alone", func() bool { return len(e.keys(t)) == 1 })
}

func TestAcknowledgementOfAnotherSitesKeysDoesNotMoveAlong(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.says(9, []byte("a key of another site"))
	e.rotate(t)
	if e.RegisterChanged(t.Context()); inventory.PoolKeyID(e.settings(t, "w00000001").Pool.Keys[0]) != inventory.PoolKeyID(e.keys(t)[0]) {
		t.Error("a high number of another site's key counts here")
	}
}

func TestRevocationWaitsForNobodyWhoIsOffAfterAStartEither(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.apply(t, change(t, inventory.NounAsset, "A2", inventory.Asset{Tag: "A2", Serial: "SER-0002", Kind: inventory.AssetLaptop, Site: "MILL"}))
	e.enrol(t, "w00000002", "A2", "MILL", "") // off all the time
	e.apply(t, change(t, inventory.NounAsset, "A3", inventory.Asset{Tag: "A3", Serial: "SER-0003", Kind: inventory.AssetLaptop, Site: "MILL"}))
	e.enrol(t, "w00000003", "A3", "MILL", "")
	e.RegisterChanged(t.Context())
	e.says(1, e.keys(t)[0])
	if err := e.RevokeWorkstation(t.Context(), "w00000003", "stolen", "ada"); err != nil {
		t.Fatal(err)
	}
	keys := e.keys(t)
	if len(keys) != 2 {
		t.Fatalf("%d keys after the revocation, want 2", len(keys))
	}
	e.restart(t)
	e.says(2, keys[1], keys[0])
	eventually(t, "the key that the revoked machine knew retires", func() bool { return len(e.keys(t)) == 1 })
}

func TestRevocationDuringARotationIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"as it goes": false, "with a start of the controller between": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(t)
			e.apply(t, change(t, inventory.NounAsset, "A2", inventory.Asset{Tag: "A2", Serial: "SER-0002", Kind: inventory.AssetLaptop, Site: "MILL"}))
			e.enrol(t, "w00000002", "A2", "MILL", "")
			e.RegisterChanged(t.Context())
			e.says(1, e.keys(t)[0])
			e.rotate(t)
			known := e.keys(t) // to the machine that is revoked, too
			if err := e.RevokeWorkstation(t.Context(), "w00000002", "stolen", "ada"); err != nil {
				t.Fatal(err)
			}
			if restart {
				e.restart(t)
			}
			e.says(2, known[1], known[0])
			eventually(t, "a third key is made", func() bool {
				keys := e.keys(t)
				return len(keys) == 2 && inventory.PoolKeyID(keys[0]) == inventory.PoolKeyID(known[1])
			})
			third := e.keys(t)[1]
			eventually(t, "it stands alone", func() bool {
				e.says(3, third, known[1])
				return len(e.keys(t)) == 1
			})
		})
	}
}

func TestRevocationThatFailsRotatesNothing(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	if err := e.RevokeWorkstation(t.Context(), "w0000gone", "lost", "ada"); err == nil {
		t.Fatal("an unknown workstation was revoked")
	}
	e.restart(t)
	if n := len(e.keys(t)); n != 1 {
		t.Errorf("MILL has %d keys, want the one it had", n)
	}
}

func TestKeyThatGrewOldIsReplacedToTheEnd(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	old := e.keys(t)[0]
	e.says(1, old)
	e.Close()
	e.now = e.now.Add(91 * 24 * time.Hour)
	e.start(t)
	eventually(t, "a new key is made", func() bool { return len(e.keys(t)) == 2 })
	next := e.keys(t)[1]
	eventually(t, "the new key stands alone", func() bool {
		e.says(2, next, old)
		return len(e.keys(t)) == 1 && e.primary() == inventory.PoolKeyID(next)
	})
}
