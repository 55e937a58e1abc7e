package cli

import (
	"os"
	"path/filepath"
)

func defaultStateDir() string   { return filepath.Join(programs(), "Agent") }
func defaultConfigFile() string { return filepath.Join(programs(), "agent.yaml") }

func programs() string {
	root := os.Getenv("ProgramData")
	if root == "" {
		root = `C:\ProgramData`
	}
	return filepath.Join(root, "Muster")
}
