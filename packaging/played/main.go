// Command played reads what `go test -json` says on standard input and prints what
// `go test` would: a line for each package, and all that a failed test said. Go keeps
// to itself what a test skipped; played ends with a list of what was not played, and
// why. It exits with 1 where anything failed.
//
//	go test -json ./... | go run ./packaging/played
package main

import (
	"fmt"
	"os"
)

func main() {
	failed, err := report(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "played:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}
