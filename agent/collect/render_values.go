package collect

import (
	"fmt"
	"strings"
	"time"

	"muster/inventory"
)

func text(s string) string { return s }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func percent(ratio float64) string { return fmt.Sprintf("%.1f %%", ratio*100) }

// binarySize is for memory, decimalSize for disks, as both are sold.
func binarySize(n int64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

func decimalSize(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

func showModule(m inventory.Module) string {
	if !m.Populated {
		return m.Slot + ": empty"
	}
	s := fmt.Sprintf("%s: %s %s", m.Slot, binarySize(m.Bytes), m.Kind)
	if m.MHz > 0 {
		s += fmt.Sprintf(" at %d MHz", m.MHz)
	}
	return strings.TrimSpace(strings.Join(strings.Fields(s+" "+m.Maker+" "+m.PartNo), " "))
}

func showDisk(d inventory.Disk) string {
	s := fmt.Sprintf("%s: %s, %s, %s", d.Name, decimalSize(d.Bytes), d.Kind, d.Model)
	if d.Serial.Known() {
		s += ", serial " + d.Serial.Or("")
	}
	if d.Removable {
		s += ", removable"
	}
	return s
}

func showNIC(n inventory.NIC) string {
	s := fmt.Sprintf("%s: %s, %s", n.Name, n.Kind, orText(n.MAC, "no address"))
	if n.Driver.Known() {
		s += ", " + n.Driver.Or("")
	}
	switch up, known := n.Carrier.Get(); {
	case !known:
		s += ", " + n.Carrier.Reason()
	case !up:
		s += ", no carrier"
	case n.Mbps.Known():
		s += fmt.Sprintf(", %d Mb/s", n.Mbps.Or(0))
	default:
		s += ", carrier"
	}
	if n.BuiltIn {
		s += ", built in"
	}
	return s
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func showBattery(b inventory.Battery) string {
	if !b.Present {
		return "none"
	}
	s := fmt.Sprintf("%d %% charged", b.ChargePercent)
	if b.HealthPercent > 0 {
		s += fmt.Sprintf(", %d %% of its design left", b.HealthPercent)
	}
	if b.Cycles > 0 {
		s += fmt.Sprintf(", %d cycles", b.Cycles)
	}
	if b.OnMains {
		s += ", on mains"
	}
	return s
}

func showSpace(d inventory.DiskHealth) string {
	s := fmt.Sprintf("%s: %s free of %s", d.Mount, decimalSize(d.FreeBytes), decimalSize(d.TotalBytes))
	if wear, ok := d.WearRatio.Get(); ok {
		return s + fmt.Sprintf(", %.0f %% worn", wear*100)
	}
	return s + ", wear unknown (" + d.WearRatio.Reason() + ")"
}

func showUptime(seconds int64) string {
	d := time.Duration(seconds) * time.Second
	if days := int(d.Hours() / 24); days > 0 {
		return fmt.Sprintf("%d d %d h", days, int(d.Hours())%24)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

func showProtection(p inventory.Protection) string {
	say := func(f inventory.Fact[bool], yes, no string) string {
		switch on, ok := f.Get(); {
		case !ok:
			return "unknown (" + f.Reason() + ")"
		case on:
			return yes
		}
		return no
	}
	return fmt.Sprintf("%s: %s, signatures %s", p.Name, say(p.Enabled, "running", "not running"), say(p.Current, "current", "out of date"))
}
