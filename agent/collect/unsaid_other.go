//go:build windows || darwin

package collect

import "runtime"

// notThisSystem is the reason for what an operating system has no notion of.
func notThisSystem(what string) string { return runtime.GOOS + " does not say: " + what }
