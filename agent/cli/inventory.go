package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"muster/agent/collect"
	"muster/inventory"
)

// found is what `inventory --json` prints: what the agent would report.
type found struct {
	Name     string                              `json:"name"`
	Identity inventory.Identity                  `json:"identity"`
	Hardware inventory.Hardware                  `json:"hardware"`
	Firmware inventory.Firmware                  `json:"firmware"`
	OS       inventory.OS                        `json:"os"`
	Network  inventory.Network                   `json:"network"`
	Health   inventory.Health                    `json:"health"`
	Software inventory.Fact[[]inventory.Program] `json:"software"`
}

func (d *desk) inventoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "inventory", Short: "Print what the agent reads of this machine", Args: cobra.NoArgs,
		Long: "Inventory reads this machine and prints what would travel, and nothing else\n" +
			"does. What cannot be read is unknown, with the reason.",
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON, the software list included")
	cmd.RunE = d.does(func(cmd *cobra.Command) error {
		f, err := read(cmd.Context())
		if err != nil {
			return err
		}
		if !*asJSON {
			return f.print(d.Stdout)
		}
		encoder := json.NewEncoder(d.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(f)
	})
	return cmd
}

func read(ctx context.Context) (found, error) {
	c, err := collect.New(collect.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return found{}, err
	}
	hardware := c.Hardware(ctx)
	f := found{
		Name: c.Name(), Hardware: hardware, Identity: collect.IdentityOf(hardware), Firmware: c.Firmware(ctx), OS: c.OS(ctx),
		Network: c.Network(ctx, netip.Addr{}), Health: c.Health(ctx),
	}
	programs, err := c.Software(ctx)
	if err == nil && programs == nil {
		programs = []inventory.Program{}
	}
	f.Software = inventory.KnownIf(programs, err)
	return f, nil
}

// print writes the readings for a person, one a line.
func (f found) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(what string, value any) { fmt.Fprintf(t, "%s\t%v\n", what, value) }
	h := f.Hardware
	line("name", f.Name)
	line("maker", h.Maker)
	line("model", h.Model)
	line("serial", h.Serial)
	line("SMBIOS UUID", h.UUID)
	line("chassis", h.Chassis)
	line("virtualisation", h.Virtualisation)
	line("CPU", h.CPU.Name)
	line("CPU family, model, stepping", fmt.Sprintf("%v, %v, %v", h.CPU.Family, h.CPU.Model, h.CPU.Stepping))
	line("cores, threads", fmt.Sprintf("%v, %v", h.CPU.Cores, h.CPU.Threads))
	line("memory", size(h.MemoryBytes))
	line("memory modules", each(h.MemoryModules, func(m inventory.Module) string {
		if !m.Populated {
			return m.Slot + " empty"
		}
		return strings.TrimSpace(m.Slot + " " + bytesText(m.Bytes) + " " + m.Kind)
	}))
	line("disks", each(h.Disks, func(d inventory.Disk) string {
		return fmt.Sprintf("%s %s (%v)", d.Name, bytesText(d.Bytes), d.Kind)
	}))
	line("network cards", each(h.NICs, func(n inventory.NIC) string { return n.Name + " " + n.MAC + " " + n.Kind }))
	line("displays", each(h.Displays, func(s string) string { return s }))
	line("battery", battery(h.Battery))
	line("firmware", fmt.Sprintf("%v %v %v", f.Firmware.Kind, f.Firmware.Vendor, f.Firmware.Version))
	line("Secure Boot", fmt.Sprintf("capable %v, enabled %v", f.Firmware.SecureBootCapable, f.Firmware.SecureBootEnabled))
	line("TPM", fmt.Sprintf("present %v, version %v, enabled %v", f.Firmware.TPM.Present, f.Firmware.TPM.Version, f.Firmware.TPM.Enabled))
	line("operating system", fmt.Sprintf("%v %v, build %v", f.OS.Name, f.OS.Version, f.OS.Build))
	line("patched", fmt.Sprintf("%v (%v)", f.OS.PatchedOn, f.OS.Patch))
	line("address", fmt.Sprintf("%v on %v, gateway %v", f.Network.Addr, f.Network.Interface, f.Network.Gateway))
	line("uptime", fmt.Sprintf("%v s", f.Health.UptimeSeconds))
	line("restart pending", f.Health.RestartPending)
	line("clock synchronised", f.Health.ClockSynced)
	line("software", count(f.Software))
	return t.Flush()
}

func each[T any](f inventory.Fact[[]T], text func(T) string) string {
	all, known := f.Get()
	if !known {
		return f.String()
	}
	if len(all) == 0 {
		return "none"
	}
	texts := make([]string, 0, len(all))
	for _, v := range all {
		texts = append(texts, text(v))
	}
	return strings.Join(texts, "; ")
}

func size(f inventory.Fact[int64]) string {
	if n, known := f.Get(); known {
		return bytesText(n)
	}
	return f.String()
}

// bytesText is n in the largest unit that leaves at least one.
func bytesText(n int64) string {
	value, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for value >= 1024 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") + " " + units[0]
}

func battery(f inventory.Fact[inventory.Battery]) string {
	b, known := f.Get()
	switch {
	case !known:
		return f.String()
	case !b.Present:
		return "none"
	default:
		return fmt.Sprintf("%d %% charged", b.ChargePercent)
	}
}

func count(f inventory.Fact[[]inventory.Program]) string {
	if programs, known := f.Get(); known {
		return fmt.Sprintf("%d programs", len(programs))
	}
	return f.String()
}
