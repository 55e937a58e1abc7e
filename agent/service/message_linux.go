package service

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// Kinds of D-Bus messages.
const (
	kindCall   = 1
	kindReply  = 2
	kindError  = 3
	kindSignal = 4
)

// Header fields.
const (
	fieldPath        = 1
	fieldInterface   = 2
	fieldMember      = 3
	fieldErrorName   = 4
	fieldReplySerial = 5
	fieldDestination = 6
	fieldSender      = 7
	fieldSignature   = 8
	fieldFiles       = 9
)

// Bounds of a message; logind's have some hundred bytes.
const (
	headLeast   = 16 // bytes up to the header's fields
	mostMessage = 1 << 20
	mostNesting = 16
	mostFiles   = 16
)

var errMessage = errors.New("cannot read message: it is damaged")

// message is one that came.
type message struct {
	kind                          byte
	replyTo                       uint32
	path, face, member, errorName string
	sender                        string
	fileCount                     int
	body                          []any
	files                         []int
}

// close closes the files that came along and were not taken.
func (m message) close() {
	for _, fd := range m.files {
		_ = unix.Close(fd)
	}
}

// restOf is how many bytes follow the first headLeast.
func restOf(head []byte) (int, error) {
	order := orderOf(head[0])
	if order == nil || head[3] != 1 {
		return 0, errMessage
	}
	body, fields := order.Uint32(head[4:]), order.Uint32(head[12:])
	if body > mostMessage || fields > mostMessage {
		return 0, fmt.Errorf("cannot read message: %d bytes, the limit is %d", uint64(body)+uint64(fields), mostMessage)
	}
	return int(fields+7)&^7 + int(body), nil
}

func orderOf(mark byte) binary.ByteOrder {
	switch mark {
	case 'l':
		return binary.LittleEndian
	case 'B':
		return binary.BigEndian
	}
	return nil
}

// decodeMessage reads a whole message.
func decodeMessage(b []byte) (message, error) {
	if len(b) < headLeast {
		return message{}, errMessage
	}
	rest, err := restOf(b[:headLeast])
	if err != nil {
		return message{}, err
	}
	if len(b) != headLeast+rest {
		return message{}, errMessage
	}
	m := message{kind: b[1]}
	order := orderOf(b[0])
	fieldsEnd := headLeast + int(order.Uint32(b[12:]))
	d := decoder{b: b[:fieldsEnd], order: order, at: headLeast}
	signature := ""
	for d.at < fieldsEnd && d.err == nil {
		d.align(8)
		code := d.byte()
		m.field(code, d.value("v", 0), &signature)
	}
	d = decoder{b: b[(fieldsEnd+7)&^7:], order: order, err: d.err}
	for signature != "" && d.err == nil {
		one := d.first(signature, 0)
		m.body = append(m.body, d.value(one, 0))
		signature = signature[len(one):]
	}
	return m, d.err
}

func (m *message) field(code byte, value any, signature *string) {
	text, _ := value.(string)
	number, _ := value.(uint32)
	switch code {
	case fieldPath:
		m.path = text
	case fieldInterface:
		m.face = text
	case fieldMember:
		m.member = text
	case fieldErrorName:
		m.errorName = text
	case fieldReplySerial:
		m.replyTo = number
	case fieldSender:
		m.sender = text
	case fieldSignature:
		*signature = text
	case fieldFiles:
		m.fileCount = int(min(number, math.MaxInt32))
	}
}

// decoder reads values; after an error all are zero. Texts are string, numbers of
// 32 bits uint32, booleans bool, structures, arrays and dictionaries []any with
// their elements in order.
type decoder struct {
	b     []byte
	order binary.ByteOrder
	at    int
	err   error
}

func (d *decoder) fail() { d.err = errMessage }

func (d *decoder) align(n int) { d.take((n - d.at%n) % n) }

func (d *decoder) take(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.b)-d.at {
		d.fail()
		return nil
	}
	d.at += n
	return d.b[d.at-n : d.at]
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uint32() uint32 {
	d.align(4)
	if b := d.take(4); b != nil {
		return d.order.Uint32(b)
	}
	return 0
}

