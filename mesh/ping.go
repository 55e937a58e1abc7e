package mesh

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net"
	"sync"
	"time"
)

// A pool asks a member whether it is there with a direct message of its own:
// there and back it takes a third fewer bytes than memberlist's ping, and the
// port's reader answers it without waking anything else. On a site's link, where
// the sweep is most of the traffic, a third more questions are free.
//
// The question carries a fresh number, which the answer repeats, and a sum of the
// name that is meant: a machine that took another name must not answer for its
// old one.
const (
	pingBytes   = 12 // number and sum
	answerBytes = 8  // number
)

// pingQuestion is the body of a DirectPing.
type pingQuestion struct {
	number uint64
	sum    uint32 // of the name that is asked
}

func newPing(name string) pingQuestion {
	var number [8]byte
	_, _ = rand.Read(number[:]) // never fails (crypto/rand)
	return pingQuestion{number: binary.BigEndian.Uint64(number[:]), sum: crc32.ChecksumIEEE([]byte(name))}
}

func (q pingQuestion) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, pingBytes), q.number)
	return binary.BigEndian.AppendUint32(b, q.sum)
}

func decodePing(b []byte) (pingQuestion, bool) {
	if len(b) != pingBytes {
		return pingQuestion{}, false
	}
	return pingQuestion{number: binary.BigEndian.Uint64(b), sum: binary.BigEndian.Uint32(b[8:])}, true
}

// isFor reports whether the member called name is asked.
func (q pingQuestion) isFor(name string) bool { return q.sum == crc32.ChecksumIEEE([]byte(name)) }

// answer is the body of the DirectPong.
func (q pingQuestion) answer() []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, answerBytes), q.number)
}

func decodePong(b []byte) (number uint64, ok bool) {
	if len(b) != answerBytes {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}

// pings are a pool's questions under way. The zero value is ready.
type pings struct {
	mu      sync.Mutex                // guards waiting
	waiting map[uint64]chan time.Time // each holds one: when the answer came
}

// begin waits for the answer to a question; end stops.
func (p *pings) begin(number uint64) <-chan time.Time {
	answered := make(chan time.Time, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = make(map[uint64]chan time.Time)
	}
	p.waiting[number] = answered
	return answered
}

func (p *pings) end(number uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, number)
}

// take takes an answer, once. Where it comes from says nothing: a machine with two
// addresses may answer from the other. Who knows the number was asked.
func (p *pings) take(number uint64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answered, ok := p.waiting[number]; ok {
		delete(p.waiting, number)
		answered <- at
	}
}

// hearDirect answers and takes pings, and passes on what else came directly. It
// is called by the port's reader.
func (p *Pool) hearDirect(d Direct, further func(Direct)) {
	switch d.Kind {
	case DirectPing:
		if q, ok := decodePing(d.Body); ok && q.isFor(p.name) {
			_ = p.SendDirect(d.From, DirectPong, q.answer()) // one that is lost is asked for again
		}
	case DirectPong:
		if number, ok := decodePong(d.Body); ok {
			p.pings.take(number, time.Now())
		}
	default:
		if further != nil {
			further(d)
		}
	}
}

// pingWithin bounds the wait for an answer.
func (p *Pool) pingWithin() time.Duration {
	if p.role == RoleController {
		return controllerProbeWithin
	}
	return agentProbeWithin
}

// Ping asks one member directly over UDP and returns the round trip. It blocks
// until the answer or ctx's end; the pool's own limit is 3 s on a controller and
// 1.5 s on an agent.
func (p *Pool) Ping(ctx context.Context, m Member) (time.Duration, error) {
	q := newPing(m.Name)
	answered := p.pings.begin(q.number)
	defer p.pings.end(q.number)
	timer := time.NewTimer(p.pingWithin())
	defer timer.Stop()
	began := time.Now()
	if err := p.SendDirect(m.Addr, DirectPing, q.encode()); err != nil {
		return 0, fmt.Errorf("cannot ping %s: %w", m.Name, err)
	}
	select {
	case at := <-answered:
		return max(at.Sub(began), 1), nil
	case <-timer.C:
		return 0, fmt.Errorf("cannot ping %s: %w", m.Name, ErrNoAnswer)
	case <-ctx.Done():
		return 0, fmt.Errorf("cannot ping %s: %w", m.Name, ctx.Err())
	case <-p.lane.done:
		return 0, fmt.Errorf("cannot ping %s: %w", m.Name, net.ErrClosed)
	}
}
