//go:build linux

package fleettest_test

import (
	"fmt"
	"os"
	"testing"

	"muster/controller/fleettest/lab"
)

// TestMain removes the programs that the tests share.
func TestMain(m *testing.M) {
	code := m.Run()
	if err := lab.Clean(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}