func (d *decoder) text(length int) string {
	b := d.take(length)
	if d.byte() != 0 {
		d.fail()
	}
	return string(b)
}

// first is the first complete type of a signature.
func (d *decoder) first(signature string, depth int) string {
	if signature == "" || depth > mostNesting {
		d.fail()
		return ""
	}
	switch c := signature[0]; c {
	case 'a':
		inner := d.first(signature[1:], depth+1)
		return signature[:1+len(inner)]
	case '(', '{':
		for n := 1; n < len(signature); {
			if signature[n] == ')' || signature[n] == '}' {
				return signature[:n+1]
			}
			one := d.first(signature[n:], depth+1)
			if n += len(one); one == "" {
				return ""
			}
		}
		d.fail()
		return ""
	default:
		return signature[:1]
	}
}

func (d *decoder) value(kind string, depth int) any {
	if d.err != nil || kind == "" || depth > mostNesting {
		d.fail()
		return nil
	}
	switch kind[0] {
	case 'y':
		return d.byte()
	case 'b':
		return d.uint32() == 1
	case 'n', 'q':
		d.align(2)
		d.take(2)
		return nil // nothing that is heard has one
	case 'x', 't', 'd':
		d.align(8)
		d.take(8)
		return nil
	case 'i', 'u', 'h':
		return d.uint32()
	case 's', 'o':
		return d.text(int(min(d.uint32(), math.MaxInt32)))
	case 'g':
		return d.text(int(d.byte()))
	case 'v':
		inner := d.text(int(d.byte()))
		if d.first(inner, depth) != inner {
			d.fail()
		}
		return d.value(inner, depth+1)
	case 'a':
		return d.array(kind[1:], depth)
	case '(', '{':
		d.align(8)
		return d.members(kind[1:len(kind)-1], depth)
	}
	d.fail()
	return nil
}

func (d *decoder) members(kinds string, depth int) []any {
	var all []any
	for kinds != "" && d.err == nil {
		one := d.first(kinds, depth)
		all = append(all, d.value(one, depth+1))
		kinds = kinds[len(one):]
	}
	return all
}

func (d *decoder) array(kind string, depth int) []any {
	length := int(min(d.uint32(), math.MaxInt32))
	switch kind[0] {
	case '(', '{', 'x', 't', 'd':
		d.align(8)
	}
	if d.err != nil || length > len(d.b)-d.at {
		d.fail()
		return nil
	}
	var all []any
	for end := d.at + length; d.at < end && d.err == nil; {
		before := d.at
		if all = append(all, d.value(kind, depth+1)); d.at == before {
			d.fail() // elements of nothing would never end
		}
	}
	return all
}

// encodeCall writes a method call whose arguments are texts.
func encodeCall(serial uint32, to, path, face, method string, texts []string) []byte {
	le := binary.LittleEndian
	var body, signature []byte
	for _, text := range texts {
		body = appendText(pad(body, 4), text)
		signature = append(signature, 's')
	}
	b := []byte{'l', kindCall, 0, 1}
	b = le.AppendUint32(b, uint32(len(body)))
	b = le.AppendUint32(b, serial)
	b = le.AppendUint32(b, 0) // of the fields, below
	for _, f := range []struct {
		code byte
		kind byte
		text string
	}{{fieldPath, 'o', path}, {fieldDestination, 's', to}, {fieldInterface, 's', face}, {fieldMember, 's', method}} {
		b = append(pad(b, 8), f.code, 1, f.kind, 0)
		b = appendText(b, f.text)
	}
	if len(signature) > 0 {
		b = append(pad(b, 8), fieldSignature, 1, 'g', 0, byte(len(signature)))
		b = append(append(b, signature...), 0)
	}
	le.PutUint32(b[12:], uint32(len(b)-headLeast))
	return append(pad(b, 8), body...)
}

func appendText(b []byte, text string) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	return append(append(b, text...), 0)
}

func pad(b []byte, to int) []byte {
	for len(b)%to != 0 {
		b = append(b, 0)
	}
	return b
}
