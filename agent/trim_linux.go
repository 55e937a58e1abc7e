package main

import (
	"bufio"
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// trimEvery is a little work against what seldom runs.
const trimEvery = 15 * time.Minute

// trimAt is when the start has left something behind: initialisation, enrolment,
// the inventory and the way into the pool each use code that is not used again.
func trimAt() []time.Duration {
	return []time.Duration{
		300 * time.Millisecond, time.Second, 2 * time.Second, 3 * time.Second,
		4 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second,
		35 * time.Second, time.Minute, 90 * time.Second, 3 * time.Minute,
	}
}

// trim gives back the program's own pages that only the start has needed: code
// and tables of collectors, parsers and initialisation stay mapped otherwise,
// ten of the agent's fifteen MiB. They are read-only and backed by the program's
// file, so dropping them loses nothing: what is used again is mapped again.
func trim(ctx context.Context) {
	began, steps := time.Now(), trimAt()
	timer := time.NewTimer(steps[0])
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		giveBack()
		next := trimEvery
		if len(steps) > 1 {
			steps = steps[1:]
			next = time.Until(began.Add(steps[0]))
		}
		timer.Reset(next)
	}
}

func giveBack() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close() // opened for reading
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		if start, length, ok := ownPages(lines.Text(), program); ok {
			// Advice only: where the kernel declines, everything stays as it is.
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, start, length, unix.MADV_DONTNEED)
		}
	}
}

// ownPages reads a line of /proc/self/maps; ok means that it is a read-only part
// of the program.
func ownPages(line, program string) (start, length uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 6 || fields[5] != program || !strings.HasPrefix(fields[1], "r-") {
		return 0, 0, false
	}
	from, to, ok := strings.Cut(fields[0], "-")
	if !ok {
		return 0, 0, false
	}
	first, errFirst := strconv.ParseUint(from, 16, 64)
	end, errEnd := strconv.ParseUint(to, 16, 64)
	if errFirst != nil || errEnd != nil || end <= first {
		return 0, 0, false
	}
	return uintptr(first), uintptr(end - first), true
}
