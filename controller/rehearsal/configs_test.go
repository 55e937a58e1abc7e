package rehearsal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/controller/rehearsal"
)

// TestEveryShippedRehearsalIsRead loads every file of configs/rehearsals, and
// wants all 47 scenarios of the handbook among them.
func TestEveryShippedRehearsalIsRead(t *testing.T) {
	files, err := filepath.Glob("../../configs/rehearsals/*.yaml")
	if err != nil || len(files) < 47 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	numbers := map[string]bool{}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := rehearsal.Parse(filepath.Base(file), f)
		if err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if len(r.Script().Steps) == 0 {
			t.Errorf("%s does nothing", file)
		}
		number, _, _ := strings.Cut(filepath.Base(file), "-")
		numbers[number] = true
	}
	for n := 1; n <= 47; n++ {
		if number := string([]byte{byte('0' + n/10), byte('0' + n%10)}); !numbers[number] {
			t.Errorf("scenario %s has no file", number)
		}
	}
}
