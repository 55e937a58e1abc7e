package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func TestVersionsMeetAtTheHighestThatBothSpeak(t *testing.T) {
	here := Range{Oldest: 3, Current: 5}
	for _, tc := range []struct {
		there Range
		want  int
	}{
		{Range{1, 3}, 3}, {Range{4, 4}, 4}, {Range{5, 9}, 5}, {Range{3, 5}, 5}, {Range{1, 2}, 0}, {Range{6, 9}, 0},
	} {
		got, err := here.Common(tc.there)
		if got != tc.want || (err == nil) != (tc.want != 0) {
			t.Errorf("with %v: %d, %v; want %d", tc.there, got, err, tc.want)
		}
		if err != nil && (!strings.Contains(err.Error(), "3 to 5 here") || !strings.Contains(err.Error(), fmt.Sprintf("%d to %d there", tc.there.Oldest, tc.there.Current))) {
			t.Errorf("%v does not name both ranges", err)
		}
	}
}

func TestInflateStopsAtItsBounds(t *testing.T) {
	zip := func(b []byte) []byte {
		var buf bytes.Buffer
		zw := gzip.NewWriter(&buf)
		_, _ = zw.Write(b)
		_ = zw.Close()
		return buf.Bytes()
	}
	bomb := zip(make([]byte, 100<<20))
	for name, tc := range map[string]struct {
		body     []byte
		encoding string
		limit    int
		want     error
	}{
		"just fits":              {make([]byte, 1000), "", 1000, nil},
		"one too many":           {make([]byte, 1001), "", 1000, ErrTooLarge},
		"unzipped just fits":     {zip(make([]byte, 1000)), "gzip", 1000, nil},
		"unzipped one too many":  {zip(make([]byte, 1001)), "gzip", 1000, ErrTooLarge},
		"bomb":                   {bomb, "gzip", MaxReport, ErrTooLarge},
		"too large as it comes":  {make([]byte, MaxBody+1), "", MaxReport, ErrTooLarge},
		"cut short":              {zip([]byte("a report"))[:15], "gzip", 1000, io.ErrUnexpectedEOF},
		"no gzip":                {[]byte("a report, surely"), "gzip", 1000, gzip.ErrHeader},
		"an encoding not spoken": {nil, "zstd", 1000, ErrEncoding},
	} {
		b, err := Inflate(bytes.NewReader(tc.body), tc.encoding, tc.limit)
		if !errors.Is(err, tc.want) || len(b) > tc.limit || (tc.want != nil && b != nil) {
			t.Errorf("%s: %d bytes, %v; want %v", name, len(b), err, tc.want)
		}
	}
}

