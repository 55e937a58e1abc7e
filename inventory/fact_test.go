package inventory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func TestTheZeroFactIsUnknownAndSaysSo(t *testing.T) {
	var f inventory.Fact[int]
	if value, known := f.Get(); known || value != 0 || f.Reason() != inventory.NotRead || f.Or(7) != 7 {
		t.Errorf("the zero fact is %v", f)
	}
	b, err := json.Marshal(f)
	if err != nil || string(b) != `{"unknown":"not read"}` {
		t.Errorf("the zero fact travels as %s, %v", b, err)
	}
	if got := inventory.KnownIf(3, errors.New("no table")); got.String() != "unknown (no table)" {
		t.Errorf("got %v", got)
	}
	if got := inventory.KnownIf(3, nil); got.String() != "3" || got.Reason() != "" {
		t.Errorf("got %v", got)
	}
}

// roundTrip sends a fact through JSON and expects the same fact and the same
// text back.
func roundTrip[T any](t *testing.T, f inventory.Fact[T]) {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Errorf("%v does not encode: %v", f, err)
		return
	}
	var back inventory.Fact[T]
	if err := json.Unmarshal(b, &back); err != nil {
		t.Errorf("%s does not decode: %v", b, err)
		return
	}
	again, _ := json.Marshal(back)
	if !back.Equal(f) || back.Known() != f.Known() || !bytes.Equal(b, again) {
		t.Errorf("%v came back as %v (%s, then %s)", f, back, b, again)
	}
}

func TestAFactComesBackAsItWasSent(t *testing.T) {
	roundTrip(t, inventory.Known(""))
	roundTrip(t, inventory.Known("unknown"))
	roundTrip(t, inventory.Known(0))
	roundTrip(t, inventory.Known(int64(math.MaxInt64)))
	roundTrip(t, inventory.Known(false))
	roundTrip(t, inventory.Known(1.5))
	roundTrip(t, inventory.Known([]string{"a"}))
	roundTrip(t, inventory.Known(inventory.Battery{Present: true}))
	roundTrip(t, inventory.Known([]inventory.Disk{{Name: "sda", Model: inventory.Unknown[string]("no sysfs")}}))
	roundTrip(t, inventory.Unknown[string]("permission denied"))
	roundTrip(t, inventory.Unknown[[]inventory.NIC](""))
}

func TestLookedAndThereIsNoneIsKnown(t *testing.T) {
	roundTrip(t, inventory.Known([]string(nil)))
	roundTrip(t, inventory.Known([]inventory.Module{}))
	roundTrip(t, inventory.Known(map[string]int(nil)))
	if !inventory.Known([]string(nil)).Equal(inventory.Known([]string{})) {
		t.Error("a nil slice and an empty one say different things")
	}
	if inventory.Known([]string(nil)).Equal(inventory.Unknown[[]string]("not read")) {
		t.Error("none is the same as unknown")
	}
}

func TestAFactRefusesNullAndAnotherType(t *testing.T) {
	for _, bad := range []string{"null", " null ", `"text"`, `{"unknown":null}`, `{"unknown":3}`, "{}", "[1]"} {
		var f inventory.Fact[int]
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s reads as %v", bad, f)
		}
	}
	if b, err := json.Marshal(inventory.Known[*int](nil)); err == nil {
		t.Errorf("a known null travels as %s", b)
	}
	if b, err := json.Marshal(inventory.Known(math.NaN())); err == nil {
		t.Errorf("not a number travels as %s", b)
	}
}

func TestHardwareThatNobodyReadIsUnknownThroughout(t *testing.T) {
	b, err := json.Marshal(inventory.Hardware{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `""`) || strings.Contains(string(b), "null") || strings.Contains(string(b), ":0") {
		t.Errorf("unread hardware claims something: %s", b)
	}
	var back inventory.Hardware
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inventory.Hardware{}, back); diff != "" {
		t.Errorf("(-sent +received):\n%s", diff)
	}
}

func FuzzFact(f *testing.F) {
	for _, s := range []string{`"x"`, `{"unknown":"no"}`, `[{"name":"sda","model":{"unknown":"x"},"serial":"1","kind":"ssd","bytes":1}]`, `null`, `{"present":true}`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzFact[string](t, b)
		fuzzFact[int64](t, b)
		fuzzFact[[]inventory.Disk](t, b)
		fuzzFact[inventory.Battery](t, b)
	})
}

// fuzzFact expects that whatever decodes encodes, to a fixed point.
func fuzzFact[T any](t *testing.T, b []byte) {
	t.Helper()
	var fact inventory.Fact[T]
	if json.Unmarshal(b, &fact) != nil {
		return
	}
	roundTrip(t, fact)
}
