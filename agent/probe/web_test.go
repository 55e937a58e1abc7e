package probe

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"muster/inventory"
)

func TestAServiceThatAnswersIsOKWithItsPhases(t *testing.T) {
	w := newTown()
	server, roots := serveTLS(t, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "Framework, welcome") })
	w.put("443", server)
	spec := ask("https://example.com/")
	spec.Status, spec.Text = 200, "Framework"
	r := w.prober(roots).Probe(t.Context(), spec)
	want(t, r, "")
	if r.Status != 200 || r.ConnectMillis <= 0 || r.TLSMillis <= 0 || r.FirstByteMillis <= 0 || r.TotalMillis < r.TLSMillis {
		t.Errorf("phases are missing: %+v", r)
	}
}

func TestAnswersOtherThanExpectedSayWhichWay(t *testing.T) {
	page := func(status int, body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "text/html")
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, body)
		}
	}
	const login = `<html><form action="/login"><input type="password"></form></html>`
	tests := map[string]struct {
		answer http.HandlerFunc
		status int
		text   string
		class  inventory.ProbeError
	}{
		"a fault":                         {page(503, "busy"), 0, "", inventory.ProbeStatus},
		"another status than expected":    {page(200, "hello"), 401, "", inventory.ProbeStatus},
		"the expected fault":              {page(401, "who are you"), 401, "", ""},
		"another text":                    {page(200, "maintenance today"), 200, "Framework", inventory.ProbeText},
		"a page to sign in, text wanted":  {page(200, login), 200, "Framework", inventory.ProbePortal},
		"a page to sign in, none wanted":  {page(200, login), 0, "", ""},
		"a page to sign in with a status": {page(403, login), 200, "", inventory.ProbePortal},
		"sign in first":                   {page(511, ""), 0, "", inventory.ProbePortal},
		"a redirect that leads nowhere":   {page(302, ""), 0, "", inventory.ProbeMalformed},
		"a redirect that is expected":     {page(302, ""), 302, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTown()
			w.put("80", serve(t, test.answer))
			spec := ask("http://records.example.org/")
			spec.Status, spec.Text = test.status, test.text
			want(t, w.prober(nil).Probe(t.Context(), spec), test.class)
		})
	}
}

func TestAServiceThatKnowsNoHeadIsAskedAsABrowserWould(t *testing.T) {
	w := newTown()
	w.put("80", serve(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			rw.WriteHeader(http.StatusMethodNotAllowed)
		}
	}))
	r := w.prober(nil).Probe(t.Context(), ask("http://records.example.org/"))
	if want(t, r, ""); r.Status != 200 {
		t.Errorf("the status is %d", r.Status)
	}
}

func TestOverTLSNobodyButTheServiceCanAskToSignIn(t *testing.T) {
	w := newTown()
	server, roots := serveTLS(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, `<form><input type="password"></form>`)
	})
	w.put("443", server)
	spec := ask("https://example.com/")
	spec.Text = "Framework"
	want(t, w.prober(roots).Probe(t.Context(), spec), inventory.ProbeText)
}

func TestRedirectsAreFollowedUpToABound(t *testing.T) {
	w := newTown()
	server, roots := serveTLS(t, func(http.ResponseWriter, *http.Request) {})
	w.put("443", server)
	var asked atomic.Int32
	w.put("80", serve(t, func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Host, "loop"):
			asked.Add(1)
			http.Redirect(rw, r, "http://loop.example.org/again", http.StatusFound)
		case strings.HasPrefix(r.Host, "moved"):
			http.Redirect(rw, r, "https://example.com/", http.StatusMovedPermanently)
		default:
			http.Redirect(rw, r, "http://wifi.hotel.test/login", http.StatusFound)
		}
	}))
	p := w.prober(roots)
	want(t, p.Probe(t.Context(), ask("http://loop.example.org/")), inventory.ProbeRedirects, "more than 5")
	if asked.Load() != maxRedirects+1 {
		t.Errorf("a loop was asked %d times", asked.Load())
	}
	want(t, p.Probe(t.Context(), ask("http://records.shire.gov.uk/")), inventory.ProbePortal, "wifi.hotel.test")
	want(t, p.Probe(t.Context(), ask("http://moved.example.com/")), "")
}

func TestRegisteredNames(t *testing.T) {
	for name, registrant := range map[string]string{
		"mail.shire.gov.uk": "shire.gov.uk", "shire.gov.uk": "shire.gov.uk", "www.example.com": "example.com", "printer": "printer",
		"a.b.co.uk": "b.co.uk", "x.y.de": "y.de", "192.0.2.7": "192.0.2.7", "WWW.Example.COM.": "example.com",
	} {
		if got := registered(name); got != registrant {
			t.Errorf("%s is registered as %s, want %s", name, got, registrant)
		}
	}
}

