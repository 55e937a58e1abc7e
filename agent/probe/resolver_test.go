package probe

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"golang.org/x/net/dns/dnsmessage"

	"muster/inventory"
	"muster/inventory/wire"
)

// resolverThat answers each question over UDP by a function; nil is no answer.
func resolverThat(t *testing.T, answer func(q dnsmessage.Message) []byte) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		buffer := make([]byte, 1024)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buffer[:n]) != nil {
				continue
			}
			if b := answer(q); b != nil {
				_, _ = conn.WriteTo(b, from)
			}
		}
	})
	t.Cleanup(func() { _ = conn.Close(); serving.Wait() })
	return conn.LocalAddr().String()
}

// reply is an answer with a code and addresses.
func reply(q dnsmessage.Message, code dnsmessage.RCode, addrs ...[4]byte) []byte {
	q.Response, q.RCode = true, code
	for _, a := range addrs {
		if q.Questions[0].Type == dnsmessage.TypeA {
			q.Answers = append(q.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
				Body:   &dnsmessage.AResource{A: a},
			})
		}
	}
	b, err := q.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

func resolve(t *testing.T, resolver string, timeout wire.Seconds) inventory.ProbeResult {
	t.Helper()
	return New(Options{}).Probe(t.Context(), wire.ProbeSpec{
		Kind: inventory.ProbeDNS, Why: inventory.ProbeRota, Target: "dns://records.example.org", Resolver: resolver, Timeout: timeout,
	})
}

func TestANamedResolverIsAskedAndNobodyElse(t *testing.T) {
	t.Parallel()
	at := [4]byte{192, 0, 2, 7}
	want(t, resolve(t, resolverThat(t, func(q dnsmessage.Message) []byte { return reply(q, dnsmessage.RCodeSuccess, at) }), 30), "", "192.0.2.7")
	want(t, resolve(t, resolverThat(t, func(q dnsmessage.Message) []byte { return reply(q, dnsmessage.RCodeNameError) }), 30), inventory.ProbeNXDomain)
	want(t, resolve(t, resolverThat(t, func(q dnsmessage.Message) []byte { return reply(q, dnsmessage.RCodeSuccess) }), 30), inventory.ProbeNXDomain)
	want(t, resolve(t, resolverThat(t, func(q dnsmessage.Message) []byte { return reply(q, dnsmessage.RCodeServerFailure) }), 30), inventory.ProbeDNSTimeout, "SERVFAIL")
	want(t, resolve(t, resolverThat(t, func(dnsmessage.Message) []byte { return nil }), 1), inventory.ProbeDNSTimeout)
	want(t, resolve(t, "127.0.0.1:1", 30), inventory.ProbeDNSTimeout)
}

func TestForgedAndTornAnswersAreNoAnswers(t *testing.T) {
	t.Parallel()
	forged := resolverThat(t, func(q dnsmessage.Message) []byte {
		q.ID++
		return reply(q, dnsmessage.RCodeSuccess, [4]byte{6, 6, 6, 6})
	})
	want(t, resolve(t, forged, 1), inventory.ProbeDNSTimeout)
	another := resolverThat(t, func(q dnsmessage.Message) []byte {
		q.Questions[0].Name = dnsmessage.MustNewName("other.example.org.")
		return reply(q, dnsmessage.RCodeSuccess, [4]byte{6, 6, 6, 6})
	})
	want(t, resolve(t, another, 1), inventory.ProbeDNSTimeout)
	torn := resolverThat(t, func(q dnsmessage.Message) []byte {
		b := reply(q, dnsmessage.RCodeSuccess, [4]byte{192, 0, 2, 7})
		return b[:len(b)-2]
	})
	want(t, resolve(t, torn, 30), inventory.ProbeDNSTimeout, "cannot be read")
}

func TestALongAnswerIsReadOverTCP(t *testing.T) {
	var asked dnsmessage.Message
	var mu sync.Mutex
	serve := func(conn net.Conn, _ <-chan struct{}) {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, b); err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if asked.Unpack(b) != nil {
			return
		}
		answer := reply(asked, dnsmessage.RCodeSuccess, [4]byte{192, 0, 2, 8})
		_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	}
	overTCP := raw(t, serve)
	conn, err := net.ListenPacket("udp", overTCP) // the same port, which another program may have
	for tries := 1; err != nil && tries < 20; tries++ {
		overTCP = raw(t, serve)
		conn, err = net.ListenPacket("udp", overTCP)
	}
	if err != nil {
		t.Fatalf("no port is free for TCP and UDP: %v", err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		buffer := make([]byte, 1024)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buffer[:n]) != nil {
				continue
			}
			q.Truncated = true
			_, _ = conn.WriteTo(reply(q, dnsmessage.RCodeSuccess), from)
		}
	})
	t.Cleanup(func() { _ = conn.Close(); serving.Wait() })
	want(t, resolve(t, overTCP, 30), "", "192.0.2.8")
}

// Whatever a resolver sends, it answers the question, or it does not count.
func FuzzReadAnswer(f *testing.F) {
	name := dnsmessage.MustNewName("records.example.org.")
	message := dnsmessage.Message{
		Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	q := new(dns.Msg)
	q.SetQuestion("records.example.org.", dns.TypeA)
	q.Id = 7
	f.Add(reply(message, dnsmessage.RCodeSuccess, [4]byte{192, 0, 2, 7}))
	f.Add(reply(message, dnsmessage.RCodeNameError))
	f.Add([]byte{0, 7, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		addrs, cut, mine, err := readAnswer(b, q)
		if !mine && (len(addrs) > 0 || cut || err != nil) {
			t.Fatalf("what is not an answer led to %v, %t, %v", addrs, cut, err)
		}
		if len(addrs) > len(b) {
			t.Fatalf("%d addresses of %d bytes", len(addrs), len(b))
		}
	})
}
