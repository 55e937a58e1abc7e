package collect

import (
	"slices"
	"strings"
)

// mount is one mounted file system.
type mount struct {
	path   string
	device string // major:minor
	source string // /dev/sda2
	fs     string
}

// File systems on a disk of this machine. Network ones are left out: they are
// not this machine's, and asking a dead server for its free space hangs.
var localFileSystems = []string{
	"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "jfs",
	"reiserfs", "bcachefs", "zfs", "overlay",
}

// mounts lists the local file systems, one mount for each: bind mounts and
// subvolumes repeat a device. Removable media are left out; where they are
// mounted often holds a user's name.
func (c *Collector) mounts() ([]mount, error) {
	b, err := c.readBytes("proc/self/mountinfo", maxFile)
	if err != nil {
		return nil, err
	}
	return parseMounts(string(b)), nil
}

func parseMounts(text string) []mount {
	var mounts []mount
	for line := range strings.Lines(text) {
		m, ok := parseMount(line)
		if !ok || !slices.Contains(localFileSystems, m.fs) || private(m.path) || m.fs == "overlay" && m.path != "/" {
			continue
		}
		same := slices.IndexFunc(mounts, func(o mount) bool { return o.source == m.source && o.fs == m.fs })
		switch {
		case same < 0:
			mounts = append(mounts, m)
		case len(m.path) < len(mounts[same].path):
			mounts[same] = m
		}
		if len(mounts) == 64 {
			break
		}
	}
	return mounts
}

// parseMount reads a line of mountinfo: id, parent, major:minor, root, mount
// point, options, optional fields, "-", type, source, options.
func parseMount(line string) (mount, bool) {
	front, back, ok := strings.Cut(line, " - ")
	f, b := strings.Fields(front), strings.Fields(back)
	if !ok || len(f) < 6 || len(b) < 2 {
		return mount{}, false
	}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, " ", `\012`, " ", `\134`, `\`)
	return mount{path: unescape.Replace(f[4]), device: f[2], fs: b[0], source: b[1]}, true
}

// private reports whether a mount point may hold a user's name.
func private(path string) bool {
	for _, prefix := range []string{"/home/", "/media/", "/run/media/", "/run/user/", "/Users/", "/Volumes/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
