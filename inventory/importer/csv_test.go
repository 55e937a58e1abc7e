package importer_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"muster/inventory"
	"muster/inventory/importer"
)

const cafe = "code,name,notes\nS1,Café Müller – “Mill”,\"two\nlines\"\nS2,Bath,\n"

func TestTheSameTextInEveryEncodingAndLineEndReadsTheSame(t *testing.T) {
	encode := func(s string, order unicode.Endianness, mark unicode.BOMPolicy) string {
		out, err := unicode.UTF16(order, mark).NewEncoder().String(s)
		must(t, err)
		return out
	}
	windows, err := charmap.Windows1252.NewEncoder().String(cafe)
	must(t, err)
	want := read(t, "plain", cafe, importer.ReadOptions{Kind: importer.Sites})
	for name, content := range map[string]string{
		"UTF-8 with BOM":          "\ufeff" + cafe,
		"CRLF":                    strings.ReplaceAll(cafe, "\n", "\r\n"),
		"CR only":                 strings.ReplaceAll(cafe, "\n", "\r"),
		"UTF-16 LE":               encode(cafe, unicode.LittleEndian, unicode.UseBOM),
		"UTF-16 BE":               encode(cafe, unicode.BigEndian, unicode.UseBOM),
		"UTF-16 LE without a BOM": encode(cafe, unicode.LittleEndian, unicode.IgnoreBOM),
		"UTF-16 BE without a BOM": encode(cafe, unicode.BigEndian, unicode.IgnoreBOM),
		"Windows-1252":            windows,
		"semicolons":              strings.ReplaceAll(cafe, ",", ";"),
		"tabs":                    strings.ReplaceAll(cafe, ",", "\t"),
		"sep= line":               "sep=;\r\n" + strings.ReplaceAll(cafe, ",", ";"),
		"no last line end":        strings.TrimSuffix(cafe, "\n"),
	} {
		got := read(t, name, content, importer.ReadOptions{Kind: importer.Sites})
		offset := got.HeaderRow - want.HeaderRow
		for i := range got.Rows {
			got.Rows[i].Line -= offset
		}
		if diff := cmp.Diff(want.Rows, got.Rows); diff != "" {
			t.Errorf("%s reads otherwise (-plain +%s):\n%s", name, name, diff)
		}
	}
}

func TestLinesAreCountedAsAnEditorCountsThem(t *testing.T) {
	content := "County list,,\r\n\r\ncode,name,notes\r\nS1,Mill,\"three\r\nlines\r\nhere\"\r\n\r\nS?,Bath,\r\n"
	table := read(t, "sites.csv", content, importer.ReadOptions{Kind: importer.Sites, HeaderRow: 3})
	plan := planOne(t, table, inventory.Register{})
	wantProblem(t, plan, `sites.csv, line 8, column 1 (code): not a site code`)
}

func TestTheSeparatorIsTheOneThatCutsEvenly(t *testing.T) {
	for content, want := range map[string]string{
		"code,name,hours\nS1,Mill,Mon-Fri 08:00-18:00; Sat 09:00-12:00; Sun 10:00-11:00\n": "Mill",
		"code;name;address\nS1;Mill;1, Mill Lane, Stroud, GL5\nS2;Bath;2, Mill Lane\n":     "Mill",
		"code\tname\tnotes\nS1\tMill\ta, b; c, d; e\n":                                     "Mill",
		"Sites, as of May, June\ncode;name\nS1;Mill\nS2;Bath\n":                            "",
	} {
		header := 0
		if want == "" {
			header, want = 2, "Mill"
		}
		table := read(t, "x.csv", content, importer.ReadOptions{Kind: importer.Sites, HeaderRow: header})
		if got := table.Rows[0].Cells[1]; got != want {
			t.Errorf("%q: second cell is %q", content, got)
		}
	}
}

