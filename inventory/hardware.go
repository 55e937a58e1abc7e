package inventory

// Hardware is what a machine is made of. Slices are nil-safe and their absence
// is a Fact: Known(nil slice) means "looked, there is none".
type Hardware struct {
	Maker           Fact[string]   `json:"maker"`
	Model           Fact[string]   `json:"model"`
	Serial          Fact[string]   `json:"serial"`
	UUID            Fact[string]   `json:"uuid"`
	Chassis         Fact[string]   `json:"chassis"` // desktop, laptop, tower, all-in-one, virtual …
	CPU             CPU            `json:"cpu"`
	MemoryBytes     Fact[int64]    `json:"memory_bytes"`
	MemoryModules   Fact[[]Module] `json:"memory_modules"`
	Disks           Fact[[]Disk]   `json:"disks"`
	NICs            Fact[[]NIC]    `json:"nics"`
	Displays        Fact[[]string] `json:"displays"` // graphics adapters and monitors by name
	DisplayDriver   Fact[string]   `json:"display_driver"`
	Battery         Fact[Battery]  `json:"battery"`
	Virtualisation  Fact[string]   `json:"virtualisation"` // none, or the hypervisor's name
	SystemDiskBytes Fact[int64]    `json:"system_disk_bytes"`
}

// CPU is the processor.
type CPU struct {
	Name         Fact[string] `json:"name"`
	Vendor       Fact[string] `json:"vendor"` // GenuineIntel, AuthenticAMD …
	Architecture Fact[string] `json:"architecture"`
	Family       Fact[int]    `json:"family"`
	Model        Fact[int]    `json:"model"`
	Stepping     Fact[int]    `json:"stepping"`
	Cores        Fact[int]    `json:"cores"`
	Threads      Fact[int]    `json:"threads"`
	MHz          Fact[int]    `json:"mhz"`
}

// Module is one memory module in its slot.
type Module struct {
	Slot      string `json:"slot"`
	Bytes     int64  `json:"bytes"`
	Kind      string `json:"kind,omitempty"` // DDR4 …
	MHz       int    `json:"mhz,omitempty"`
	Maker     string `json:"maker,omitempty"`
	PartNo    string `json:"part_no,omitempty"`
	SerialNo  string `json:"serial_no,omitempty"`
	Populated bool   `json:"populated"`
}

// Disk is one physical disk.
type Disk struct {
	Name      string       `json:"name"`
	Model     Fact[string] `json:"model"`
	Serial    Fact[string] `json:"serial"`
	Kind      Fact[string] `json:"kind"` // nvme, ssd, hdd, virtual
	Bytes     int64        `json:"bytes"`
	Removable bool         `json:"removable,omitempty"`
}

// NIC is one network card.
type NIC struct {
	Name    string       `json:"name"`
	MAC     string       `json:"mac"`
	Kind    string       `json:"kind"` // ethernet, wifi, virtual
	Driver  Fact[string] `json:"driver"`
	Mbps    Fact[int]    `json:"mbps"`
	Carrier Fact[bool]   `json:"carrier"`
	BuiltIn bool         `json:"built_in"` // not a dock, VPN or virtual adapter
}

// Battery is a laptop's battery; its absence is Known(Battery{Present: false}).
type Battery struct {
	Present          bool `json:"present"`
	ChargePercent    int  `json:"charge_percent,omitempty"`
	HealthPercent    int  `json:"health_percent,omitempty"` // full charge against design
	Cycles           int  `json:"cycles,omitempty"`
	OnMains          bool `json:"on_mains,omitempty"`
	DesignMilliwattH int  `json:"design_mwh,omitempty"`
}

// Firmware is what the machine boots through.
type Firmware struct {
	Kind              Fact[string] `json:"kind"` // uefi or bios
	Vendor            Fact[string] `json:"vendor"`
	Version           Fact[string] `json:"version"`
	Released          Fact[Date]   `json:"released"`
	SecureBootCapable Fact[bool]   `json:"secure_boot_capable"`
	SecureBootEnabled Fact[bool]   `json:"secure_boot_enabled"`
	TPM               TPM          `json:"tpm"`
}

// TPM is the trusted platform module.
type TPM struct {
	Present Fact[bool]   `json:"present"`
	Version Fact[string] `json:"version"` // "2.0", "1.2"
	Enabled Fact[bool]   `json:"enabled"`
	Maker   Fact[string] `json:"maker"`
}

// OS is the operating system and its patch level.
type OS struct {
	Family      Fact[string] `json:"family"` // windows, linux, darwin
	Name        Fact[string] `json:"name"`
	Version     Fact[string] `json:"version"`
	Build       Fact[string] `json:"build"`
	Kernel      Fact[string] `json:"kernel"`
	InstalledOn Fact[Date]   `json:"installed_on"`
	PatchedOn   Fact[Date]   `json:"patched_on"` // the newest update installed
	Patch       Fact[string] `json:"patch"`      // its name, where the system names it
}

// Program is one installed program. User-level paths and names never appear.
type Program struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Maker   string `json:"maker,omitempty"`
	Source  string `json:"source,omitempty"` // msi, dpkg, rpm, appx …
}
