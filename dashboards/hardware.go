package dashboards

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

func (p *Pages) workstation(w http.ResponseWriter, r *http.Request, who reader) error {
	if err := knownQuery(r); err != nil {
		return err
	}
	id, live := strings.CutSuffix(r.PathValue("id"), ".json")
	detail, err := p.o.Source.Workstation(r.Context(), id)
	if err != nil {
		return err
	}
	if !who.MaySee(detail.HomeSite) && !who.MaySee(detail.Site) {
		return &pageError{http.StatusForbidden, "This workstation is not at one of your sites.", "Your sites stand on the first page."}
	}
	if live {
		return answerJSON(w, liveWorkstation{
			Rows: map[string]WorkstationCells{detail.ID: workstationCells(detail.WorkstationStanding)},
			Mark: markOf(detail),
		})
	}
	view := WorkstationPage{
		Mark:  markOf(detail),
		Frame: p.frame(r, detail.Name, "workstations"), Workstation: detail,
		Status: PresenceStatus(detail.Presence), Remarks: remarksOn(detail), Sections: sectionsOf(detail),
	}
	view.Live = "/workstations/" + url.PathEscape(detail.ID) + ".json"
	return p.drawers.draw(w, http.StatusOK, "workstation", view)
}

// liveWorkstation is what changes on a workstation's page while somebody looks.
type liveWorkstation struct {
	Rows map[string]WorkstationCells `json:"rows"`
	Mark string                      `json:"mark"`
}

// markOf names all of the page that is not refreshed in place: where it is another
// than the one drawn, the page offers to be drawn anew.
func markOf(d inventory.WorkstationDetail) string {
	marks := []string{d.Name, d.Site, d.HomeSite, d.AssetTag, d.AgentVersion}
	marks = append(marks, remarksOn(d)...)
	for _, section := range sectionsOf(d) {
		marks = append(marks, section.ReadAt.UTC().Format(time.RFC3339))
	}
	sum := sha256.Sum256([]byte(strings.Join(marks, "\n")))
	return hex.EncodeToString(sum[:8])
}

// remarksOn is what a person must know before the facts.
func remarksOn(d inventory.WorkstationDetail) []string {
	var said []string
	if d.Simulated {
		said = append(said, "A simulated machine of the demo: its hardware is made up.")
	}
	if !d.ConflictAt.IsZero() {
		said = append(said, "Two machines use this identity: last seen at "+d.ConflictAt.UTC().Format("2006-01-02 15:04")+" UTC. The reports of both are refused until one is enrolled anew; muster-agent prepare-image on the copy does that.")
	}
	if d.Review != "" {
		said = append(said, "Waits for a person: "+d.Review+".")
	}
	if !d.RevokedAt.IsZero() {
		said = append(said, "Revoked on "+d.RevokedAt.UTC().Format(time.DateOnly)+": its reports are refused.")
	}
	if d.ReplacedBy != "" {
		said = append(said, "Replaced by a newer install, "+d.ReplacedBy+".")
	}
	if d.AssetTag == "" {
		said = append(said, strangeness(d.Identity))
	}
	return append(said, driftOf(d)...)
}

// strangeness is why a machine stands for no asset.
func strangeness(id inventory.Identity) string {
	if len(id.Keys()) == 0 {
		return "Not in the register, and not to be found there: this machine tells no serial number, no SMBIOS UUID and no built-in network card by which an asset could be recognised."
	}
	return "No asset of the register matches this machine: none has its serial number, SMBIOS UUID or a network card of it."
}

// driftOf is where the register and the machine disagree. Neither is written
// over the other.
func driftOf(d inventory.WorkstationDetail) []string {
	if d.Asset == nil || d.Hardware == nil {
		return nil
	}
	var said []string
	for _, pair := range []struct {
		what, declared string
		observed       inventory.Fact[string]
	}{
		{"serial", d.Asset.Serial, d.Hardware.Serial}, {"model", d.Asset.Model, d.Hardware.Model},
	} {
		seen, known := pair.observed.Get()
		if known && pair.declared != "" && !strings.EqualFold(strings.TrimSpace(seen), pair.declared) {
			said = append(said, fmt.Sprintf("The register says %s %q, the machine says %q.", pair.what, pair.declared, seen))
		}
	}
	return said
}

const notYet = "nothing has arrived yet: the agent sends it with its first report"

func sectionsOf(d inventory.WorkstationDetail) []Section {
	return []Section{
		hardwareSection(d), firmwareSection(d), systemSection(d), healthSection(d), networkSection(d), softwareSection(d),
	}
}

