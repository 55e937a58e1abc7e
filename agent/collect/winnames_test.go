package collect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func TestWindowsNamesItsProcessor(t *testing.T) {
	for identifier, want := range map[string][3]int{
		"Intel64 Family 6 Model 142 Stepping 10":       {6, 142, 10},
		"AMD64 Family 23 Model 96 Stepping 1":          {23, 96, 1},
		"ARMv8 (64-bit) Family 8 Model D4B Revision 0": {8, 0xd4b, 0},
	} {
		family, model, stepping := windowsCPU(identifier)
		if got := [3]int{family.Or(-1), model.Or(-1), stepping.Or(-1)}; got != want {
			t.Errorf("%s: %v, want %v", identifier, got, want)
		}
	}
	if family, _, _ := windowsCPU("something new"); family.Known() {
		t.Error("an identifier of another form gives a family")
	}
}

func TestWindows11IsNotCalled10(t *testing.T) {
	if got := windowsName("Windows 10 Pro", 22631); got != "Windows 11 Pro" {
		t.Errorf("build 22631 is %s", got)
	}
	if got := windowsName("Windows 10 Pro", 19045); got != "Windows 10 Pro" {
		t.Errorf("build 19045 is %s", got)
	}
}

func TestTheSecurityCentersStateIsDecoded(t *testing.T) {
	for state, want := range map[uint32][2]bool{397568: {true, true}, 397584: {true, false}, 393472: {false, true}, 266240: {true, true}, 262144: {false, true}} {
		enabled, current := productState(state)
		if got := [2]bool{enabled, current}; got != want {
			t.Errorf("state %#x: %v, want %v", state, got, want)
		}
	}
}

func TestStorePackagesAreNamedWithoutTheirParts(t *testing.T) {
	p, ok := appxProgram("Microsoft.WindowsCalculator_11.2210.0.0_x64__8wekyb3d8bbwe")
	if diff := cmp.Diff(inventory.Program{Name: "Microsoft.WindowsCalculator", Version: "11.2210.0.0", Source: "appx"}, p); !ok || diff != "" {
		t.Errorf("%v %s", ok, diff)
	}
	for _, other := range []string{"Microsoft.WindowsCalculator_11.2210.0.0_neutral_split.language-de_8wekyb3d8bbwe", "nonsense", ""} {
		if _, ok := appxProgram(other); ok {
			t.Errorf("%q is a program", other)
		}
	}
}

func TestHotfixDatesOfEveryForm(t *testing.T) {
	for in, want := range map[string]inventory.Date{"11/12/2026": "2026-11-12", "2026-11-12": "2026-11-12", "20261112": "2026-11-12", "01d9f8e2cd7a0000": "2023-10-07"} {
		if got, ok := hotfixDate(in); !ok || got != want {
			t.Errorf("%s: %s, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "31.12.2026", "yesterday", "ffffffffffffffff"} {
		if got, ok := hotfixDate(in); ok {
			t.Errorf("%q is %s", in, got)
		}
	}
}

func TestTheTimeServiceIsUnderstoodInAnyLanguage(t *testing.T) {
	for status, want := range map[string]bool{
		"Leap Indicator: 0(no warning)\r\nStratum: 3 (secondary reference)\r\n":        true,
		"Sprungindikator: 3(nicht synchronisiert)\r\nStratum: 0 (nicht angegeben)\r\n": false,
	} {
		if got, ok := timeService(status).Get(); !ok || got != want {
			t.Errorf("%.30q: %v, %v", status, got, ok)
		}
	}
	if timeService("The service has not been started.").Known() {
		t.Error("an error is taken for an answer")
	}
}

func TestOnlySolderedCardsAreBuiltIn(t *testing.T) {
	for instance, want := range map[string]bool{
		`PCI\VEN_8086&DEV_15BC&SUBSYS_0859\3&11583659&0&FE`: true, `USB\VID_0BDA&PID_8153\000001`: false,
		`ROOT\NET\0000`: false, `SWD\MSRRAS\MS_NDISWANIP`: false, "": false, `VMBUS\{F8615163}`: false,
	} {
		if got := soldered(instance); got != want {
			t.Errorf("%s: %v", instance, got)
		}
	}
}

func TestNamesThatHoldAUserAreDropped(t *testing.T) {
	if got := noUserIn(`App from C:\Users\asmith\AppData`); got != "" {
		t.Errorf("got %q", got)
	}
	if got := noUserIn("Microsoft Teams"); got != "Microsoft Teams" {
		t.Errorf("got %q", got)
	}
}

func TestAMacsProfileIsRead(t *testing.T) {
	p, err := parseProfile([]byte(`{"SPHardwareDataType":[{"machine_name":"MacBook Air","serial_number":"C02ABC123DEF"}],
"SPNVMeDataType":[{"_items":[{"bsd_name":"disk0","device_model":"APPLE SSD AP0256Q","size_in_bytes":251000193024}]}],
"SPPowerDataType":[{},{"sppower_battery_health_info":{"sppower_battery_cycle_count":212,"sppower_battery_health_maximum_capacity":"87%"}}],
"SPApplicationsDataType":[{"_name":"Firefox","version":"142.0","path":"/Applications/Firefox.app"},
{"_name":"Own","path":"/Users/asmith/Applications/Own.app"},{"_name":"Chess","path":"/System/Applications/Chess.app"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if disks := p.disks(); len(disks) != 1 || disks[0].Bytes != 251000193024 || disks[0].Serial.Known() {
		t.Errorf("disks %+v", disks)
	}
	if b, ok := p.battery(); !ok || b.HealthPercent != 87 || b.Cycles != 212 {
		t.Errorf("battery %+v, %v", b, ok)
	}
	want := []inventory.Program{{Name: "Firefox", Version: "142.0", Source: "app"}}
	if diff := cmp.Diff(want, p.programs()); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
}

func FuzzWindowsTexts(f *testing.F) {
	f.Add("Intel64 Family 6 Model 142 Stepping 10")
	f.Add("Microsoft.WindowsCalculator_11.2210.0.0_x64__8wekyb3d8bbwe")
	f.Fuzz(func(t *testing.T, s string) {
		windowsCPU(s)
		timeService(s)
		if p, ok := appxProgram(s); ok && p.Name == "" {
			t.Fatalf("%q is a program without a name", s)
		}
		if on, ok := hotfixDate(s); ok && !on.Set() {
			t.Fatalf("%q is an empty date", s)
		}
	})
}
