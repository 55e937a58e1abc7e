package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"
)

// imported is what the API says an import did or would do.
type imported struct {
	DryRun    bool              `json:"dry_run"`
	Batch     int64             `json:"batch"`
	File      string            `json:"file"`
	Made      int               `json:"made"`
	Changed   int               `json:"changed"`
	Unchanged int               `json:"unchanged"`
	Skipped   int               `json:"skipped"`
	Problems  []json.RawMessage `json:"problems"`
	Text      string            `json:"text"`
	Rejected  *struct {
		Name    string `json:"name"`
		Rows    int    `json:"rows"`
		Content []byte `json:"content"`
	} `json:"rejected"`
}

// importFlags are the flags of an import.
type importFlags struct {
	dryRun, acceptGood, dayFirst bool
	mapFile, sheet, rejected     string
	headerRow                    int
}

func importFileCommand(s *session, kind, sample string) *cobra.Command {
	var f importFlags
	noun := kind[:len(kind)-1]
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Import " + kind + " from a CSV or XLSX file", Args: exactly("FILE"),
		Long: "Import " + kind + " from a CSV or XLSX file.\n\n" +
			"Nothing is changed while a row is wrong, unless --accept-good is given. A blank\n" +
			"cell leaves a value, (clear) clears it. Importing twice changes nothing.",
		Example: fmt.Sprintf("  muster %s import %s --dry-run\n  muster %s import %s --accept-good --rejected to-correct.csv", noun, sample, noun, sample),
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the difference and change nothing")
	flags.BoolVar(&f.acceptGood, "accept-good", false, "apply the good rows although others are wrong")
	flags.StringVar(&f.mapFile, "map", "", "file with a saved column mapping")
	flags.StringVar(&f.sheet, "sheet", "", "sheet of a workbook")
	flags.IntVar(&f.headerRow, "header-row", 0, "line of the header, from 1")
	flags.BoolVar(&f.dayFirst, "day-first", false, "read 03/04/2026 as the third of April")
	flags.StringVar(&f.rejected, "rejected", "", "write the wrong rows, with a problem column, to this file")
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		request, err := f.request(kind, args[0])
		if err != nil {
			return err
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		raw, refusal := c.call(cmd.Context(), "import "+args[0], request)
		if raw, err = carried(raw, refusal); err != nil {
			return err
		}
		var result imported
		if err := json.Unmarshal(raw, &result); err != nil {
			return fmt.Errorf("cannot import %s: cannot read the answer: %w", args[0], err)
		}
		if err := f.keepRejected(result); err != nil {
			return err
		}
		if *asJSON {
			if _, err := cmd.OutOrStdout().Write(pretty(raw)); err != nil {
				return err
			}
		} else if err := f.draw(cmd.OutOrStdout(), result); err != nil {
			return err
		}
		if refusal != nil {
			return Hint(refusal, f.next(result))
		}
		return nil
	}
	return cmd
}

// carried is the difference that a refused import brings along; other refusals
// are errors.
func carried(raw []byte, refusal error) ([]byte, error) {
	var refused *apiError
	if refusal == nil || !errors.As(refusal, &refused) {
		return raw, refusal
	}
	var body struct {
		Import json.RawMessage `json:"import"`
	}
	if json.Unmarshal(refused.body, &body) != nil || body.Import == nil {
		return nil, refusal
	}
	return body.Import, nil
}

func (f importFlags) request(kind, path string) (request, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return request{}, fmt.Errorf("cannot import: %w", err)
	}
	query := url.Values{"kind": {kind}, "name": {filepath.Base(path)}}
	for name, on := range map[string]bool{"dry_run": f.dryRun, "accept_good": f.acceptGood, "day_first": f.dayFirst} {
		if on {
			query.Set(name, "true")
		}
	}
	if f.sheet != "" {
		query.Set("sheet", f.sheet)
	}
	if f.headerRow > 0 {
		query.Set("header_row", strconv.Itoa(f.headerRow))
	}
	if f.mapFile != "" {
		mapping, err := os.ReadFile(f.mapFile)
		if err != nil {
			return request{}, fmt.Errorf("cannot read mapping: %w", err)
		}
		query.Set("map", string(mapping))
		query.Set("map_name", filepath.Base(f.mapFile))
	}
	return request{method: http.MethodPost, path: "/imports", query: query, media: "application/octet-stream", body: content}, nil
}

func (f importFlags) keepRejected(result imported) error {
	if f.rejected == "" || result.Rejected == nil {
		return nil
	}
	if err := os.WriteFile(f.rejected, result.Rejected.Content, 0o600); err != nil {
		return fmt.Errorf("cannot write the rejected rows: %w", err)
	}
	return nil
}

func (f importFlags) draw(out io.Writer, result imported) error {
	if result.Text != "" {
		if _, err := io.WriteString(out, result.Text); err != nil {
			return err
		}
	}
	var said string
	switch {
	case result.DryRun:
		said = "dry run: nothing was applied"
	case result.Batch > 0:
		said = fmt.Sprintf("applied as import %d (`muster import undo %d` takes it back)", result.Batch, result.Batch)
	default:
		said = "nothing was applied"
	}
	if result.Rejected != nil && f.rejected != "" {
		said += fmt.Sprintf("\n%d wrong rows are in %s, ready to correct", result.Rejected.Rows, f.rejected)
	}
	_, err := fmt.Fprintln(out, said)
	return err
}

func (f importFlags) next(result imported) string {
	if f.rejected == "" && result.Rejected != nil {
		return "correct the file, or apply the good rows with --accept-good and get the others with --rejected FILE"
	}
	return "correct the file, or apply the good rows with --accept-good"
}
