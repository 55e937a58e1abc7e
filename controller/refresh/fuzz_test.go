package refresh_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/controller/refresh"
	"muster/inventory"
)

// FuzzApply holds that an event from a file or an older program is refused or
// applied whole, and that its body survives being written again.
func FuzzApply(f *testing.F) {
	for _, kind := range []string{
		inventory.EventSwapPlanned, inventory.EventSwapScheduled, inventory.EventSwapDone, inventory.EventSwapFailed, inventory.EventSwapUndone,
		inventory.EventSwapRolledBack, inventory.EventSwapCancelled, inventory.EventSwapChecked, inventory.EventSwapHandedIn, inventory.EventSwapClosed,
		inventory.EventSwapNew, inventory.EventSwapOld, inventory.EventSwapVerified, inventory.EventSwapUnverified, "swap.eaten",
	} {
		f.Add(kind, []byte(`{"version":2,"why":"late","say":{"reason":"r"}}`))
		f.Add(kind, []byte(`{"version":2}`))
	}
	f.Add(inventory.EventSwapDone, []byte(`{"version":2,"say":{"new":"A","checks":[{"name":"x","passed":true}]}} `))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		s := inventory.Swap{ID: "x00000001", State: inventory.SwapPlanned, Version: 1, WordVersion: 1}
		before := s
		e := inventory.Event{Kind: kind, Subject: inventory.Subject{Noun: inventory.NounSwap, Key: s.ID}, OccurredAt: monday, RecordedAt: monday, Author: "a", Body: body}
		after, err := refresh.Apply(s, e)
		if diff := cmp.Diff(before, s); diff != "" {
			t.Fatalf("the argument was changed: %s", diff)
		}
		if err != nil {
			return
		}
		if after.Version < s.Version || after.Version > s.Version+1 {
			t.Fatalf("version %d of %d", after.Version, s.Version)
		}
		b, say, err := refresh.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		b.Say, err = json.Marshal(say)
		if err != nil {
			t.Fatal(err)
		}
		if e.Body, err = json.Marshal(b); err != nil {
			t.Fatal(err)
		}
		again, err := refresh.Apply(s, e)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(after, again); diff != "" {
			t.Fatalf("written again it says something else: %s", diff)
		}
	})
}

// FuzzSheet holds that any file is read or refused, and that a refused one
// leaves nothing behind.
func FuzzSheet(f *testing.F) {
	f.Add([]byte("swap,version,outcome,when,new_scanned\nx00000001,2,done,10:40,NEWSER1\n"))
	f.Add([]byte("\ufeffswap;version;outcome;reason;next\rx00000002;2;failed;locked;2026-12-01\r"))
	f.Add([]byte("swap\tversion\toutcome\twhen\nx00000001\t2\tin place\t23/11/2026 10:40\n"))
	f.Add([]byte("swap,version,outcome\n\"x"))
	f.Fuzz(func(t *testing.T, content []byte) {
		rows, err := refresh.ReadCSV(content)
		if err != nil {
			return
		}
		d, _ := visited(t)
		out, err := refresh.Fill(rows, d, "alex", evening)
		var ps refresh.RowProblems
		if err != nil && (!errors.As(err, &ps) || len(ps) == 0 || len(out.Events)+len(out.After) > 0) {
			t.Fatalf("%v leaves %d events", err, len(out.Events))
		}
		for _, s := range out.After {
			if s.Version != 3 {
				t.Fatalf("one row made version %d", s.Version)
			}
		}
	})
}

// FuzzResolve holds that nothing that is typed is ever two things at once.
func FuzzResolve(f *testing.F) {
	x := refresh.NewIndex(register())
	for _, s := range []string{"PF3ABCDE", "]C1", "1S", "S", "S/N", "5.02E+18", "TWIN0001", "\x1d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		found := x.Resolve(typed)
		_, one := found.One()
		if one != (found.Why() == "") {
			t.Fatalf("%q: one %v, why %q", typed, one, found.Why())
		}
	})
}
