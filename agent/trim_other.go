//go:build !linux

package main

import "context"

// trim does nothing: Windows trims the working sets of quiet services itself.
func trim(context.Context) {}
