package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Fact is one reading: either a known value or unknown with a reason. The zero
// Fact is unknown with the reason "not read", so that a collector which forgets
// a field can never report an empty string or a zero as if it had been measured.
//
// In JSON a known fact is its bare value and an unknown one is an object:
//
//	"memory_bytes": 17179869184
//	"memory_bytes": {"unknown": "no SMBIOS table"}
//
// T must therefore not itself encode as an object with the key "unknown".
type Fact[T any] struct {
	value  T
	known  bool
	reason string
}

// NotRead is the reason of the zero Fact.
const NotRead = "not read"

// Known returns a fact with a value.
func Known[T any](value T) Fact[T] { return Fact[T]{value: value, known: true} }

// Unknown returns a fact without a value. The reason says why, in words for a
// person: "permission denied reading product_serial".
func Unknown[T any](reason string) Fact[T] { return Fact[T]{reason: reason} }

// KnownIf returns Known(value) when err is nil, otherwise Unknown with err's text.
func KnownIf[T any](value T, err error) Fact[T] {
	if err != nil {
		return Unknown[T](err.Error())
	}
	return Known(value)
}

// Get returns the value and whether it is known.
func (f Fact[T]) Get() (T, bool) { return f.value, f.known }

// Or returns the value, or fallback where it is unknown.
func (f Fact[T]) Or(fallback T) T {
	if f.known {
		return f.value
	}
	return fallback
}

// Known reports whether there is a value.
func (f Fact[T]) Known() bool { return f.known }

// Reason says why the value is unknown; it is empty for a known fact.
func (f Fact[T]) Reason() string {
	switch {
	case f.known:
		return ""
	case f.reason == "":
		return NotRead
	default:
		return f.reason
	}
}

// String is the value as fmt prints it, or "unknown (reason)".
func (f Fact[T]) String() string {
	if f.known {
		return fmt.Sprint(f.value)
	}
	return "unknown (" + f.Reason() + ")"
}

// Equal reports whether both facts say the same, reasons included; go-cmp uses it.
func (f Fact[T]) Equal(g Fact[T]) bool {
	if f.known != g.known || f.Reason() != g.Reason() {
		return false
	}
	if !f.known {
		return true
	}
	a, errA := encodeKnown(f.value)
	b, errB := encodeKnown(g.value)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

type unknownFact struct {
	Unknown *string `json:"unknown"`
}

// MarshalJSON implements json.Marshaler.
func (f Fact[T]) MarshalJSON() ([]byte, error) {
	if f.known {
		return encodeKnown(f.value)
	}
	reason := f.Reason()
	return json.Marshal(unknownFact{Unknown: &reason})
}

// encodeKnown writes a nil slice as [] and a nil map as {}: "looked, there is
// none" is a value, while null is no fact at all.
func encodeKnown(value any) ([]byte, error) {
	b, err := json.Marshal(value)
	if err != nil || !bytes.Equal(b, []byte("null")) {
		return b, err
	}
	switch reflect.ValueOf(value).Kind() {
	case reflect.Slice:
		return []byte("[]"), nil
	case reflect.Map:
		return []byte("{}"), nil
	default:
		return nil, fmt.Errorf("cannot write a known fact of type %T as null", value)
	}
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Fact[T]) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if readPlain(b, &f.value) {
		f.known, f.reason = true, ""
		return nil
	}
	if bytes.Equal(b, []byte("null")) {
		return errors.New("cannot read a fact from null: write a value or {\"unknown\": \"reason\"}")
	}
	if len(b) > 0 && b[0] == '{' {
		var u unknownFact
		if err := json.Unmarshal(b, &u); err == nil && u.Unknown != nil {
			*f = Unknown[T](*u.Unknown)
			return nil
		}
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("cannot read fact: %w", err)
	}
	*f = Known(v)
	return nil
}
