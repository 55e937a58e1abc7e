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
	numbers := map[string]bool{}
	for file, text := range shipped(t) {
		r, err := rehearsal.Parse(file, strings.NewReader(text))
		if err != nil {
			t.Error(err)
		}
		if len(r.Script().Steps) == 0 {
			t.Errorf("%s does nothing", file)
		}
		number, _, _ := strings.Cut(file, "-")
		numbers[number] = true
	}
	for n := 1; n <= 47; n++ {
		if number := string([]byte{byte('0' + n/10), byte('0' + n%10)}); !numbers[number] {
			t.Errorf("scenario %s has no file", number)
		}
	}
}

// shipped reads the files of configs/rehearsals, by name.
func shipped(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../configs/rehearsals/*.yaml")
	if err != nil || len(files) < 47 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	texts := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(content)
	}
	return texts
}
