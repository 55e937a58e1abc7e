package collect

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"muster/inventory"
	"muster/inventory/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

// treeNow is when the machines of testdata are read.
var treeNow = time.Unix(1795086465, 0)

// plant unpacks a tree of testdata: a file whose text begins with "->" is a link.
func plant(t *testing.T, name string) string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, f := range archive.Files {
		path := filepath.Join(root, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(string(f.Data), "-> "); ok {
			err = os.Symlink(strings.TrimSpace(target), path)
		} else {
			err = os.WriteFile(path, f.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func put(t *testing.T, root, name string, content []byte) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// dated gives what is judged by its age an age.
func dated(t *testing.T, root, name string, before time.Duration) {
	t.Helper()
	at := treeNow.Add(-before)
	if err := os.Chtimes(filepath.Join(root, name), at, at); err != nil {
		t.Fatal(err)
	}
}

// The machines of testdata, with the binary files that a text archive cannot hold.
var trees = map[string]func(t *testing.T, root string){
	"optiplex": func(t *testing.T, root string) {
		put(t, root, "sys/firmware/dmi/tables/DMI", sampleTable(t))
		put(t, root, secureBootVariable, []byte{6, 0, 0, 0, 1})
		put(t, root, "sys/class/drm/card0-DP-1/edid", sampleEDID("DEL", 0x40a1, "DELL P2419H"))
		dated(t, root, "var/lib/clamav/daily.cld", 20*24*time.Hour)
		dated(t, root, "var/log/installer/status", 900*24*time.Hour)
	},
	"thinkpad": func(t *testing.T, root string) {
		put(t, root, secureBootVariable, []byte{6, 0, 0, 0, 0})
		put(t, root, "sys/class/drm/card1-eDP-1/edid", sampleEDID("LEN", 0x40ba, ""))
		dated(t, root, "boot/vmlinuz-6.15.4-200.fc42.x86_64", 40*24*time.Hour)
	},
	"board": func(*testing.T, string) {},
}

func grow(t *testing.T, name string) *Collector {
	t.Helper()
	root := plant(t, name)
	trees[name](t, root)
	c, err := New(Options{Root: root, Now: func() time.Time { return treeNow }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMachinesOfTestdataAreReadWhole(t *testing.T) {
	for name := range trees {
		t.Run(name, func(t *testing.T) {
			c := grow(t, name)
			all := Everything(t.Context(), c, netip.MustParseAddr("10.200.0.1"))
			// What the test's own process costs is not the tree's.
			all.Health.AgentCPUSeconds, all.Health.AgentMemoryBytes = inventory.Fact[float64]{}, inventory.Fact[int64]{}
			var got bytes.Buffer
			if err := Render(&got, all, true); err != nil {
				t.Fatal(err)
			}
			b, err := json.MarshalIndent(all, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".golden.txt", got.Bytes())
			golden(t, name+".golden.json", append(b, '\n'))
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestIdentityHoldsOnlyWhatStaysWithTheMachine(t *testing.T) {
	for name, want := range map[string]inventory.Identity{
		"optiplex": {UUID: "4c4c4544-0058-4b10-8032-b7c04f504e32", Serial: "7XK2PN2", MACs: []string{"e4:b9:7a:12:34:56"}},
		// The dock's card, the random Wi-Fi address, the serial and the UUID are nobody's.
		"thinkpad": {MACs: []string{"a0:a4:c5:0a:0b:0c"}},
		"board":    {MACs: []string{"dc:a6:32:01:02:03"}},
	} {
		if diff := cmp.Diff(want, grow(t, name).Identity(t.Context())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestKindsOfMachineAreToldApart(t *testing.T) {
	for name, want := range map[string]inventory.AssetKind{"optiplex": inventory.AssetDesktop, "thinkpad": inventory.AssetLaptop, "board": inventory.AssetDesktop} {
		if got := grow(t, name).Kind(t.Context()); got != want {
			t.Errorf("%s is a %s", name, got)
		}
	}
}

func TestSurroundingsOfEachMachine(t *testing.T) {
	type senses struct {
		gateway, carrier wire.Reachable
		power            wire.PowerSource
	}
	for name, want := range map[string]senses{
		"optiplex": {wire.Yes, wire.Yes, wire.PowerMains},
		"thinkpad": {wire.No, wire.Yes, wire.PowerBattery},
		"board":    {wire.Unknown, wire.Unknown, wire.PowerUnknown},
	} {
		gateway, carrier, power := grow(t, name).Surroundings(t.Context())
		if got := (senses{gateway, carrier, power}); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestNameAndBootOfATree(t *testing.T) {
	c := grow(t, "optiplex")
	if got := c.Name(); got != "pc-0417" {
		t.Errorf("name %q", got)
	}
	if id, clock := c.Boot(); id != "7a4f2f6e-64b0-4f3c-9f41-1b2f3d0a9c11" || clock != 86465120*time.Millisecond {
		t.Errorf("boot %s, %s", id, clock)
	}
}

func TestAnEmptyTreeIsUnknownThroughout(t *testing.T) {
	c, err := New(Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(Everything(t.Context(), c, netip.Addr{}))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `"`+inventory.NotRead+`"`) {
		t.Errorf("a reading was forgotten: %s", b)
	}
	if strings.Contains(string(b), `{"unknown":""}`) {
		t.Errorf("a reason is empty: %s", b)
	}
}

func TestARootThatIsNoFolderIsRefused(t *testing.T) {
	if _, err := New(Options{Root: filepath.Join(t.TempDir(), "nowhere")}); err == nil {
		t.Error("no error")
	}
}
