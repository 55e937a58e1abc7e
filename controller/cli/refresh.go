package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"muster/inventory/importer"
)

// kept is one noun of the refresh as the commands know it. All have the same
// commands, made from this table.
type kept struct {
	noun    string
	kind    importer.Kind // plural; also its address
	arg     string
	sample  string // key, as examples show it
	set     string // FIELD=VALUE of the example
	head    []string
	filters []filter
}

func refreshNouns() []kept {
	site, wave := filter{"site", "at this site"}, filter{"wave", "at the sites of this wave"}
	programme := filter{"programme", "of this programme"}
	return []kept{
		{"programme", importer.Programmes, "CODE", "REFRESH26", "target=2027-03-31", []string{"code", "name", "target"}, nil},
		{"wave", importer.Waves, "CODE", "W1", "crews=2", []string{"code", "name", "programme", "sites", "starts", "ends", "go_live", "crews", "on_hold"}, []filter{programme}},
		{
			"position", importer.Positions, "CODE", "E101-FRONT-1", `keep="Receipt printer"`,
			[]string{"code", "site", "room", "desk", "role", "class", "asset", "out_of_scope"},
			[]filter{site, wave, {"role", "where this role works"}, {"class", "of this class"}, {"asset", "where this asset stands, as declared"}},
		},
		{
			"visit", importer.Visits, "CODE", "V-E101-1", "crew=south",
			[]string{"code", "site", "date", "from", "to", "crew", "state"},
			[]filter{site, wave, {"crew", "by this crew"}, {"state", "planned, done or cancelled"}, {"from", "on or after this day"}, {"to", "on or before this day"}},
		},
		{"consignment", importer.Consignments, "CODE", "DN-88123", "arrived=2026-11-27", []string{"code", "order", "supplier", "site", "expected", "arrived", "count"}, []filter{site}},
		{"staff", importer.Staff, "NUMBER", "100234", "to=2027-03-31", []string{"number", "site", "role", "from", "to", "name"}, []filter{site, wave, {"role", "with this role"}}},
		{"course", importer.Courses, "CODE", "records-basic", "valid_months=24", []string{"code", "name", "roles", "valid_months", "programme"}, []filter{programme}},
		{
			"training", importer.Training, "NUMBER/COURSE", "100234/records-basic", "on=2026-11-02",
			[]string{"staff", "course", "on", "until", "source"},
			[]filter{{"site", "of the people based at this site"}, {"staff", "of this number"}, {"course", "of this course"}},
		},
		{
			"milestone", importer.Milestones, "CODE", "ADULTS-W1", "planned=2026-12-14",
			[]string{"code", "area", "name", "wave", "site", "after", "planned", "actual", "expected", "moved", "rejected"},
			[]filter{{"wave", "of this wave"}, {"site", "of this site"}, {"area", "of this service area"}},
		},
	}
}

// refreshCommands is the commands of every noun of the refresh.
func refreshCommands(s *session) []*cobra.Command {
	var all []*cobra.Command
	for _, k := range refreshNouns() {
		cmd := k.command(s)
		if k.kind == importer.Staff {
			cmd.AddCommand(eraseCommand(s))
		}
		if k.kind == importer.Visits {
			cmd.AddCommand(visitCommands(s)...)
		}
		all = append(all, cmd)
	}
	return all
}

func (k kept) command(s *session) *cobra.Command {
	plural, path := string(k.kind), "/"+string(k.kind)
	title := strings.ToUpper(plural[:1]) + plural[1:]
	example := "  muster " + k.noun + " list"
	if len(k.filters) > 0 {
		example += "\n  muster " + k.noun + " list --" + k.filters[0].name + " " + map[string]string{"site": "E101", "wave": "W1", "programme": "REFRESH26"}[k.filters[0].name]
	}
	return group(k.noun, title+": list, show, import, export, set, remove",
		listCommand(s, listing[map[string]any]{
			noun: plural, path: path, short: "List " + plural, example: example, flags: k.filters, head: spaced(k.head),
			row: func(v map[string]any) []string {
				row := make([]string, len(k.head))
				for i, field := range k.head {
					row[i] = plainText(v[field])
				}
				return row
			},
			empty: "no " + plural + " match; `muster " + k.noun + " import FILE` brings them in",
		}),
		showCommand(s, k.noun, k.arg, "Show one of the "+plural, "  muster "+k.noun+" show "+k.sample, keyPath(path), k.draw),
		importFileCommand(s, plural, plural+".csv"), exportCommand(s, plural),
		setCommand(s, k.noun, k.arg, path, "  muster "+k.noun+" set "+k.sample+" "+k.set),
		removeCommand(s, k.noun, k.arg, path, "  muster "+k.noun+" remove "+k.sample),
	)
}

// draw shows the fields in the order of an export.
func (k kept) draw(out io.Writer, v map[string]any) error {
	var lines [][2]string
	for _, c := range importer.Columns(k.kind) {
		lines = append(lines, [2]string{strings.ReplaceAll(c.Name, "_", " "), plainText(v[c.Name])})
	}
	return pairs(out, lines)
}

func spaced(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strings.ReplaceAll(name, "_", " ")
	}
	return out
}

// plainText is a field as a person reads it.
func plainText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = plainText(v[i])
		}
		return strings.Join(texts, "; ")
	default:
		return fmt.Sprint(v)
	}
}

func eraseCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "erase NUMBER", Short: "Erase what is personal of a member of staff, for good", Args: exactly("NUMBER"),
		Long: "Erase what is personal of a member of staff, for good.\n\n" +
			"The number stays with every count and the whole history. No import brings the name\n" +
			"back, nor does restoring an older backup; the backups themselves are yours to destroy.",
		Example: "  muster staff erase 100234 --dry-run\n  muster staff erase 100234",
	}
	dryRun := cmd.Flags().Bool("dry-run", false, "show what would go and what stays, and erase nothing")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		path := "/staff/" + url.PathEscape(args[0]) + "/erase"
		query := url.Values{}
		if *dryRun {
			query.Set("dry_run", "true")
		}
		raw, err := c.call(cmd.Context(), "erase "+args[0], request{method: http.MethodPost, path: path, query: query})
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		return drawErasure(cmd.OutOrStdout(), raw)
	}
	return cmd
}

func drawErasure(out io.Writer, raw []byte) error {
	var e struct {
		Number   string   `json:"number"`
		Fields   []string `json:"fields"`
		Training int      `json:"training"`
		Events   int      `json:"events"`
		Imports  int      `json:"imports"`
		DryRun   bool     `json:"dry_run"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return fmt.Errorf("cannot erase: cannot read the answer: %w", err)
	}
	said, gone := "erased", "gone"
	if e.DryRun {
		said, gone = "dry run: nothing was erased", "would go"
	}
	if err := pairs(out, [][2]string{
		{"number", e.Number},
		{gone, first(strings.Join(e.Fields, ", "), "nothing: no personal value is kept")},
		{"stays", fmt.Sprintf("the number, %d trainings, %d events, %d imports, without a name", e.Training, e.Events, e.Imports)},
	}); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, said)
	return err
}
