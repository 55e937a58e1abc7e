package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"muster/inventory"
)

func seed(f *testing.F, names ...string) {
	f.Helper()
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(`[[[[[[[[[[[[[[[[[[[[[[[[[[[[`))
	f.Add([]byte(`{"v":99}`))
}

// What decodes is within its bounds and travels on unchanged.
func FuzzDecodeReport(f *testing.F) {
	seed(f, "report", "report-change")
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeReport(b)
		if err != nil {
			return
		}
		if !inventory.ValidWorkstationID(r.Workstation) || r.Seq == 0 || len(r.Journal) > MaxRecords || r.BootClock < 0 || len(r.Probes) > MaxProbes || len(r.Stops) > MaxStops {
			t.Fatalf("an invalid report was accepted: %+v", r)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("an accepted report does not encode: %v", err)
		}
		if _, err := DecodeReport(again); err != nil {
			t.Fatalf("an accepted report is refused when it comes again: %v", err)
		}
	})
}

func FuzzDecodeEnrolment(f *testing.F) {
	seed(f, "enrolment", "renewal")
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := DecodeEnrolment(b); err == nil {
			if len(e.Name) > MaxText || len(e.CSR) > MaxCSR || len(e.Identity.MACs) > MaxMACs || !e.Kind.Computer() {
				t.Fatalf("an enrolment out of bounds was accepted: %+v", e)
			}
		}
		if r, err := DecodeRenewal(b); err == nil && (len(r.CSR) == 0 || len(r.CSR) > MaxCSR) {
			t.Fatalf("a renewal out of bounds was accepted: %d bytes", len(r.CSR))
		}
	})
}

// Whatever comes, no more than the limit is returned, and honest gzip is undone.
func FuzzInflate(f *testing.F) {
	var zeros bytes.Buffer
	zw := gzip.NewWriter(&zeros)
	_, _ = zw.Write(make([]byte, 1<<20))
	_ = zw.Close()
	f.Add(zeros.Bytes(), "gzip")
	f.Add(zeros.Bytes()[:20], "gzip")
	f.Add([]byte("plain"), "")
	f.Add([]byte("plain"), "br")
	var inflater Inflater
	f.Fuzz(func(t *testing.T, b []byte, encoding string) {
		const limit = 10_000
		got, err := inflater.Inflate(bytes.NewReader(b), encoding, limit)
		if len(got) > limit {
			t.Fatalf("%d bytes came out, the limit is %d", len(got), limit)
		}
		if err != nil && got != nil {
			t.Fatal("bytes came with an error")
		}
		if encoding == "" && len(b) <= limit && !bytes.Equal(got, b) {
			t.Fatal("a plain body was changed")
		}
		if encoding == "br" && !errors.Is(err, ErrEncoding) {
			t.Fatalf("got %v, want ErrEncoding", err)
		}
		packed, how := Encode(b)
		if got, err := inflater.Inflate(bytes.NewReader(packed), how, MaxReport); len(packed) <= MaxBody && (err != nil || !bytes.Equal(got, b)) {
			t.Fatalf("what was encoded does not come back: %v", err)
		}
	})
}

// A question that is accepted names services that can be, and no more than there
// can be; a spec that is accepted can be taken apart.
func FuzzProbeQuestion(f *testing.F) {
	f.Add([]byte(`{"services":["email","files"],"report":true}`))
	f.Add([]byte(`{"kind":"http","why":"asked","target":"https://[::1]:8443/"}`))
	f.Add([]byte(`{"services":["../etc"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := DecodeProbeQuestion(b); err == nil {
			if len(b) > MaxQuestion || len(q.Services) > inventory.MaxServices {
				t.Fatalf("a question out of bounds was accepted: %+v", q)
			}
			for _, name := range q.Services {
				if !inventory.ValidServiceName(name) {
					t.Fatalf("a question names %q", name)
				}
			}
		}
		var spec ProbeSpec
		if checkDepth(b) != nil || json.Unmarshal(b, &spec) != nil || spec.Validate() != nil || inventory.SelfNamed(spec.Target) {
			return
		}
		target, err := inventory.ParseProbeTarget(spec.Kind, spec.Target)
		if err != nil || target.Name == "" || target.Kind == inventory.ProbeTCP && target.Port == 0 {
			t.Fatalf("an accepted spec leads to %+v, %v", target, err)
		}
	})
}

func FuzzParseJoinToken(f *testing.F) {
	f.Add(messages()["join-token"].(JoinToken).String())
	f.Add("muster1.")
	f.Add("muster1.e30")
	f.Fuzz(func(t *testing.T, s string) {
		token, err := ParseJoinToken(s)
		if err != nil {
			if !errors.Is(err, ErrToken) {
				t.Fatalf("got %v, want ErrToken", err)
			}
			return
		}
		if again, err := ParseJoinToken(token.String()); err != nil || again.ID != token.ID || again.Secret != token.Secret || again.CA != token.CA {
			t.Fatalf("a token does not come back: %+v, %v", again, err)
		}
	})
}

// A record that is accepted is within its bounds and is accepted again.
func FuzzJournalRecord(f *testing.F) {
	seed(f, "journal-record")
	f.Fuzz(func(t *testing.T, b []byte) {
		var r JournalRecord
		if checkDepth(b) != nil || json.Unmarshal(b, &r) != nil || r.Validate() != nil {
			return
		}
		if r.N == 0 || len(r.Reason) > 100 || r.BootClock < 0 {
			t.Fatalf("an invalid record was accepted: %+v", r)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("an accepted record does not encode: %v", err)
		}
		var second JournalRecord
		if err := json.Unmarshal(again, &second); err != nil || second.Validate() != nil {
			t.Fatalf("an accepted record is refused when it comes again: %v", err)
		}
	})
}

// A delta that applies leads to the list that its hash names.
func FuzzSoftwareDelta(f *testing.F) {
	f.Add([]byte(`["a","b"]`), []byte(`["b","c","c"]`))
	f.Add([]byte(`[]`), []byte("[\"\xff\"]"))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		list := func(b []byte) (Software, string, bool) {
			var names []string
			if json.Unmarshal(b, &names) != nil {
				return Software{}, "", false
			}
			var programs []inventory.Program
			for _, name := range names {
				programs = append(programs, inventory.Program{Name: name})
			}
			s := SoftwareOf(programs)
			hash, _, err := s.Encode()
			return s, hash, err == nil
		}
		old, base, ok := list(before)
		next, want, also := list(after)
		if !ok || !also {
			return
		}
		delta := old.DeltaTo(next, base)
		b, err := json.Marshal(delta)
		if err != nil {
			t.Fatal(err)
		}
		var travelled SoftwareDelta
		if err := json.Unmarshal(b, &travelled); err != nil {
			t.Fatal(err)
		}
		got, err := travelled.Apply(old)
		if err != nil {
			t.Fatal(err)
		}
		if hash, _, err := got.Encode(); err != nil || hash != want {
			t.Fatalf("the delta leads to %s, want %s (%v)", hash, want, err)
		}
	})
}
