package cli

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"muster/inventory/importer"
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
	template                     bool
	mapFile, sheet, rejected     string
	headerRow                    int
}

func importFileCommand(s *session, kind, sample string) *cobra.Command {
	var f importFlags
	noun := strings.TrimSuffix(kind, "s")
	cmd := &cobra.Command{
		Use: "import FILE…", Short: "Import " + kind + " from CSV or XLSX files", Args: f.files,
		Long: "Import " + kind + " from CSV or XLSX files.\n\n" +
			"Nothing is changed while a row is wrong, unless --accept-good is given. A blank\n" +
			"cell leaves a value, (clear) clears it. Importing twice changes nothing.\n\n" +
			"Several files are one import: all or nothing, undone together. Each is known by\n" +
			"its headers, as another system's export, or by its name, as subnets.csv; else it\n" +
			"holds " + kind + ".",
		Example: fmt.Sprintf("  muster %[1]s import --template > %[2]s\n  muster %[1]s import %[2]s --dry-run\n"+
			"  muster %[1]s import %[2]s --accept-good --rejected to-correct.csv\n"+
			"  muster site import sites.csv circuits.csv terminations.csv prefixes.csv", noun, sample),
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the difference and change nothing")
	flags.BoolVar(&f.acceptGood, "accept-good", false, "apply the good rows although others are wrong")
	flags.StringVar(&f.mapFile, "map", "", "file with a saved column mapping")
	flags.StringVar(&f.sheet, "sheet", "", "sheet of a workbook")
	flags.IntVar(&f.headerRow, "header-row", 0, "line of the header, from 1")
	flags.BoolVar(&f.dayFirst, "day-first", false, "read 03/04/2026 as the third of April")
	flags.StringVar(&f.rejected, "rejected", "", "write the wrong rows, with a problem column, to this file; of several files, a .zip")
	flags.BoolVar(&f.template, "template", false, "print a file with the headers and one example row, and change nothing")
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.template {
			return importer.Template(cmd.OutOrStdout(), importer.Kind(kind), importer.CSV)
		}
		request, err := f.request(kind, args)
		if err != nil {
			return err
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		raw, refusal := c.call(cmd.Context(), "import "+strings.Join(args, ", "), request)
		if raw, err = carried(raw, refusal); err != nil {
			return err
		}
		var result imported
		if err := json.Unmarshal(raw, &result); err != nil {
			return fmt.Errorf("cannot import %s: cannot read the answer: %w", strings.Join(args, ", "), err)
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

// files takes at least one file, or none for a template.
func (f *importFlags) files(cmd *cobra.Command, args []string) error {
	switch {
	case f.template && len(args) > 0:
		return usagef("cannot run %s: --template takes no file", cmd.CommandPath())
	case !f.template && len(args) == 0:
		return exactly("FILE")(cmd, args)
	}
	return nil
}

// content is the file to send: the one that is named, or an archive of several.
func (f importFlags) content(paths []string) (name string, content []byte, err error) {
	if len(paths) == 1 {
		content, err = os.ReadFile(paths[0])
		return filepath.Base(paths[0]), content, err
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", nil, err
		}
		entry, err := w.Create(filepath.Base(path))
		if err != nil {
			return "", nil, err
		}
		if _, err := entry.Write(content); err != nil {
			return "", nil, err
		}
	}
	if err := w.Close(); err != nil {
		return "", nil, err
	}
	return "import.zip", archive.Bytes(), nil
}

func (f importFlags) request(kind string, paths []string) (request, error) {
	name, content, err := f.content(paths)
	if err != nil {
		return request{}, fmt.Errorf("cannot import: %w", err)
	}
	query := url.Values{"kind": {kind}, "name": {name}}
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
