package readiness_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/readiness"
	"muster/inventory"
)

func TestExplainSaysWhatWasMeasuredWhenAgainstWhatAndWhose(t *testing.T) {
	g, f := worked(t), ready(t)
	f.Access[2].P95Millis = inventory.Known(1240.0)
	f.Positions = append(f.Positions, readiness.PositionRow{Key: "A3", Code: "A3"})
	e := g.Evaluate(f, readiness.Settled{Care: map[string]inventory.BlockerCare{
		"S003/site-go-live/records-reachable/w00000001/records": {Owner: "a.reed", Due: "2026-11-30", Note: "new cable on Thursday"},
	}}, monday)
	want := `S003: site-go-live is blocked as of Mon 2026-11-23 10:00 GMT
  swapped: ready: 2 in scope: 2 pass, 0 fail, 0 unknown, 0 stale, 0 waived (of 3 positions)
    needs all: position.swap.verified; counts those where position.in_scope
  records-reachable: blocked: 6 in scope: 5 pass, 1 fail, 0 unknown, 0 stale, 0 waived
    needs at least 95 % and 2 workstations (or all, where there are fewer): access.reachable && access.p95_ms < 800; counts those where access.service in ['email', 'files', 'records']; measured within 45m of open hours
    5 of 6 pass, needs 6 (95 %)
    the oldest measurement that counts is of Mon 2026-11-23 09:50 GMT
    - access w00000001/records: fail: access.p95_ms is 1240, wanted access.p95_ms < 800
      measured Mon 2026-11-23 09:50 GMT, blocks since Mon 2026-11-23 10:00 GMT, owner a.reed, due 2026-11-30
      would clear it: access.p95_ms < 800
      note: new cable on Thursday
  trained: ready: 3 in scope: 3 pass, 0 fail, 0 unknown, 0 stale, 0 waived
    needs at least 95 %: staff.training['records-basic'].complete; measured within 7d of open hours
    the oldest measurement that counts is of Sun 2026-11-22 10:00 GMT`
	if diff := cmp.Diff(strings.Split(want, "\n"), g.Explain(e, f)); diff != "" {
		t.Error(diff)
	}
}

func TestTwoVersionsOfAGateDifferByWhatChanged(t *testing.T) {
	src, err := os.ReadFile("testdata/site-go-live.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer("< 800", "< 500", "fresh: 7d", "fresh: 14d", "fail_for: 2h", "fail_for: 4h", "id: swapped", "id: replaced").Replace(string(src))
	is, err := readiness.LoadGate("is.yaml", []byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"signoff: site-owner, weakened after 2h0m0s of failing → site-owner, weakened after 4h0m0s of failing",
		"criterion swapped: taken away (positions: position.swap.verified)",
		"criterion replaced: new (positions: position.swap.verified, needs all)",
		"criterion records-reachable: pass: access.reachable && access.p95_ms < 800 → access.reachable && access.p95_ms < 500",
		"criterion trained: fresh: 7d → 14d",
	}
	if diff := cmp.Diff(want, readiness.DiffGates(worked(t), is)); diff != "" {
		t.Error(diff)
	}
	if same := readiness.DiffGates(is, is); len(same) != 0 {
		t.Errorf("%v", same)
	}
}

func TestTwoEvaluationsDifferByWhatChangedAndWhy(t *testing.T) {
	g, f := worked(t), ready(t)
	f.Positions[1].Swap = readiness.SwapPart{State: inventory.SwapFailed, Failed: "the room was locked"}
	was := g.Evaluate(f, readiness.Settled{}, monday)
	f = ready(t)
	f.Access[0].Reachable, f.Access[0].Error = inventory.Known(false), "refused"
	is := g.Evaluate(f, readiness.Settled{Before: &was}, monday.Add(time.Minute))
	want := []string{
		"swapped: blocked (1 pass, 1 fail of 2) → ready (2 pass of 2)",
		"records-reachable: ready (6 pass of 6) → blocked (5 pass, 1 fail of 6)",
		"new blocker records-reachable/w00000001/email: fail: access.reachable is false (refused)",
		"blocker swapped/A2 is gone: it was fail: position.swap.verified is false (failed: the room was locked)",
	}
	if diff := cmp.Diff(want, readiness.DiffEvaluations(was, is)); diff != "" {
		t.Error(diff)
	}
	if same := readiness.DiffEvaluations(is, is); len(same) != 0 {
		t.Errorf("%v", same)
	}
}
