package importer_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"muster/inventory/importer"
)

const operatorsPage = "../../docs/import.md"

// TestDocumentationNamesEveryColumn keeps the operators' page true: its tables
// are made of the columns that the code reads, its map is the one that a test
// loads.
func TestDocumentationNamesEveryColumn(t *testing.T) {
	page, err := os.ReadFile(operatorsPage)
	must(t, err)
	made := between(t, string(page), "<!-- columns -->\n", "<!-- end of columns -->", columnTables())
	mapping, err := os.ReadFile(examples + "schools-kit.map.yaml")
	must(t, err)
	made = between(t, made, "```yaml\n", "```", string(mapping))
	golden(t, operatorsPage, []byte(made))
}

// between replaces what stands between two marks.
func between(t *testing.T, page, begin, end, with string) string {
	t.Helper()
	before, rest, ok := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has lost its mark %q", operatorsPage, begin)
	}
	return before + begin + with + end + after
}

func columnTables() string {
	var b strings.Builder
	for _, kind := range importer.Kinds() {
		if kind == importer.Workstations {
			continue // the assets' columns
		}
		title := strings.ToUpper(string(kind)[:1]) + string(kind)[1:]
		if kind == importer.Assets {
			title += " and workstations"
		}
		fmt.Fprintf(&b, "\n### %s\n| column | also called | whose | meaning | example |\n|---|---|---|---|---|\n", title)
		for _, c := range importer.Columns(kind) {
			name := "`" + c.Name + "`"
			if c.Required {
				name += " (required)"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, strings.Join(c.Synonyms, ", "), c.Authority, c.Help, c.Example)
		}
	}
	b.WriteString("\n")
	return b.String()
}
