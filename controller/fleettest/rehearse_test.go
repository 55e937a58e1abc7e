package fleettest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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
	rehearseSeed  = flag.String("seed", "0", "instead of the files' own, several apart by commas; zero: theirs")
	rehearseSize  = flag.String("size", "0", "workstations of the sites that a file is about, several apart by commas; zero: as the file is")
	rehearseForce = flag.Bool("force", false, "play a file at sizes that it does not name too")
	rehearseMark  = flag.Bool("report", false, "the score of the batch in Markdown instead of the table")
	rehearseOld   = flag.String("sheets", "", "files of -json to print again instead of playing: a pattern, or several")
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

// run is one file with one seed at one size.
type run struct {
	file string
	r    rehearsal.Rehearsal
	err  error // it could not be read
}

func (r run) name() string {
	return filepath.Base(r.file) + ", " + drawn(r.r.Seed, r.r.Size)
}

// TestRehearse plays files. Without -files it plays the few of configs/rehearsals
// that fit into a test.
func TestRehearse(t *testing.T) {
	runs := runsOf(t)
	desk := &sheets{t: t, of: len(runs)}
	if *rehearseOut != "" {
		out, err := os.OpenFile(*rehearseOut, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		desk.out = out
	}
	t.Run("file", func(t *testing.T) {
		for n, one := range runs {
			t.Run(one.name(), func(t *testing.T) {
				t.Parallel()
				desk.put(n, rehearseOne(t, one))
			})
		}
	})
	desk.old(t)
	desk.finish()
}

// runsOf are the files with each seed at each size. A file that says nothing of a
// size is left out there.
func runsOf(t *testing.T) []run {
	t.Helper()
	if *rehearseOld != "" {
		return nil
	}
	var runs []run
	for _, size := range numbers(t, *rehearseSize) {
		for _, seed := range numbers(t, *rehearseSeed) {
			for _, file := range filesOf(t) {
				r, err := read(file, int(size))
				if seed > 0 {
					r.Seed = seed
				}
				if err == nil && !r.MeantFor(int(size)) && !*rehearseForce {
					fmt.Fprintf(os.Stderr, "rehearse: %s is left out at size %d, which it does not name\n", filepath.Base(file), size)
					continue
				}
				runs = append(runs, run{file, r, err})
			}
		}
	}
	return runs
}

// read reads a file at a size. What it says at its own size says whether it is
// meant for others, and stands where it cannot be read at those.
func read(file string, size int) (rehearsal.Rehearsal, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return rehearsal.Rehearsal{}, err
	}
	plain, err := rehearsal.Parse(file, bytes.NewReader(content))
	if err != nil || size == 0 || !plain.MeantFor(size) && !*rehearseForce {
		return plain, err
	}
	return rehearsal.ParseAt(file, bytes.NewReader(content), size)
}

func numbers(t *testing.T, list string) []uint64 {
	t.Helper()
	var all []uint64
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(word), 10, 53)
		if err != nil {
			t.Fatalf("%q is no list of numbers: %v", list, err)
		}
		all = append(all, n)
	}
	return all
}

func filesOf(t *testing.T) []string {
	t.Helper()
	patterns := filepath.SplitList(*rehearseFiles)
	if len(patterns) == 0 {
		for _, one := range fastOnes() {
			patterns = append(patterns, filepath.Join("../../configs/rehearsals", one))
		}
	}
	return matches(t, patterns)
}

func matches(t *testing.T, patterns []string) []string {
	t.Helper()
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

// rehearseOne plays and judges one file.
func rehearseOne(t *testing.T, one run) rehearsal.Sheet {
	t.Helper()
	if one.err != nil {
		return rehearsal.Unplayed(one.file, one.err)
	}
	r := one.r
	if *rehearseFiles == "" {
		r = small(r)
	}
	seen := fleettest.Rehearse(t, r, agentLog(t))
	dump(t, one, seen)
	return rehearsal.Judge(r, seen)
}

// dump writes what was seen, for who wants to know why.
func dump(t *testing.T, one run, seen rehearsal.Seen) {
	t.Helper()
	if *rehearseDump == "" {
		return
	}
	name := filepath.Base(one.file)
	if len(numbers(t, *rehearseSeed))*len(numbers(t, *rehearseSize)) > 1 {
		name = fmt.Sprintf("%s-seed-%d-size-%d", name, one.r.Seed, one.r.Size)
	}
	b, err := json.MarshalIndent(seen, "", " ")
	if err == nil {
		err = os.WriteFile(filepath.Join(*rehearseDump, name+".json"), b, 0o600)
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

// drawn says what a play was drawn from; size zero is the file's own.
func drawn(seed uint64, size int) string {
	if size == 0 {
		return fmt.Sprintf("seed %d", seed)
	}
	return fmt.Sprintf("seed %d, size %d", seed, size)
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
		fmt.Fprintf(os.Stderr, "rehearse: %d of %d: %s (%s) %s, %.0f s\n", len(s.done), s.of, sheet.Name, drawn(sheet.Seed, sheet.Size), word, sheet.Seconds)
		for _, missed := range sheet.Missed {
			fmt.Fprintf(os.Stderr, "rehearse:   %s\n", missed)
		}
		for _, other := range sheet.Unexpected {
			fmt.Fprintf(os.Stderr, "rehearse:   unexpected: %s %+v\n", other.Cause, other.Scope)
		}
	}
}

// old takes judgements of earlier batches in.
func (s *sheets) old(t *testing.T) {
	t.Helper()
	if *rehearseOld == "" {
		return
	}
	for _, file := range matches(t, filepath.SplitList(*rehearseOld)) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for from := json.NewDecoder(bytes.NewReader(content)); ; {
			var sheet rehearsal.Sheet
			if err := from.Decode(&sheet); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("cannot read the judgements of %s: %v", file, err)
			}
			if s.done == nil {
				s.done = map[int]rehearsal.Sheet{}
			}
			s.done[s.of] = sheet
			s.of++
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
	if err := show(out, all); err != nil {
		s.t.Error(err)
	}
}

// show prints judgements as was asked. Objects have their score on standard
// error, where it is in nobody's way.
func show(out io.Writer, all []rehearsal.Sheet) error {
	switch {
	case *rehearseMark:
		return rehearsal.Report(out, all)
	case !*rehearseJSON:
		return rehearsal.Table(out, all)
	}
	encoder := json.NewEncoder(out)
	for _, sheet := range all {
		if err := encoder.Encode(sheet); err != nil {
			return err
		}
	}
	return rehearsal.Summary(os.Stderr, all)
}
