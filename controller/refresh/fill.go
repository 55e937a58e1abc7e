package refresh

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// Desk is everything that a filled sheet is held against.
type Desk struct {
	Visit     inventory.Visit
	Zone      *time.Location   // of the site: times in the sheet are of its clocks
	Swaps     []inventory.Swap // of the visit, and those that have one of the assets named
	Positions map[string]inventory.Position
	Assets    map[string]inventory.Asset
	Index     *Index // of the register: what was scanned is looked up in it
	Reported  map[string]bool
}

// Filled is what a sheet adds up to.
type Filled struct {
	Before  []inventory.Swap // those that change, as they were
	After   []inventory.Swap
	Events  []inventory.Event
	Skipped []int // lines that say nothing, or what is recorded already
}

// Fill reads a sheet that a crew filled in, at the desk or afterwards: what it
// tells occurred when the sheet says and is recorded now. All of it is recorded
// or, where RowProblems are returned, nothing. A row names the version that was
// read: where somebody else has said something since, it is a problem and never
// overwrites. Sending the same sheet again changes nothing.
func Fill(rows []Row, d Desk, by string, now time.Time) (Filled, error) {
	s, problems := newSheet(rows)
	if len(problems) > 0 {
		return Filled{}, problems
	}
	f := filler{Desk: d, sheet: s, by: by, now: now, swaps: map[string]inventory.Swap{}, lines: map[string]int{}}
	for _, swap := range d.Swaps {
		f.swaps[swap.ID] = swap
	}
	before := maps.Clone(f.swaps)
	for _, r := range s.rows {
		f.row(r)
	}
	if len(f.problems) > 0 {
		return Filled{}, f.problems
	}
	for _, id := range slices.Sorted(maps.Keys(f.lines)) {
		if f.swaps[id].Version != before[id].Version {
			f.out.Before, f.out.After = append(f.out.Before, before[id]), append(f.out.After, f.swaps[id])
		}
	}
	return f.out, nil
}

type filler struct {
	Desk
	sheet    sheet
	by       string
	now      time.Time
	swaps    map[string]inventory.Swap
	lines    map[string]int // by swap: the line that told of it
	out      Filled
	problems RowProblems
}

func (f *filler) problem(r Row, column, format string, args ...any) {
	f.problems = append(f.problems, RowProblem{Line: r.Line, Column: column, Why: fmt.Sprintf(format, args...)})
}

// row reads one row and, where nothing is wrong with it, acts on it.
func (f *filler) row(r Row) {
	problems := len(f.problems)
	for i, c := range r.Cells {
		if len(c) > maxCellBytes {
			f.problem(r, "", "cell %d is longer than %d bytes", i+1, maxCellBytes)
			return
		}
	}
	outcome, ok := outcomes[strings.ToLower(f.sheet.cell(r, "outcome"))]
	if !ok {
		f.problem(r, "outcome", "%.40q is none of done, in place and failed", f.sheet.cell(r, "outcome"))
		return
	}
	if outcome == "" {
		f.blank(r)
		return
	}
	swap, ok := f.swap(r)
	if !ok {
		return
	}
	o := f.order(r, swap, outcome)
	if len(f.problems) > problems {
		return
	}
	if f.recorded(swap, o) {
		f.out.Skipped = append(f.out.Skipped, r.Line)
		return
	}
	f.act(r, swap, o)
}

// What a crew may write in the column outcome.
const (
	swapped = "done"
	inPlace = "in place" // the same machine, installed anew
	failed  = "failed"
)

var outcomes = map[string]string{
	"": "", swapped: swapped, "yes": swapped, "y": swapped, "swapped": swapped, inPlace: inPlace,
	failed: failed, "no": failed, "n": failed, "not done": failed,
}

// blank is a desk to which nobody came; what was written beside it would be lost.
func (f *filler) blank(r Row) {
	for _, column := range slices.Concat(sheetFilled, CheckNames()) {
		if f.sheet.cell(r, column) != "" {
			f.problem(r, "outcome", "missing, while %s is filled in", column)
			return
		}
	}
	f.out.Skipped = append(f.out.Skipped, r.Line)
}

func (f *filler) swap(r Row) (inventory.Swap, bool) {
	id := strings.ToLower(f.sheet.cell(r, "swap"))
	swap, ok := f.swaps[id]
	switch line, twice := f.lines[id]; {
	case !ok:
		f.problem(r, "swap", "there is no swap %.40q on this visit", id)
	case twice:
		f.problem(r, "swap", "%s was told in line %d already", id, line)
		ok = false
	case f.sheet.cell(r, "visit") != "" && f.sheet.cell(r, "visit") != f.Visit.Code:
		f.problem(r, "visit", "the row is of visit %.64s, the sheet is of %s", f.sheet.cell(r, "visit"), f.Visit.Code)
		ok = false
	}
	if ok {
		f.lines[id] = r.Line
	}
	return swap, ok
}

