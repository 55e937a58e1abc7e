//go:build unix

package intake_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"testing"

	"muster/inventory/wire"
)

// frugal is a client that posts frames of HTTP/2 made beforehand: a client of
// net/http would take as much of the processor as the controller that is
// measured.
type frugal struct {
	conn   *tls.Conn
	r      *bufio.Reader
	stream uint32
}

// The frames that are spoken here (RFC 9113, section 6).
const (
	frameHead          = 9
	frameBody          = 0x0
	frameHeaders       = 0x1
	frameSettings      = 0x4
	framePing          = 0x6
	frameGoAway        = 0x7
	frameWindow        = 0x8
	flagAck            = 0x1
	flagEnd            = 0x1
	flagWhole          = 0x4
	statusOK      byte = 0x88 // ":status: 200" in HPACK's static table
)

func dialFrugal(tb testing.TB, m *machine) *frugal {
	tb.Helper()
	config := m.client.Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", m.rig.addr, config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	hello := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	hello = appendFrame(hello, frameSettings, 0, 0, nil)
	hello = appendFrame(hello, frameWindow, 0, 0, []byte{0x3f, 0, 0, 0}) // for all answers of a benchmark
	if _, err := conn.Write(hello); err != nil {
		tb.Fatal(err)
	}
	return &frugal{conn: conn, r: bufio.NewReader(conn), stream: 1}
}

func appendFrame(b []byte, kind, flags byte, stream uint32, body []byte) []byte {
	b = append(b, byte(len(body)>>16), byte(len(body)>>8), byte(len(body)), kind, flags)
	return append(binary.BigEndian.AppendUint32(b, stream), body...)
}

// framed is a request without its stream's number.
func framed(authority string, header map[string]string, body []byte) []byte {
	block := []byte{0x83, 0x87} // ":method: POST" and ":scheme: https"
	block = appendText(append(block, 0x04), wire.ReportPath)
	block = appendText(append(block, 0x01), authority)
	for name, value := range header {
		block = appendText(appendText(append(block, 0x00), name), value)
	}
	b := appendFrame(nil, frameHeaders, flagWhole, 0, block)
	return appendFrame(b, frameBody, flagEnd, 0, body)
}

// appendText adds a string of HPACK, which is shorter than 127 bytes.
func appendText(b []byte, text string) []byte { return append(append(b, byte(len(text))), text...) }

// post sends a framed request and reads its answer.
func (f *frugal) post(request []byte) error {
	second := frameHead + int(request[1])<<8 + int(request[2])
	binary.BigEndian.PutUint32(request[5:], f.stream)
	binary.BigEndian.PutUint32(request[second+5:], f.stream)
	if _, err := f.conn.Write(request); err != nil {
		return err
	}
	for {
		ended, err := f.next()
		if err != nil {
			return err
		}
		if ended {
			f.stream += 2
			return nil
		}
	}
}

// next reads one frame, and reports whether it ends the answer.
func (f *frugal) next() (ended bool, err error) {
	head, err := f.r.Peek(frameHead)
	if err != nil {
		return false, err
	}
	length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
	kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
	_, _ = f.r.Discard(frameHead)
	switch {
	case kind == frameSettings && flags&flagAck == 0:
		_, err = f.conn.Write(appendFrame(nil, frameSettings, flagAck, 0, nil))
	case kind == framePing || kind == frameGoAway:
		err = fmt.Errorf("the controller sent a frame of type %d", kind)
	case kind == frameHeaders && stream == f.stream:
		var first []byte
		if first, err = f.r.Peek(1); err == nil && first[0] != statusOK {
			err = fmt.Errorf("the answer is not 200, its headers begin with %#x", first[0])
		}
	}
	if err != nil {
		return false, err
	}
	if _, err := io.CopyN(io.Discard, f.r, int64(length)); err != nil {
		return false, err
	}
	return stream == f.stream && kind <= frameHeaders && flags&flagEnd != 0, nil
}