func TestInflaterServesManyAtOnce(t *testing.T) {
	var inflater Inflater
	want := bytes.Repeat([]byte("a report "), 500)
	packed, encoding := Encode(want)
	if encoding != "gzip" {
		t.Fatal("4 kB are not compressed")
	}
	done := make(chan error, 8)
	for range cap(done) {
		go func() {
			for range 50 {
				got, err := inflater.Inflate(bytes.NewReader(packed), encoding, MaxReport)
				if err != nil || !bytes.Equal(got, want) {
					done <- fmt.Errorf("%d bytes, %w", len(got), err)
					return
				}
			}
			done <- nil
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestDepthIsBoundedOutsideStrings(t *testing.T) {
	deep := strings.Repeat(`{"a":`, MaxDepth)
	if err := checkDepth([]byte(deep)); err != nil {
		t.Errorf("%d deep: %v", MaxDepth, err)
	}
	if err := checkDepth([]byte(deep + "[")); err == nil {
		t.Errorf("%d deep is accepted", MaxDepth+1)
	}
	if err := checkDepth([]byte(`"` + strings.Repeat("[", 100) + `\"[[["`)); err != nil {
		t.Errorf("brackets in a string: %v", err)
	}
}

func TestJoinTokenSurvivesCopyingAndSaysWhenItDoesNot(t *testing.T) {
	token := messages()["join-token"].(JoinToken)
	got, err := ParseJoinToken("  " + token.String() + "\n")
	if diff := cmp.Diff(token, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	text := token.String()
	for name, bad := range map[string]string{
		"empty": "", "another prefix": "muster2." + text[8:], "cut short": text[:40], "a letter lost": text[:20] + text[21:],
		"too long": text + strings.Repeat("A", 5000), "without secret": JoinToken{ID: "t1", CA: token.CA, Controllers: token.Controllers}.String(),
		"without controllers": JoinToken{ID: "t1", Secret: "s", CA: token.CA}.String(),
	} {
		if _, err := ParseJoinToken(bad); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v, want ErrToken", name, err)
		}
	}
}

func TestJournalRecordIsHeldToItsBounds(t *testing.T) {
	good := messages()["journal-record"].(JournalRecord)
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*JournalRecord){
		"no number":          func(r *JournalRecord) { r.N = 0 },
		"no run":             func(r *JournalRecord) { r.Run = "" },
		"no boot":            func(r *JournalRecord) { r.Boot = "a b" },
		"unknown kind":       func(r *JournalRecord) { r.Kind = "party" },
		"unknown reason":     func(r *JournalRecord) { r.Reason = "boredom" },
		"long reason":        func(r *JournalRecord) { r.Kind, r.Reason = RecordEdge, strings.Repeat("x", 101) },
		"negative clock":     func(r *JournalRecord) { r.BootClock = -time.Second },
		"impossible peers":   func(r *JournalRecord) { r.Peers = 1 << 30 },
		"negative neighbour": func(r *JournalRecord) { r.PeersKnown = -1 },
	} {
		r := good
		spoil(&r)
		if r.Validate() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestReportIsHeldToItsBounds(t *testing.T) {
	for name, spoil := range map[string]func(*Report){
		"too many records":  func(r *Report) { r.Journal = make([]JournalRecord, MaxRecords+1) },
		"too many programs": func(r *Report) { r.Software = &SoftwareDelta{Added: make([]inventory.Program, MaxPrograms+1)} },
		"endless agent":     func(r *Report) { r.Agent = strings.Repeat("1", MaxText+1) },
		"endless settings":  func(r *Report) { r.SettingsVersion = strings.Repeat("1", MaxText+1) },
		"negative key":      func(r *Report) { r.KeyVersion = -1 },
		"huge number":       func(r *Report) { r.Seq = 1<<62 + 1 },
		"a hash of blanks":  func(r *Report) { r.Hashes.OS = "    " },
		"too old":           func(r *Report) { r.Version = Oldest - 1 },
		"many stops": func(r *Report) {
			r.Stops = slices.Repeat([]inventory.Stop{{At: monday, Kind: inventory.StopUnclean, Source: "wtmp"}}, MaxStops+1)
		},
		"a stop of no kind":       func(r *Report) { r.Stops = []inventory.Stop{{At: monday, Kind: "odd", Source: "wtmp"}} },
		"a stop at no time":       func(r *Report) { r.Stops = []inventory.Stop{{Kind: inventory.StopCrash, Source: "wtmp"}} },
		"a stop that nobody says": func(r *Report) { r.Stops = []inventory.Stop{{At: monday, Kind: inventory.StopCrash}} },
		"a stop with a long story": func(r *Report) {
			r.Stops = []inventory.Stop{{At: monday, Kind: inventory.StopCrash, Source: "wtmp", Detail: strings.Repeat("x", 201)}}
		},
	} {
		r := smallReport()
		spoil(&r)
		if r.Validate() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := DecodeReport(make([]byte, MaxReport+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an oversized report: %v", err)
	}
}

func TestSoftwareIsSortedAndMendedBeforeItIsHashed(t *testing.T) {
	one := SoftwareOf([]inventory.Program{{Name: "b"}, {Name: "a", Version: "2"}, {Name: "a", Version: "1"}, {Name: "b"}, {Name: "\xff"}})
	two := SoftwareOf([]inventory.Program{{Name: "\uFFFD"}, {Name: "a", Version: "1"}, {Name: "b"}, {Name: "a", Version: "2"}})
	h1, b1, err := one.Encode()
	if err != nil {
		t.Fatal(err)
	}
	h2, b2, err := two.Encode()
	if err != nil || h1 != h2 {
		t.Errorf("%s %s and %s %s differ (%v)", h1, b1, h2, b2, err)
	}
	got, err := DecodeSoftware(b1)
	if err != nil || !got.Equal(one.Fact) {
		t.Errorf("read back %v, %v", got, err)
	}
	empty, body, err := SoftwareOf(nil).Encode()
	if err != nil || string(body) != "[]" || empty == "" {
		t.Errorf("no programs are %s, %v", body, err)
	}
}

func TestDeltaIsWholeWhereTheBaseIsNotKnown(t *testing.T) {
	one := SoftwareOf([]inventory.Program{{Name: "a"}})
	two := SoftwareOf([]inventory.Program{{Name: "b"}})
	whole := SoftwareDelta{Added: []inventory.Program{{Name: "b"}}}
	for name, got := range map[string]SoftwareDelta{
		"no base":             one.DeltaTo(two, ""),
		"a base not readable": SoftwareUnknown("denied").DeltaTo(two, "ffff"),
	} {
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if d := one.DeltaTo(SoftwareUnknown("denied"), "ffff"); d.Unknown != "denied" || d.Added != nil {
		t.Errorf("to a list that cannot be read: %+v", d)
	}
	for name, d := range map[string]SoftwareDelta{
		"removes what is not there":        {Base: "ffff", Removed: []inventory.Program{{Name: "z"}}},
		"removes from a list without base": {Removed: []inventory.Program{{Name: "a"}}},
	} {
		if _, err := d.Apply(one); err == nil {
			t.Errorf("%s is applied", name)
		}
	}
	if _, err := (SoftwareDelta{Base: "ffff"}).Apply(SoftwareUnknown("denied")); err == nil {
		t.Error("a delta is applied to a list that is not known")
	}
}
