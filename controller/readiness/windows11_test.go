package readiness_test

import (
	"strings"
	"testing"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

// capable is a machine that meets every requirement.
func capable() (inventory.Hardware, inventory.Firmware, inventory.OS) {
	h := inventory.Hardware{
		CPU: inventory.CPU{
			Vendor: inventory.Known("GenuineIntel"), Architecture: inventory.Known("amd64"), Family: inventory.Known(6), Model: inventory.Known(151),
			Cores: inventory.Known(8), MHz: inventory.Known(2400),
		},
		MemoryBytes: inventory.Known[int64](16 << 30), SystemDiskBytes: inventory.Known[int64](512_000_000_000), DisplayDriver: inventory.Known("31.0.101.4255"),
	}
	f := inventory.Firmware{
		Kind: inventory.Known("uefi"), SecureBootCapable: inventory.Known(true), SecureBootEnabled: inventory.Known(false),
		TPM: inventory.TPM{Present: inventory.Known(true), Version: inventory.Known("2.0, 0, 1.38")},
	}
	return h, f, inventory.OS{Family: inventory.Known("windows"), Build: inventory.Known("19045.4412")}
}

func TestWindows11IsCapableNotCapableOrUndetermined(t *testing.T) {
	unread := inventory.Unknown[string]("the inventory has no TPM")
	for name, c := range map[string]changed{
		"everything":      set(func(*inventory.Hardware, *inventory.Firmware) {}).is(readiness.Capable, ""),
		"memory of 2 GiB": set(func(h *inventory.Hardware, _ *inventory.Firmware) { h.MemoryBytes = inventory.Known[int64](2 << 30) }).is(readiness.NotCapable, "memory 2.1 GB, required at least 4 GB"),
		"4 GiB, some of it taken": set(func(h *inventory.Hardware, _ *inventory.Firmware) {
			h.MemoryBytes = inventory.Known[int64](4_100_000_000)
		}).is(readiness.Capable, ""),
		"a disk of 60 GB": set(func(h *inventory.Hardware, _ *inventory.Firmware) {
			h.SystemDiskBytes = inventory.Known[int64](60_000_000_000)
		}).is(readiness.NotCapable, "system disk 60 GB"),
		"one core":       set(func(h *inventory.Hardware, _ *inventory.Firmware) { h.CPU.Cores = inventory.Known(1) }).is(readiness.NotCapable, "cpu cores 1"),
		"900 MHz":        set(func(h *inventory.Hardware, _ *inventory.Firmware) { h.CPU.MHz = inventory.Known(900) }).is(readiness.NotCapable, "cpu clock 900 MHz"),
		"32 bits":        set(func(h *inventory.Hardware, _ *inventory.Firmware) { h.CPU.Architecture = inventory.Known("386") }).is(readiness.NotCapable, "architecture 386"),
		"an old BIOS":    set(func(_ *inventory.Hardware, f *inventory.Firmware) { f.Kind = inventory.Known("bios") }).is(readiness.NotCapable, "firmware bios"),
		"no secure boot": set(func(_ *inventory.Hardware, f *inventory.Firmware) { f.SecureBootCapable = inventory.Known(false) }).is(readiness.NotCapable, "secure boot not capable"),
		"secure boot on, so it can": set(func(_ *inventory.Hardware, f *inventory.Firmware) {
			f.SecureBootCapable, f.SecureBootEnabled = inventory.Unknown[bool]("denied"), inventory.Known(true)
		}).is(readiness.Capable, ""),
		"TPM 1.2": set(func(_ *inventory.Hardware, f *inventory.Firmware) { f.TPM.Version = inventory.Known("1.2") }).is(readiness.NotCapable, "tpm 1.2, required 2.0"),
		"no TPM":  set(func(_ *inventory.Hardware, f *inventory.Firmware) { f.TPM.Present = inventory.Known(false) }).is(readiness.NotCapable, "tpm none"),
		"a TPM that GLPI does not carry": set(func(_ *inventory.Hardware, f *inventory.Firmware) {
			f.TPM = inventory.TPM{Present: inventory.Unknown[bool]("the inventory has no TPM"), Version: unread}
		}).is(readiness.Undetermined, "tpm unknown (the inventory has no TPM)"),
		"a failure outranks what is not known": set(func(h *inventory.Hardware, f *inventory.Firmware) {
			f.TPM = inventory.TPM{}
			h.MemoryBytes = inventory.Known[int64](1 << 30)
		}).is(readiness.NotCapable, "memory 1 GB"),
		"Intel model 94":   processor("GenuineIntel", 6, 94).is(readiness.NotCapable, "cpu GenuineIntel family 6 model 94"),
		"Intel model 95":   processor("GenuineIntel", 6, 95).is(readiness.NotCapable, "model 95"),
		"Intel model 85":   processor("GenuineIntel", 6, 85).is(readiness.Capable, ""),
		"Intel model 96":   processor("GenuineIntel", 6, 96).is(readiness.Capable, ""),
		"Intel family 5":   processor("GenuineIntel", 5, 9).is(readiness.NotCapable, "family 5"),
		"AMD family 22":    processor("AuthenticAMD", 22, 48).is(readiness.NotCapable, "family 22"),
		"AMD 23 model 1":   processor("AuthenticAMD", 23, 1).is(readiness.NotCapable, "family 23 model 1"),
		"AMD 23 model 17":  processor("AuthenticAMD", 23, 17).is(readiness.NotCapable, "family 23 model 17"),
		"AMD 23 model 24":  processor("AuthenticAMD", 23, 24).is(readiness.Capable, ""),
		"AMD family 25":    processor("AuthenticAMD", 25, 33).is(readiness.Capable, ""),
		"another vendor":   processor("CentaurHauls", 7, 11).is(readiness.Undetermined, "no rule for this vendor"),
		"WDDM 1.3":         set(func(h *inventory.Hardware, _ *inventory.Firmware) { h.DisplayDriver = inventory.Known("WDDM 1.3") }).is(readiness.NotCapable, "graphics WDDM 1.3, required WDDM 2.0"),
		"a model not read": set(func(h *inventory.Hardware, _ *inventory.Firmware) { h.CPU.Model = inventory.Unknown[int]("not read") }).is(readiness.Undetermined, "model unknown (not read)"),
		"nothing of it read": set(func(h *inventory.Hardware, f *inventory.Firmware) {
			*h, *f = inventory.Hardware{}, inventory.Firmware{}
		}).is(readiness.Undetermined, "memory unknown (not read)"),
	} {
		h, f, o := capable()
		c.change(&h, &f)
		if w := readiness.JudgeWindows11(h, f, o); w.Result != c.want || !strings.Contains(w.Why(), c.why) || c.why == "" && w.Why() != "" {
			t.Errorf("%s: %s (%s), want %s (%s)", name, w.Result, w.Why(), c.want, c.why)
		}
	}
}

type change func(*inventory.Hardware, *inventory.Firmware)

type changed struct {
	change func(*inventory.Hardware, *inventory.Firmware)
	want   readiness.CheckResult
	why    string
}

func set(c change) change { return c }

func (c change) is(want readiness.CheckResult, why string) changed {
	return changed{change: c, want: want, why: why}
}

func processor(vendor string, family, model int) change {
	return func(h *inventory.Hardware, _ *inventory.Firmware) {
		h.CPU.Vendor, h.CPU.Family, h.CPU.Model = inventory.Known(vendor), inventory.Known(family), inventory.Known(model)
	}
}

func TestADirectUpgradeNeedsWindows10Of2004(t *testing.T) {
	for build, want := range map[string]bool{"19041": true, "18363.1556": false, "10.0.19045": true, "22631.4317": true} {
		h, f, o := capable()
		o.Build = inventory.Known(build)
		if got, known := readiness.JudgeWindows11(h, f, o).Direct.Get(); !known || got != want {
			t.Errorf("%s: %v", build, got)
		}
	}
}

func TestReadingsBecomeRows(t *testing.T) {
	h, f, o := capable()
	o.PatchedOn = inventory.Known(inventory.Date("2026-11-10"))
	part, system := readiness.Hardware(h, f, o), readiness.System(o, monday)
	if part.MemoryGiB.Or(0) != 16 || part.TPM.Version.Or(0) != 2 || part.Windows11.Result != readiness.Capable || system.Build.Or(0) != 19045 || system.PatchedDays.Or(0) != 13 {
		t.Errorf("%+v %+v", part, system)
	}
	f.TPM = inventory.TPM{Present: inventory.Known(false)}
	if v, known := readiness.Hardware(h, f, o).TPM.Version.Get(); !known || v != 0 {
		t.Error("a machine without a TPM has one of an unknown version")
	}
	o.PatchedOn, o.Build = inventory.Unknown[inventory.Date]("denied"), inventory.Known("rolling")
	if s := readiness.System(o, monday); s.PatchedDays.Reason() != "denied" || s.Build.Known() {
		t.Errorf("%+v", s)
	}
	if years := readiness.Age("2021-11-23", "2026-11-23").Or(0); years < 4.99 || years > 5.01 {
		t.Error(years)
	}
	if readiness.Age("", "2026-11-23").Known() || readiness.WarrantyLeft("2026-11-20", "2026-11-23").Or(0) != -3 {
		t.Error("age or warranty")
	}
}

func TestProtectionIsOnWhereAnyProductIs(t *testing.T) {
	product := func(on, current inventory.Fact[bool]) inventory.Protection {
		return inventory.Protection{Name: "a", Enabled: on, Current: current}
	}
	yes, no, open := inventory.Known(true), inventory.Known(false), inventory.Unknown[bool]("denied")
	for name, c := range map[string]struct {
		products    []inventory.Protection
		on, current inventory.Fact[bool]
	}{
		"none":                {nil, no, no},
		"one on and current":  {[]inventory.Protection{product(yes, yes)}, yes, yes},
		"an old one beside":   {[]inventory.Protection{product(no, no), product(yes, yes)}, yes, yes},
		"on, not current":     {[]inventory.Protection{product(yes, no)}, yes, no},
		"not known":           {[]inventory.Protection{product(open, open)}, open, open},
		"not known beside on": {[]inventory.Protection{product(open, open), product(yes, yes), product(open, open)}, yes, yes},
	} {
		on, current := readiness.Protected(inventory.Known(c.products))
		if !on.Equal(c.on) || !current.Equal(c.current) {
			t.Errorf("%s: %s, %s", name, on, current)
		}
	}
	if on, _ := readiness.Protected(inventory.Unknown[[]inventory.Protection]("no centre")); on.Reason() != "no centre" {
		t.Error(on)
	}
}

func TestVersionsCompareAsPeopleMeanThem(t *testing.T) {
	for _, pair := range [][2]string{ // each is older than the next
		{"1.9", "1.10"},
		{"1.2", "1.2.1"},
		{"1.0.2", "1.0.2k"},
		{"23.01 beta", "23.01"},
		{"2.0-rc1", "2.0"},
		{"2.0-alpha2", "2.0-beta1"},
		{"1.8.0_381", "1.8.0_391"},
		{"115.0.2 (x64 en-GB)", "115.3 (x64 en-GB)"},
		{"v1.2.3", "v1.2.4"},
		{"16.0.16827.20166", "16.0.17328.20184"},
		{"9.4", "10"},
		{"1:1.0", "2:0.9"},
		{"2.4.1-1ubuntu3", "2.4.1-1ubuntu10"},
		{"20240101", "20240102"},
		{"99999999999999999998", "99999999999999999999"},
		{"", "0.1"},
		{"21H1", "21H2"},
	} {
		if readiness.CompareVersions(pair[0], pair[1]) != -1 || readiness.CompareVersions(pair[1], pair[0]) != 1 {
			t.Errorf("%s is not older than %s", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"2.1", "2.1.0"}, {"v3.0", "3"}, {"1.02", "1.2"}, {" 7 ", "7+build5"}, {"Version 5", "5"}, {"2.0 RC1", "2.0rc1"}} {
		if readiness.CompareVersions(pair[0], pair[1]) != 0 {
			t.Errorf("%s is not %s", pair[0], pair[1])
		}
	}
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("1.0", "1.0-rc1", "2")
	f.Add("1a", "1", "1.a")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if readiness.CompareVersions(a, b) != -readiness.CompareVersions(b, a) || readiness.CompareVersions(a, a) != 0 {
			t.Errorf("%q and %q", a, b)
		}
		if readiness.CompareVersions(a, b) <= 0 && readiness.CompareVersions(b, c) <= 0 && readiness.CompareVersions(a, c) > 0 {
			t.Errorf("%q, %q and %q have no order", a, b, c)
		}
	})
}

