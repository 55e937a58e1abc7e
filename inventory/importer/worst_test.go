package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"muster/inventory"
	"muster/inventory/importer"
)

// TestTheWorstFilesCostNoMoreThanTheirRows plans long files in which every
// row is wrong in the same way. What would be quadratic never ends here.
func TestTheWorstFilesCostNoMoreThanTheirRows(t *testing.T) {
	const rows = 20_000
	for name, c := range map[string]struct {
		kind importer.Kind
		head string
		row  func(i int) string
	}{
		"one serial on every asset":  {importer.Assets, "tag,kind,serial", func(i int) string { return fmt.Sprintf("A%d,laptop,SAME01", i) }},
		"one tag that contradicts":   {importer.Assets, "tag,kind,notes", func(i int) string { return fmt.Sprintf("A1,laptop,%d", i) }},
		"every site unknown":         {importer.Assets, "tag,kind,site", func(i int) string { return fmt.Sprintf("A%d,laptop,Mill Lane Librari%d", i, i) }},
		"every row the same":         {importer.Assets, "tag,kind", func(int) string { return "A1,laptop" }},
		"every kind misspelt":        {importer.Assets, "tag,kind", func(i int) string { return fmt.Sprintf("A%d,labtop%d", i, i) }},
		"every prefix inside itself": {importer.Subnets, "prefix,site", func(i int) string { return fmt.Sprintf("10.%d.%d.1/24,S001", i>>8, i&255) }},
	} {
		var b strings.Builder
		b.WriteString(c.head + "\n")
		for i := range rows {
			b.WriteString(c.row(i) + "\n")
		}
		table := read(t, "x.csv", b.String(), importer.ReadOptions{Kind: c.kind})
		plan := importer.NewPlan([]*importer.Table{table}, inventory.Register{Sites: county.Sites}, importer.PlanOptions{})
		if plan.Rejected() < rows-1 || len(plan.Problems) > 2*rows {
			t.Errorf("%s: %d rejected, %d problems", name, plan.Rejected(), len(plan.Problems))
		}
		if plan.RejectedRows(0) > 0 {
			rejected(t, plan)
		}
	}
}
