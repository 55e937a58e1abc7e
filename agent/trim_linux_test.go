package main

import "testing"

func TestOnlyTheProgramsReadOnlyPagesAreGivenBack(t *testing.T) {
	tests := map[string]struct {
		line string
		ok   bool
	}{
		"code":          {"00400000-00a1b000 r-xp 00000000 fe:01 131 /usr/local/bin/muster-agent", true},
		"tables":        {"00a1b000-00f00000 r--p 0061b000 fe:01 131 /usr/local/bin/muster-agent", true},
		"variables":     {"00f00000-00f60000 rw-p 00b00000 fe:01 131 /usr/local/bin/muster-agent", false},
		"heap":          {"c000000000-c000800000 rw-p 00000000 00:00 0", false},
		"other program": {"00400000-00a1b000 r-xp 00000000 fe:01 131 /usr/bin/other", false},
		"garbage":       {"x-y r-xp 0 0 0 /usr/local/bin/muster-agent", false},
		"reversed":      {"00a1b000-00400000 r-xp 0 fe:01 131 /usr/local/bin/muster-agent", false},
	}
	for name, test := range tests {
		if start, length, ok := ownPages(test.line, "/usr/local/bin/muster-agent"); ok != test.ok || ok && (start == 0 || length == 0) {
			t.Errorf("%s: %x, %x, %v", name, start, length, ok)
		}
	}
}
