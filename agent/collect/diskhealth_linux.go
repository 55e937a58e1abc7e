package collect

import (
	"context"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/disk"

	"muster/inventory"
)

// diskPatience is how long one disk may take to answer.
const diskPatience = 2 * time.Second

// diskHealth is space and wear of each local file system.
func (c *Collector) diskHealth(ctx context.Context) inventory.Fact[[]inventory.DiskHealth] {
	if !c.live {
		return inventory.Unknown[[]inventory.DiskHealth]("the file systems of this machine cannot be asked")
	}
	mounts, err := c.mounts()
	if err != nil {
		return unknownErr[[]inventory.DiskHealth](err)
	}
	healths := make([]inventory.DiskHealth, 0, len(mounts))
	for _, m := range mounts {
		usage, err := within(ctx, &c.patience, m.path, diskPatience, func() (*disk.UsageStat, error) {
			return disk.Usage(m.path)
		})
		if err != nil {
			c.log.Debug("cannot read the space of a file system", "mount", m.path, "error", err)
			continue
		}
		if usage.Total == 0 {
			continue
		}
		healths = append(healths, inventory.DiskHealth{
			Mount: clean(m.path), TotalBytes: int64(usage.Total), FreeBytes: int64(usage.Free),
			WearRatio: c.wearBelow(ctx, m),
		})
	}
	return inventory.Known(healths)
}

// wearBelow is the wear of the most worn disk under a mount.
func (c *Collector) wearBelow(ctx context.Context, m mount) inventory.Fact[float64] {
	disks := c.disksBelow(m)
	if len(disks) == 0 {
		return inventory.Unknown[float64]("no disk is known below this file system")
	}
	worst := inventory.Unknown[float64]("")
	for _, d := range disks {
		w := c.keptWear(ctx, d)
		if !w.Known() {
			return w
		}
		if !worst.Known() || w.Or(0) > worst.Or(0) {
			worst = w
		}
	}
	return worst
}

// keptWear is a disk's wear, which may be an hour old. Other readings need not wait
// for a disk that is slow to answer.
func (c *Collector) keptWear(ctx context.Context, name string) inventory.Fact[float64] {
	c.system.mu.Lock()
	known := c.system.wear[name]
	c.system.mu.Unlock()
	known = known.or(c.now(), func() inventory.Fact[float64] { return c.wear(ctx, name) })
	c.system.mu.Lock()
	defer c.system.mu.Unlock()
	if c.system.wear == nil {
		c.system.wear = make(map[string]kept[inventory.Fact[float64]])
	}
	c.system.wear[name] = known
	return known.value
}

// wear asks the disk itself. Only solid-state disks wear in a way they count.
func (c *Collector) wear(ctx context.Context, name string) inventory.Fact[float64] {
	dir := "sys/block/" + name + "/"
	kind := c.diskKind(name, dir, c.disk(name, 0).Model.Or(""))
	switch k, _ := kind.Get(); {
	case !kind.Known():
		return inventory.Unknown[float64](kind.Reason())
	case k == "virtual":
		return inventory.Unknown[float64]("a virtual disk reports no wear")
	case k == "hdd":
		return inventory.Unknown[float64]("a spinning disk counts no wear")
	case strings.HasPrefix(name, "mmcblk"):
		return c.flashWear(dir)
	}
	ask := ataWear
	if k, _ := kind.Get(); k == "nvme" {
		ask = nvmeWear
	}
	used, err := within(ctx, &c.patience, "the disk "+name, diskPatience, func() (float64, error) { return ask("/dev/" + name) })
	if err != nil {
		return unknownErr[float64](err)
	}
	return inventory.Known(ratio(min(used, 1)))
}

// flashWear reads eMMC's life time: 1 is up to 10 % used, 10 up to 100 %.
func (c *Collector) flashWear(dir string) inventory.Fact[float64] {
	text, err := c.readLine(dir + "device/life_time")
	if err != nil {
		return unknownErr[float64](err)
	}
	worst := int64(0)
	for field := range strings.FieldsSeq(text) {
		if n, ok := hexByte(field); ok {
			worst = max(worst, n)
		}
	}
	if worst < 1 || worst > 11 {
		return inventory.Unknown[float64]("the flash does not count its wear")
	}
	return inventory.Known(min(float64(worst)/10, 1))
}
