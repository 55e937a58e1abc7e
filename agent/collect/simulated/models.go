package simulated

import "muster/inventory"

// Sizes.
const (
	gib = 1 << 30
	gb  = 1_000_000_000
)

// processor is a processor with the numbers by which Windows 11 judges it.
type processor struct {
	name, vendor            string
	family, model, stepping int
	cores, threads, mhz     int
	adapter                 string // its graphics
}

const (
	intel = "GenuineIntel"
	amd   = "AuthenticAMD"
)

// product is a line of machines as a county buys them.
type product struct {
	maker, model, chassis string
	year                  int // first bought
	weight                int // how many of them there are, roughly
	cpus                  []processor
	memoryKind            string
	memoryMHz             int
	soldered              bool    // no slots
	memory                []int64 // possible totals, in GiB
	disk                  string
	diskModel             string
	sizes                 []int64 // possible disks, in GB
	mac                   string  // maker's address prefix
	wired                 bool
	wifi                  bool
	batteryMWh            int
	firmware              string // maker of the firmware
	firmwareVersion       string
	tpm                   string // "", "1.2" or "2.0"
	tpmMaker              string
	junk                  bool // the maker never filled in serial and UUID
}

func (p product) laptop() bool { return p.batteryMWh > 0 }

// Processors by generation. On the Windows 11 list are Intel's family 6 above
// model 95 (and 85) and AMD's family 23 but for models 1 and 17, and later ones.
var (
	i5gen3   = processor{"Intel(R) Core(TM) i5-3470 CPU @ 3.20GHz", intel, 6, 58, 9, 4, 4, 3200, "Intel(R) HD Graphics 2500"}
	i5gen4   = processor{"Intel(R) Core(TM) i5-4590 CPU @ 3.30GHz", intel, 6, 60, 3, 4, 4, 3300, "Intel(R) HD Graphics 4600"}
	i3gen6   = processor{"Intel(R) Core(TM) i3-6100 CPU @ 3.70GHz", intel, 6, 94, 3, 2, 4, 3700, "Intel(R) HD Graphics 530"}
	i5gen6   = processor{"Intel(R) Core(TM) i5-6500 CPU @ 3.20GHz", intel, 6, 94, 3, 4, 4, 3200, "Intel(R) HD Graphics 530"}
	i5gen6u  = processor{"Intel(R) Core(TM) i5-6300U CPU @ 2.40GHz", intel, 6, 78, 3, 2, 4, 2400, "Intel(R) HD Graphics 520"}
	i5gen8   = processor{"Intel(R) Core(TM) i5-8500 CPU @ 3.00GHz", intel, 6, 158, 10, 6, 6, 3000, "Intel(R) UHD Graphics 630"}
	i5gen8t  = processor{"Intel(R) Core(TM) i5-8400T CPU @ 1.70GHz", intel, 6, 158, 10, 6, 6, 1700, "Intel(R) UHD Graphics 630"}
	i5gen8u  = processor{"Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz", intel, 6, 142, 10, 4, 8, 1600, "Intel(R) UHD Graphics 620"}
	i5gen9   = processor{"Intel(R) Core(TM) i5-9500 CPU @ 3.00GHz", intel, 6, 158, 13, 6, 6, 3000, "Intel(R) UHD Graphics 630"}
	i5gen10u = processor{"Intel(R) Core(TM) i5-10310U CPU @ 1.70GHz", intel, 6, 142, 12, 4, 8, 1700, "Intel(R) UHD Graphics"}
	i5gen11u = processor{"11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz", intel, 6, 140, 1, 4, 8, 2400, "Intel(R) Iris(R) Xe Graphics"}
	i5gen13t = processor{"13th Gen Intel(R) Core(TM) i5-13500T", intel, 6, 191, 2, 14, 20, 1600, "Intel(R) UHD Graphics 770"}
	i5gen13u = processor{"13th Gen Intel(R) Core(TM) i5-1345U", intel, 6, 186, 3, 10, 12, 1600, "Intel(R) Iris(R) Xe Graphics"}
	a10      = processor{"AMD PRO A10-8770 R7, 10 COMPUTE CORES 4C+6G", amd, 21, 101, 1, 4, 4, 3500, "AMD Radeon R7 Graphics"}
	ryzen1   = processor{"AMD Ryzen 5 PRO 2400G with Radeon Vega Graphics", amd, 23, 17, 0, 4, 8, 3600, "AMD Radeon(TM) RX Vega 11 Graphics"}
	ryzen3   = processor{"AMD Ryzen 5 PRO 4650U with Radeon Graphics", amd, 23, 96, 1, 6, 12, 2100, "AMD Radeon(TM) Graphics"}
	ryzen4   = processor{"AMD Ryzen 5 PRO 5650GE with Radeon Graphics", amd, 25, 80, 0, 6, 12, 3400, "AMD Radeon(TM) Graphics"}
)

