package importer_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"muster/inventory"
	"muster/inventory/importer"
)

// workbook makes a workbook as a spreadsheet program would: typed cells, number
// formats, several sheets.
func workbook(t testing.TB, fill func(*excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var b bytes.Buffer
	must(t, f.Write(&b))
	must(t, f.Close())
	return b.String()
}

func setRow(t testing.TB, f *excelize.File, sheet string, row int, cells ...any) {
	t.Helper()
	must(t, f.SetSheetRow(sheet, fmt.Sprintf("A%d", row), &cells))
}

func planOne(t testing.TB, table *importer.Table, r inventory.Register) *importer.Plan {
	t.Helper()
	return importer.NewPlan([]*importer.Table{table}, r, importer.PlanOptions{})
}

func TestADateCellIsOneDayHoweverItIsShown(t *testing.T) {
	day := time.Date(2025, 4, 3, 0, 0, 0, 0, time.UTC)
	for _, format := range []string{"dd/mm/yyyy", "mm/dd/yy", "d-mmm-yy", `[$-809]dddd, d mmmm yyyy`, "yyyy-mm-dd hh:mm", "builtin"} {
		content := workbook(t, func(f *excelize.File) {
			setRow(t, f, "Sheet1", 1, "Asset Tag", "Type", "Bought")
			setRow(t, f, "Sheet1", 2, "A1", "laptop", day)
			style := &excelize.Style{CustomNumFmt: &format}
			if format == "builtin" {
				style = &excelize.Style{NumFmt: 14}
			}
			id, err := f.NewStyle(style)
			must(t, err)
			must(t, f.SetCellStyle("Sheet1", "C2", "C2", id))
		})
		plan := planOne(t, read(t, "kit.xlsx", content, importer.ReadOptions{Kind: importer.Assets}), inventory.Register{})
		if len(plan.Problems) > 0 || plan.Edits[0].Fields[len(plan.Edits[0].Fields)-1].After != "2025-04-03" {
			t.Errorf("format %s: problems %v, edits %+v", format, plan.Problems, plan.Edits)
		}
	}
}

func TestNumbersOfAWorkbookKeepTheirDigits(t *testing.T) {
	content := workbook(t, func(f *excelize.File) {
		setRow(t, f, "Sheet1", 1, "tag", "kind", "serial", "notes")
		setRow(t, f, "Sheet1", 2, 10234, "laptop", 123456789012, 1234.5)
		setRow(t, f, "Sheet1", 3, "A2", "laptop", "00123456789012345678", "text of digits stays")
		money := "£#,##0.00"
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &money})
		must(t, err)
		must(t, f.SetCellStyle("Sheet1", "C2", "D3", id))
	})
	table := read(t, "kit.xlsx", content, importer.ReadOptions{Kind: importer.Assets})
	want := []importer.Row{
		{Line: 2, Cells: []string{"10234", "laptop", "123456789012", "1234.5"}},
		{Line: 3, Cells: []string{"A2", "laptop", "00123456789012345678", "text of digits stays"}},
	}
	if diff := cmp.Diff(want, table.Rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASerialThatASpreadsheetRoundedIsRefused(t *testing.T) {
	content := workbook(t, func(f *excelize.File) {
		setRow(t, f, "Sheet1", 1, "tag", "kind", "serial")
		setRow(t, f, "Sheet1", 2, "A1", "laptop")
		must(t, f.SetCellDefault("Sheet1", "C2", "5021234567890123456"))
	})
	plan := planOne(t, read(t, "kit.xlsx", content, importer.ReadOptions{Kind: importer.Assets}), inventory.Register{})
	wantProblem(t, plan, `kit.xlsx, sheet "Sheet1", cell C2 (serial): a spreadsheet has rounded this serial number`)
	plan = planOne(t, read(t, "kit.csv", "tag,kind,serial\nA1,laptop,5.02E+18\n", importer.ReadOptions{Kind: importer.Assets}), inventory.Register{})
	wantProblem(t, plan, `kit.csv, line 2, column 3 (serial): a spreadsheet has rounded this serial number`)
}

// wantProblem expects exactly one problem that begins like this.
func wantProblem(t testing.TB, plan *importer.Plan, begins string) {
	t.Helper()
	if len(plan.Problems) != 1 || !strings.HasPrefix(plan.Problems[0].String(), begins) {
		t.Errorf("want one problem %s…\ngot %v", begins, plan.Problems)
	}
	if plan.Applies() {
		t.Errorf("a plan with a problem applies")
	}
}

func TestTheSheetIsChosenOrAskedFor(t *testing.T) {
	two := workbook(t, func(f *excelize.File) {
		_, err := f.NewSheet("Kit")
		must(t, err)
		_, err = f.NewSheet("Empty")
		must(t, err)
		setRow(t, f, "Kit", 3, "code", "name")
		setRow(t, f, "Kit", 5, "S1", "Mill")
		_, err = f.NewSheet("Lists")
		must(t, err)
		setRow(t, f, "Lists", 1, "choices of a drop-down cell")
		must(t, f.SetSheetVisible("Lists", false))
	})
	table := read(t, "a.xlsx", two, importer.ReadOptions{Kind: importer.Sites})
	if table.Sheet != "Kit" || table.HeaderRow != 3 || table.Rows[0].Line != 5 {
		t.Errorf("sheet %q, header row %d, first row %+v", table.Sheet, table.HeaderRow, table.Rows[0])
	}
	three := workbook(t, func(f *excelize.File) {
		_, err := f.NewSheet("Kit")
		must(t, err)
		setRow(t, f, "Kit", 1, "code", "name")
		setRow(t, f, "Sheet1", 1, "anything")
	})
	wantReadError(t, "a.xlsx", three, importer.ReadOptions{Kind: importer.Sites}, `several sheets hold something: say which of "Sheet1", "Kit"`)
	wantReadError(t, "a.xlsx", three, importer.ReadOptions{Kind: importer.Sites, Sheet: "Kitt"}, `no sheet "Kitt"`)
	wantReadError(t, "a.xlsx", three, importer.ReadOptions{Kind: importer.Sites, Sheet: "kit", HeaderRow: 9}, "row 9, which should be the header, is blank or not there")
	read(t, "a.xlsx", three, importer.ReadOptions{Kind: importer.Sites, Sheet: "kit"})
}

func wantReadError(t testing.TB, name, content string, options importer.ReadOptions, part string) {
	t.Helper()
	_, err := importer.Read(name, []byte(content), options)
	if err == nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), name) {
		t.Errorf("want an error that names %s and says %q, got %v", name, part, err)
	}
}