// What a service may do to a probe is cost it its timeout: each of these servers
// does its worst, and the probe ends within its second with a class.
func TestAServiceThatMisbehavesCostsItsTimeoutAndNoMore(t *testing.T) {
	say := func(conn net.Conn, text string) { _, _ = io.WriteString(conn, text) }
	request := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }
	drip := func(conn net.Conn, ended <-chan struct{}, every time.Duration, text string) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				if _, err := io.WriteString(conn, text); err != nil {
					return
				}
			}
		}
	}
	var bomb bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&bomb, gzip.BestCompression)
	for range 4 {
		_, _ = zw.Write(make([]byte, 1<<20))
	}
	_ = zw.Close()
	tests := map[string]struct {
		serve func(net.Conn, <-chan struct{})
		text  string
		class inventory.ProbeError
	}{
		"says nothing": {func(_ net.Conn, ended <-chan struct{}) { <-ended }, "", inventory.ProbeTimeout},
		"drips its header": {func(conn net.Conn, ended <-chan struct{}) {
			request(conn)
			say(conn, "HTTP/1.1 200 OK\r\n")
			drip(conn, ended, 20*time.Millisecond, "X-A: b\r\n")
		}, "", inventory.ProbeTimeout},
		"sends a header without end": {func(conn net.Conn, ended <-chan struct{}) {
			request(conn)
			say(conn, "HTTP/1.1 200 OK\r\n")
			drip(conn, ended, time.Microsecond, "X-A: "+strings.Repeat("b", 8<<10)+"\r\n")
		}, "", inventory.ProbeMalformed},
		"sends a body without end": {func(conn net.Conn, ended <-chan struct{}) {
			request(conn)
			say(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
			drip(conn, ended, time.Microsecond, strings.Repeat("no", 8<<10))
		}, "Framework", inventory.ProbeText},
		"drips its body": {func(conn net.Conn, ended <-chan struct{}) {
			request(conn)
			say(conn, "HTTP/1.1 200 OK\r\n\r\n")
			drip(conn, ended, 20*time.Millisecond, "n")
		}, "Framework", inventory.ProbeTimeout},
		"sends a bomb": {func(conn net.Conn, _ <-chan struct{}) {
			request(conn)
			say(conn, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", bomb.Len()))
			_, _ = conn.Write(bomb.Bytes())
		}, "Framework", inventory.ProbeText},
		"says it is gzip and is not": {func(conn net.Conn, _ <-chan struct{}) {
			request(conn)
			say(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello")
		}, "Framework", inventory.ProbeMalformed},
		"sends garbage": {func(conn net.Conn, _ <-chan struct{}) {
			request(conn)
			say(conn, "\x00\xff\xfe garbage\r\n\r\n")
		}, "", inventory.ProbeMalformed},
		"hangs up": {func(conn net.Conn, _ <-chan struct{}) { request(conn) }, "", inventory.ProbeMalformed},
		"sends garbage in its reason": {func(conn net.Conn, _ <-chan struct{}) {
			request(conn)
			say(conn, "HTTP/1.1 500 \x07\xff"+strings.Repeat("x", 5000)+"\r\nContent-Length: 0\r\n\r\n")
		}, "", inventory.ProbeStatus},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown()
			w.ports["80"] = raw(t, test.serve)
			spec := ask("http://records.example.org/")
			spec.Text, spec.Timeout = test.text, 1
			if test.class != inventory.ProbeTimeout {
				spec.Timeout = 30 // it ends by itself
			}
			r := w.prober(nil).Probe(t.Context(), spec)
			want(t, r, test.class)
			if in, _ := w.carried(); in > 4*maxBody {
				t.Errorf("%d bytes were read", in)
			}
		})
	}
}

