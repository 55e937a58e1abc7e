package fleettest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"muster/controller/fleettest"
	"muster/controller/rehearsal"
)

// What `make rehearse` gives behind -args.
var (
	rehearseFiles = flag.String("files", "", "rehearsals to play: a pattern, or several apart by the system's list separator")
	rehearseJSON  = flag.Bool("json", false, "one JSON object a file instead of the table")
	rehearseOut   = flag.String("out", "", "where the table or the objects go; empty: the log")
	rehearseSeed  = flag.Uint64("seed", 0, "instead of the files' own; zero: theirs")
	rehearseDump  = flag.String("dump", "", "folder for every step of every incident with its findings, one file a rehearsal")
	rehearseLog   = flag.String("agentlog", "", "debug | info | warn: what everybody on the stage logs, to standard error")
)

// fastOnes are what `make test` plays of configs/rehearsals, at three sites of six:
// one of each way to end. `make rehearse` plays all, as they are.
func fastOnes() []string {
	return []string{"01-*.yaml", "06-*.yaml", "20-*.yaml", "21-*.yaml", "24-*.yaml", "35-*.yaml", "45-*.yaml"}
}

// small makes a rehearsal one that the race detector bears.
func small(r rehearsal.Rehearsal) rehearsal.Rehearsal {
	r.Estate.Sites = slices.Clone(r.Estate.Sites[:min(3, len(r.Estate.Sites))])
	for i := range r.Estate.Sites {
		r.Estate.Sites[i].Workstations = min(r.Estate.Sites[i].Workstations, 6)
	}
	return r
}

// TestRehearse plays files. Without -files it plays the few of configs/rehearsals
// that fit into a test.
func TestRehearse(t *testing.T) {
	files := filesOf(t)
	desk := &sheets{t: t, of: len(files)}
	if *rehearseOut != "" {
		out, err := os.OpenFile(*rehearseOut, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		desk.out = out
	}
	t.Run("file", func(t *testing.T) {
		for n, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				desk.put(n, rehearseOne(t, file))
			})
		}
	})
	desk.finish()
}

func filesOf(t *testing.T) []string {
	t.Helper()
	patterns := filepath.SplitList(*rehearseFiles)
	if len(patterns) == 0 {
		for _, one := range fastOnes() {
			patterns = append(patterns, filepath.Join("../../configs/rehearsals", one))
		}
	}
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no file is called %s", pattern)
		}
		files = append(files, found...)
	}
	return files
}

// rehearseOne reads, plays and judges one file.
func rehearseOne(t *testing.T, file string) rehearsal.Sheet {
	t.Helper()
	broken := func(err error) rehearsal.Sheet { return rehearsal.Unplayed(file, err) }
	f, err := os.Open(file)
	if err != nil {
		return broken(err)
	}
	defer f.Close()
	r, err := rehearsal.Parse(file, f)
	if err != nil {
		return broken(err)
	}
	if *rehearseFiles == "" {
		r = small(r)
	}
	if *rehearseSeed > 0 {
		r.Seed = *rehearseSeed
	}
	seen := fleettest.Rehearse(t, r, agentLog(t))
	dump(t, file, seen)
	return rehearsal.Judge(r, seen)
}

// dump writes what was seen, for who wants to know why.
func dump(t *testing.T, file string, seen rehearsal.Seen) {
	t.Helper()
	if *rehearseDump == "" {
		return
	}
	b, err := json.MarshalIndent(seen, "", " ")
	if err == nil {
		err = os.WriteFile(filepath.Join(*rehearseDump, filepath.Base(file)+".json"), b, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// sheets gathers judgements in the files' order.
type sheets struct {
	t   *testing.T
	of  int
	out io.Writer // nil: the test's log

	mu   sync.Mutex // guards what follows
	done map[int]rehearsal.Sheet
}

func (s *sheets) put(n int, sheet rehearsal.Sheet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = map[int]rehearsal.Sheet{}
	}
	s.done[n] = sheet
	word := "passed"
	if !sheet.Passed {
		word = "FELL SHORT"
	}
	if s.out != nil {
		fmt.Fprintf(os.Stderr, "rehearse: %d of %d: %s %s, %.0f s\n", len(s.done), s.of, sheet.Name, word, sheet.Seconds)
		for _, missed := range sheet.Missed {
			fmt.Fprintf(os.Stderr, "rehearse:   %s\n", missed)
		}
		for _, other := range sheet.Unexpected {
			fmt.Fprintf(os.Stderr, "rehearse:   unexpected: %s %+v\n", other.Cause, other.Scope)
		}
	}
}

func (s *sheets) finish() {
	all := make([]rehearsal.Sheet, 0, s.of)
	for n := range s.of {
		if sheet, ok := s.done[n]; ok {
			all = append(all, sheet)
			if !sheet.Passed {
				s.t.Errorf("%s fell short", sheet.Name)
			}
		}
	}
	out := s.out
	if out == nil {
		out = s.t.Output()
	}
	if !*rehearseJSON {
		if err := rehearsal.Table(out, all); err != nil {
			s.t.Error(err)
		}
		return
	}
	encoder := json.NewEncoder(out)
	for _, sheet := range all {
		if err := encoder.Encode(sheet); err != nil {
			s.t.Error(err)
		}
	}
}
