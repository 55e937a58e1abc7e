package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func exportCommand(s *session, kind string) *cobra.Command {
	var to, format string
	noun := strings.TrimSuffix(kind, "s")
	cmd := &cobra.Command{
		Use: "export", Short: "Export " + kind + " as a file that re-imports unchanged", Args: cobra.NoArgs,
		Example: fmt.Sprintf("  muster %s export > %s.csv\n  muster %s export --to %s.xlsx", noun, kind, noun, kind),
	}
	cmd.Flags().StringVar(&to, "to", "", "file to write; standard output where it is not given")
	cmd.Flags().StringVar(&format, "format", "", "csv or xlsx; by the ending of --to, else csv")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if format == "" && filepath.Ext(to) == ".xlsx" {
			format = "xlsx"
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		b, err := c.call(cmd.Context(), "export "+kind, request{
			method: http.MethodGet, path: "/exports/" + kind, query: url.Values{"format": {first(format, "csv")}},
		})
		if err != nil {
			return err
		}
		if to == "" {
			_, err = cmd.OutOrStdout().Write(b)
			return err
		}
		if err := os.WriteFile(to, b, 0o600); err != nil {
			return fmt.Errorf("cannot export %s: %w", kind, err)
		}
		return nil
	}
	return cmd
}
