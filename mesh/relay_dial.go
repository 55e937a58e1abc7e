package mesh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// dialFor bounds one attempt: a lost SYN is repeated after one and three seconds.
const dialFor = 4 * time.Second

// DialController opens a TCP connection to a controller, over which the caller
// speaks TLS: directly, or through a neighbour whose uplink is ok. It returns
// ViaDirect or the neighbour's workstation id beside the connection.
//
// Whether the way works shows when the first byte comes back; until then it is
// only tried. A way on which nothing comes back is avoided by the next call, and
// the uplink tag says what was found. A connection through a neighbour ends by
// itself after some minutes, at a quiet moment, so that the direct way is tried
// again. The error is an *UplinkError.
func (r *Resident) DialController(ctx context.Context) (net.Conn, string, error) {
	ways := r.ways(time.Now())
	var errs error
	for _, way := range ways {
		conn, err := r.dial(ctx, way.addr)
		if err == nil {
			return watch(conn, !way.direct(), func(err error) { r.judge(way, err) }), way.via, nil
		}
		if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, "", &UplinkError{Class: UplinkLost, Err: ctx.Err()} // the caller stopped; no way is to blame
		}
		errs = errors.Join(errs, fmt.Errorf("%s %s: %w", way.via, way.addr, err))
		r.judge(way, err)
		if ctx.Err() != nil {
			break
		}
	}
	if len(ways) == 0 {
		errs = errors.New("no controller is known")
	}
	return nil, "", &UplinkError{Class: r.uplinkClass(), Err: errs}
}

// BlameUplink tells that a connection which DialController gave out, and on which
// something had come back, later fell silent: the next call goes another way
// first. Via is what DialController returned.
func (r *Resident) BlameUplink(via string, err error) {
	if err == nil {
		return
	}
	way := route{via: via}
	if errors.Is(err, context.DeadlineExceeded) {
		err = ErrStalled
	}
	r.judge(way, err)
}

// ways plans the ways to a controller as things stand.
func (r *Resident) ways(now time.Time) []route {
	controllers := r.Controllers()
	neighbours := r.Neighbours()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.routes.plan(now, controllers, neighbours, rand.Shuffle)
}

// judge notes how a way turned out and tells the loop that the tag may change.
func (r *Resident) judge(way route, err error) {
	class := ClassifyUplink(err)
	if errors.Is(err, io.EOF) && !way.direct() {
		class = UplinkLost // a neighbour hangs up when it reaches no controller itself
	}
	r.mu.Lock()
	switch {
	case err != nil:
		r.routes.failed(time.Now(), way, class)
		if way.direct() || r.uplink != UplinkOK {
			r.uplink = r.routes.verdict()
		}
	case way.direct():
		r.routes.worked(way)
		r.uplink = UplinkOK
	default:
		r.routes.worked(way)
		r.uplink = UplinkRelayed
	}
	r.mu.Unlock()
	r.nudge()
}

func (r *Resident) uplinkClass() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.routes.verdict()
}

// dial opens a connection from the own address.
func (r *Resident) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialFor)
	defer cancel()
	return r.currentPort().dial(ctx, to)
}

// dialDirect serves neighbours: only straight to a controller, so that two
// members can never relay in a circle.
func (r *Resident) dialDirect(ctx context.Context) (net.Conn, error) {
	var errs error
	for _, addr := range r.Controllers() {
		conn, err := r.dial(ctx, addr)
		if err == nil {
			return conn, nil
		}
		errs = errors.Join(errs, err)
	}
	if errs == nil {
		errs = errors.New("no controller is known")
	}
	return nil, errs
}
