package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"muster/controller/programme"
	"muster/controller/refresh"
	"muster/inventory"
)

// visitCommands is what a crew does with a visit, beside the commands that every
// noun of the refresh has.
func visitCommands(s *session) []*cobra.Command {
	return []*cobra.Command{visitReport(s), visitWorkList(s), visitSheet(s), visitFill(s)}
}

func visitPath(code, rest string) string { return keyPath("/visits")(code) + "/" + rest }

func visitReport(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "report CODE", Short: "Say how far a visit came: n of m verified, and why the others are not", Args: exactly("CODE"),
		Example: "  muster visit report V-E101-1",
	}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		type report struct {
			Visit inventory.Visit `json:"visit"`
			Text  string          `json:"text"`
		}
		return ask(s, cmd, "report on visit "+args[0], visitPath(args[0], "report"), nil, *asJSON, func(out io.Writer, r report) error {
			if _, err := fmt.Fprintf(out, "%s at %s on %s, crew %s:\n", r.Visit.Code, r.Visit.Site, r.Visit.Date, printable(r.Visit.Crew)); err != nil {
				return err
			}
			for line := range strings.SplitSeq(r.Text, "\n") {
				if _, err := fmt.Fprintln(out, printable(line)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cmd
}

func visitWorkList(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "work-list CODE", Short: "Show what a crew takes along", Args: exactly("CODE"), Example: "  muster visit work-list V-E101-1",
	}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return ask(s, cmd, "show the work list of visit "+args[0], visitPath(args[0], "work-list"), nil, *asJSON, drawWorkList)
	}
	return cmd
}

func drawWorkList(out io.Writer, l refresh.WorkList) error {
	err := pairs(out, [][2]string{
		{"visit", l.Visit.Code},
		{"date", strings.TrimSpace(fmt.Sprintf("%s %s", l.Visit.Date, strings.Trim(l.Visit.From+"–"+l.Visit.To, "–")))},
		{"crew", strings.TrimSpace(l.Visit.Crew + " " + strings.Join(l.Visit.People, ", "))},
		{"site", l.Site + " " + l.Name},
		{"address", l.Address},
		{"contact", strings.TrimSpace(l.Contact + " " + l.Phone)},
		{"hours", string(l.Hours)},
		{"access", l.Access},
		{"notes", l.Notes},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	rows := make([][]string, 0, len(l.Desks))
	for _, d := range l.Desks {
		rows = append(rows, []string{
			d.Position, strings.TrimSpace(d.Room + " " + d.Desk), d.Role, string(d.State),
			strings.TrimSpace(d.Old + " " + d.OldSerial), strings.TrimSpace(d.New + " " + d.NewSerial), d.Keep,
		})
	}
	return table(out, []string{"position", "desk", "role", "state", "old", "new", "keep"}, rows)
}

func visitSheet(s *session) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "sheet CODE", Short: "Download a visit's work list as a CSV to fill in", Args: exactly("CODE"),
		Example: "  muster visit sheet V-E101-1 --to mill-lane.csv",
	}
	cmd.Flags().StringVar(&to, "to", "", "file to write; standard output where it is not given")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return s.download(cmd, "download the sheet of visit "+args[0], visitPath(args[0], "sheet"), to)
	}
	return cmd
}

// download writes an answer as it is to a file, or to standard output.
func (s *session) download(cmd *cobra.Command, what, path, to string) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	if to == "" {
		return c.stream(cmd.Context(), what, request{method: http.MethodGet, path: path}, cmd.OutOrStdout())
	}
	var whole bytes.Buffer // a broken answer must not leave half a file
	if err := c.stream(cmd.Context(), what, request{method: http.MethodGet, path: path}, &whole); err != nil {
		return err
	}
	if err := os.WriteFile(to, whole.Bytes(), 0o600); err != nil {
		return fmt.Errorf("cannot %s: %w", what, err)
	}
	return nil
}

// maxSheet is more than any sheet that a controller takes: it says so itself.
const maxSheet = 2 << 20

func visitFill(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "fill CODE FILE", Short: "Record a visit's sheet that was filled in", Args: exactly("CODE", "FILE"),
		Long: "Record a visit's sheet that was filled in, as it occurred then. One bad row records\n" +
			"nothing, and every bad row is listed. The same sheet sent twice changes nothing.",
		Example: "  muster visit fill V-E101-1 mill-lane.csv --dry-run\n  muster visit fill V-E101-1 mill-lane.csv",
	}
	dryRun := cmd.Flags().Bool("dry-run", false, "say what it would do, and do nothing")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := "fill in visit " + args[0]
		sheet, err := readBounded(args[1], maxSheet)
		if err != nil {
			return fmt.Errorf("cannot %s: %w", what, err)
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		query := url.Values{}
		if *dryRun {
			query.Set("dry_run", "true")
		}
		raw, err := c.call(cmd.Context(), what, request{method: http.MethodPost, path: visitPath(args[0], "sheet"), query: query, media: "text/csv", body: sheet})
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		var f programme.Filled
		if err := json.Unmarshal(raw, &f); err != nil {
			return fmt.Errorf("cannot %s: cannot read the answer: %w", what, err)
		}
		return drawFilled(cmd.OutOrStdout(), f)
	}
	return cmd
}

func drawFilled(out io.Writer, f programme.Filled) error {
	rows := make([][]string, 0, len(f.Swaps))
	for _, v := range f.Swaps {
		rows = append(rows, []string{v.Position, swapState(v), v.Old, v.New, when(v.DoneAt), v.Reason})
	}
	if len(rows) > 0 {
		if err := table(out, []string{"position", "state", "old", "new", "done", "reason"}, rows); err != nil {
			return err
		}
	}
	verb := "changed"
	if f.DryRun {
		verb = "would change"
	}
	if _, err := fmt.Fprintf(out, "%s %s, %s left as they are\n", many(len(f.Swaps), "swap", "swaps"), verb, many(len(f.Skipped), "row", "rows")); err != nil {
		return err
	}
	return dry(out, f.DryRun)
}
