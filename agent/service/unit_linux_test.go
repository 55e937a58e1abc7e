package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// verified is what systemd says of units whose programs exist.
func verified(t *testing.T, name, unit string) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatal("systemd-analyze is missing; `make test-deps` installs it")
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", file).CombinedOutput()
	if err != nil {
		t.Errorf("systemd refuses %s: %v", name, err)
	}
	return string(said)
}

func TestSystemdTakesTheUnitsAndSaysNothing(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	controller, err := os.ReadFile("../../configs/systemd/muster.service")
	if err != nil {
		t.Fatal(err)
	}
	for name, unit := range map[string]string{
		"muster-agent.service": Unit(program, "", ""),
		"muster.service":       strings.ReplaceAll(string(controller), "/usr/local/bin/muster ", program+" "),
	} {
		if said := verified(t, name, unit); said != "" {
			t.Errorf("systemd says of %s: %s", name, said)
		}
	}
}