const office = `baseline: office
for: {families: [windows]}
programs:
  - {name: Office, match: ["Microsoft 365*", "*Office*2021"], min_version: 16.0.17000}
  - {name: Browser, match: ["Microsoft Edge"], min_version: "128"}
  - {name: Teams}
unwanted:
  - {name: Java, match: ["Java 8*"], below: 8.0.4000}
`

func TestABaselineSaysWhatIsMissingOldAndSurplus(t *testing.T) {
	b, err := readiness.LoadSoftware("office.yaml", []byte(office))
	if err != nil {
		t.Fatal(err)
	}
	desk := readiness.Desk{Role: "librarian", Family: "windows"}
	programs := []inventory.Program{
		{Name: "Microsoft 365 Apps for enterprise - en-us", Version: "16.0.16827.20166"},
		{Name: "Microsoft 365 Apps for enterprise - cy-gb", Version: "16.0.17328.20184"},
		{Name: "Microsoft Edge", Version: "127.0.1"},
		{Name: "Java 8 Update 301", Version: "8.0.3010.9"},
		{Name: "7-Zip", Version: "23.01"},
	}
	part, rows := readiness.JudgeSoftware([]*readiness.SoftwareBaseline{b}, "w1", desk, inventory.Known(programs), monday)
	if got := strings.Join(part.Missing.Or(nil), "|"); got != "Teams" {
		t.Errorf("missing %s", got)
	}
	if got := strings.Join(part.Old.Or(nil), "|"); got != "Browser 127.0.1 below 128" {
		t.Errorf("old %s", got)
	}
	if got := strings.Join(part.Surplus.Or(nil), "|"); got != "Java 8 Update 301" {
		t.Errorf("surplus %s", got)
	}
	if len(rows) != 4 || rows[0].State.Or("") != readiness.ProgramPresent || rows[0].Version != "16.0.17328.20184" || rows[0].Key != "w1/Office" {
		t.Errorf("%+v", rows)
	}
}