// order is what a row says, in the words of Act.
func (f *filler) order(r Row, swap inventory.Swap, outcome string) Order {
	version, err := strconv.Atoi(f.sheet.cell(r, "version"))
	if err != nil || version < 1 {
		f.problem(r, "version", "%.40q is no version: leave the column as it was", f.sheet.cell(r, "version"))
	}
	at := f.when(r, outcome)
	by := f.sheet.cell(r, "by")
	if by == "" {
		by = f.by
	}
	o := Order{
		Said:  Said{By: by, At: at, Version: version, Why: f.sheet.cell(r, "why")},
		Scene: Scene{Position: f.Positions[swap.Position], Visit: &f.Visit, Assets: f.Assets, Others: f.others(swap), Reported: f.Reported, Zone: f.Zone},
	}
	tried := f.tried(r)
	if outcome != failed {
		noOld := strings.EqualFold(f.sheet.cell(r, "old_scanned"), "none")
		do := Do{New: f.scanned(r, "new_scanned"), NoOld: noOld, Checks: tried}
		if !noOld {
			do.Old = f.scanned(r, "old_scanned")
		}
		do.InPlace = outcome == inPlace
		o.Action = do
		return o
	}
	next, err := inventory.ParseDate(f.sheet.cell(r, "next"))
	if err != nil {
		f.problem(r, "next", "%s", err)
	}
	if len(tried) > 0 {
		f.problem(r, "outcome", "checks are filled in at a desk that was not done")
	}
	o.Action = Fail{Reason: f.sheet.cell(r, "reason"), Next: next}
	return o
}

// others are the other swaps as this sheet leaves them.
func (f *filler) others(swap inventory.Swap) []inventory.Swap {
	others := make([]inventory.Swap, 0, len(f.swaps))
	for _, id := range slices.Sorted(maps.Keys(f.swaps)) {
		if id != swap.ID {
			others = append(others, f.swaps[id])
		}
	}
	return others
}

// scanned is the tag of what a crew scanned or wrote.
func (f *filler) scanned(r Row, column string) string {
	typed := f.sheet.cell(r, column)
	if typed == "" {
		return ""
	}
	found := f.Index.Resolve(typed)
	one, ok := found.One()
	switch {
	case !ok:
		f.problem(r, column, "%s", found.Why())
	case one.Asset == nil:
		f.problem(r, column, "%s is a position, not a machine", one.Key())
	default:
		return one.Key()
	}
	return ""
}

func (f *filler) tried(r Row) []Checking {
	var list []Checking
	for _, name := range CheckNames() {
		switch answer := strings.ToLower(f.sheet.cell(r, name)); answer {
		case "":
		case "yes", "y", "ok", "x", "true":
			list = append(list, Checking{Name: name, Passed: true})
		case "no", "n", "false":
			list = append(list, Checking{Name: name})
		default:
			f.problem(r, name, "%.40q is neither yes nor no", answer)
		}
	}
	return list
}

// recorded reports whether the swap says already what the row says: the sheet
// was sent before.
func (f *filler) recorded(s inventory.Swap, o Order) bool {
	switch a := o.Action.(type) {
	case Do:
		d := a.filled(s, o)
		return done(s.State) && s.DoneAt.Equal(o.At) && s.DoneBy == o.By && (a.New == "" || s.New == d.New)
	case Fail:
		// Not by its time: a row that names none has another one each time it is sent.
		return s.State == inventory.SwapFailed && s.Reason == a.Reason && s.Next == a.Next
	default:
		return false
	}
}

func (f *filler) act(r Row, s inventory.Swap, o Order) {
	after, events, err := Act(s, o, f.now)
	var refusal *Refusal
	var conflict *Conflict
	switch {
	case errors.As(err, &refusal):
		f.problems = append(f.problems, RowProblem{Line: r.Line, Why: refusal.Why, Help: refusal.Help})
	case errors.As(err, &conflict):
		f.problems = append(f.problems, RowProblem{Line: r.Line, Column: "version", Why: conflict.Error(), Help: conflict.Hint()})
	case err != nil:
		f.problem(r, "", "%s", err)
	default:
		f.swaps[s.ID] = after
		f.out.Events = append(f.out.Events, events...)
	}
}
