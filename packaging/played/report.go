package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json`; `go doc test2json` says what each means.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// maxEventBytes bounds a line: an event holds a line of a test's output.
const maxEventBytes = 1 << 20

// test is one as it ran: what it said is told only if it failed or was skipped.
type test struct{ pkg, name string }

// run is what is known so far.
type run struct {
	said    map[test][]string // of tests that have not ended, and of packages beside their tests
	skipped []string
	failed  bool
}

// report prints the lines as packages end, and at last what was not played.
func report(in io.Reader, out io.Writer) (failed bool, err error) {
	r := run{said: map[test][]string{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxEventBytes)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			// The go command itself speaks in plain words.
			if _, err := fmt.Fprintln(out, lines.Text()); err != nil {
				return true, err
			}
			continue
		}
		if _, err := io.WriteString(out, r.step(e)); err != nil {
			return true, err
		}
	}
	if err := lines.Err(); err != nil {
		return true, fmt.Errorf("cannot read what go test says: %w", err)
	}
	_, err = io.WriteString(out, r.closing())
	return r.failed, err
}

// step takes one event and says what is to be printed at once.
func (r *run) step(e event) string {
	at := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		return e.Output
	case "build-fail":
		r.failed = true
	case "output":
		r.said[at] = append(r.said[at], e.Output)
	case "fail":
		r.failed = true
		if e.Test != "" {
			return r.take(at, isSpoken)
		}
		return r.unended(e.Package) + r.take(at, isSpoken)
	case "skip":
		if e.Test != "" {
			r.skipped = append(r.skipped, e.Package+" "+e.Test+": "+reason(r.said[at]))
			delete(r.said, at)
			return ""
		}
		return r.take(at, isSummary)
	case "pass":
		if e.Test == "" {
			return r.take(at, isSummary)
		}
		delete(r.said, at)
	}
	return ""
}

// take is what was said there, once.
func (r *run) take(at test, wanted func(string) bool) string {
	var b strings.Builder
	for _, line := range r.said[at] {
		if wanted(line) {
			b.WriteString(line)
		}
	}
	delete(r.said, at)
	return b.String()
}

// unended is what tests said that the end of their package, or its deadline, cut off.
func (r *run) unended(pkg string) string {
	var b strings.Builder
	for _, at := range slices.SortedFunc(maps.Keys(r.said), func(a, b test) int { return strings.Compare(a.name, b.name) }) {
		if at.pkg == pkg && at.name != "" {
			b.WriteString(r.take(at, isSpoken))
		}
	}
	return b.String()
}

// isSpoken tells what a test says from its coming and going.
func isSpoken(line string) bool { return !strings.HasPrefix(line, "=== ") }

// isSummary tells a package's own line from the other things that it says.
func isSummary(line string) bool {
	return strings.HasPrefix(line, "ok  ") || strings.Contains(line, "[no test files]") || strings.HasPrefix(line, "coverage:")
}

// reason is what a skipped test said, without the frame that the testing package
// puts around it.
func reason(said []string) string {
	var words []string
	for _, line := range said {
		line = strings.TrimSpace(line)
		if !isSpoken(line) || strings.HasPrefix(line, "--- SKIP") {
			continue
		}
		if _, text, found := strings.Cut(line, ".go:"); found { // file_test.go:12: text
			if _, text, found = strings.Cut(text, ": "); found {
				line = text
			}
		}
		if line != "" {
			words = append(words, line)
		}
	}
	if len(words) == 0 {
		return "it does not say why"
	}
	return strings.Join(words, "; ")
}

// closing lists what was not played.
func (r *run) closing() string {
	if len(r.skipped) == 0 {
		return "NOT PLAYED: nothing; every test that there is was played.\n"
	}
	slices.Sort(r.skipped)
	return fmt.Sprintf("NOT PLAYED: %d, which says nothing about them:\n  %s\n", len(r.skipped), strings.Join(r.skipped, "\n  "))
}