func TestABaselineForNobodyOrWithoutAListIsUnknown(t *testing.T) {
	b, err := readiness.LoadSoftware("office.yaml", []byte(office))
	if err != nil {
		t.Fatal(err)
	}
	all := []*readiness.SoftwareBaseline{b}
	if part, rows := readiness.JudgeSoftware(all, "w1", readiness.Desk{Family: "linux"}, inventory.Known([]inventory.Program{}), monday); part.Missing.Known() || rows != nil {
		t.Error("a baseline for Windows judged another system")
	}
	part, rows := readiness.JudgeSoftware(all, "w1", readiness.Desk{}, inventory.Unknown[[]inventory.Program]("no package manager"), monday)
	if part.Old.Reason() != "no package manager" || len(rows) != 3 || rows[0].State.Known() {
		t.Errorf("%+v %+v", part, rows)
	}
	part, _ = readiness.JudgeSoftware(all, "w1", readiness.Desk{}, inventory.Known([]inventory.Program{{Name: "Microsoft Edge"}, {Name: "Teams"}}), time.Time{})
	if part.Old.Known() || !strings.Contains(part.Old.Reason(), "Browser gives no version") {
		t.Errorf("%+v", part)
	}
}

func TestWithOnlyEveryOtherProgramIsSurplus(t *testing.T) {
	b, err := readiness.LoadSoftware("kiosk.yaml", []byte("baseline: kiosk\nonly: true\nprograms: [{name: Browser}]\nallowed: ['Windows *']\n"))
	if err != nil {
		t.Fatal(err)
	}
	part, _ := readiness.JudgeSoftware([]*readiness.SoftwareBaseline{b}, "w1", readiness.Desk{}, inventory.Known([]inventory.Program{{Name: "browser"}, {Name: "Windows SDK"}, {Name: "Solitaire"}}), monday)
	if got := part.Surplus.Or(nil); len(got) != 1 || got[0] != "Solitaire" {
		t.Errorf("%v", got)
	}
}