// products are what the county has, oldest first.
var products = []product{
	{maker: "Dell Inc.", model: "OptiPlex 7010", chassis: "desktop", year: 2013, weight: 5, cpus: []processor{i5gen3}, memoryKind: "DDR3", memoryMHz: 1600, memory: []int64{4, 4, 8}, disk: "hdd", diskModel: "ST500DM002-1BD142", sizes: []int64{500}, mac: "b8:ca:3a", wired: true, firmware: "Dell Inc.", firmwareVersion: "A29", tpm: "1.2", tpmMaker: "STMicroelectronics"},
	{maker: "Hewlett-Packard", model: "HP EliteDesk 800 G1 SFF", chassis: "desktop", year: 2014, weight: 5, cpus: []processor{i5gen4}, memoryKind: "DDR3", memoryMHz: 1600, memory: []int64{4, 8, 8}, disk: "hdd", diskModel: "WDC WD5000AAKX-60U6AA0", sizes: []int64{500}, mac: "64:51:06", wired: true, firmware: "Hewlett-Packard", firmwareVersion: "L01 v02.78", tpm: "1.2", tpmMaker: "Infineon"},
	{maker: "Dell Inc.", model: "OptiPlex 3040", chassis: "desktop", year: 2016, weight: 9, cpus: []processor{i5gen6, i3gen6}, memoryKind: "DDR3L", memoryMHz: 1600, memory: []int64{8}, disk: "ssd", diskModel: "SAMSUNG SSD PM871 2.5 7mm 256GB", sizes: []int64{256, 128}, mac: "50:9a:4c", wired: true, firmware: "Dell Inc.", firmwareVersion: "1.24.0", tpm: "1.2", tpmMaker: "Nuvoton"},
	{maker: "HP", model: "HP EliteDesk 705 G3 SFF", chassis: "desktop", year: 2016, weight: 3, cpus: []processor{a10}, memoryKind: "DDR4", memoryMHz: 2400, memory: []int64{8}, disk: "ssd", diskModel: "MTFDDAK256TBN-1AR1ZABHA", sizes: []int64{256}, mac: "c8:d3:ff", wired: true, firmware: "HP", firmwareVersion: "P06 Ver. 02.36", tpm: "1.2", tpmMaker: "Infineon"},
	{maker: "LENOVO", model: "ThinkPad T460 (20FMS3XX00)", chassis: "laptop", year: 2016, weight: 6, cpus: []processor{i5gen6u}, memoryKind: "DDR3L", memoryMHz: 1600, memory: []int64{8}, disk: "ssd", diskModel: "SAMSUNG MZ7LN256HMJP-000L7", sizes: []int64{256}, mac: "50:7b:9d", wired: true, wifi: true, batteryMWh: 47520, firmware: "LENOVO", firmwareVersion: "R06ET71W (1.45)", tpm: "2.0", tpmMaker: "STMicroelectronics"},
	{maker: "HP", model: "HP EliteBook 840 G3", chassis: "laptop", year: 2017, weight: 6, cpus: []processor{i5gen6u}, memoryKind: "DDR4", memoryMHz: 2133, memory: []int64{8}, disk: "ssd", diskModel: "SK hynix SC311 SATA 256GB", sizes: []int64{256}, mac: "3c:52:82", wired: true, wifi: true, batteryMWh: 46260, firmware: "HP", firmwareVersion: "N75 Ver. 01.57", tpm: "1.2", tpmMaker: "Infineon"},
	{maker: "To Be Filled By O.E.M.", model: "To Be Filled By O.E.M.", chassis: "tower", year: 2016, weight: 2, cpus: []processor{i3gen6}, memoryKind: "DDR4", memoryMHz: 2133, memory: []int64{8}, disk: "ssd", diskModel: "KINGSTON SA400S37240G", sizes: []int64{240}, mac: "70:85:c2", wired: true, firmware: "American Megatrends Inc.", firmwareVersion: "P7.30", junk: true},
	{maker: "HP", model: "HP EliteDesk 705 G4 DM 35W", chassis: "mini", year: 2018, weight: 4, cpus: []processor{ryzen1}, memoryKind: "DDR4", memoryMHz: 2666, memory: []int64{8}, disk: "nvme", diskModel: "SAMSUNG MZVLB256HAHQ-000H1", sizes: []int64{256}, mac: "10:e7:c6", wired: true, firmware: "HP", firmwareVersion: "Q26 Ver. 02.22.00", tpm: "2.0", tpmMaker: "Infineon"},
	{maker: "Dell Inc.", model: "OptiPlex 3060", chassis: "desktop", year: 2018, weight: 11, cpus: []processor{i5gen8}, memoryKind: "DDR4", memoryMHz: 2666, memory: []int64{8, 8, 16}, disk: "ssd", diskModel: "Micron 1100 SATA 256GB", sizes: []int64{256}, mac: "e4:b9:7a", wired: true, firmware: "Dell Inc.", firmwareVersion: "1.30.0", tpm: "2.0", tpmMaker: "Nuvoton"},
	{maker: "LENOVO", model: "ThinkCentre M720q (10T8S1XX00)", chassis: "mini", year: 2018, weight: 8, cpus: []processor{i5gen8t}, memoryKind: "DDR4", memoryMHz: 2666, memory: []int64{8, 16}, disk: "nvme", diskModel: "INTEL SSDPEKKF256G8L", sizes: []int64{256}, mac: "6c:4b:90", wired: true, firmware: "LENOVO", firmwareVersion: "M1UKT78A", tpm: "2.0", tpmMaker: "Infineon"},
	{maker: "HP", model: "HP ProBook 450 G5", chassis: "laptop", year: 2018, weight: 9, cpus: []processor{i5gen8u}, memoryKind: "DDR4", memoryMHz: 2400, memory: []int64{8}, disk: "ssd", diskModel: "SanDisk SD9SN8W256G1006", sizes: []int64{256}, mac: "b0:5c:da", wired: true, wifi: true, batteryMWh: 48000, firmware: "HP", firmwareVersion: "Q85 Ver. 01.29.00", tpm: "2.0", tpmMaker: "Infineon"},
	{maker: "HP", model: "HP ProDesk 400 G6 SFF", chassis: "desktop", year: 2020, weight: 9, cpus: []processor{i5gen9}, memoryKind: "DDR4", memoryMHz: 2666, memory: []int64{8, 16}, disk: "nvme", diskModel: "KBG40ZNV256G KIOXIA", sizes: []int64{256}, mac: "84:a9:3e", wired: true, firmware: "HP", firmwareVersion: "R21 Ver. 02.20.00", tpm: "2.0", tpmMaker: "Infineon"},
	{maker: "LENOVO", model: "ThinkPad T14 Gen 1 (20UES0XX00)", chassis: "laptop", year: 2020, weight: 6, cpus: []processor{ryzen3}, memoryKind: "DDR4", memoryMHz: 3200, memory: []int64{16}, disk: "nvme", diskModel: "WDC PC SN730 SDBQNTY-256G-1001", sizes: []int64{256, 512}, mac: "84:a9:38", wired: true, wifi: true, batteryMWh: 50500, firmware: "LENOVO", firmwareVersion: "R1BET77W(1.46)", tpm: "2.0", tpmMaker: "STMicroelectronics"},
	{maker: "Dell Inc.", model: "Latitude 5410", chassis: "laptop", year: 2020, weight: 7, cpus: []processor{i5gen10u}, memoryKind: "DDR4", memoryMHz: 2667, memory: []int64{8, 16}, disk: "nvme", diskModel: "BC711 NVMe SK hynix 256GB", sizes: []int64{256}, mac: "c0:25:a5", wired: true, wifi: true, batteryMWh: 68000, firmware: "Dell Inc.", firmwareVersion: "1.29.0", tpm: "2.0", tpmMaker: "Nuvoton"},
	{maker: "Microsoft Corporation", model: "Surface Pro 7+", chassis: "tablet", year: 2021, weight: 3, cpus: []processor{i5gen11u}, memoryKind: "LPDDR4", memoryMHz: 4267, soldered: true, memory: []int64{8, 16}, disk: "nvme", diskModel: "KBG40ZNS256G NVMe KIOXIA 256GB", sizes: []int64{256}, mac: "28:16:a8", wifi: true, batteryMWh: 50400, firmware: "Microsoft Corporation", firmwareVersion: "24.100.143", tpm: "2.0", tpmMaker: "Intel"},
	{maker: "LENOVO", model: "ThinkCentre M75q Gen 2 (11JNS0XX00)", chassis: "mini", year: 2022, weight: 5, cpus: []processor{ryzen4}, memoryKind: "DDR4", memoryMHz: 3200, memory: []int64{16}, disk: "nvme", diskModel: "SAMSUNG MZVLQ256HAJD-000L1", sizes: []int64{256, 512}, mac: "88:a4:c2", wired: true, firmware: "LENOVO", firmwareVersion: "M47KT3BA", tpm: "2.0", tpmMaker: "AMD"},
	{maker: "Dell Inc.", model: "OptiPlex Micro 7010", chassis: "mini", year: 2023, weight: 9, cpus: []processor{i5gen13t}, memoryKind: "DDR5", memoryMHz: 4800, memory: []int64{16}, disk: "nvme", diskModel: "PC801 NVMe SK hynix 512GB", sizes: []int64{512}, mac: "a4:bb:6d", wired: true, firmware: "Dell Inc.", firmwareVersion: "1.19.0", tpm: "2.0", tpmMaker: "Nuvoton"},
	{maker: "Dell Inc.", model: "Latitude 7440", chassis: "laptop", year: 2023, weight: 8, cpus: []processor{i5gen13u}, memoryKind: "LPDDR5", memoryMHz: 4800, soldered: true, memory: []int64{16}, disk: "nvme", diskModel: "Micron 2450 NVMe 512GB", sizes: []int64{512}, mac: "cc:96:e5", wifi: true, batteryMWh: 57000, firmware: "Dell Inc.", firmwareVersion: "1.18.1", tpm: "2.0", tpmMaker: "Nuvoton"},
}

// choose picks a product: those that there are more of, more often.
func choose(d dice) int {
	total := 0
	for _, p := range products {
		total += p.weight
	}
	n := d.below("product", total)
	for i, p := range products {
		if n -= p.weight; n < 0 {
			return i
		}
	}
	return 0
}

// judged reports whether Windows 11 supports the processor (docs on readiness).
func (p processor) judged() bool {
	if p.vendor == intel {
		return p.family == 6 && (p.model > 95 || p.model == 85)
	}
	return p.family > 23 || p.family == 23 && p.model != 1 && p.model != 17
}

// one picks an element by name.
func one[T any](d dice, name string, from []T) T { return from[d.below(name, len(from))] }

func unknown[T any](why string) inventory.Fact[T] { return inventory.Unknown[T](why) }