func TestAZipBombIsRefusedUnopened(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range []string{"[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"} {
		w, err := z.Create(part)
		must(t, err)
		zeroes := make([]byte, 1<<20)
		for range 70 {
			_, err = w.Write(zeroes)
			must(t, err)
		}
	}
	must(t, z.Close())
	_, err := importer.Read("bomb.xlsx", b.Bytes(), importer.ReadOptions{Kind: importer.Sites})
	if !errors.Is(err, importer.ErrTooLarge) {
		t.Errorf("want ErrTooLarge, got %v", err)
	}
}

// rawWorkbook makes a workbook around the XML of its rows, as no library would
// write it.
func rawWorkbook(t testing.TB, rows string, more ...string) string {
	t.Helper()
	parts := map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows + `</sheetData></worksheet>`,
	}
	for i := 0; i+1 < len(more); i += 2 {
		parts[more[i]] = more[i+1]
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		must(t, err)
		_, err = w.Write([]byte(parts[name]))
		must(t, err)
	}
	must(t, z.Close())
	return b.String()
}

func TestHalfASheetNeverPassesForTheWhole(t *testing.T) {
	good := `<row r="1"><c r="A1" t="inlineStr"><is><t>code</t></is></c><c r="B1" t="inlineStr"><is><t>name</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>`
	sites := importer.ReadOptions{Kind: importer.Sites}
	read(t, "x.xlsx", rawWorkbook(t, good), sites)
	for _, bad := range []string{good + `<row r="3"><c`, good + `<row r="3"><c r="A3"><v>`, good + `&nonsense;`} {
		wantReadError(t, "x.xlsx", rawWorkbook(t, bad), sites, "damaged workbook: xl/worksheets/sheet1.xml")
	}
}

func TestAWorkbookOfWideOrFarRowsIsRefused(t *testing.T) {
	header := `<row r="1"><c r="A1" t="inlineStr"><is><t>code</t></is></c><c r="B1" t="inlineStr"><is><t>name</t></is></c></row>`
	table := read(t, "ok.xlsx", rawWorkbook(t, header+`<row r="2"><c r="A2"><v>1</v></c></row>`), importer.ReadOptions{Kind: importer.Sites})
	if len(table.Rows) != 1 {
		t.Fatalf("the hand-made workbook reads as %+v", table.Rows)
	}
	for name, cells := range map[string]string{
		"wide.xlsx": header + `<row r="2"><c r="XFD2"><v>1</v></c></row>`,
		"far.xlsx":  header + `<row r="1048576"><c r="A1048576"><v>1</v></c></row>`,
	} {
		_, err := importer.Read(name, []byte(rawWorkbook(t, cells)), importer.ReadOptions{Kind: importer.Sites})
		if !errors.Is(err, importer.ErrTooLarge) {
			t.Errorf("%s: want ErrTooLarge, got %v", name, err)
		}
	}
}

func TestADamagedWorkbookIsAnErrorNotAPanic(t *testing.T) {
	good := workbook(t, func(f *excelize.File) { setRow(t, f, "Sheet1", 1, "code", "name") })
	for _, bad := range []string{good[:len(good)/2], good[:100], "PK\x03\x04", strings.Replace(good, "sheet1", "sheet9", 2)} {
		if table, err := importer.Read("x.xlsx", []byte(bad), importer.ReadOptions{Kind: importer.Sites}); err == nil {
			t.Errorf("a damaged workbook reads as %+v", table)
		}
	}
	wantReadError(t, "old.xls", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", importer.ReadOptions{Kind: importer.Sites}, "an old .xls workbook")
}
