package collect

import (
	"context"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"muster/inventory"
	"muster/inventory/wire"
)

func TestTheLongestPrefixAndLowestMetricWin(t *testing.T) {
	const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0101A8C0	0003	0	0	100	00000000	0	0	0
wlan0	00000000	0102A8C0	0003	0	0	600	00000000	0	0	0
tun0	0000000A	00000000	0001	0	0	50	000000FF	0	0	0
down	0000640A	00000000	0000	0	0	0	0000FFFF	0	0	0
`
	routes := parseRoutes4(table)
	for toward, want := range map[string]string{"10.1.2.3": "tun0", "8.8.8.8": "eth0", "10.100.0.1": "tun0"} {
		if r, ok := bestRoute(routes, netip.MustParseAddr(toward)); !ok || r.iface != want {
			t.Errorf("%s goes by %q, want %q", toward, r.iface, want)
		}
	}
	if r, ok := bestRoute(routes, netip.Addr{}); !ok || r.via != netip.MustParseAddr("192.168.1.1") {
		t.Errorf("default route %+v", r)
	}
}

func TestIPv6RoutesAreRead(t *testing.T) {
	const table = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`
	r, ok := bestRoute(parseRoutes6(table), netip.MustParseAddr("2001:db8::1"))
	if !ok || r.iface != "eth0" || r.via != netip.MustParseAddr("fe80::1") {
		t.Errorf("%+v, %v", r, ok)
	}
}

func TestMountsLeaveOutNetworksBindsAndPeople(t *testing.T) {
	const text = `28 1 8:2 / / rw - ext4 /dev/sda2 rw
31 28 8:2 /x /srv/bind rw - ext4 /dev/sda2 rw
32 28 0:40 / /data rw - nfs4 files:/share rw
33 28 8:17 / /media/asmith/STICK rw - vfat /dev/sdb1 rw
34 28 8:3 / /srv/with\040blank rw - xfs /dev/sda3 rw
garbage
35 28 0:50 / /proc rw - proc proc rw
`
	want := []mount{{"/", "8:2", "/dev/sda2", "ext4"}, {"/srv/with blank", "8:3", "/dev/sda3", "xfs"}}
	got := parseMounts(text)
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v", got)
	}
}

func TestTheNewestUpgradeIsTheLastPatch(t *testing.T) {
	on, what, ok := lastDpkg("2026-11-03 06:25:31 upgrade openssl:amd64 3.0.15 3.0.17\n2026-11-04 1 install x:amd64 <none> 2\nshort\n")
	if !ok || on != "2026-11-03" || what != "openssl 3.0.17" {
		t.Errorf("%s %q %v", on, what, ok)
	}
}

func TestPackagesOfRPMAreRead(t *testing.T) {
	got := parseRPM("bash\t5.2.37-1.fc42\tFedora Project\t1760000000\ngpg-pubkey\tx\ty\t1\nodd line\nvim\t9.1-1\t(none)\tx\n")
	want := []inventory.Program{
		{Name: "bash", Version: "5.2.37-1.fc42", Maker: "Fedora Project", Source: "rpm"}, {Name: "vim", Version: "9.1-1", Source: "rpm"},
	}
	programs := make([]inventory.Program, len(got))
	for i := range got {
		programs[i] = got[i].program
	}
	if diff := cmp.Diff(want, programs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got[0].installedAt != 1760000000 {
		t.Errorf("installed at %d", got[0].installedAt)
	}
}

func TestDisksWearIsDecoded(t *testing.T) {
	nvme := make([]byte, nvmeHealthBytes)
	if _, err := nvmeUsed(nvme); err == nil {
		t.Error("an empty health log is a reading")
	}
	nvme[1], nvme[2], nvme[5] = 0x36, 0x01, 17
	if used, err := nvmeUsed(nvme); err != nil || used != 0.17 {
		t.Errorf("nvme %v, %v", used, err)
	}
	ata := make([]byte, ataLogBytes)
	ata[2], ata[8] = 7, 42
	if _, err := ataUsed(ata); err == nil {
		t.Error("an indicator that is not valid is a reading")
	}
	ata[15] = 0xc0
	if used, err := ataUsed(ata); err != nil || used != 0.42 {
		t.Errorf("ata %v, %v", used, err)
	}
}

func TestANeighboursEntryBecomesAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		entry neighbour
		ok    bool
		want  wire.Reachable
	}{
		"no entry":            {neighbour{}, false, wire.Unknown},
		"answered lately":     {neighbour{state: unix.NUD_REACHABLE, confirmedAgo: 10 * time.Second}, true, wire.Yes},
		"being asked":         {neighbour{state: unix.NUD_PROBE, confirmedAgo: 12 * time.Second}, true, wire.Yes},
		"answered long ago":   {neighbour{state: unix.NUD_STALE, confirmedAgo: 5 * time.Minute}, true, wire.Unknown},
		"did not answer":      {neighbour{state: unix.NUD_FAILED, confirmedAgo: 5 * time.Second}, true, wire.No},
		"did not, long ago":   {neighbour{state: unix.NUD_FAILED, updatedAgo: 10 * time.Minute}, true, wire.Unknown},
		"first time asked":    {neighbour{state: unix.NUD_INCOMPLETE, probes: 1, confirmedAgo: time.Hour}, true, wire.Unknown},
		"asked in vain":       {neighbour{state: unix.NUD_INCOMPLETE, probes: 3, confirmedAgo: time.Hour}, true, wire.No},
		"written by a person": {neighbour{state: unix.NUD_PERMANENT, confirmedAgo: time.Hour}, true, wire.Yes},
	} {
		if got := c.entry.says(c.ok, lazyFreshFor); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestNeighbourMessagesAreReadBack(t *testing.T) {
	want := neighbour{index: 3, addr: netip.MustParseAddr("10.17.4.1"), hardware: []byte{0, 0x1b, 0x17, 0, 1, 0x30}}
	got, ok := parseNeighbour(probeMessage(want)[unix.SizeofNlMsghdr:])
	if !ok || got.index != want.index || got.addr != want.addr || string(got.hardware) != string(want.hardware) || got.state != unix.NUD_PROBE {
		t.Errorf("got %+v, %v", got, ok)
	}
}

func FuzzLinuxTexts(f *testing.F) {
	for _, name := range []string{"optiplex", "thinkpad", "board"} {
		b, err := os.ReadFile("testdata/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		for part := range strings.SplitSeq(string(b), "\n-- ") {
			f.Add([]byte(part))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text := string(b)
		p := parseProcessors(b)
		if cpu := p.cpu(); len(cpu.Name.Or("")) > maxText {
			t.Fatal("long name")
		}
		parseMounts(text)
		parseResolvers(text)
		lastDpkg(text)
		parseRPM(text)
		snapVersion(text)
		arpSays(text, netip.MustParseAddr("10.17.4.1"), "eno1")
		parseNeighbour(b)
		for _, r := range append(parseRoutes4(text), parseRoutes6(text)...) {
			if r.prefix.Bits() < 0 {
				t.Fatalf("route %+v", r)
			}
		}
		programs, err := parseDpkg(context.Background(), strings.NewReader(text))
		for _, program := range programs {
			if err == nil && (program.Name == "" || len(program.Name) > maxText) {
				t.Fatalf("program %+v", program)
			}
		}
	})
}
