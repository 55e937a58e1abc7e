package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// Bounds of one visit.
const (
	maxRedirects = 5
	maxHeader    = 64 << 10 // bytes of an answer's header
	maxBody      = 64 << 10 // bytes read of a body, and made of a packed one
)

const userAgent = "Muster-Agent (probe)"

// visit is one service being visited.
type visit struct {
	p       *Prober
	spec    wire.ProbeSpec
	proxy   *url.URL // nil: direct
	method  string
	until   time.Time
	took    phases
	secured bool // TLS was spoken to the target: nobody in between can have answered
}

// web visits a service. Where no text is looked for it asks for the header alone:
// of a page that nobody reads the server would have sent a window full before the
// connection ends, and that at every turn of the rota. Some services know no such
// question, so that what is not well is asked for as a browser would.
func (p *Prober) web(ctx context.Context, target inventory.ProbeTarget, spec wire.ProbeSpec, r *inventory.ProbeResult) error {
	v := &visit{p: p, spec: spec}
	v.until, _ = ctx.Deadline()
	defer func() { v.took.into(r) }()
	if proxy := proxyOf(spec); proxy != "" {
		if _, _, err := net.SplitHostPort(proxy); err != nil {
			return failed(inventory.ProbeProxy, "%.80q is not a proxy's name and port", proxy)
		}
		v.proxy = &url.URL{Scheme: "http", Host: proxy}
	}
	at, err := url.Parse(target.Address)
	if err != nil {
		return failed(inventory.ProbeMalformed, "cannot read the address: %w", err)
	}
	if v.method = http.MethodGet; spec.Text == "" {
		v.method = http.MethodHead
		err := v.walk(ctx, at, r)
		if class := classify(err); class != inventory.ProbeStatus && class != inventory.ProbeMalformed {
			return err
		}
		v.method, r.Status = http.MethodGet, 0
		v.took.forget()
	}
	return v.walk(ctx, at, r)
}

// walk follows redirects, and judges the answer at the end.
func (v *visit) walk(ctx context.Context, at *url.URL, r *inventory.ProbeResult) error {
	for range maxRedirects + 1 {
		next, err := v.stop(ctx, at, r)
		if err != nil {
			return v.explain(ctx, err)
		}
		if next == nil {
			return nil
		}
		at = next
	}
	return failed(inventory.ProbeRedirects, "more than %d redirects, the last to %.80s", maxRedirects, at.Redacted())
}

// stop makes one request. It returns where the answer sends the visitor, or nil
// where this is the end.
func (v *visit) stop(ctx context.Context, at *url.URL, r *inventory.ProbeResult) (next *url.URL, err error) {
	transport := v.transport()
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(v.traced(ctx), v.method, at.String(), http.NoBody)
	if err != nil {
		return nil, failed(inventory.ProbeMalformed, "cannot ask: %w", err)
	}
	request.Header.Set("User-Agent", userAgent)
	if v.spec.Text != "" {
		request.Header.Set("Accept-Encoding", "identity")
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() // ends the connection, whatever else would come
	r.Status = answer.StatusCode
	v.secured = v.secured || answer.TLS != nil
	if v.follows(answer) {
		return v.redirect(at, answer)
	}
	return nil, v.judge(answer)
}

// follows reports whether an answer is a redirect that is not itself what was
// expected.
func (v *visit) follows(answer *http.Response) bool {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return v.spec.Status != answer.StatusCode
	default:
		return false
	}
}

func (v *visit) redirect(at *url.URL, answer *http.Response) (*url.URL, error) {
	next, err := answer.Location()
	switch {
	case errors.Is(err, http.ErrNoLocation):
		return nil, failed(inventory.ProbeMalformed, "%s without saying where to", answer.Status)
	case err != nil:
		return nil, failed(inventory.ProbeMalformed, "a redirect to nowhere: %w", err)
	case next.Scheme != "http" && next.Scheme != "https":
		return nil, failed(inventory.ProbeMalformed, "a redirect to %.60s", next.Redacted())
	case !v.secured && portalRedirect(at, next):
		return nil, failed(inventory.ProbePortal, "sent to %.80s before the service was asked", next.Hostname())
	}
	return next, nil
}

// transport is one request's own: connections are not kept, and what they cost
// is noted.
func (v *visit) transport() *http.Transport {
	t := &http.Transport{
		DialContext: v.dial, TLSClientConfig: v.p.tls.Clone(), DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: maxHeader, ReadBufferSize: 4 << 10, WriteBufferSize: 2 << 10,
		OnProxyConnectResponse: throughProxy,
	}
	if v.proxy != nil {
		t.Proxy = http.ProxyURL(v.proxy)
		t.ProxyConnectHeader = http.Header{"User-Agent": {userAgent}}
	}
	return t
}

// dial connects to the service, or to the proxy in its place.
func (v *visit) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	name, text, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithDeadline(ctx, v.until) // net/http passes on its end, and not when it will be
	defer cancel()
	conn, err := v.p.connect(ctx, v.spec.Resolver, name, uint16(port), &v.took)
	if err != nil && v.proxy != nil {
		return nil, failed(inventory.ProbeProxy, "cannot reach the proxy: %w", err)
	}
	return conn, err
}

// throughProxy judges how a proxy answers the wish for a tunnel.
func throughProxy(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	switch {
	case answer.StatusCode == http.StatusOK:
		return nil
	case answer.StatusCode == http.StatusProxyAuthRequired:
		return failed(inventory.ProbeProxyAuth, "the proxy wants to know who asks")
	case answer.StatusCode == http.StatusNetworkAuthenticationRequired, answer.StatusCode/100 == 3:
		return failed(inventory.ProbePortal, "the proxy sends to a page instead: %s", answer.Status)
	default:
		return failed(inventory.ProbeProxy, "the proxy opens no way to the service: %s", answer.Status)
	}
}

// traced notes when TLS was agreed upon and when the first byte came.
func (v *visit) traced(ctx context.Context) context.Context {
	var shaking time.Time
	var asked atomic.Int64 // one goroutine writes, another reads
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeStart:    func() { shaking = time.Now() },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { v.took.since(shaking, &v.took.tls) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { asked.Store(time.Now().UnixNano()) },
		GotFirstResponseByte: func() { v.took.since(time.Unix(0, asked.Load()), &v.took.firstByte) },
	})
}

// explain says at what a visit failed, where only a silence or an end is known.
func (v *visit) explain(ctx context.Context, err error) error {
	var f *failure
	switch {
	case errors.As(err, &f):
		return err
	case ctx.Err() != nil || timedOut(err):
		if class := classify(err); class == inventory.ProbeDNSTimeout {
			return err
		}
		return failed(inventory.ProbeTimeout, "no answer in time: %s", v.stage())
	case brokenOff(err):
		return failed(inventory.ProbeMalformed, "the connection was ended without an answer: %s", v.stage())
	default:
		return err
	}
}

// stage is how far a visit came.
func (v *visit) stage() string {
	v.took.mu.Lock()
	defer v.took.mu.Unlock()
	switch {
	case v.took.connect == 0:
		return "resolving the name"
	case v.took.firstByte > 0:
		return "reading the answer"
	case v.took.tls > 0:
		return "waiting for the first byte"
	default:
		return fmt.Sprintf("connecting, or after a connection that took %s", v.took.connect.Round(time.Millisecond))
	}
}
