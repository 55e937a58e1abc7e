package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"muster/inventory"
)

func workstationCommand(s *session) *cobra.Command {
	return group("workstation", "Workstations: list, show, revoke, review, probe, trace, import, export",
		listCommand(s, listing[inventory.WorkstationStanding]{
			noun: "workstations", path: "/workstations", short: "List workstations with their presence",
			example: "  muster workstation list --site S001\n  muster workstation list --presence silent --csv",
			flags: []filter{
				{"site", "now at this site, or at home there"},
				{"presence", "present, silent, off, asleep, away, absent, unknown or stranger"},
				{"q", "words that begin words of the id, name, serial, tag or model"},
			},
			head: []string{"id", "name", "site", "home", "presence", "kind", "asset", "last report", "remarks"},
			row: func(v inventory.WorkstationStanding) []string {
				return []string{
					v.ID, v.Name, v.Site, v.HomeSite, string(v.Presence), string(v.Kind), v.AssetTag, ago(v.LastReportAt), remarks(v.Workstation),
				}
			},
			empty: "no workstations match",
		}),
		showCommand(s, "workstation", "ID", "Show a workstation and what its agent read", "  muster workstation show w1a2b3c4d", keyPath("/workstations"), drawWorkstation),
		revokeCommand(s), reviewCommand(s), probeCommand(s), traceCommand(s),
		importFileCommand(s, "workstations", "pcs.csv"), exportCommand(s, "workstations"),
	)
}

func remarks(w inventory.Workstation) string {
	var said []string
	if !w.RevokedAt.IsZero() {
		said = append(said, "revoked")
	}
	if w.ReplacedBy != "" {
		said = append(said, "replaced by "+w.ReplacedBy)
	}
	if w.Review != "" {
		said = append(said, "review: "+w.Review)
	}
	if w.Simulated {
		said = append(said, "simulated")
	}
	return strings.Join(said, ", ")
}

// ago is how long ago t was, in the unit that fits.
func ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	switch d := time.Since(t); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return t.UTC().Format(time.DateOnly)
	}
}

func drawWorkstation(out io.Writer, w inventory.WorkstationDetail) error {
	addr := ""
	if w.Addr.IsValid() {
		addr = w.Addr.String()
	}
	lines := [][2]string{
		{"id", w.ID},
		{"name", w.Name},
		{"presence", string(w.Presence)},
		{"site", first(w.Site, "at no site")},
		{"home site", w.HomeSite},
		{"asset", first(w.AssetTag, "none in the register matches")},
		{"address", addr},
		{"agent", w.AgentVersion},
		{"enrolled", w.EnrolledAt.UTC().Format(time.RFC3339)},
		{"last report", ago(w.LastReportAt)},
		{"remarks", remarks(w.Workstation)},
	}
	lines = append(lines, hardwareLines(w.Hardware)...)
	lines = append(lines, firmwareLines(w.Firmware)...)
	lines = append(lines, osLines(w.OS)...)
	lines = append(lines, healthLines(w.Health)...)
	switch {
	case w.SoftwareUnknown != "":
		lines = append(lines, [2]string{"software", "unknown (" + w.SoftwareUnknown + ")"})
	case w.Software != nil:
		lines = append(lines, [2]string{"software", fmt.Sprintf("%d programs (--json lists them)", len(w.Software))})
	}
	return pairs(out, lines)
}

func hardwareLines(h *inventory.Hardware) [][2]string {
	if h == nil {
		return [][2]string{{"hardware", "not reported yet"}}
	}
	lines := [][2]string{
		{"maker", h.Maker.String()},
		{"model", h.Model.String()},
		{"serial", h.Serial.String()},
		{"uuid", h.UUID.String()},
		{"chassis", h.Chassis.String()},
		{"processor", h.CPU.Name.String()},
		{"cores", h.CPU.Cores.String() + ", threads " + h.CPU.Threads.String()},
		{"memory", sized(h.MemoryBytes, memorySize)},
		{"system disk", sized(h.SystemDiskBytes, diskSize)},
	}
	if disks, known := h.Disks.Get(); known {
		for _, disk := range disks {
			lines = append(lines, [2]string{"disk " + disk.Name, fmt.Sprintf("%s, %s, %s", disk.Model, disk.Kind, diskSize(disk.Bytes))})
		}
	} else {
		lines = append(lines, [2]string{"disks", h.Disks.String()})
	}
	if nics, known := h.NICs.Get(); known {
		for _, nic := range nics {
			lines = append(lines, [2]string{"card " + nic.Name, nic.Kind + ", " + nic.MAC})
		}
	} else {
		lines = append(lines, [2]string{"network cards", h.NICs.String()})
	}
	return lines
}

