package pac

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A Monday.
var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func find(t *testing.T, text, target string) (string, error) {
	t.Helper()
	script, err := Compile(text)
	if err != nil {
		return "", err
	}
	return script.Find(t.Context(), Question{
		Target: target, From: netip.MustParseAddr("10.40.7.10"), Now: monday,
		Lookup: func(_ context.Context, name string) ([]netip.Addr, error) {
			if name != "records.county.example" {
				return nil, errors.New("no such name")
			}
			return []netip.Addr{netip.MustParseAddr("10.1.0.7")}, nil
		},
	})
}

const county = `
function FindProxyForURL(url, host) {
	if (isPlainHostName(host) || dnsDomainIs(host, ".county.example") && isInNet(dnsResolve(host), "10.0.0.0", "255.0.0.0")) { return "DIRECT"; }
	if (shExpMatch(url, "https://*.bank.example/*")) { return "PROXY secure.county.example:8443; DIRECT"; }
	if (isInNet(myIpAddress(), "10.40.0.0", "255.255.0.0")) { return "PROXY north.county.example:8080; PROXY south.county.example:8080"; }
	return "SOCKS socks.county.example:1080; PROXY south.county.example:8080";
}`

func TestAPACFileIsAskedAsABrowserWould(t *testing.T) {
	for target, want := range map[string]string{
		"http://intranet/":                 "",
		"https://records.county.example/x": "",
		"https://www.bank.example/account": "secure.county.example:8443",
		"https://mail.elsewhere.example/":  "north.county.example:8080",
	} {
		said, err := find(t, county, target)
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		if got, err := First(said); err != nil || got != want {
			t.Errorf("%s goes through %q, want %q (%v)", target, got, want, err)
		}
	}
}

func TestTheFunctionsOfPACFilesAreThere(t *testing.T) {
	for expression, want := range map[string]string{
		`dnsDomainLevels("a.b.c")`:                                        "2",
		`localHostOrDomainIs("www", "www.county.example")`:                "true",
		`localHostOrDomainIs("www.county.example", "www.county.example")`: "true",
		`localHostOrDomainIs("www.other.example", "www.county.example")`:  "false",
		`isResolvable("records.county.example")`:                          "true",
		`isResolvable("gone.county.example")`:                             "false",
		`String(dnsResolve("gone.county.example"))`:                       "null",
		`isInNet("10.1.2.3", "10.1.0.0", "255.255.0.0")`:                  "true",
		`isInNet("gone.county.example", "10.1.0.0", "255.255.0.0")`:       "false",
		`myIpAddress()`:                                          "10.40.7.10",
		`shExpMatch("http://a/b/c", "*/b/*")`:                    "true",
		`shExpMatch("abc", "a?c")`:                               "true",
		`shExpMatch("a[c", "a[c")`:                               "true",
		`shExpMatch("abc", "b")`:                                 "false",
		`weekdayRange("MON")`:                                    "true",
		`weekdayRange("TUE", "FRI")`:                             "false",
		`weekdayRange("SAT", "MON", "GMT")`:                      "true",
		`timeRange(9)`:                                           "true",
		`timeRange(8, 9)`:                                        "false",
		`timeRange(9, 0, 9, 30)`:                                 "true",
		`timeRange(22, 0, 0, 10, 0, 0)`:                          "true",
		`dateRange(23)`:                                          "true",
		`dateRange("NOV", "DEC")`:                                "true",
		`dateRange(24, "DEC", 2, "JAN")`:                         "false",
		`dateRange(1, "NOV", 2026, 30, "NOV", 2026)`:             "true",
		`dateRange(2027)`:                                        "false",
		`[1,2].map(function (x) { return x * 2; }).join("-")`:    "2-4",
		`typeof Uint8Array + typeof "x".repeat + typeof require`: "undefinedundefinedundefined",
		`(function () { try { alert("x"); return "quiet"; } catch (e) {} })()`: "quiet",
	} {
		said, err := find(t, `function FindProxyForURL(url, host) { return String(`+expression+`); }`, "http://x.example/")
		if err != nil || said != want {
			t.Errorf("%s is %q, want %q (%v)", expression, said, want, err)
		}
	}
}

