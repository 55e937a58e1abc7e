package collect

import (
	"bufio"
	"os"
	"strings"
)

// Where distributions keep the PCI ID list.
var pciLists = []string{"usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids"}

// A list of ids is read line by line and never kept: parsed whole it takes more
// memory than the rest of the agent.
const maxPCILines = 200_000

// pciName is the name of a PCI function: "Intel Iris Xe Graphics". Without the
// list on disk the maker's name and the number have to do.
func (c *Collector) pciName(vendor, device string) string {
	maker, name := pciMakers[vendor], ""
	for _, file := range pciLists {
		if m, n := lookUpPCI(c.path(file), vendor, device); m != "" {
			maker, name = m, n
			break
		}
	}
	if maker == "" {
		maker = "maker " + vendor
	}
	if name == "" {
		name = "graphics " + vendor + ":" + device
	}
	return clean(maker + " " + name)
}

// pciMakers are the makers of graphics that an office has.
var pciMakers = map[string]string{
	"8086": "Intel", "1002": "AMD", "10de": "NVIDIA", "1234": "QEMU", "1af4": "Virtio", "15ad": "VMware",
	"80ee": "VirtualBox", "1b36": "Red Hat QXL", "102b": "Matrox", "1a03": "ASPEED", "1414": "Microsoft",
}

func lookUpPCI(file, vendor, device string) (maker, name string) {
	f, err := os.Open(file)
	if err != nil {
		return "", ""
	}
	defer f.Close() // opened for reading
	lines := bufio.NewScanner(f)
	for n := 0; lines.Scan() && n < maxPCILines; n++ {
		line := lines.Bytes()
		switch {
		case len(line) < 6 || line[0] == '#' || line[0] == '\t' && maker == "":
		case line[0] != '\t':
			if maker != "" {
				return maker, ""
			}
			if string(line[:4]) == vendor {
				maker = strings.TrimSpace(string(line[4:]))
			}
		case line[1] != '\t' && string(line[1:5]) == device:
			return maker, strings.TrimSpace(string(line[5:]))
		}
	}
	return maker, ""
}
