package report

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"muster/inventory/wire"
	"muster/mesh"
)

// attemptFor bounds one attempt from dialling to the last byte of the answer.
// Two of them fit well into the thirty seconds within which a machine whose
// direct way broke must be heard through a neighbour.
const attemptFor = 9 * time.Second

// ClientOptions says how a controller is reached. Dial, Verify and ServerName
// are required.
type ClientOptions struct {
	// Dial opens a connection to a controller and says through whom.
	Dial func(ctx context.Context) (conn net.Conn, via string, err error)
	// Blame is told of a connection that Dial gave out and that later failed.
	Blame func(via string, err error)
	// Verify judges the other side, on resumed sessions too.
	Verify func(tls.ConnectionState) error
	// ServerName is the name that the controller answers to.
	ServerName string
	// Certificate is this machine's; nil, or a nil result, before enrolment.
	Certificate func() *tls.Certificate
}

// Client posts to a controller over one long-lived HTTP/2 connection, which it
// opens when needed and again when broken, with TLS session resumption: a full
// handshake costs 5 kB, a post some hundred bytes. It is safe for concurrent
// use; posts go one at a time.
type Client struct {
	opts      ClientOptions
	transport *http.Transport
	sessions  lastSession

	mu   sync.Mutex // serialises posts; guards what follows; before now
	conn *http.ClientConn
	way  Way
	used bool // an answer came over conn

	now atTheMoment
}

// atTheMoment is what Abandon needs to know while a post is under way.
type atTheMoment struct {
	mu     sync.Mutex // guards what follows
	direct bool       // the connection, if there is one, goes straight to a controller
	stale  bool       // it must not be used again
	cancel context.CancelFunc
}

// Way is how a post went.
type Way struct {
	Via  string     // mesh.ViaDirect or the neighbour's workstation id
	From netip.Addr // the own address of a direct connection; invalid on a relayed one
}

// Answer is what came back, and how.
type Answer struct {
	Body []byte
	Way
}

// NewClient opens nothing yet.
func NewClient(o ClientOptions) (*Client, error) {
	if o.Dial == nil || o.Verify == nil || o.ServerName == "" {
		return nil, errors.New("cannot set up client: dial, verify and server name are all needed")
	}
	c := &Client{opts: o}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	c.transport = &http.Transport{
		DialTLSContext:     c.dialTLS,
		DisableCompression: true,
		Protocols:          protocols,
		HTTP2:              &http.HTTP2Config{MaxReadFrameSize: 16 << 10},
	}
	return c, nil
}

// Post sends body and returns the answer. A refusal is a *wire.Problem, with
// Retry-After in a *RetryLater around it; any other error means that no
// controller answered. A connection that turns out to be broken is replaced
// once, by another way if there is one.
func (c *Client) Post(ctx context.Context, path string, body Body, header http.Header) (Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for attempt := 0; ; attempt++ {
		used := c.used
		answer, err := c.attempt(ctx, path, body, header)
		abandoned := c.end()
		var problem *wire.Problem
		if err == nil || errors.As(err, &problem) {
			return answer, err
		}
		via := c.way.Via
		c.drop()
		if c.opts.Blame != nil && used && !abandoned && ctx.Err() == nil {
			c.opts.Blame(via, err)
		}
		if attempt > 0 || ctx.Err() != nil {
			return Answer{}, fmt.Errorf("cannot reach controller: %w", err)
		}
	}
}

// Abandon gives up a direct connection that somebody else found dead, and the
// attempt that waits on it: a post under way goes by another way at once, as does
// the next. It reports whether there was one.
func (c *Client) Abandon() bool {
	c.now.mu.Lock()
	defer c.now.mu.Unlock()
	if !c.now.direct {
		return false
	}
	c.now.stale = true
	if c.now.cancel != nil {
		c.now.cancel()
	}
	return true
}

// begin notes an attempt, and drops a connection that was abandoned before it.
func (c *Client) begin(cancel context.CancelFunc) {
	c.now.mu.Lock()
	stale := c.now.stale
	c.now.cancel = cancel
	c.now.mu.Unlock()
	if stale {
		c.drop()
	}
}

// end notes that an attempt is over; true means that it was abandoned.
func (c *Client) end() bool {
	c.now.mu.Lock()
	defer c.now.mu.Unlock()
	c.now.cancel = nil
	return c.now.stale
}

