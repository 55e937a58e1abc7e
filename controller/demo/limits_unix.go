//go:build unix

package demo

import "golang.org/x/sys/unix"

// raiseFileLimit asks for as many open files as wanted and returns how many
// there are.
func raiseFileLimit(wanted uint64) (uint64, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	if uint64(limit.Cur) >= wanted {
		return uint64(limit.Cur), nil
	}
	raised := limit
	raised.Cur = min(raised.Max, wanted)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &raised); err != nil {
		return uint64(limit.Cur), nil //nolint:nilerr // the old limit still holds, and the demo shrinks to it
	}
	return uint64(raised.Cur), nil
}
