package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	askAgain  = 2 * time.Second // a question or its answer may be lost
	maxAnswer = 4096            // bytes of an answer over UDP; 64 KiB over TCP by its own length
)

// ask asks one resolver for a name's addresses. It is our own few lines because
// net.Resolver looks into the hosts file first, and a probe of a resolver must
// not be answered by anybody else.
func (p *Prober) ask(ctx context.Context, resolver, name string) ([]netip.Addr, error) {
	absolute := strings.TrimSuffix(name, ".") + "."
	for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
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

func (p *Prober) askFor(ctx context.Context, resolver, name string, kind dnsmessage.Type) ([]netip.Addr, error) {
	asked, err := dnsmessage.NewName(name)
	if err != nil {
		return nil, &net.DNSError{Err: "not a name: " + err.Error(), Name: name, IsNotFound: true}
	}
	question := dnsmessage.Question{Name: asked, Type: kind, Class: dnsmessage.ClassINET}
	id := uint16(rand.Uint32())
	message := dnsmessage.Message{
		Header: dnsmessage.Header{ID: id, RecursionDesired: true}, Questions: []dnsmessage.Question{question},
	}
	packet, err := message.Pack()
	if err != nil {
		return nil, fmt.Errorf("cannot write question: %w", err)
	}
	answer, cut, err := p.overUDP(ctx, resolver, packet, id, question)
	if err == nil && cut {
		answer, err = p.overTCP(ctx, resolver, packet, id, question)
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// overUDP asks until there is an answer or ctx ends; cut means that the rest is
// to be had over TCP.
func (p *Prober) overUDP(ctx context.Context, resolver string, packet []byte, id uint16, q dnsmessage.Question) (addrs []netip.Addr, cut bool, err error) {
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
			addrs, cut, mine, err := readAnswer(buffer[:n], id, q)
			if mine {
				return addrs, cut, err
			}
		}
	}
	return nil, false, ctx.Err()
}

func (p *Prober) overTCP(ctx context.Context, resolver string, packet []byte, id uint16, q dnsmessage.Question) ([]netip.Addr, error) {
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
	addrs, _, mine, err := readAnswer(buffer, id, q)
	if !mine {
		return nil, errors.New("the resolver answers another question")
	}
	return addrs, err
}

// readAnswer takes an answer apart. mine is false for what answers nothing that
// was asked: late packets, forgeries, noise.
func readAnswer(packet []byte, id uint16, q dnsmessage.Question) (addrs []netip.Addr, cut, mine bool, err error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(packet)
	if err != nil || header.ID != id || !header.Response {
		return nil, false, false, nil //nolint:nilerr // noise, and not from whom we asked
	}
	asked, err := parser.Question()
	if err != nil || asked.Type != q.Type || asked.Class != q.Class || !strings.EqualFold(asked.Name.String(), q.Name.String()) {
		return nil, false, false, nil //nolint:nilerr // the same
	}
	refused := &net.DNSError{Name: q.Name.String()}
	switch {
	case header.Truncated:
		return nil, true, true, nil
	case header.RCode == dnsmessage.RCodeNameError:
		refused.Err, refused.IsNotFound = "no such name", true
		return nil, false, true, refused
	case header.RCode != dnsmessage.RCodeSuccess:
		refused.Err, refused.IsTemporary = "the resolver answers "+strings.TrimPrefix(header.RCode.String(), "RCode"), true
		return nil, false, true, refused
	}
	if err := parser.SkipAllQuestions(); err != nil {
		return nil, false, true, malformedAnswer(refused, err)
	}
	for {
		record, err := parser.Answer()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return addrs, false, true, nil
		}
		if err != nil {
			return nil, false, true, malformedAnswer(refused, err)
		}
		switch body := record.Body.(type) {
		case *dnsmessage.AResource:
			addrs = append(addrs, netip.AddrFrom4(body.A))
		case *dnsmessage.AAAAResource:
			addrs = append(addrs, netip.AddrFrom16(body.AAAA))
		}
	}
}

func malformedAnswer(e *net.DNSError, err error) error {
	e.Err = "the resolver's answer cannot be read: " + err.Error()
	return e
}
