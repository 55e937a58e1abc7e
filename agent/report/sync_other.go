//go:build !linux

package report

import "os"

func syncContent(f *os.File) error { return f.Sync() }
