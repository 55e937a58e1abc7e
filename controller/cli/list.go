package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// listing describes a list command: what it asks for and how people see it.
type listing[T any] struct {
	use     string // the word for it; list where it is not given
	noun    string // plural, as errors say it
	path    string
	short   string
	example string
	flags   []filter
	sets    []filter // flags without a value: true where they are given
	head    []string
	row     func(T) []string
	empty   string // what stands in place of an empty table
}

// filter is a flag that becomes a query parameter; its dashes are underscores there.
type filter struct{ name, usage string }

func listCommand[T any](s *session, l listing[T]) *cobra.Command {
	var asJSON, asCSV bool
	var limit int
	cmd := &cobra.Command{Use: first(l.use, "list"), Short: l.short, Example: l.example, Args: cobra.NoArgs}
	values := map[string]*string{}
	for _, f := range l.flags {
		values[f.name] = cmd.Flags().String(f.name, "", f.usage)
	}
	given := map[string]*bool{}
	for _, f := range l.sets {
		given[f.name] = cmd.Flags().Bool(f.name, false, f.usage)
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON as the API answers it")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print CSV")
	cmd.Flags().IntVar(&limit, "limit", 0, "at most this many; 0 is all")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if limit < 0 {
			return usagef("cannot list %s: --limit %d is negative", l.noun, limit)
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		query := url.Values{}
		for name, value := range values {
			if *value != "" {
				query.Set(strings.ReplaceAll(name, "-", "_"), *value)
			}
		}
		for name, is := range given {
			if *is {
				query.Set(strings.ReplaceAll(name, "-", "_"), "true")
			}
		}
		if asCSV {
			if limit > 0 {
				query.Set("limit", fmt.Sprint(min(limit, 1000)))
			}
			return c.stream(cmd.Context(), "list "+l.noun, request{method: http.MethodGet, path: l.path + ".csv", query: query}, cmd.OutOrStdout())
		}
		items, err := c.all(cmd.Context(), "list "+l.noun, l.path, query, limit)
		if err != nil {
			return err
		}
		return l.print(cmd.OutOrStdout(), items, asJSON)
	}
	return cmd
}

func (l listing[T]) print(out io.Writer, items []json.RawMessage, asJSON bool) error {
	if asJSON {
		b, err := json.Marshal(page{Items: items})
		if err != nil {
			return err
		}
		_, err = out.Write(pretty(b))
		return err
	}
	if len(items) == 0 {
		_, err := fmt.Fprintln(out, l.empty)
		return err
	}
	rows := make([][]string, len(items))
	for i, item := range items {
		var v T
		if err := json.Unmarshal(item, &v); err != nil {
			return fmt.Errorf("cannot list %s: cannot read the answer: %w", l.noun, err)
		}
		rows[i] = l.row(v)
	}
	return table(out, l.head, rows)
}

// table writes columns that line up, capitals on top.
func table(out io.Writer, head []string, rows [][]string) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(head, "\t")))
	for _, row := range rows {
		for i := range row {
			row[i] = printable(first(row[i], "-"))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// printable takes what would move the cursor or break a row out of a text that
// came from a file or a machine.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// pairs writes a label and a text per line.
func pairs(out io.Writer, lines [][2]string) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, line := range lines {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], printable(line[1]))
		}
	}
	return w.Flush()
}

// exactly is cobra.ExactArgs with an error that says what is wanted.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return Hint(usagef("cannot run %s: want %s, got %d of %d", cmd.CommandPath(), strings.Join(names, " "), len(args), len(names)),
			"see `"+cmd.CommandPath()+" --help`")
	}
}

func jsonFlag(flags *pflag.FlagSet) *bool {
	return flags.Bool("json", false, "print JSON as the API answers it")
}

// showCommand prints one noun: as JSON, or as draw writes it.
func showCommand[T any](s *session, use, arg, short, example string, path func(key string) string, draw func(io.Writer, T) error) *cobra.Command {
	cmd := &cobra.Command{Use: "show " + arg, Short: short, Example: example, Args: exactly(arg)}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		v, raw, err := get[T](cmd.Context(), c, "show "+use+" "+args[0], path(args[0]), nil)
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		return draw(cmd.OutOrStdout(), v)
	}
	return cmd
}

func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short}
	cmd.AddCommand(commands...)
	return cmd
}

func keyPath(prefix string) func(string) string {
	return func(key string) string { return prefix + "/" + url.PathEscape(key) }
}