func TestBadFilesEndWithAnErrorAndSoon(t *testing.T) {
	of := func(body string) string { return "function FindProxyForURL(url, host) { " + body + " }" }
	for name, test := range map[string]struct {
		text string
		is   error
	}{
		"garbage":              {"<html>not found</html>", nil},
		"nothing":              {"", nil},
		"bytes":                {"\x00\xff\xfe", nil},
		"another function":     {"function findProxy() {}", nil},
		"10 MB":                {of("return '" + strings.Repeat("x", 10<<20) + "';"), ErrTooLarge},
		"an endless loop":      {of("for (;;) {}"), ErrTooLong},
		"an endless load":      {"for (;;) {}", ErrTooLong},
		"endless recursion":    {of("return FindProxyForURL(url, host);"), nil},
		"a throw":              {of("throw new Error('no');"), nil},
		"a number":             {of("return 7;"), nil},
		"a long answer":        {of("var s = 'x'; while (s.length < 5000) s += s; return s;"), nil},
		"memory without end":   {of("var a = []; for (;;) a.push([1, 2, 3, 4, 5, 6, 7, 8]);"), ErrTooLong},
		"strings without end":  {of("var s = 'x'; for (;;) s += s + 'y';"), nil},
		"an array of nothing":  {of("return new Array(4294967295).join('x');"), nil},
		"lookups without end":  {of("for (;;) isResolvable('a' + Math.random());"), ErrTooLong},
		"a catch of its limit": {of("for (;;) { try { for (;;) {} } catch (e) {} }"), ErrTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			said, err := find(t, test.text, "http://x.example/")
			if err == nil {
				_, err = First(said)
			}
			if err == nil || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("it ends with %v, want %v", err, test.is)
			}
		})
	}
}

func TestTheFirstUsableEntryCounts(t *testing.T) {
	for answer, want := range map[string]string{
		"": "", "DIRECT": "", " direct ; PROXY a:1": "", "PROXY a.example:8080": "a.example:8080",
		"SOCKS5 s:1080; HTTPS t:443; PROXY b:3128; DIRECT": "b:3128", "SOCKS s:1; DIRECT": "",
	} {
		if got, err := First(answer); err != nil || got != want {
			t.Errorf("%q is %q, %v, want %q", answer, got, err, want)
		}
	}
	for _, answer := range []string{"SOCKS s:1080", "PROXY", "PROXY a", "nonsense"} {
		if got, err := First(answer); err == nil {
			t.Errorf("%q is %q", answer, got)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add(county)
	f.Add("function FindProxyForURL(u, h) { return 'PROXY a:1'; }")
	f.Add("var FindProxyForURL = 7;")
	f.Fuzz(func(t *testing.T, text string) {
		said, err := find(t, text, "http://x.example/")
		if err == nil && len(said) > maxAnswer {
			t.Fatalf("%d bytes came out", len(said))
		}
	})
}

// shelf serves PAC files from memory.
type shelf struct {
	mu     sync.Mutex // guards what follows
	text   string
	status int
	asked  int
}

func (s *shelf) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{
		StatusCode: s.status, Status: http.StatusText(s.status), Body: io.NopCloser(strings.NewReader(s.text)), Request: r, Header: http.Header{},
	}, nil
}

func (s *shelf) put(text string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text, s.status = text, status
}

func (s *shelf) fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func TestAFileThatCannotBeHadKeepsItsLastAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		files, err := New(Options{Client: &http.Client{Transport: s}, Log: slog.New(slog.DiscardHandler), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		at := netip.MustParseAddr("10.40.7.10")
		proxy := func() string {
			proxy, ok := files.Proxy("http://wpad.county.example/proxy.pac", "https://www.example/", at)
			synctest.Wait()
			return fmt.Sprint(proxy, " ", ok)
		}
		pass := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		if got := proxy(); got != " false" {
			t.Errorf("before the file is read it says %q", got)
		}
		s.put(`function FindProxyForURL() { return "PROXY a:1"; }`, 200)
		if pass(2 * time.Minute); proxy() != "a:1 true" {
			t.Errorf("two minutes after the file came it says %q", proxy())
		}
		generation, asked := files.Generation(), s.fetches()
		s.put("", 404)
		if pass(40 * time.Minute); proxy() != "a:1 true" || files.Generation() != generation {
			t.Errorf("while the file is gone it says %q", proxy())
		}
		s.put("for (;;) {", 200)
		if pass(40 * time.Minute); proxy() != "a:1 true" {
			t.Errorf("while the file is broken it says %q", proxy())
		}
		s.put(`function FindProxyForURL() { return "DIRECT"; }`, 200)
		if pass(20 * time.Minute); proxy() != " true" || files.Generation() == generation {
			t.Errorf("after the file changed it says %q", proxy())
		}
		if s.fetches()-asked > 8 {
			t.Errorf("in a hundred minutes the file was fetched %d times", s.fetches()-asked)
		}
	})
}
