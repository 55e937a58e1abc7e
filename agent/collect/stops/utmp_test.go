package stops

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds what was found against a file that a person has read.
func golden(t *testing.T, name string, got any) {
	t.Helper()
	b, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, append(b, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(b)+"\n"); diff != "" {
		t.Error(diff)
	}
}

func TestABootWithoutAShutdownBeforeItWasUnclean(t *testing.T) {
	for letters, want := range map[string]string{
		"":         "",
		"B":        "",
		"BS":       "",
		"BSB":      "shutdown",
		"BS.B":     "restart",
		"BB":       "unclean",
		"BLLB":     "unclean",
		"BRSB":     "restart",
		"BHS.B":    "shutdown",
		"SB":       "",
		"BSBBS.B":  "restart unclean shutdown",
		"LLBSLLBB": "unclean shutdown",
	} {
		for _, processor := range []string{"amd64", "arm64"} {
			l := layoutFor(processor)
			var kinds []string
			for _, s := range merge(endingsOf(parseUtmp(diary(l, letters), l)), nil) {
				kinds = append(kinds, string(s.Kind))
			}
			if got := strings.Join(kinds, " "); got != want {
				t.Errorf("%s on %s: %q, want %q", letters, processor, got, want)
			}
		}
	}
}

func TestAYearOfBootsIsToldByItsLastTen(t *testing.T) {
	l := layoutFor("amd64")
	got := merge(endingsOf(parseUtmp(diary(l, strings.Repeat("BLS", 300)+"BLB"), l)), nil)
	if len(got) != Most || got[0].Kind != inventory.StopUnclean {
		t.Errorf("%d stops, the newest is %+v", len(got), got[0])
	}
}

func TestNothingOfThePeopleInWtmpIsKept(t *testing.T) {
	l := layoutFor("amd64")
	for _, r := range parseUtmp(diary(l, "BLLLS"), l) {
		if strings.Contains(r.name, "bloggs") {
			t.Errorf("a record holds %q", r.name)
		}
	}
}

func TestTracesSharpenWhatWtmpSays(t *testing.T) {
	l := layoutFor("amd64")
	endings := func(letters string) []ending { return endingsOf(parseUtmp(diary(l, letters), l)) }
	open := trace{at: noon.Add(40 * time.Minute), kind: inventory.StopUnclean, source: "journald", detail: "the journal was not closed"}
	panicked := trace{at: noon.Add(time.Hour + time.Minute), kind: inventory.StopCrash, source: "pstore", detail: "kernel panic"}
	golden(t, "traces", map[string][]inventory.Stop{
		"the journal dates an unclean stop":         merge(endings("BB"), []trace{open}),
		"the journal's own trouble counts not":      merge(endings("BSB"), []trace{open}),
		"a panic names it, though dated after boot": merge(endings("BB"), []trace{open, panicked}),
		"without wtmp a trace stands by itself":     merge(nil, []trace{open, panicked}),
		"before wtmp begins too":                    merge(endings("BB"), []trace{{at: noon.Add(-time.Hour), kind: inventory.StopUnclean, source: "journald"}}),
	})
}

func TestAJournalFileOfSystemdIsRead(t *testing.T) {
	b, err := os.ReadFile("testdata/unclosed.journal") // the header of one whose journald was killed; ids replaced
	if err != nil {
		t.Fatal(err)
	}
	got, ok := parseJournalHeader(b)
	want := journalFile{open: true, boot: "38393a3b3c3d3e3f4041424344454647", tailAt: time.Date(2026, 11, 22, 14, 9, 51, 0, time.UTC)}
	if !ok || got.open != want.open || got.boot != want.boot || got.tailAt.Sub(want.tailAt).Abs() > time.Minute {
		t.Errorf("got %+v, %v; want about %+v", got, ok, want)
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "short": b[:100], "text": []byte(strings.Repeat("x", 300)), "empty": make([]byte, journalHeader),
	} {
		if _, ok := parseJournalHeader(b); ok {
			t.Errorf("%s is taken for a journal", name)
		}
	}
}

// Whatever comes, what is read is dated, and no name of a person comes out.
func FuzzUtmp(f *testing.F) {
	for _, processor := range []string{"amd64", "arm64"} {
		f.Add(diary(layoutFor(processor), "BLSBBRS.B"), processor == "arm64")
	}
	f.Add([]byte("text"), false)
	f.Fuzz(func(t *testing.T, b []byte, wide bool) {
		l := layoutFor("amd64")
		if wide {
			l = layoutFor("arm64")
		}
		records := parseUtmp(b, l)
		if len(records) > len(b)/l.size {
			t.Fatal("more records than there are")
		}
		for _, r := range records {
			if r.at.IsZero() || len(r.name) > utmpHost-utmpUser || r.kind > utmpBoot && r.name != "" {
				t.Fatalf("a record out of bounds: %+v", r)
			}
		}
		checkStops(t, merge(endingsOf(records), nil))
	})
}

func FuzzJournalHeader(f *testing.F) {
	f.Add(journalOf(journalOnline, "0123456789abcdef", noon))
	f.Fuzz(func(t *testing.T, b []byte) {
		if file, ok := parseJournalHeader(b); ok && (len(file.boot) != 32 || file.tailAt.Year() < 1970 || file.tailAt.Year() > 2600) {
			t.Fatalf("a header out of bounds: %+v", file)
		}
	})
}

func checkStops(t *testing.T, stops []inventory.Stop) {
	t.Helper()
	if len(stops) > Most {
		t.Fatalf("%d stops", len(stops))
	}
	for i, s := range stops {
		if s.At.IsZero() || s.Source == "" || len(s.Detail) > 200 || i > 0 && s.At.After(stops[i-1].At) {
			t.Fatalf("stop %d is out of bounds or order: %+v", i, stops)
		}
	}
}
