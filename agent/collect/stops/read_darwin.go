package stops

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"muster/inventory"
)

// Read lists kernel panics, newest first: all that macOS tells without a program
// of its own to ask. It keeps no record that tells a power cut from a shutdown.
func Read(ctx context.Context, root string) ([]inventory.Stop, error) {
	names, err := filepath.Glob(filepath.Join(root, "Library/Logs/DiagnosticReports/*.panic"))
	if err != nil || ctx.Err() != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	var found []inventory.Stop
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			found = append(found, inventory.Stop{
				At: info.ModTime().UTC(), Kind: inventory.StopCrash, Source: "panic report", Detail: "kernel panic",
			})
		}
	}
	if len(found) == 0 {
		return nil, errors.New("macOS says nothing of how a boot ended")
	}
	return newest(found), nil
}
