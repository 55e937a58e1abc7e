package inventory

import (
	"encoding/json"
	"testing"
)

// What the short way reads must be what the decoder reads, and where the decoder
// refuses the short way must not read.
func FuzzPlainFactReadsAsTheDecoderDoes(f *testing.F) {
	for _, seed := range []string{
		`"text"`, `"a\u0041"`, `"\xff"`, `""`, `"`, `true`, `false`, `tru`, `0`, `-0`, `01`, `1.5`, `1.`, `.5`, `-`, `1e3`, `0x1p-2`,
		`9223372036854775807`, `9223372036854775808`, `99999999999999999999`, `+1`, `1_000`, `Inf`, `null`, `{"unknown":"why"}`, "\"\x01\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		against[string](t, b)
		against[bool](t, b)
		against[int64](t, b)
		against[float64](t, b)
	})
}

func against[T comparable](t *testing.T, b []byte) {
	t.Helper()
	var short, whole T
	if !readPlain(b, &short) {
		return
	}
	if err := json.Unmarshal(b, &whole); err != nil {
		t.Fatalf("%q was read as %v, and the decoder says: %v", b, short, err)
	}
	if short != whole {
		t.Fatalf("%q was read as %v, the decoder reads %v", b, short, whole)
	}
}