func TestAFileThatCannotBeReadSaysWhyAndWhere(t *testing.T) {
	sites := importer.ReadOptions{Kind: importer.Sites}
	for content, want := range map[string]string{
		"":                                  "the file is empty",
		"\n \n,,\n":                         "the file is empty",
		"code,name\nS1,\"Mill\nS2,Bath\n":   "line 2: a quoted cell begins here and never ends",
		"\xEF\xBB\xBFcode,name\nS1,M\xFCll": "begins as UTF-8, but byte",
		"\xFF\xFEc\x00o":                    "cut short",
		"\x89PNG\r\n\x1a\n\x00\x00\x00":     "not a text file",
		"title\nname,phone\nMill,1\n":       `no column is the code, which identifies sites; this row has "title"`,
		"County\ncode,name\nS1,Mill\n":      "row 2 looks like the header: say header row 2",
	} {
		wantReadError(t, "x.csv", content, sites, want)
	}
	wantReadError(t, "x.csv", "code,name\n", importer.ReadOptions{}, "say whether it holds")
	wantReadError(t, "x.csv", "code,name\n", importer.ReadOptions{Kind: "cats"}, `want one of`)
	wantReadError(t, "x.csv", "code,name\n", importer.ReadOptions{Kind: importer.Sites, Sheet: "A"}, "has no sheets")
	wantReadError(t, "x.csv", "code,name\n", importer.ReadOptions{Kind: importer.Sites, HeaderRow: 7}, "row 7, which should be the header")
}

func TestEveryBoundIsHeld(t *testing.T) {
	row := strings.Repeat("x,", importer.MaxColumns)
	for name, content := range map[string]string{
		"bytes":   strings.Repeat("a", importer.MaxFileBytes+1),
		"columns": "code,name\n" + row + "x\n",
		"rows":    "code,name\n" + strings.Repeat("S1,M\n", importer.MaxRows+1),
		"cells":   strings.Repeat("x,"+strings.Repeat(",", importer.MaxColumns-2)+"\n", importer.MaxCells/importer.MaxColumns+1),
	} {
		_, err := importer.Read("x.csv", []byte(content), importer.ReadOptions{Kind: importer.Sites})
		if !errors.Is(err, importer.ErrTooLarge) {
			t.Errorf("%s: want ErrTooLarge, got %v", name, err)
		}
	}
	long := strings.Repeat("n", importer.MaxCellBytes+1)
	plan := planOne(t, read(t, "x.csv", "code,name,notes\nS1,Mill,"+long+"\n", importer.ReadOptions{Kind: importer.Sites}), inventory.Register{})
	wantProblem(t, plan, "x.csv, line 2, column 3 (notes): longer than 4096 bytes")
	if len(plan.Problems[0].Value) > 100 {
		t.Errorf("the problem repeats %d bytes of the value", len(plan.Problems[0].Value))
	}
}

func TestTheLargestFileIsRead(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("code,name\n")
	for i := range importer.MaxRows {
		fmt.Fprintf(&b, "S%d,Site %d\n", i, i)
	}
	table := read(t, "x.csv", b.String(), importer.ReadOptions{Kind: importer.Sites})
	if len(table.Rows) != importer.MaxRows || table.Rows[importer.MaxRows-1].Line != importer.MaxRows+1 {
		t.Errorf("%d rows", len(table.Rows))
	}
}

func TestBadBytesInWindows1252AreReportedAtTheirCell(t *testing.T) {
	table := read(t, "x.csv", "code,name\nS1,Caf\xE9\nS2,Bad\x81\n", importer.ReadOptions{Kind: importer.Sites})
	if len(table.Notices) != 1 || !strings.Contains(table.Notices[0].Why, "Windows-1252") {
		t.Errorf("notices %v", table.Notices)
	}
	wantProblem(t, planOne(t, table, inventory.Register{}), "x.csv, line 3, column 2 (name): holds a character that is not Windows-1252")
}
