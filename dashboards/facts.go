package dashboards

import (
	"fmt"
	"strings"
	"time"

	"muster/inventory"
)

// How facts become text. An unknown fact keeps its reason and never a text.

func row[T any](label string, f inventory.Fact[T]) FactRow {
	return rowAs(label, f, func(v T) string { return fmt.Sprint(v) })
}

func rowAs[T any](label string, f inventory.Fact[T], as func(T) string) FactRow {
	value, known := f.Get()
	if !known {
		return FactRow{Label: label, Unknown: f.Reason()}
	}
	said := strings.TrimSpace(as(value))
	if said == "" {
		said = "none"
	}
	return FactRow{Label: label, Text: said}
}

func text(s string) FactRow {
	if s == "" {
		s = "–"
	}
	return FactRow{Text: s}
}

func tableOf[T any](caption string, f inventory.Fact[[]T], heads []string, cells func(T) []FactRow) FactTable {
	table := FactTable{Caption: caption, Heads: heads}
	items, known := f.Get()
	switch {
	case !known:
		table.Unknown = f.Reason()
	case len(items) == 0:
		table.None = "none found"
	}
	for _, item := range items {
		table.Rows = append(table.Rows, cells(item))
	}
	return table
}

// yes is a truth in words.
func yes(f inventory.Fact[bool]) inventory.Fact[string] {
	value, known := f.Get()
	switch {
	case !known:
		return inventory.Unknown[string](f.Reason())
	case value:
		return inventory.Known("yes")
	default:
		return inventory.Known("no")
	}
}

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

// Memory is sold in powers of two, disks in powers of ten.
func gibibytes(n int64) string { return fmt.Sprintf("%.4g GiB", float64(n)/(1<<30)) }
func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
func gigabytes(n int64) string { return fmt.Sprintf("%.4g GB", float64(n)/1e9) }

func megahertz(mhz int) string {
	if mhz == 0 {
		return ""
	}
	return fmt.Sprintf("%d MHz", mhz)
}

func uptime(seconds int64) string {
	switch d := time.Duration(seconds) * time.Second; {
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

func batteryText(b inventory.Battery) string {
	if !b.Present {
		return "none"
	}
	said := fmt.Sprintf("%d %% charged", b.ChargePercent)
	if b.HealthPercent > 0 {
		said += fmt.Sprintf(", holds %d %% of what it held when new", b.HealthPercent)
	}
	if b.Cycles > 0 {
		said += fmt.Sprintf(", %d cycles", b.Cycles)
	}
	return said
}
