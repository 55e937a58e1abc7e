package mesh

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// DirectKind says what a direct message is.
type DirectKind byte

// The kinds. Probe and answer are the resident's local discovery.
const (
	DirectLeave  DirectKind = 1 // a LeaveNotice, to a controller
	DirectProbe  DirectKind = 2 // a resident looks for neighbours on its subnet
	DirectAnswer DirectKind = 3 // and is answered
	// DirectUnheard is an UnheardNotice, to a neighbour of the member or to itself.
	DirectUnheard DirectKind = 4
	DirectPing    DirectKind = 5 // asks a member whether it is there; Pool.Ping
	DirectPong    DirectKind = 6 // and is answered
)

// Direct is one sealed message between two members, outside the gossip: it is
// not passed on, needs no membership of the receiver's list, and arrives or not.
// Only holders of the pool's key can make or read one. Nothing stops a replay:
// what matters must carry a challenge or be harmless twice.
type Direct struct {
	From netip.AddrPort // as the packet said
	Kind DirectKind
	Body []byte
}

// MaxDirect bounds the body of a direct message.
const MaxDirect = 512

var errDirectSize = errors.New("longer than 512 bytes")

// On the wire, after the label header: directByte, nonce, then kind and body
// sealed with AES-256-GCM and bound to the label. Memberlist's own sealed packets
// begin with 0 or 1.
func sealDirect(ring *keyRing, label string, kind DirectKind, body []byte) ([]byte, error) {
	if len(body) > MaxDirect {
		return nil, fmt.Errorf("cannot send direct message: %w", errDirectSize)
	}
	plain := append([]byte{byte(kind)}, body...)
	b := append(appendHeader(make([]byte, 0, 64+len(label)+len(plain)), label), directByte)
	return ring.seal(b, plain, directBound(label)), nil
}

// openDirect opens what follows the label header.
func openDirect(ring *keyRing, label string, sealed []byte) (DirectKind, []byte, bool) {
	if len(sealed) < 1 || sealed[0] != directByte || len(sealed) > MaxDirect+64 {
		return 0, nil, false
	}
	plain, ok := ring.open(sealed[1:], directBound(label))
	if !ok || len(plain) < 1 || len(plain) > MaxDirect+1 {
		return 0, nil, false
	}
	return DirectKind(plain[0]), plain[1:], true
}

// directBound keeps a gossip message from being passed off as a direct one.
func directBound(label string) []byte { return []byte("direct " + label) }

func (l *lane) receiveDirect(sealed []byte, from netip.AddrPort) {
	ring := l.ring.Load()
	if ring == nil {
		return
	}
	kind, body, ok := openDirect(ring, l.label, sealed)
	if !ok {
		l.port.counts.directForged.Add(1)
		return
	}
	l.port.counts.directIn.Add(1)
	if known := l.controllers.Load(); l.onController != nil && slices.Contains(*known, from) {
		l.onController(from)
	}
	if l.onDirect != nil {
		l.onDirect(Direct{From: from, Kind: kind, Body: body})
	}
}

// SendDirect sends one sealed message straight to an address, best effort.
func (p *Pool) SendDirect(to netip.AddrPort, kind DirectKind, body []byte) error {
	b, err := sealDirect(p.ring, p.label, kind, body)
	if err != nil {
		return err
	}
	if err := p.lane.port.send(b, to); err != nil {
		return fmt.Errorf("cannot send direct message to %s: %w", to, err)
	}
	return nil
}