func TestTLSThatFailsIsToldFromSilence(t *testing.T) {
	w := newTown()
	server, roots := serveTLS(t, func(http.ResponseWriter, *http.Request) {})
	w.put("443", server)
	want(t, w.prober(nil).Probe(t.Context(), ask("https://example.com/")), inventory.ProbeTLS, "unknown authority")
	want(t, w.prober(roots).Probe(t.Context(), ask("https://records.example.org/")), inventory.ProbeTLS, "records.example.org")
	plain := newTown()
	plain.put("443", serve(t, func(http.ResponseWriter, *http.Request) {}))
	want(t, plain.prober(roots).Probe(t.Context(), ask("https://example.com/")), inventory.ProbeTLS)
	silent := newTown()
	silent.ports["443"] = raw(t, func(_ net.Conn, ended <-chan struct{}) { <-ended })
	spec := ask("https://example.com/")
	spec.Timeout = 1
	r := silent.prober(roots).Probe(t.Context(), spec)
	want(t, r, inventory.ProbeTimeout)
	if r.ConnectMillis <= 0 || r.FirstByteMillis != 0 {
		t.Errorf("a stalled handshake does not show as a connection without an answer: %+v", r)
	}
}

func TestProxiesThatRefuseFailOrSendElsewhereAreKnown(t *testing.T) {
	server, roots := serveTLS(t, func(http.ResponseWriter, *http.Request) {})
	answer := func(status int, header ...string) string {
		return raw(t, func(conn net.Conn, _ <-chan struct{}) {
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\n%sContent-Length: 0\r\n\r\n", status, http.StatusText(status), strings.Join(header, ""))
		})
	}
	through := raw(t, func(conn net.Conn, ended <-chan struct{}) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		far, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "https://"))
		if err != nil {
			return
		}
		defer far.Close()
		gone := make(chan struct{})
		go func() { defer close(gone); _, _ = io.Copy(far, conn); _ = far.(*net.TCPConn).CloseWrite() }()
		_, _ = io.Copy(conn, far)
		_ = conn.Close()
		<-gone
		select {
		case <-ended:
		default:
		}
	})
	refused := "127.0.0.1:1"
	tests := map[string]struct {
		proxy, target string
		class         inventory.ProbeError
	}{
		"opens the way":                  {through, "https://example.com/", ""},
		"wants to know who asks":         {answer(407), "https://example.com/", inventory.ProbeProxyAuth},
		"wants to know, without TLS":     {answer(407), "http://example.com/", inventory.ProbeProxyAuth},
		"cannot reach the service":       {answer(502), "https://example.com/", inventory.ProbeProxy},
		"sends to a page":                {answer(302, "Location: http://login.test/\r\n"), "https://example.com/", inventory.ProbePortal},
		"is not there":                   {refused, "https://example.com/", inventory.ProbeProxy},
		"is not there, without TLS":      {refused, "http://example.com/", inventory.ProbeProxy},
		"sends elsewhere, without TLS":   {answer(302, "Location: http://login.test/\r\n"), "http://example.com/", inventory.ProbePortal},
		"speaks of a gateway in its way": {answer(504), "https://example.com/", inventory.ProbeProxy},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := ask(test.target)
			_, port, err := net.SplitHostPort(test.proxy)
			if err != nil {
				t.Fatal(err)
			}
			spec.Proxy = "proxy.example.org:" + port
			w := newTown()
			w.ports[port] = test.proxy
			r := w.prober(roots).Probe(t.Context(), spec)
			want(t, r, test.class)
			if r.Proxy != spec.Proxy {
				t.Errorf("the result says proxy %q", r.Proxy)
			}
		})
	}
}

func TestNamesThatDoNotExistAreToldFromPortsThatAreShut(t *testing.T) {
	w := newTown()
	w.down["gone.example.org"] = true
	w.ports["80"] = "127.0.0.1:1"
	p := w.prober(nil)
	want(t, p.Probe(t.Context(), ask("http://gone.example.org/")), inventory.ProbeNXDomain)
	want(t, p.Probe(t.Context(), ask("http://here.example.org/")), inventory.ProbeRefused)
	tcp := ask("tcp://here.example.org:80")
	tcp.Kind = inventory.ProbeTCP
	want(t, p.Probe(t.Context(), tcp), inventory.ProbeRefused)
}

// A service asked by the fifteen workstations of a site in turn, each for itself,
// costs a handshake a probe at first and a resumed one later. Of a page nobody
// wants to read only what had been sent is taken.
func TestAProbeOverTLSStaysWithinItsBytes(t *testing.T) {
	w := newTown()
	server, roots := serveTLS(t, func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(make([]byte, 30_000)) })
	w.put("443", server)
	p := w.prober(roots)
	var before int64
	for round, most := range []int64{6000, 4000} {
		want(t, p.Probe(t.Context(), ask("https://example.com/")), "")
		in, out := w.carried()
		t.Logf("probe %d: %d bytes in all", round+1, in+out-before)
		if in+out-before > most {
			t.Errorf("probe %d carried %d bytes, want at most %d", round+1, in+out-before, most)
		}
		before = in + out
	}
}