func hardwareSection(d inventory.WorkstationDetail) Section {
	s := Section{Title: "Hardware", ReadAt: d.HardwareReadAt}
	h := d.Hardware
	if h == nil {
		s.Empty = notYet
		return s
	}
	s.Facts = []FactRow{
		row("Maker", h.Maker), row("Model", h.Model), row("Serial number", h.Serial), row("SMBIOS UUID", h.UUID),
		row("Chassis", h.Chassis), row("Processor", h.CPU.Name), rowAs("Family, model, stepping", h.CPU.Family, func(family int) string {
			return fmt.Sprintf("%d, %s, %s", family, h.CPU.Model, h.CPU.Stepping)
		}),
		rowAs("Cores", h.CPU.Cores, func(cores int) string { return fmt.Sprintf("%d (threads: %s)", cores, h.CPU.Threads) }),
		rowAs("Memory", h.MemoryBytes, gibibytes), rowAs("System disk", h.SystemDiskBytes, gigabytes),
		row("Display driver", h.DisplayDriver), rowAs("Displays", h.Displays, func(names []string) string { return strings.Join(names, "; ") }),
		rowAs("Battery", h.Battery, batteryText), row("Virtualisation", h.Virtualisation),
	}
	s.Tables = []FactTable{
		tableOf("Memory modules", h.MemoryModules, []string{"Slot", "Size", "Kind", "Maker"}, func(m inventory.Module) []FactRow {
			return []FactRow{text(m.Slot), text(gibibytes(m.Bytes)), text(strings.TrimSpace(m.Kind + " " + megahertz(m.MHz))), text(m.Maker)}
		}),
		tableOf("Disks", h.Disks, []string{"Name", "Model", "Kind", "Size"}, func(k inventory.Disk) []FactRow {
			return []FactRow{text(k.Name), row("", k.Model), row("", k.Kind), text(gigabytes(k.Bytes))}
		}),
		tableOf("Network cards", h.NICs, []string{"Name", "Kind", "Address", "Speed", "Cable"}, func(n inventory.NIC) []FactRow {
			return []FactRow{text(n.Name), text(n.Kind), text(n.MAC), rowAs("", n.Mbps, func(mbps int) string { return fmt.Sprintf("%d Mbit/s", mbps) }), row("", yes(n.Carrier))}
		}),
	}
	return s
}

func firmwareSection(d inventory.WorkstationDetail) Section {
	s := Section{Title: "Firmware", ReadAt: d.FirmwareReadAt}
	f := d.Firmware
	if f == nil {
		s.Empty = notYet
		return s
	}
	s.Facts = []FactRow{
		row("Kind", f.Kind), row("Vendor", f.Vendor), row("Version", f.Version), row("Released", f.Released),
		row("Secure Boot capable", yes(f.SecureBootCapable)), row("Secure Boot enabled", yes(f.SecureBootEnabled)),
		row("TPM present", yes(f.TPM.Present)), row("TPM version", f.TPM.Version), row("TPM enabled", yes(f.TPM.Enabled)), row("TPM maker", f.TPM.Maker),
	}
	return s
}

func systemSection(d inventory.WorkstationDetail) Section {
	s := Section{Title: "Operating system", ReadAt: d.OSReadAt}
	o := d.OS
	if o == nil {
		s.Empty = notYet
		return s
	}
	s.Facts = []FactRow{
		row("Name", o.Name), row("Version", o.Version), row("Build", o.Build), row("Kernel", o.Kernel),
		row("Installed", o.InstalledOn), row("Last patched", o.PatchedOn), row("Newest patch", o.Patch),
	}
	return s
}

func healthSection(d inventory.WorkstationDetail) Section {
	s := Section{Title: "Health", ReadAt: d.HealthReadAt}
	h := d.Health
	if h == nil {
		s.Empty = notYet
		return s
	}
	s.Facts = []FactRow{
		rowAs("Memory in use", h.MemoryUsedRatio, percent), rowAs("Stalled on memory", h.MemoryPressure, percent),
		rowAs("Load for each thread", h.LoadRatio, func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }),
		rowAs("Running for", h.UptimeSeconds, uptime), row("Restart pending", yes(h.RestartPending)),
		row("Clock synchronised", yes(h.ClockSynced)), row("Clock source", h.ClockSource), row("Firewall on", yes(h.FirewallEnabled)),
		rowAs("Agent's own processor time", h.AgentCPUSeconds, func(v float64) string { return fmt.Sprintf("%.1f s", v) }),
		rowAs("Agent's own memory", h.AgentMemoryBytes, mebibytes),
	}
	s.Tables = []FactTable{
		tableOf("File systems", h.Disks, []string{"Mount", "Free", "Of", "Worn"}, func(k inventory.DiskHealth) []FactRow {
			return []FactRow{text(k.Mount), text(gigabytes(k.FreeBytes)), text(gigabytes(k.TotalBytes)), rowAs("", k.WearRatio, percent)}
		}),
		tableOf("Protection", h.Protection, []string{"Product", "On", "Up to date"}, func(k inventory.Protection) []FactRow {
			return []FactRow{text(k.Name), row("", yes(k.Enabled)), row("", yes(k.Current))}
		}),
	}
	return s
}

func networkSection(d inventory.WorkstationDetail) Section {
	s := Section{Title: "Network", ReadAt: d.NetworkReadAt}
	n := d.Network
	if n == nil {
		s.Empty = notYet
		return s
	}
	s.Facts = []FactRow{
		row("Interface", n.Interface), row("Medium", n.Medium), row("Address", n.Addr), row("Subnet", n.Prefix), row("Gateway", n.Gateway),
	}
	return s
}

// softwareShown bounds the page; the whole list is in the API.
const softwareShown = 100

func softwareSection(d inventory.WorkstationDetail) Section {
	s := Section{Title: "Software", ReadAt: d.SoftwareReadAt}
	switch {
	case d.SoftwareUnknown != "":
		s.Facts = []FactRow{{Label: "Installed programs", Unknown: d.SoftwareUnknown}}
		return s
	case d.SoftwareReadAt.IsZero() && d.Software == nil:
		s.Empty = notYet
		return s
	}
	shown := d.Software[:min(len(d.Software), softwareShown)]
	table := tableOf(fmt.Sprintf("%d installed programs", len(d.Software)), inventory.Known(shown), []string{"Name", "Version", "Maker"},
		func(p inventory.Program) []FactRow { return []FactRow{text(p.Name), text(p.Version), text(p.Maker)} })
	table.More = len(d.Software) - len(shown)
	s.Tables = []FactTable{table}
	return s
}
