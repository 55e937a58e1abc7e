package services

import (
	"encoding/json"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"testing"

	"muster/inventory"
)

var known = []string{"data", "listen", "services", "log_level"}

const good = `data: /var/lib/muster
services:
  - name: email
    target: https://mail.county.example/
    expect_status: 200
    every_seconds: 600
  - name: files
    target: tcp://files.county.example:445
    site_kinds: [office, library]
  - name: records
    target: https://records.county.example/
    proxy: http://wpad.county.example/proxy.pac
log_level: info
`

func TestServicesAreReadFromTheirConfiguration(t *testing.T) {
	list, err := Parse("muster.yaml", []byte(good), known)
	if err != nil || len(list) != 3 || list[0].Name != "email" || list[0].Every != 600 || len(list[1].SiteKinds) != 2 {
		t.Fatalf("it reads %+v, %v", list, err)
	}
	if list, err := Parse("muster.yaml", []byte("data: x\n"), known); err != nil || list != nil {
		t.Errorf("without services it reads %v, %v", list, err)
	}
}

func TestWhatIsWrongIsRefusedWithFileAndLine(t *testing.T) {
	for name, test := range map[string]struct{ text, where, why string }{
		"an unknown word":    {strings.Replace(good, "expect_status", "expect_statut", 1), "muster.yaml:5", "expect_statut"},
		"an unknown key":     {strings.Replace(good, "log_level", "log_lewel", 1), "muster.yaml:13", "log_lewel"},
		"a bad target":       {strings.Replace(good, "tcp://files.county.example:445", "smb://files", 1), "muster.yaml:8", "smb"},
		"a bad status":       {strings.Replace(good, "200", "20", 1), "muster.yaml:5", "expect_status"},
		"a bad interval":     {strings.Replace(good, "600", "6", 1), "muster.yaml:6", "every_seconds"},
		"a bad name":         {strings.Replace(good, "name: files", "name: Our Files", 1), "muster.yaml:7", "Our Files"},
		"a name twice":       {strings.Replace(good, "name: files", "name: email", 1), "muster.yaml:7", "entry 1"},
		"a word for a list":  {"services: email\n", "muster.yaml", ""},
		"a list of words":    {"services: [email]\n", "muster.yaml", ""},
		"a proxy of nowhere": {strings.Replace(good, "http://wpad.county.example/proxy.pac", "wpad", 1), "muster.yaml:12", "proxy"},
		"too many":           {"services:\n" + strings.Repeat("  - {name: email, target: 'dns://a.example'}\n", 40), "muster.yaml:34", "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("muster.yaml", []byte(test.text), known)
			if err == nil || !strings.Contains(err.Error(), test.where) || !strings.Contains(err.Error(), test.why) {
				t.Errorf("it is refused as: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("services: &a [*a]"))
	f.Add([]byte("services:\n  - <<: {name: a}\n    target: dns://a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := Parse("f", b, known)
		if err == nil && Check(list) != nil {
			t.Fatalf("a list is accepted that is none: %+v", list)
		}
	})
}

// fixed is a PAC file's answers.
type fixed struct {
	answers    map[netip.Addr]string
	generation uint64
}

func (f *fixed) Proxy(_, _ string, from netip.Addr) (string, bool) {
	proxy, ok := f.answers[from]
	return proxy, ok
}
func (f *fixed) Generation() uint64 { return f.generation }

func TestASiteProbesWhatItsKindNeedsThroughItsOwnProxy(t *testing.T) {
	list, err := Parse("muster.yaml", []byte(good), known)
	if err != nil {
		t.Fatal(err)
	}
	one, two := netip.MustParseAddr("10.1.0.10"), netip.MustParseAddr("10.2.0.10")
	proxies := &fixed{answers: map[netip.Addr]string{one: "proxy.county.example:8080"}}
	plans, err := New(Options{Services: list, Proxies: proxies, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	names := func(kind string, from netip.Addr) (string, string) {
		probing, name := plans.Of(inventory.Site{Code: "S001", Kind: kind}, from)
		var all []string
		for _, s := range probing.Services {
			if _, err := s.Spec(inventory.ProbeRota); err != nil {
				t.Error(err)
			}
			all = append(all, s.Name+" "+s.Proxy)
		}
		return strings.Join(all, ","), name
	}
	got, first := names("office", one)
	if got != "email ,files ,records proxy.county.example:8080" {
		t.Errorf("an office probes %s", got)
	}
	if got, _ := names("depot", one); got != "email ,records proxy.county.example:8080" {
		t.Errorf("a depot probes %s", got)
	}
	if got, _ := names("office", two); got != "email ,files " {
		t.Errorf("where the PAC file was not read yet it probes %s", got)
	}
	proxies.answers[two], proxies.answers[one], proxies.generation = "", "other.county.example:8080", 1
	if got, name := names("office", one); got != "email ,files ,records other.county.example:8080" || name == first {
		t.Errorf("after a change it probes %s under the name %s, before %s", got, name, first)
	}
	if got, _ := names("office", two); got != "email ,files ,records " {
		t.Errorf("once the PAC file says direct it probes %s", got)
	}
	probing, name := plans.Of(inventory.Site{Kind: "office"}, one)
	again, same := plans.Of(inventory.Site{Kind: "office"}, one)
	a, _ := json.Marshal(probing)
	b, _ := json.Marshal(again)
	if name != same || string(a) != string(b) {
		t.Error("the same question has two answers")
	}
}

// TestTheExampleOfTheConfigurationIsRight reads what the annotated example shows.
func TestTheExampleOfTheConfigurationIsRight(t *testing.T) {
	b, err := os.ReadFile("../../configs/muster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(b), "services: []\n")
	if !found {
		t.Fatal("the example has no services")
	}
	text := "services:\n"
	for line := range strings.Lines(rest) {
		shown, isShown := strings.CutPrefix(line, "#")
		if !isShown {
			break
		}
		text += shown
	}
	if list, err := Parse("muster.yaml", []byte(text), known); err != nil || len(list) != 3 {
		t.Errorf("it shows %+v, %v", list, err)
	}
}
