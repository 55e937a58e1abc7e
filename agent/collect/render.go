package collect

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"muster/inventory"
)

// Inventory is everything that is read of a machine, as `inventory --json`
// prints it and Render shows it.
type Inventory struct {
	Name     string                              `json:"name"`
	Identity inventory.Identity                  `json:"identity"`
	Hardware inventory.Hardware                  `json:"hardware"`
	Firmware inventory.Firmware                  `json:"firmware"`
	OS       inventory.OS                        `json:"os"`
	Health   inventory.Health                    `json:"health"`
	Network  inventory.Network                   `json:"network"`
	Software inventory.Fact[[]inventory.Program] `json:"software"`
}

// labelWidth aligns the values behind the longest label.
const labelWidth = 18

// page writes labelled lines; its writer keeps the first error.
type page struct {
	w *bufio.Writer
}

func (p page) title(s string) { fmt.Fprintf(p.w, "%s\n", s) }

func (p page) line(label, value string) { fmt.Fprintf(p.w, "  %-*s %s\n", labelWidth, label, value) }

func fact[T any](p page, label string, f inventory.Fact[T], show func(T) string) {
	v, ok := f.Get()
	if !ok {
		p.line(label, "unknown ("+f.Reason()+")")
		return
	}
	p.line(label, show(v))
}

// rows shows a list, one line for each element, the label on the first.
func rows[T any](p page, label string, f inventory.Fact[[]T], show func(T) string) {
	list, ok := f.Get()
	switch {
	case !ok:
		p.line(label, "unknown ("+f.Reason()+")")
	case len(list) == 0:
		p.line(label, "none")
	}
	for _, v := range list {
		p.line(label, show(v))
		label = ""
	}
}

// Render writes an inventory for a person: aligned labels, sizes with units, and
// for everything unknown its reason. Of the software it gives the number; withSoftware
// adds the list.
func Render(w io.Writer, i Inventory, withSoftware bool) error {
	p := page{w: bufio.NewWriter(w)}
	p.title(i.Name)
	p.hardware(i.Hardware)
	p.firmware(i.Firmware)
	p.os(i.OS)
	p.health(i.Health)
	p.network(i.Network)
	p.software(i.Software, withSoftware)
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("cannot write inventory: %w", err)
	}
	return nil
}

func (p page) hardware(hw inventory.Hardware) {
	p.title("\nHardware")
	fact(p, "maker", hw.Maker, text)
	fact(p, "model", hw.Model, text)
	fact(p, "serial", hw.Serial, text)
	fact(p, "uuid", hw.UUID, text)
	fact(p, "chassis", hw.Chassis, text)
	fact(p, "virtualisation", hw.Virtualisation, text)
	fact(p, "processor", hw.CPU.Name, text)
	p.line("", fmt.Sprintf("%s, %s, family %s model %s stepping %s", hw.CPU.Vendor, hw.CPU.Architecture, hw.CPU.Family, hw.CPU.Model, hw.CPU.Stepping))
	p.line("", fmt.Sprintf("%s cores, %s threads, %s MHz", hw.CPU.Cores, hw.CPU.Threads, hw.CPU.MHz))
	fact(p, "memory", hw.MemoryBytes, binarySize)
	rows(p, "memory modules", hw.MemoryModules, showModule)
	rows(p, "disks", hw.Disks, showDisk)
	fact(p, "system disk", hw.SystemDiskBytes, decimalSize)
	rows(p, "network cards", hw.NICs, showNIC)
	rows(p, "displays", hw.Displays, text)
	fact(p, "display driver", hw.DisplayDriver, text)
	fact(p, "battery", hw.Battery, showBattery)
}

func (p page) firmware(f inventory.Firmware) {
	p.title("\nFirmware")
	fact(p, "kind", f.Kind, text)
	fact(p, "maker", f.Vendor, text)
	fact(p, "version", f.Version, text)
	fact(p, "released", f.Released, func(d inventory.Date) string { return string(d) })
	fact(p, "secure boot able", f.SecureBootCapable, yesNo)
	fact(p, "secure boot on", f.SecureBootEnabled, yesNo)
	fact(p, "tpm", f.TPM.Present, yesNo)
	if f.TPM.Present.Or(true) {
		fact(p, "tpm version", f.TPM.Version, text)
		fact(p, "tpm on", f.TPM.Enabled, yesNo)
		fact(p, "tpm maker", f.TPM.Maker, text)
	}
}

func (p page) os(o inventory.OS) {
	p.title("\nOperating system")
	fact(p, "name", o.Name, text)
	fact(p, "version", o.Version, text)
	fact(p, "build", o.Build, text)
	fact(p, "kernel", o.Kernel, text)
	fact(p, "installed", o.InstalledOn, func(d inventory.Date) string { return string(d) })
	fact(p, "patched", o.PatchedOn, func(d inventory.Date) string { return string(d) })
	fact(p, "last patch", o.Patch, text)
}

func (p page) health(h inventory.Health) {
	p.title("\nHealth")
	rows(p, "file systems", h.Disks, showSpace)
	fact(p, "memory used", h.MemoryUsedRatio, percent)
	fact(p, "memory pressure", h.MemoryPressure, percent)
	fact(p, "load per thread", h.LoadRatio, func(r float64) string { return fmt.Sprintf("%.2f", r) })
	fact(p, "up for", h.UptimeSeconds, showUptime)
	fact(p, "restart pending", h.RestartPending, yesNo)
	fact(p, "clock synchronised", h.ClockSynced, yesNo)
	fact(p, "clock source", h.ClockSource, text)
	rows(p, "protection", h.Protection, showProtection)
	fact(p, "firewall on", h.FirewallEnabled, yesNo)
	fact(p, "agent's processor", h.AgentCPUSeconds, func(s float64) string { return fmt.Sprintf("%.2f s", s) })
	fact(p, "agent's memory", h.AgentMemoryBytes, binarySize)
}

func (p page) network(n inventory.Network) {
	p.title("\nNetwork")
	fact(p, "interface", n.Interface, text)
	fact(p, "medium", n.Medium, text)
	p.line("address", n.Addr.String())
	p.line("subnet", n.Prefix.String())
	p.line("gateway", n.Gateway.String())
	if list, ok := n.Resolvers.Get(); ok && len(list) == 0 {
		p.line("resolvers", "none")
	} else {
		p.line("resolvers", strings.Trim(n.Resolvers.String(), "[]"))
	}
}

func (p page) software(f inventory.Fact[[]inventory.Program], all bool) {
	p.title("\nSoftware")
	fact(p, "programs", f, func(list []inventory.Program) string { return fmt.Sprint(len(list)) })
	if !all {
		return
	}
	for _, program := range f.Or(nil) {
		p.line(program.Source, strings.TrimSpace(program.Name+" "+program.Version))
	}
}