func (c *Client) attempt(ctx context.Context, path string, body Body, header http.Header) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	c.begin(cancel)
	if c.conn == nil || c.conn.Err() != nil {
		c.drop()
		conn, err := c.transport.NewClientConn(ctx, "https", net.JoinHostPort(c.opts.ServerName, "443"))
		if err != nil {
			return Answer{}, err
		}
		c.conn = conn
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+c.opts.ServerName+path, bytes.NewReader(body.Bytes))
	if err != nil {
		return Answer{}, err
	}
	maps.Copy(request.Header, header)
	request.Header["User-Agent"] = nil // the report says who it is
	request.Header.Set("Content-Type", "application/json")
	if body.Encoding != "" {
		request.Header.Set("Content-Encoding", body.Encoding)
	}
	if c.way.Via != mesh.ViaDirect {
		request.Header.Set(wire.HeaderVia, c.way.Via)
	}
	response, err := c.conn.RoundTrip(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close() // read to its end
	content, err := io.ReadAll(io.LimitReader(response.Body, wire.MaxReply+1))
	switch {
	case err != nil:
		return Answer{}, err
	case len(content) > wire.MaxReply:
		return Answer{}, fmt.Errorf("the answer has more than %d bytes", wire.MaxReply)
	}
	c.used = true
	if response.StatusCode != http.StatusOK {
		return Answer{}, refusal(response, content)
	}
	return Answer{Body: content, Way: c.way}, nil
}

// dialTLS is called by the transport for a new connection.
func (c *Client) dialTLS(ctx context.Context, _, _ string) (net.Conn, error) {
	raw, via, err := c.opts.Dial(ctx)
	if err != nil {
		return nil, err
	}
	c.way, c.used = wayOf(via, raw), false
	c.now.mu.Lock()
	c.now.direct, c.now.stale = via == mesh.ViaDirect, false
	c.now.mu.Unlock()
	conn := tls.Client(mesh.GatherMoment(raw), &tls.Config{
		MinVersion:           tls.VersionTLS13,
		ServerName:           c.opts.ServerName,
		InsecureSkipVerify:   true, // VerifyConnection does it: chain and name without dates, on resumption too
		VerifyConnection:     c.opts.Verify,
		GetClientCertificate: c.certificate,
		NextProtos:           []string{"h2"},
		ClientSessionCache:   &c.sessions,
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("cannot set up TLS with %s: %w: %w", raw.RemoteAddr(), mesh.ErrStalled, err)
		}
		return nil, fmt.Errorf("cannot set up TLS with %s: %w", raw.RemoteAddr(), err)
	}
	return conn, nil
}

func wayOf(via string, conn net.Conn) Way {
	w := Way{Via: via}
	if via == mesh.ViaDirect {
		if ap, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
			w.From = ap.Addr().Unmap().WithZone("")
		}
	}
	return w
}

func (c *Client) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	if c.opts.Certificate != nil {
		if own := c.opts.Certificate(); own != nil {
			return own, nil
		}
	}
	return &tls.Certificate{}, nil
}

// Forget closes the connection and its session: the next post shows the new
// certificate, or goes by the new way.
func (c *Client) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop()
	c.sessions.Put("", nil)
}

// Close closes the connection.
func (c *Client) Close() {
	c.Forget()
	c.transport.CloseIdleConnections()
}

func (c *Client) drop() {
	if c.conn != nil {
		_ = c.conn.Close() // it is given up either way
	}
	c.conn, c.used = nil, false
	c.now.mu.Lock()
	c.now.direct, c.now.stale = false, false
	c.now.mu.Unlock()
}

// RetryLater is a refusal for now.
type RetryLater struct {
	Problem *wire.Problem
	After   time.Duration
}

// Error implements error.
func (e *RetryLater) Error() string { return e.Problem.Error() }

// Unwrap returns the problem.
func (e *RetryLater) Unwrap() error { return e.Problem }

// refusal makes an error of an answer that is not a 200.
func refusal(response *http.Response, content []byte) error {
	problem := &wire.Problem{}
	if err := json.Unmarshal(content, problem); err != nil || problem.Title == "" {
		problem = &wire.Problem{Title: http.StatusText(response.StatusCode), Detail: "the answer does not say why"}
	}
	problem.Status = response.StatusCode
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return problem
	}
	return &RetryLater{Problem: problem, After: time.Duration(min(seconds, 3600)) * time.Second}
}

// lastSession keeps one TLS session. It must never be shared between agents: a
// session stands for the certificate with which it was opened.
type lastSession struct {
	mu    sync.Mutex // guards state
	state *tls.ClientSessionState
}

// Get implements tls.ClientSessionCache.
func (s *lastSession) Get(string) (*tls.ClientSessionState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.state != nil
}

// Put implements tls.ClientSessionCache.
func (s *lastSession) Put(_ string, state *tls.ClientSessionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}
