package cli

import "path/filepath"

// ReadConnection reads what WriteConnection left in a data directory.
func ReadConnection(dir string) (Connection, error) {
	return readConnection(filepath.Join(dir, ConnectionFile))
}
