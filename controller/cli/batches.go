package cli

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"muster/inventory"
	"muster/inventory/importer"
)

func importCommand(s *session) *cobra.Command {
	return group("import", "Imports: list, show, undo",
		listCommand(s, listing[inventory.Batch]{
			noun: "imports", path: "/imports", short: "List imports and edits, newest first", example: "  muster import list --limit 10",
			head: []string{"number", "source", "author", "made", "undone"},
			row: func(v inventory.Batch) []string {
				undone := ""
				if !v.UndoneAt.IsZero() {
					undone = v.UndoneAt.UTC().Format(time.RFC3339)
				}
				return []string{fmt.Sprint(v.Number), v.Source, v.Author, v.MadeAt.UTC().Format(time.RFC3339), undone}
			},
			empty: "no imports yet",
		}),
		showCommand(s, "import", "NUMBER", "Show an import and its changes", "  muster import show 12", keyPath("/imports"), drawBatch),
		&cobra.Command{
			Use: "undo NUMBER", Short: "Undo an import while nothing later depends on it", Example: "  muster import undo 12", Args: exactly("NUMBER"),
			RunE: func(cmd *cobra.Command, args []string) error {
				if _, err := strconv.ParseInt(args[0], 10, 64); err != nil {
					return usagef("cannot undo import %q: want its number, as `muster import list` shows it", args[0])
				}
				return s.do(cmd, "undo import "+args[0], http.MethodDelete, "/imports/"+args[0], nil)
			},
		},
	)
}

func drawBatch(out io.Writer, v inventory.Batch) error {
	undone := ""
	if !v.UndoneAt.IsZero() {
		undone = v.UndoneAt.UTC().Format(time.RFC3339)
	}
	err := pairs(out, [][2]string{
		{"number", fmt.Sprint(v.Number)},
		{"source", v.Source},
		{"author", v.Author},
		{"made", v.MadeAt.UTC().Format(time.RFC3339)},
		{"undone", undone},
		{"changes", fmt.Sprint(len(v.Changes))},
	})
	if err != nil {
		return err
	}
	return importer.DiffBatch(out, v)
}
