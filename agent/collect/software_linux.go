package collect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"muster/inventory"
)

// Bounds of the lists of programs; the wire takes 20,000.
const (
	maxPrograms   = 15_000
	maxDpkgStatus = 64 << 20
)

// software reads each package system that there is. One that cannot be read
// fails the whole list: a list that lacks a part would look like removals.
func (c *Collector) software(ctx context.Context) ([]inventory.Program, error) {
	var programs []inventory.Program
	found := false
	for _, source := range []func(context.Context) ([]inventory.Program, error){
		c.dpkg, c.rpmPrograms, c.flatpaks, c.snaps,
	} {
		some, err := source(ctx)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, err
		}
		found = true
		programs = append(programs, some...)
	}
	switch {
	case !found:
		return nil, errors.New("cannot list software: neither dpkg, rpm, flatpak nor snap is here")
	case len(programs) > maxPrograms:
		c.log.Warn("more programs than are reported", "programs", len(programs), "limit", maxPrograms)
		programs = programs[:maxPrograms]
	}
	return programs, nil
}

func (c *Collector) dpkg(ctx context.Context) ([]inventory.Program, error) {
	const status = "var/lib/dpkg/status"
	f, err := os.Open(c.path(status))
	if err != nil {
		return nil, plain(status, err)
	}
	defer f.Close() // opened for reading
	programs, err := parseDpkg(ctx, io.LimitReader(f, maxDpkgStatus))
	if err != nil {
		return nil, fmt.Errorf("cannot read dpkg status: %w", err)
	}
	return programs, nil
}

// parseDpkg reads dpkg's status: paragraphs of fields. The maintainer is left
// out, it names a person and not the maker.
func parseDpkg(ctx context.Context, r io.Reader) ([]inventory.Program, error) {
	programs := make([]inventory.Program, 0, 1024)
	var name, version string
	installed := false
	end := func() {
		if installed && name != "" && len(programs) <= maxPrograms {
			programs = append(programs, inventory.Program{Name: name, Version: version, Source: "dpkg"})
		}
		name, version, installed = "", "", false
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 32<<10), 1<<20)
	for n := 0; lines.Scan(); n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		line := lines.Bytes()
		switch {
		case len(line) == 0:
			end()
		case line[0] == 'P' && strings.HasPrefix(string(line), "Package: "):
			name = clean(string(line[9:]))
		case line[0] == 'V' && strings.HasPrefix(string(line), "Version: "):
			version = clean(string(line[9:]))
		case line[0] == 'S' && strings.HasPrefix(string(line), "Status: "):
			installed = strings.HasSuffix(string(line), " ok installed")
		}
	}
	end()
	return programs, lines.Err()
}

// flatpaks lists system-wide applications. Those that a person installed for
// themselves lie in a home and are not looked at.
func (c *Collector) flatpaks(context.Context) ([]inventory.Program, error) {
	const dir = "var/lib/flatpak/app"
	ids, err := c.list(dir)
	if err != nil {
		return nil, err
	}
	programs := make([]inventory.Program, 0, len(ids))
	for _, id := range ids {
		active := dir + "/" + id + "/current/active"
		if c.exists(active) {
			programs = append(programs, inventory.Program{Name: id, Version: c.metainfoVersion(active, id), Source: "flatpak"})
		}
	}
	return programs, nil
}

// metainfoVersion is the newest release that the application's AppStream file names.
func (c *Collector) metainfoVersion(active, id string) string {
	for _, file := range []string{"metainfo/" + id + ".metainfo.xml", "metainfo/" + id + ".appdata.xml", "appdata/" + id + ".appdata.xml"} {
		b, err := c.readBytes(active+"/files/share/"+file, 256<<10)
		if err != nil {
			continue
		}
		_, release, ok := strings.Cut(string(b), "<release ")
		tag, _, _ := strings.Cut(release, ">")
		_, version, found := strings.Cut(tag, "version=")
		if ok && found && len(version) > 2 {
			text, _, _ := strings.Cut(version[1:], version[:1])
			return clean(text)
		}
	}
	return ""
}

func (c *Collector) snaps(context.Context) ([]inventory.Program, error) {
	dir := "snap"
	names, err := c.list(dir)
	if err != nil {
		dir = "var/lib/snapd/snap"
		if names, err = c.list(dir); err != nil {
			return nil, err
		}
	}
	var programs []inventory.Program
	for _, name := range names {
		b, err := c.readBytes(dir+"/"+name+"/current/meta/snap.yaml", 64<<10)
		if err != nil {
			continue // snap/bin, or a snap without an active revision
		}
		programs = append(programs, inventory.Program{Name: name, Version: snapVersion(string(b)), Source: "snap"})
	}
	return programs, nil
}

func snapVersion(yaml string) string {
	for line := range strings.Lines(yaml) {
		if version, ok := strings.CutPrefix(line, "version:"); ok {
			return clean(strings.Trim(strings.TrimSpace(version), `'"`))
		}
	}
	return ""
}
