package keyring_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/keyring"
	"muster/inventory"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func pair(age time.Duration) []inventory.PoolKey {
	return []inventory.PoolKey{
		{Version: 1, Key: []byte("one"), CreatedAt: monday.Add(-100 * 24 * time.Hour)},
		{Version: 2, Key: []byte("two"), CreatedAt: monday.Add(-age)},
	}
}

func TestNewKeyIsReadableBeforeItEncrypts(t *testing.T) {
	rules := keyring.DefaultRules()
	acks := keyring.Acks{"w1": 2, "w2": 1}
	for name, c := range map[string]struct {
		age     time.Duration
		present []string
		want    keyring.Ring
	}{
		"a present member lacks it":     {time.Minute, []string{"w1", "w2"}, keyring.Ring{Keys: [][]byte{[]byte("one"), []byte("two")}, Version: 2, Primary: 1}},
		"nobody is there to say so":     {time.Minute, nil, keyring.Ring{Keys: [][]byte{[]byte("one"), []byte("two")}, Version: 2, Primary: 1}},
		"every present member holds it": {time.Minute, []string{"w1"}, keyring.Ring{Keys: [][]byte{[]byte("two"), []byte("one")}, Version: 2, Primary: 2}},
		"everyone had time to report":   {6 * time.Minute, []string{"w1", "w2"}, keyring.Ring{Keys: [][]byte{[]byte("two"), []byte("one")}, Version: 2, Primary: 2}},
	} {
		if diff := cmp.Diff(c.want, keyring.Order(pair(c.age), acks, c.present, monday, rules)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestPreviousKeyRetiresWhenAllActiveHoldTheNewOneOrAfterThirtyDays(t *testing.T) {
	rules := keyring.DefaultRules()
	active := []string{"w1", "w2"}
	if got := keyring.Retired(pair(time.Hour), keyring.Acks{"w1": 2, "w2": 1}, keyring.Acks{"w1": 2, "w2": 1}, active, active, monday, rules); got != nil {
		t.Errorf("retired %v while w2 lacks the new key", got)
	}
	if got := keyring.Retired(pair(time.Hour), keyring.Acks{"w1": 2, "w2": 2}, keyring.Acks{"w1": 2, "w2": 1}, active, active, monday, rules); got != nil {
		t.Errorf("retired %v although w2 still writes the old one", got)
	}
	if got := keyring.Retired(pair(time.Hour), keyring.Acks{"w1": 2, "w2": 2}, keyring.Acks{"w1": 2, "w2": 2}, active, active, monday, rules); !cmp.Equal(got, []int{1}) {
		t.Errorf("retired %v, want [1]", got)
	}
	if got := keyring.Retired(pair(30*24*time.Hour), keyring.Acks{"w1": 2}, keyring.Acks{"w1": 2}, active, nil, monday, rules); !cmp.Equal(got, []int{1}) {
		t.Errorf("after thirty days retired %v, want [1]", got)
	}
}

func TestNothingRetiresBeforeThePromotion(t *testing.T) {
	if got := keyring.Retired(pair(time.Minute), keyring.Acks{}, keyring.Acks{}, nil, []string{"w1"}, monday, keyring.DefaultRules()); got != nil {
		t.Errorf("retired %v while the new key does not encrypt yet", got)
	}
}

func TestAtMostTwoKeysAreHandedOut(t *testing.T) {
	keys := append(pair(24*time.Hour), inventory.PoolKey{Version: 3, Key: []byte("three"), CreatedAt: monday.Add(-time.Hour)})
	if got := keyring.Retired(keys, keyring.Acks{"w1": 1}, keyring.Acks{"w1": 1}, []string{"w1"}, nil, monday, keyring.DefaultRules()); !cmp.Equal(got, []int{1}) {
		t.Errorf("retired %v, want [1]", got)
	}
}

func TestKeyIsDueWhenNoneLivesOrItIsOld(t *testing.T) {
	rules := keyring.DefaultRules()
	if !keyring.Due(nil, monday, rules) {
		t.Error("a site without a key is not due")
	}
	if !keyring.Due(pair(time.Hour)[:1], monday, rules) {
		t.Error("a key of a hundred days is not due")
	}
	if keyring.Due(pair(time.Hour), monday, rules) {
		t.Error("a rotation is due while one is under way")
	}
}

func TestMadeKeysDifferAndCountOn(t *testing.T) {
	a, b := keyring.Make(1, monday), keyring.Make(keyring.Next(pair(0)), monday)
	if len(a.Key) != keyring.Size || cmp.Equal(a.Key, b.Key) || b.Version != 3 {
		t.Errorf("made %d and %d bytes, versions %d and %d", len(a.Key), len(b.Key), a.Version, b.Version)
	}
}

func TestKeysAreToldApartByTheirIDs(t *testing.T) {
	keys := pair(time.Hour)
	id := func(key string) string { return inventory.PoolKeyID([]byte(key)) }
	retired := append(pair(time.Hour), inventory.PoolKey{Version: 3, Key: []byte("three"), RetiredAt: monday})
	for name, c := range map[string]struct {
		keys         []inventory.PoolKey
		ids          []string
		held, writes int
	}{
		"both, the old one first":        {keys, []string{id("one"), id("two")}, 2, 1},
		"both, the new one first":        {keys, []string{id("two"), id("one")}, 2, 2},
		"the old one alone":              {keys, []string{id("one")}, 1, 1},
		"another key and the old one":    {keys, []string{id("lost"), id("one")}, 1, 0},
		"none of ours":                   {keys, []string{id("lost")}, 0, 0},
		"one that retired":               {retired, []string{id("three"), id("two")}, 2, 0},
		"nothing is said":                {keys, nil, 0, 0},
		"no key is to be read from them": {keys, []string{"one", "two"}, 0, 0},
	} {
		if held, writes := keyring.Held(c.keys, c.ids); held != c.held || writes != c.writes {
			t.Errorf("%s: holds %d and writes %d, want %d and %d", name, held, writes, c.held, c.writes)
		}
	}
}
