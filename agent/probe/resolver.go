package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	askAgain  = 2 * time.Second // a question or its answer may be lost
	maxAnswer = 4096            // bytes of an answer over UDP; 64 KiB over TCP by its own length
)

// ask asks one resolver for a name's addresses. It is our own few lines because
// net.Resolver looks into the hosts file first, and a probe of a resolver must
// not be answered by anybody else. Messages are read by miekg/dns, which the mesh
// links anyway.
func (p *Prober) ask(ctx context.Context, resolver, name string) ([]netip.Addr, error) {
	absolute := strings.TrimSuffix(name, ".") + "."
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		addrs, err := p.askFor(ctx, resolver, absolute, kind)
		if err != nil || len(addrs) > 0 {
			return addrs, named(err, name, resolver)
		}
	}
	return nil, &net.DNSError{Err: "the name has no address", Name: name, Server: resolver, IsNotFound: true}
}

// named is err as a resolver's, with what is worth knowing of it.
func named(err error, name, resolver string) error {
	var done *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &done):
		return err
	default:
		return &net.DNSError{Err: err.Error(), Name: name, Server: resolver, IsTimeout: true}
	}
}

func (p *Prober) askFor(ctx context.Context, resolver, name string, kind uint16) ([]netip.Addr, error) {
	question := new(dns.Msg)
	question.SetQuestion(name, kind)
	packet, err := question.Pack()
	if err != nil {
		return nil, &net.DNSError{Err: "not a name: " + err.Error(), Name: name, IsNotFound: true}
	}
	answer, cut, err := p.overUDP(ctx, resolver, packet, question)
	if err == nil && cut {
		answer, err = p.overTCP(ctx, resolver, packet, question)
	}
	return answer, err
}

// overUDP asks until there is an answer or ctx ends; cut means that the rest is
// to be had over TCP.
func (p *Prober) overUDP(ctx context.Context, resolver string, packet []byte, q *dns.Msg) (addrs []netip.Addr, cut bool, err error) {
	conn, err := p.opts.Dial(ctx, "udp", resolver)
	if err != nil {
		return nil, false, err
	}
	defer conn.Close() // a socket for one question
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buffer := make([]byte, maxAnswer)
	for ctx.Err() == nil {
		if _, err := conn.Write(packet); err != nil {
			return nil, false, err
		}
		_ = conn.SetReadDeadline(time.Now().Add(askAgain))
		for ctx.Err() == nil {
			n, err := conn.Read(buffer)
			if timedOut(err) {
				break // ask again
			}
			if err != nil {
				return nil, false, err
			}
			addrs, cut, mine, err := readAnswer(buffer[:n], q)
			if mine {
				return addrs, cut, err
			}
		}
	}
	return nil, false, ctx.Err()
}

func (p *Prober) overTCP(ctx context.Context, resolver string, packet []byte, q *dns.Msg) ([]netip.Addr, error) {
	conn, err := p.opts.Dial(ctx, "tcp", resolver)
	if err != nil {
		return nil, err
	}
	defer conn.Close() // a connection for one question
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(packet)))
	if _, err := conn.Write(append(framed, packet...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	buffer := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, buffer); err != nil {
		return nil, err
	}
	addrs, _, mine, err := readAnswer(buffer, q)
	if !mine {
		return nil, errors.New("the resolver answers another question")
	}
	return addrs, err
}

// readAnswer takes an answer apart. mine is false for what answers nothing that
// was asked: late packets, forgeries, noise.
func readAnswer(packet []byte, q *dns.Msg) (addrs []netip.Addr, cut, mine bool, err error) {
	var answer dns.Msg
	torn := answer.Unpack(packet)
	if answer.Id != q.Id || !answer.Response || len(answer.Question) != 1 || !sameQuestion(answer.Question[0], q.Question[0]) {
		return nil, false, false, nil
	}
	refused := &net.DNSError{Name: q.Question[0].Name}
	switch {
	case answer.Truncated:
		return nil, true, true, nil
	case torn != nil:
		refused.Err = "the resolver's answer cannot be read: " + torn.Error()
		return nil, false, true, refused
	case answer.Rcode == dns.RcodeNameError:
		refused.Err, refused.IsNotFound = "no such name", true
		return nil, false, true, refused
	case answer.Rcode != dns.RcodeSuccess:
		refused.Err, refused.IsTemporary = "the resolver answers "+dns.RcodeToString[answer.Rcode], true
		return nil, false, true, refused
	}
	for _, record := range answer.Answer {
		var addr netip.Addr
		switch r := record.(type) {
		case *dns.A:
			addr, _ = netip.AddrFromSlice(r.A.To4())
		case *dns.AAAA:
			addr, _ = netip.AddrFromSlice(r.AAAA)
		}
		if addr.IsValid() {
			addrs = append(addrs, addr)
		}
	}
	return addrs, false, true, nil
}

func sameQuestion(a, b dns.Question) bool {
	return a.Qtype == b.Qtype && a.Qclass == b.Qclass && strings.EqualFold(a.Name, b.Name)
}
