package importer_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/importer"
)

// seedFiles puts every fixture into a corpus.
func seedFiles(f *testing.F, add func(content []byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.csv")
	must(f, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(f, err)
		add(content)
	}
	for _, s := range nasty {
		add([]byte("code,name\nS1,\"" + s + "\"\n"))
	}
	add([]byte(cafe))
	add([]byte("sep=;\r\ncode;name\rS1;\"a\"\"b\"c\n"))
	add([]byte("\xFF\xFEc\x00o\x00d\x00e\x00,\x00n\x00a\x00m\x00e\x00"))
}

// FuzzReadCSV holds the decoder to its bounds, its line numbers and its reading
// of what rejected rows are written with.
func FuzzReadCSV(f *testing.F) {
	seedFiles(f, func(content []byte) { f.Add(content) })
	f.Fuzz(func(t *testing.T, content []byte) {
		if bytes.HasPrefix(content, []byte("PK")) {
			return // a workbook has its own target
		}
		table, err := importer.Read("x.csv", content, importer.ReadOptions{Kind: importer.Sites})
		if err != nil {
			return
		}
		last := table.HeaderRow
		for _, row := range table.Rows {
			if row.Line <= last || len(row.Cells) > importer.MaxColumns {
				t.Fatalf("row at line %d after %d with %d cells", row.Line, last, len(row.Cells))
			}
			last = row.Line
		}
		if lines := len(content) + 1; last > lines {
			t.Fatalf("line %d of a file of at most %d lines", last, lines)
		}
	})
}

// FuzzReadAndPlan holds the whole walk to its promises, whatever the file: what
// is applied is valid, a second import of the same file changes nothing, undo
// restores, and rejected rows read back as the rows that they were.
func FuzzReadAndPlan(f *testing.F) {
	kinds := importer.Kinds()
	for i := range kinds {
		seedFiles(f, func(content []byte) { f.Add(content, byte(i), i%2 == 0) })
	}
	f.Fuzz(func(t *testing.T, content []byte, kind byte, dayFirst bool) {
		if bytes.HasPrefix(content, []byte("PK")) {
			return // a workbook has its own target
		}
		options := importer.ReadOptions{Kind: kinds[int(kind)%len(kinds)], DayFirst: dayFirst}
		table, err := importer.Read("x.csv", content, options)
		if err != nil {
			return
		}
		plan := importer.NewPlan([]*importer.Table{table}, refreshing(), importer.PlanOptions{AcceptGood: true})
		checkRejected(t, table, plan, options)
		batch, err := plan.Batch("fuzz", time.Time{})
		if err != nil {
			return
		}
		after := apply(t, refreshing(), batch)
		validate(t, after)
		again := importer.NewPlan([]*importer.Table{table}, after, importer.PlanOptions{AcceptGood: true})
		if len(again.Changes) > 0 {
			t.Fatalf("the second import changes %+v", again.Edits)
		}
		if got := said(apply(t, after, importer.Invert(batch, "fuzz", time.Time{}))); strings.Join(got, "\n") != strings.Join(said(refreshing()), "\n") {
			t.Fatalf("undo leaves %v", got)
		}
	})
}

func checkRejected(t *testing.T, table *importer.Table, plan *importer.Plan, options importer.ReadOptions) {
	t.Helper()
	if plan.RejectedRows(0) == 0 {
		return
	}
	back, err := importer.Read("x.csv", []byte(rejected(t, plan)), options)
	if err != nil {
		t.Fatalf("rejected rows do not read back: %v", err)
	}
	sent := map[string]bool{}
	for _, row := range table.Rows {
		sent[fingerprint(table, row)] = true
	}
	if len(back.Rows) != plan.RejectedRows(0) {
		t.Fatalf("%d rows rejected, %d came back", plan.RejectedRows(0), len(back.Rows))
	}
	for _, row := range back.Rows {
		if !sent[fingerprint(back, row)] {
			t.Fatalf("row %q came back and was never sent", row.Cells)
		}
	}
}

// fingerprint is a row without its problem columns and without the blank cells
// at its end.
func fingerprint(table *importer.Table, row importer.Row) string {
	var cells []string
	for i, c := range row.Cells {
		if i < len(table.Header) && strings.EqualFold(strings.TrimSpace(table.Header[i]), "problem") {
			continue
		}
		cells = append(cells, c)
	}
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return strings.Join(cells, "\x00")
}

// FuzzReadXLSX holds the workbook reader to errors instead of panics and to its
// bounds, whatever stands in the parts of a workbook.
func FuzzReadXLSX(f *testing.F) {
	const header = `<row r="1"><c r="A1" t="inlineStr"><is><t>tag</t></is></c><c r="B1" t="s"><v>0</v></c></row>`
	const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yy"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`
	const shared = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>purchased</t></si></sst>`
	f.Add(header+`<row r="2"><c r="A2"><v>12345678901234567890</v></c><c r="B2" s="1"><v>45000.5</v></c></row>`, shared, styles)
	f.Add(header+`<row r="1000000"><c r="ZZ9" t="b"><v>1</v></c><c t="e"><v>#N/A</v></c></row>`, "", "")
	f.Add(header+`<row r="-1"><c r="A-1" s="-7" t="s"><v>-1</v></c></row>`, shared, `<styleSheet><cellXfs><xf numFmtId="-3"/></cellXfs></styleSheet>`)
	f.Fuzz(func(t *testing.T, rows, shared, styles string) {
		content := rawWorkbook(t, rows, "xl/sharedStrings.xml", shared, "xl/styles.xml", styles)
		table, err := importer.Read("x.xlsx", []byte(content), importer.ReadOptions{Kind: importer.Assets})
		if err != nil {
			return
		}
		last := table.HeaderRow
		for _, row := range table.Rows {
			if row.Line <= last || len(row.Cells) > importer.MaxColumns {
				t.Fatalf("row %d after %d with %d cells", row.Line, last, len(row.Cells))
			}
			last = row.Line
		}
		plan := importer.NewPlan([]*importer.Table{table}, inventory.Register{}, importer.PlanOptions{AcceptGood: true})
		validate(t, apply(t, inventory.Register{}, inventory.Batch{Changes: plan.Changes}))
	})
}

// FuzzParseMap holds the map reader to errors that name the file.
func FuzzParseMap(f *testing.F) {
	f.Add([]byte(kitMap))
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := importer.ParseMap("m.yaml", content); err != nil && !strings.Contains(err.Error(), "m.yaml") {
			t.Fatalf("the error does not name the file: %v", err)
		}
	})
}
