package service

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

// written is a message as a library of others writes it.
func written(t testing.TB, order binary.ByteOrder, m *dbus.Message) []byte {
	t.Helper()
	if len(m.Body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(m.Body...))
	}
	var b bytes.Buffer
	if err := m.EncodeTo(&b, order); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	order.PutUint32(raw[8:], 7) // the library writes a number of its own, none before it sends
	return raw
}

func examples() map[string]*dbus.Message {
	signal := func(member string, body ...any) *dbus.Message {
		return &dbus.Message{Type: dbus.TypeSignal, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath(loginPath)), dbus.FieldInterface: dbus.MakeVariant(loginManager),
			dbus.FieldMember: dbus.MakeVariant(member), dbus.FieldSender: dbus.MakeVariant(":1.5"),
		}}
	}
	type pair struct {
		Kind string
		At   uint64
	}
	return map[string]*dbus.Message{
		"sleep": signal("PrepareForSleep", true),
		"metadata": signal("PrepareForShutdownWithMetadata", true, map[string]dbus.Variant{
			"type": dbus.MakeVariant("reboot"),
		}),
		"property": signal("Answer", dbus.MakeVariant(pair{"poweroff", 17})),
		"many": signal("Many", byte(3), int16(4), uint16(5), int32(6), uint32(7), int64(8), 9.5, "text", dbus.ObjectPath("/a"),
			dbus.SignatureOf("x"), []string{"a", "b"}, [][]uint64{{1}, {}, {2, 3}}, map[string][]byte{"k": {1, 2}}, pair{"in", 1}),
	}
}

func TestMessagesOfAnotherLibraryAreRead(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		got := map[string][]any{}
		for name, m := range examples() {
			raw := written(t, order, m)
			read, err := decodeMessage(raw)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if read.kind != kindSignal || read.sender != ":1.5" || read.path != loginPath || read.face != loginManager {
				t.Errorf("%s: %+v", name, read)
			}
			got[name] = read.body
		}
		want := map[string][]any{
			"sleep":    {true},
			"metadata": {true, []any{[]any{"type", "reboot"}}},
			"property": {[]any{"poweroff", nil}},
			"many": {
				byte(3), nil, nil, uint32(6), uint32(7), nil, nil, "text", "/a", "s",
				[]any{"a", "b"},
				[]any{[]any{nil}, []any(nil), []any{nil, nil}},
				[]any{[]any{"k", []any{byte(1), byte(2)}}},
				[]any{"in", nil},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCallsAreReadByAnotherLibrary(t *testing.T) {
	for _, texts := range [][]string{nil, {""}, {"a"}, {"shutdown:sleep", "Muster agent", "why", "delay"}} {
		raw := encodeCall(7, loginName, loginPath, loginManager, "Inhibit", texts)
		m, err := dbus.DecodeMessage(bytes.NewReader(raw))
		if err != nil || m.IsValid() != nil {
			t.Fatalf("%q: %v, %v", texts, err, m)
		}
		var got []string
		for _, v := range m.Body {
			got = append(got, v.(string))
		}
		if m.Type != dbus.TypeMethodCall || m.Serial() != 7 || m.Headers[dbus.FieldDestination].Value() != loginName || cmp.Diff(texts, got) != "" {
			t.Errorf("%q is read as %v", texts, m)
		}
	}
}

func TestTheBusIsFoundInItsAddress(t *testing.T) {
	for address, want := range map[string]string{
		systemBus: "/run/dbus/system_bus_socket", "tcp:host=x;unix:abstract=/tmp/a,guid=1": "@/tmp/a", "unix:guid=1,path=/b": "/b",
		"tcp:host=x": "", "": "", "unix:": "",
	} {
		if got, err := socketOf(address); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", address, got, err)
		}
	}
}

// Whatever comes is read within its bounds or refused.
func FuzzDecodeMessage(f *testing.F) {
	for _, m := range examples() {
		f.Add(written(f, binary.LittleEndian, m))
	}
	f.Add(encodeCall(1, busName, busPath, busName, "AddMatch", []string{"type='signal'"}))
	f.Add([]byte("l\x04\x01\x01" + strings.Repeat("\xff", 12)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMessage(b)
		if err != nil {
			return
		}
		if m.fileCount < 0 || len(m.body) > len(b) {
			t.Fatalf("a message out of bounds: %+v", m)
		}
		metadataType(m.body)
	})
}
