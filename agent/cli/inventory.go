package cli

import (
	"encoding/json"
	"log/slog"
	"net/netip"

	"github.com/spf13/cobra"

	"muster/agent/collect"
)

func (d *desk) inventoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "inventory", Short: "Print what the agent reads of this machine", Args: cobra.NoArgs,
		Long: "Inventory reads this machine, prints it and sends nothing. What cannot be read\n" +
			"is unknown, with the reason.",
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON, the software list included")
	cmd.RunE = d.does(func(cmd *cobra.Command) error {
		c, err := collect.New(collect.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		all := collect.Everything(cmd.Context(), c, netip.Addr{})
		if !*asJSON {
			return collect.Render(d.Stdout, all, false)
		}
		encoder := json.NewEncoder(d.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(all)
	})
	return cmd
}
