//go:build linux

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Cost is what a whole process has used.
type Cost struct {
	CPU      time.Duration // since it started
	RSSBytes int64         // now
}

// CostOf reads a process's cost: CPU from the scheduler's own account of each
// thread (nanoseconds, where stat has ticks of 10 ms), memory from smaps_rollup.
func CostOf(pid int) (Cost, error) {
	var c Cost
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(tasks) == 0 {
		return c, fmt.Errorf("cannot read the threads of process %d: %w", pid, os.ErrNotExist)
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has just ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		if err != nil {
			return c, fmt.Errorf("cannot read %s: %w", task, err)
		}
		c.CPU += time.Duration(ns)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return c, err
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "Rss:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return c, fmt.Errorf("cannot read smaps_rollup of process %d: %w", pid, err)
			}
			c.RSSBytes = kib << 10
		}
	}
	return c, nil
}
