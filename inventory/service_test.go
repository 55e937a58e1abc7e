package inventory

import (
	"errors"
	"strings"
	"testing"
)

func TestTargetsAreTakenApart(t *testing.T) {
	for text, want := range map[string]ProbeTarget{
		"https://mail.example.org/owa?x=1": {Kind: ProbeHTTP, Address: "https://mail.example.org/owa?x=1", Name: "mail.example.org", Port: 443, Secure: true},
		"http://10.1.0.5:8080":             {Kind: ProbeHTTP, Address: "http://10.1.0.5:8080", Name: "10.1.0.5", Port: 8080},
		"https://[2001:db8::1]:8443/":      {Kind: ProbeHTTP, Address: "https://[2001:db8::1]:8443/", Name: "2001:db8::1", Port: 8443, Secure: true},
		"tcp://files.example.org:445":      {Kind: ProbeTCP, Name: "files.example.org", Port: 445},
		"tls://10.0.0.2:7946":              {Kind: ProbeTCP, Name: "10.0.0.2", Port: 7946, Secure: true},
		"dns://records.example.org":        {Kind: ProbeDNS, Name: "records.example.org"},
		"icmp://10.0.0.1":                  {Kind: ProbePing, Name: "10.0.0.1"},
	} {
		if got, err := ParseProbeTarget("", text); err != nil || got != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
	for _, test := range []struct {
		kind ProbeKind
		text string
		want ProbeTarget
	}{
		{ProbeTrace, "https://mail.example.org/", ProbeTarget{Kind: ProbeTrace, Address: "https://mail.example.org/", Name: "mail.example.org", Port: 443, Secure: true}},
		{ProbeMTU, "10.0.0.1", ProbeTarget{Kind: ProbeMTU, Name: "10.0.0.1"}},
		{ProbeMTU, "tls://10.0.0.2:7946", ProbeTarget{Kind: ProbeMTU, Name: "10.0.0.2", Port: 7946, Secure: true}},
		{ProbeDNS, "mail.example.org", ProbeTarget{Kind: ProbeDNS, Name: "mail.example.org"}},
		{ProbeDNS, "https://mail.example.org/", ProbeTarget{Kind: ProbeDNS, Name: "mail.example.org"}},
		{ProbeHTTP, "mail.example.org", ProbeTarget{Kind: ProbeHTTP, Address: "https://mail.example.org", Name: "mail.example.org", Port: 443, Secure: true}},
	} {
		if got, err := ParseProbeTarget(test.kind, test.text); err != nil || got != test.want {
			t.Errorf("%s by %s is %+v, %v", test.text, test.kind, got, err)
		}
	}
}

func TestTargetsThatCannotBeAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "mail.example.org", "ftp://files.example.org/", "https://", "https://user:pass@mail.example.org/", "tcp://files.example.org",
		"tcp://files.example.org:0", "tcp://:445", "dns://10.0.0.1", "icmp://", "https://mail example.org/", "http://[fe80::1%25eth0]/",
		"https://mail.example.org:99999/", "icmp://-x", "file:///etc/passwd", "gopher://x", strings.Repeat("x", 300), "tcp://0.0.0.0:1",
	} {
		if got, err := ParseProbeTarget("", text); err == nil {
			t.Errorf("%.60q is %+v", text, got)
		}
	}
	if got, err := ParseProbeTarget(ProbeHTTP, "icmp://10.0.0.1"); err == nil {
		t.Errorf("an echo by HTTP is %+v", got)
	}
}

func FuzzParseProbeTarget(f *testing.F) {
	f.Add("http", "https://mail.example.org/")
	f.Add("", "tcp://[::1]:445")
	f.Add("mtu", "10.0.0.1")
	f.Fuzz(func(t *testing.T, kind, text string) {
		target, err := ParseProbeTarget(ProbeKind(kind), text)
		if err != nil {
			return
		}
		if target.Name == "" || len(text) > MaxProbeTarget || kind != "" && target.Kind != ProbeKind(kind) {
			t.Fatalf("%q by %q is %+v", text, kind, target)
		}
		if target.Kind == ProbeHTTP && target.Address == "" || target.Kind == ProbeTCP && target.Port == 0 {
			t.Fatalf("%q is %+v", text, target)
		}
	})
}

func TestServicesSayWhichFieldIsWrong(t *testing.T) {
	good := Service{Name: "email", Target: "https://mail.example.org/", Proxy: "proxy.example.org:8080", Status: 200, Text: "Sign in", Every: 900, Timeout: 10}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*Service){
		"name":            func(s *Service) { s.Name = "E-Mail" },
		"target":          func(s *Service) { s.Target = "mail" },
		"proxy":           func(s *Service) { s.Proxy = "proxy" },
		"resolver":        func(s *Service) { s.Resolver = "10.1.0.53" },
		"expect_status":   func(s *Service) { s.Status = 42 },
		"expect_text":     func(s *Service) { s.Text = strings.Repeat("x", 300) },
		"every_seconds":   func(s *Service) { s.Every = 5 },
		"timeout_seconds": func(s *Service) { s.Timeout = 60 },
		"title":           func(s *Service) { s.Title = "\x00" },
	} {
		s := good
		change(&s)
		var fields FieldErrors
		if err := s.Validate(); !errors.As(err, &fields) || fields[0].Field != field {
			t.Errorf("a wrong %s is refused as %v", field, err)
		}
	}
	tcp := Service{Name: "files", Target: "tcp://files.example.org:445", Status: 200}
	if tcp.Validate() == nil {
		t.Error("a TCP service with a status is accepted")
	}
}
