package main

import (
	"os"
	"strconv"
	"time"
)

// timerSlack is how late a sleep may end. The runtime's own watchman naps for 20
// microseconds several times after each wake-up, which is a third of a quiet
// agent's processor time; with slack he naps once.
const timerSlack = 5 * time.Millisecond

// slacken gives slack to the threads there are; later ones inherit it. It takes
// CAP_SYS_NICE, or systemd's TimerSlackNSec instead.
func slacken() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, thread := range threads {
		// Without the right to it everything works, at a little more cost.
		_ = os.WriteFile("/proc/"+thread.Name()+"/timerslack_ns", []byte(strconv.FormatInt(int64(timerSlack), 10)), 0)
	}
}
