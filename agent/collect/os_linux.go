package collect

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"muster/inventory"
)

func (c *Collector) operatingSystem(ctx context.Context) inventory.OS {
	release, err := c.osRelease()
	o := inventory.OS{
		Family:      inventory.Known("linux"),
		Name:        releaseField(release, err, "NAME"),
		Version:     releaseField(release, err, "VERSION_ID"),
		Build:       c.build(release, err),
		Kernel:      c.kernel(),
		InstalledOn: c.installedOn(),
	}
	o.PatchedOn, o.Patch = c.patched(ctx)
	return o
}

// osRelease reads os-release(5): shell assignments.
func (c *Collector) osRelease() (map[string]string, error) {
	b, err := c.readBytes("etc/os-release", 64<<10)
	if err != nil {
		if b, err = c.readBytes("usr/lib/os-release", 64<<10); err != nil {
			return nil, err
		}
	}
	fields := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		fields[key] = clean(strings.Trim(value, `'"`))
	}
	return fields, nil
}

func releaseField(fields map[string]string, err error, key string) inventory.Fact[string] {
	switch value := fields[key]; {
	case err != nil:
		return unknownErr[string](err)
	case value == "":
		return inventory.Unknown[string]("os-release has no " + key)
	default:
		return inventory.Known(value)
	}
}

// build is the distribution's build, or Debian's point release.
func (c *Collector) build(fields map[string]string, err error) inventory.Fact[string] {
	if build := releaseField(fields, err, "BUILD_ID"); build.Known() {
		return build
	}
	if fields["ID"] == "debian" {
		return c.fact("etc/debian_version")
	}
	return releaseField(fields, err, "VERSION")
}

// kernel is the release of the running kernel.
func (c *Collector) kernel() inventory.Fact[string] {
	if c.live {
		var u unix.Utsname
		if err := unix.Uname(&u); err == nil {
			return named("the kernel's release", unix.ByteSliceToString(u.Release[:]))
		}
	}
	return c.fact("proc/sys/kernel/osrelease")
}

// installedOn is the day of what the installer left behind. A machine made from
// an image has nothing of the kind.
func (c *Collector) installedOn() inventory.Fact[inventory.Date] {
	for _, left := range []string{"var/log/installer/status", "var/log/installer/syslog", "var/log/installer", "root/anaconda-ks.cfg", "var/log/anaconda"} {
		if at, err := os.Stat(c.path(left)); err == nil {
			return inventory.Known(inventory.DateOf(at.ModTime()))
		}
	}
	return inventory.Unknown[inventory.Date]("no installer left its log here")
}

// patched is the newest upgrade in dpkg's log, or the newest package of rpm.
func (c *Collector) patched(ctx context.Context) (inventory.Fact[inventory.Date], inventory.Fact[string]) {
	for _, log := range []string{"var/log/dpkg.log", "var/log/dpkg.log.1"} {
		if on, what, ok := lastDpkg(c.tail(log, 256<<10)); ok {
			return inventory.Known(on), inventory.Known(what)
		}
	}
	packages, err := c.rpm(ctx)
	if err != nil {
		why := "dpkg's log holds no upgrade"
		switch {
		case c.exists("var/lib/dpkg"):
		case errors.Is(err, fs.ErrNotExist):
			why = "there is neither a log of dpkg nor an rpm database"
		default:
			why = err.Error()
		}
		return inventory.Unknown[inventory.Date](why), inventory.Unknown[string](why)
	}
	var newest rpmPackage
	for _, p := range packages {
		if p.installedAt > newest.installedAt {
			newest = p
		}
	}
	if newest.installedAt == 0 {
		why := "rpm gives no install dates"
		return inventory.Unknown[inventory.Date](why), inventory.Unknown[string](why)
	}
	return inventory.Known(inventory.DateOf(time.Unix(newest.installedAt, 0))),
		inventory.Known(clean(newest.program.Name + " " + newest.program.Version))
}

// tail is the end of a log, from the first whole line.
func (c *Collector) tail(name string, limit int64) string {
	f, err := os.Open(c.path(name))
	if err != nil {
		return ""
	}
	defer f.Close() // opened for reading
	at, err := f.Stat()
	if err != nil {
		return ""
	}
	from := max(at.Size()-limit, 0)
	b := make([]byte, min(at.Size(), limit))
	n, _ := f.ReadAt(b, from) // a log that shrank meanwhile gives less
	text := string(b[:n])
	if from > 0 {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// lastDpkg finds the last upgrade: "2026-11-20 06:25:31 upgrade
// openssl:amd64 3.0.14 3.0.15".
func lastDpkg(log string) (on inventory.Date, what string, ok bool) {
	for line := range strings.Lines(log) {
		f := strings.Fields(line)
		if len(f) != 6 || f[2] != "upgrade" {
			continue
		}
		if date, err := inventory.ParseDate(f[0]); err == nil {
			name, _, _ := strings.Cut(f[3], ":")
			on, what, ok = date, clean(name+" "+f[5]), true
		}
	}
	return on, what, ok
}