func TestABaselineSaysEverythingThatIsWrongWithIt(t *testing.T) {
	_, err := readiness.LoadSoftware("b.yaml", []byte("baseline: Big\nfor: {role: [x]}\nprograms:\n  - {name: A, min_version: new}\n  - {name: A}\n  - {match: [x]}\n"))
	for _, want := range []string{"b.yaml:1: baseline:", `b.yaml:2: unknown word "role", did you mean "roles"?`, `b.yaml:4: min_version: "new" has no number`, `b.yaml:5: name: "A" is there twice`, "b.yaml:6: name: missing"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing %s in %v", want, err)
		}
	}
}

func FuzzLoadSoftware(f *testing.F) {
	f.Add([]byte(office), "Microsoft 365 Apps", "16.1")
	f.Fuzz(func(t *testing.T, src []byte, name, version string) {
		b, err := readiness.LoadSoftware("fuzz.yaml", src)
		if err != nil {
			return
		}
		_, rows := readiness.JudgeSoftware([]*readiness.SoftwareBaseline{b}, "w1", readiness.Desk{}, inventory.Known([]inventory.Program{{Name: name, Version: version}}), monday)
		if len(rows) > len(b.Wanted)+1 {
			t.Errorf("%d rows of %d programs", len(rows), len(b.Wanted))
		}
	})
}
