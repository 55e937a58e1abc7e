package importer

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"muster/inventory"
)

// ExportOptions say what to export and how.
type ExportOptions struct {
	Kind     Kind
	Format   Format
	Observed map[string]Observed // what agents see, by asset tag; may be nil

	WithoutNames bool // leave out the column that names people
}

// Export writes the register's rows of one kind, sorted by key, with a column
// for everything that a file may declare and what agents see beside it. Read and
// planned again it changes nothing.
func Export(w io.Writer, register inventory.Register, options ExportOptions) error {
	table := tableOf(options.Kind)
	err := fmt.Errorf("want one of %v", Kinds())
	if table.export != nil {
		err = table.export(w, register, options)
	}
	if err != nil {
		return fmt.Errorf("cannot export %s: %w", options.Kind, err)
	}
	return nil
}

func computers(assets []inventory.Asset) []inventory.Asset {
	return slices.DeleteFunc(slices.Clone(assets), func(a inventory.Asset) bool { return !a.Kind.Computer() })
}

func exportKind[N any](w io.Writer, s schema[N], nouns []N, options ExportOptions) error {
	sheet, err := newSheetWriter(w, options.Format, string(options.Kind), ',')
	if err != nil {
		return err
	}
	columns := slices.DeleteFunc(s.columns, func(c column[N]) bool {
		return c.InputOnly || c.Personal && options.WithoutNames
	})
	cells := make([]string, len(columns))
	for i := range columns {
		cells[i] = columns[i].Name
	}
	if err := sheet.row(1, cells); err != nil {
		return err
	}
	sorted := slices.SortedFunc(slices.Values(nouns), func(a, b N) int { return cmp.Compare(s.keyOf(&a), s.keyOf(&b)) })
	line := 1
	for i := range sorted {
		for c := range columns {
			cells[c] = writeCell(columns[c].show(&sorted[i], options.Observed[s.keyOf(&sorted[i])]))
		}
		line++
		if err := sheet.row(line, cells); err != nil {
			return err
		}
	}
	return sheet.close()
}

// show is what an export says in a column.
func (c *column[N]) show(n *N, observed Observed) string {
	if c.get != nil {
		return c.get(n)
	}
	value, _ := c.observed(observed)
	return value
}

// Template is an empty file of a kind: the header and one example row.
func Template(w io.Writer, kind Kind, format Format) error {
	sheet, err := newSheetWriter(w, format, string(kind), ',')
	if err != nil {
		return fmt.Errorf("cannot write a template of %s: %w", kind, err)
	}
	var header, example []string
	for _, c := range Columns(kind) {
		if c.Authority == FileAuthority && !c.InputOnly {
			header = append(header, c.Name)
			example = append(example, writeCell(c.Example))
		}
	}
	for i, cells := range [][]string{header, example} {
		if err := sheet.row(i+1, cells); err != nil {
			return fmt.Errorf("cannot write a template of %s: %w", kind, err)
		}
	}
	return sheet.close()
}
