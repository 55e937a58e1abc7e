package collect

import (
	"runtime"

	"golang.org/x/sys/unix"

	"muster/inventory"
)

// architectures names the kernel's machine names as Go and the register do.
var architectures = map[string]string{
	"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm", "riscv64": "riscv64",
}

// architecture is the kernel's, which may be wider than the agent's own build.
func (c *Collector) architecture() inventory.Fact[string] {
	if !c.live {
		if name, err := c.readLine("proc/sys/kernel/arch"); err == nil {
			return goArchitecture(name)
		}
		return inventory.Unknown[string]("the kernel does not name its architecture")
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return inventory.Known(runtime.GOARCH)
	}
	return goArchitecture(unix.ByteSliceToString(u.Machine[:]))
}

func goArchitecture(machine string) inventory.Fact[string] {
	if name, ok := architectures[machine]; ok {
		return inventory.Known(name)
	}
	return inventory.Known(clean(machine))
}
