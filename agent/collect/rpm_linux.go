package collect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// errNoRPM is a missing file: there is nothing to list.
var errNoRPM error = missing("rpm database")

const rpmFormat = `%{NAME}\t%{VERSION}-%{RELEASE}\t%{VENDOR}\t%{INSTALLTIME}\n`

// rpm lists the packages by asking rpm, the only reader of its own database; a
// database that has not changed is not asked again.
func (c *Collector) rpm(ctx context.Context) ([]rpmPackage, error) {
	stamp := c.rpmStamp()
	binary := c.path("usr/bin/rpm")
	switch {
	case stamp == "":
		return nil, errNoRPM
	case !c.live || !c.exists("usr/bin/rpm"):
		return nil, errors.New("cannot list packages: there is an rpm database and no rpm to read it")
	}
	c.system.mu.Lock()
	defer c.system.mu.Unlock()
	if c.system.rpmStamp == stamp {
		return c.system.rpmList, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out := &bounded{limit: 8 << 20}
	cmd := exec.CommandContext(ctx, binary, "-qa", "--qf", rpmFormat)
	cmd.Stdout, cmd.WaitDelay = out, time.Second
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("cannot list packages: rpm: %w", err)
	}
	c.system.rpmStamp, c.system.rpmList = stamp, parseRPM(out.String())
	return c.system.rpmList, nil
}

// rpmStamp changes whenever the database does; it is empty without a database.
func (c *Collector) rpmStamp() string {
	for _, db := range []string{"rpmdb.sqlite-wal", "rpmdb.sqlite", "Packages.db", "Packages"} {
		for _, dir := range []string{"usr/lib/sysimage/rpm/", "var/lib/rpm/"} {
			if at, err := os.Stat(c.path(dir + db)); err == nil && at.Size() > 0 {
				return fmt.Sprint(dir, db, at.Size(), at.ModTime().UnixNano())
			}
		}
	}
	return ""
}

func parseRPM(text string) []rpmPackage {
	var packages []rpmPackage
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) != 4 || f[0] == "gpg-pubkey" || len(packages) > maxPrograms {
			continue
		}
		p := rpmPackage{program: inventory.Program{Name: clean(f[0]), Version: clean(f[1]), Maker: clean(f[2]), Source: "rpm"}}
		if p.program.Maker == "(none)" {
			p.program.Maker = ""
		}
		if at, err := strconv.ParseInt(f[3], 10, 64); err == nil {
			p.installedAt = at
		}
		packages = append(packages, p)
	}
	return packages
}

func (c *Collector) rpmPrograms(ctx context.Context) ([]inventory.Program, error) {
	packages, err := c.rpm(ctx)
	if err != nil {
		return nil, err
	}
	programs := make([]inventory.Program, len(packages))
	for i := range packages {
		programs[i] = packages[i].program
	}
	return programs, nil
}
