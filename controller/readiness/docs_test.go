package readiness_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"muster/controller/readiness"
)

var update = flag.Bool("update", false, "write the tables of docs/gates.md anew")

const gatesPage = "../../docs/gates.md"

// fieldTables is what docs/gates.md says of fields.
func fieldTables() string {
	var out strings.Builder
	list := func(name string, fields []readiness.Field) {
		fmt.Fprintf(&out, "\n### %s\n\n| field | type | means |\n|---|---|---|\n", name)
		for _, f := range fields {
			fmt.Fprintf(&out, "| `%s` | %s | %s |\n", f.Name, f.Type, f.Doc)
		}
	}
	for _, over := range readiness.Overs() {
		if over == readiness.OverSites {
			continue // as site
		}
		list(fmt.Sprintf("`over: %s` — a row is `%s`", over, over.Word()), readiness.Fields(string(over)))
	}
	for _, part := range readiness.Parts() {
		list(fmt.Sprintf("part `%s`", part), readiness.Fields(part))
	}
	return out.String()
}

func TestDocsListEveryField(t *testing.T) {
	page, err := os.ReadFile(gatesPage)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "-update -->\n", "\n<!-- end of fields -->"
	before, rest, ok := strings.Cut(string(page), begin)
	said, after, closed := strings.Cut(rest, strings.TrimPrefix(end, "\n"))
	if !ok || !closed {
		t.Fatal("the page has no place for the tables")
	}
	want := fieldTables() + "\n"
	if *update {
		if err := os.WriteFile(gatesPage, []byte(before+begin+want+strings.TrimPrefix(end, "\n")+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if said != want {
		t.Errorf("%s does not list the fields that predicates can read; make it so with -update", gatesPage)
	}
}