func firmwareLines(f *inventory.Firmware) [][2]string {
	if f == nil {
		return [][2]string{{"firmware", "not reported yet"}}
	}
	return [][2]string{
		{"firmware", fmt.Sprintf("%s, %s %s", f.Kind, f.Vendor, f.Version)},
		{"secure boot", fmt.Sprintf("capable: %s, enabled: %s", yes(f.SecureBootCapable), yes(f.SecureBootEnabled))},
		{"tpm", fmt.Sprintf("present: %s, version: %s, enabled: %s", yes(f.TPM.Present), f.TPM.Version, yes(f.TPM.Enabled))},
	}
}

func osLines(o *inventory.OS) [][2]string {
	if o == nil {
		return [][2]string{{"system", "not reported yet"}}
	}
	return [][2]string{
		{"system", fmt.Sprintf("%s %s", o.Name, o.Version)},
		{"build", o.Build.String()},
		{"patched on", o.PatchedOn.String()},
	}
}

func healthLines(h *inventory.Health) [][2]string {
	if h == nil {
		return [][2]string{{"health", "not reported yet"}}
	}
	return [][2]string{
		{"memory in use", percent(h.MemoryUsedRatio)},
		{"load", h.LoadRatio.String()},
		{"restart pending", yes(h.RestartPending)},
		{"clock synchronised", yes(h.ClockSynced)},
		{"firewall", yes(h.FirewallEnabled)},
	}
}

func sized(f inventory.Fact[int64], as func(int64) string) string {
	n, known := f.Get()
	if !known {
		return f.String()
	}
	return as(n)
}

// Memory is sold in powers of two, disks in powers of ten.
func memorySize(n int64) string { return fmt.Sprintf("%.4g GiB", float64(n)/(1<<30)) }
func diskSize(n int64) string   { return fmt.Sprintf("%.4g GB", float64(n)/1e9) }

// yes is a truth in words, or why it is not known.
func yes(f inventory.Fact[bool]) string {
	value, known := f.Get()
	switch {
	case !known:
		return f.String()
	case value:
		return "yes"
	default:
		return "no"
	}
}

func revokeCommand(s *session) *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "End a workstation's certificates and rotate its site's key",
		Example: "  muster workstation revoke w1a2b3c4d --why \"stolen on 3 June\"", Args: exactly("ID"),
	}
	cmd.Flags().StringVar(&why, "why", "", "the reason, which stands in the event (required)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if why == "" {
			return usagef("cannot revoke %s: --why is missing: the reason stands in the event", args[0])
		}
		return s.do(cmd, "revoke "+args[0], http.MethodPost, "/workstations/"+url.PathEscape(args[0])+"/revoke", map[string]string{"why": why})
	}
	return cmd
}

func reviewCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use: "review ID merge|keep-apart", Short: "Resolve an enrolment that waits for a person",
		Long: "Resolve an enrolment that waits for a person.\n\n" +
			"merge: it is a new install of the asset that it matched.\nkeep-apart: it is another machine.",
		Example: "  muster workstation review w1a2b3c4d merge", Args: exactly("ID", "merge|keep-apart"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[1] != "merge" && args[1] != "keep-apart" {
				return usagef("cannot resolve the review of %s: %q is neither merge nor keep-apart", args[0], args[1])
			}
			return s.do(cmd, "resolve the review of "+args[0], http.MethodPost,
				"/workstations/"+url.PathEscape(args[0])+"/review", map[string]string{"decision": args[1]})
		},
	}
}

// do sends a write whose answer says in words what was done.
func (s *session) do(cmd *cobra.Command, what, method, path string, body any) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	answer, _, err := send[struct {
		Done string `json:"done"`
	}](cmd.Context(), c, what, method, path, body)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), answer.Done)
	return err
}
