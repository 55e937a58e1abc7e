//go:build !linux

package collect

import (
	"io"
	"os"
)

// slurp reads at most limit bytes of a file.
func slurp(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // opened for reading
	return io.ReadAll(io.LimitReader(f, limit))
}
