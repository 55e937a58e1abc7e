package collect

import (
	"errors"
	"io/fs"
	"strings"
	"time"

	"muster/inventory"
)

// signaturesFreshFor is how old malware signatures may be: makers publish daily,
// and a machine may be off over a weekend.
const signaturesFreshFor = 7 * 24 * time.Hour

// protections are the products we know: where they are installed, their process,
// and the files whose age is that of their signatures.
var protections = []struct {
	name, installed, process string
	signatures               []string
}{
	{"ClamAV", "usr/sbin/clamd", "clamd", []string{"var/lib/clamav/daily.cld", "var/lib/clamav/daily.cvd"}},
	{"Microsoft Defender", "opt/microsoft/mdatp", "wdavdaemon", []string{"opt/microsoft/mdatp/definitions.noindex"}},
	{"CrowdStrike Falcon", "opt/CrowdStrike", "falcon-sensor", nil},
	{"SentinelOne", "opt/sentinelone", "s1-agent", nil},
	{"Sophos Protection", "opt/sophos-spl", "sophos_managem", nil},
	{"Trend Micro Deep Security", "opt/ds_agent", "ds_agent", nil},
	{"ESET", "opt/eset", "oaeventd", nil},
	{"Trellix Endpoint Security", "opt/McAfee/ens", "mfetpd", nil},
	{"Bitdefender", "opt/bitdefender-security-tools", "bdsecd", nil},
}

func (c *Collector) protection(running map[string]bool) inventory.Fact[[]inventory.Protection] {
	found := make([]inventory.Protection, 0, 1)
	for _, p := range protections {
		if !c.exists(p.installed) {
			continue
		}
		found = append(found, inventory.Protection{
			Name: p.name, Enabled: inventory.Known(running[p.process]), Current: c.signaturesCurrent(p.signatures),
		})
	}
	return inventory.Known(found)
}

func (c *Collector) signaturesCurrent(files []string) inventory.Fact[bool] {
	if len(files) == 0 {
		return inventory.Unknown[bool]("the product does not show the age of its signatures")
	}
	for _, file := range files {
		if at, err := c.changedAt(file); err == nil {
			return inventory.Known(c.now().Sub(time.Unix(at, 0)) <= signaturesFreshFor)
		}
	}
	return inventory.Known(false) // installed, and never updated
}

// firewall says whether one is set up. Rules that none of the known services
// loaded may be anything, so they are left unknown.
func (c *Collector) firewall(running map[string]bool) inventory.Fact[bool] {
	if conf, err := c.readBytes("etc/ufw/ufw.conf", 64<<10); err == nil {
		for line := range strings.Lines(string(conf)) {
			if strings.EqualFold(strings.TrimSpace(line), "ENABLED=yes") {
				return inventory.Known(true)
			}
		}
	}
	if running["firewalld"] {
		return inventory.Known(true)
	}
	for _, target := range []string{"sysinit", "multi-user"} {
		if c.exists("etc/systemd/system/" + target + ".target.wants/nftables.service") {
			return inventory.Known(true)
		}
	}
	tables, err := c.readLine("proc/net/ip_tables_names")
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return unknownErr[bool](err)
	case tables != "":
		return inventory.Unknown[bool]("rules are loaded, but by none of ufw, firewalld and nftables.service")
	}
	return inventory.Known(false)
}
