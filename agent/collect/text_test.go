package collect

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func TestTextFromOutsideIsCleaned(t *testing.T) {
	for in, want := range map[string]string{
		"  plain  ":                 "plain",
		"two  \t words\n":           "two words",
		"ends\x00here":              "ends",
		"bell\a and \x1b[31mred":    "bell and [31mred",
		"bad \xff\xfe utf8":         "bad utf8",
		"right\u202eleft\u200bjoin": "rightleftjoin",
		strings.Repeat("ä", 300):    strings.Repeat("ä", 100),
		strings.Repeat("x", 5000):   strings.Repeat("x", 200),
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%.20q) = %.40q, want %.40q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x00b")
	f.Add(strings.Repeat("\u00a0x", 400))
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if len(got) > maxText || !utf8.ValidString(got) || clean(got) != got {
			t.Fatalf("clean(%q) = %q", s, got)
		}
	})
}

func TestProgramsAreSortedOnceAndWithoutNamelessOnes(t *testing.T) {
	got := tidyPrograms([]inventory.Program{
		{Name: "zoo", Version: "1"}, {Name: "Alpha", Version: "2"}, {Name: "\x01 "}, {Name: "Alpha", Version: "2"}, {Name: "alpha", Version: "1"},
	})
	want := []inventory.Program{{Name: "Alpha", Version: "2"}, {Name: "alpha", Version: "1"}, {Name: "zoo", Version: "1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestACallThatHangsIsGivenUpAndNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p patience
		ctx := context.Background()
		release := make(chan struct{})
		hang := func() (int, error) { <-release; return 7, nil }
		if _, err := within(ctx, &p, "the disk", time.Second, hang); err == nil || !strings.Contains(err.Error(), "did not answer within 1s") {
			t.Errorf("got %v", err)
		}
		time.Sleep(39 * time.Second)
		began := time.Now()
		_, err := within(ctx, &p, "the disk", time.Second, func() (int, error) { t.Error("asked again"); return 0, nil })
		if err == nil || !strings.Contains(err.Error(), "has not answered for 40s") || time.Since(began) != 0 {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		if v, err := within(ctx, &p, "another disk", time.Second, func() (int, error) { return 3, nil }); v != 3 || err != nil {
			t.Errorf("another disk: %d, %v", v, err)
		}
		close(release)
		synctest.Wait()
		if v, err := within(ctx, &p, "the disk", time.Second, func() (int, error) { return 8, nil }); v != 8 || err != nil {
			t.Errorf("after it came back: %d, %v", v, err)
		}
	})
}

func TestACallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		release := make(chan struct{})
		defer close(release)
		var p patience
		_, err := within(ctx, &p, "slow", time.Minute, func() (int, error) { <-release; return 0, nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
