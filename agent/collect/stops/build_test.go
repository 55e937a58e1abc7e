package stops

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// utmp writes one record as glibc lays it out.
func utmp(l layout, kind int, level byte, name string, at time.Time) []byte {
	b := make([]byte, l.size)
	le := binary.LittleEndian
	le.PutUint16(b, uint16(kind))
	b[utmpPid] = level
	copy(b[8:], "~")
	copy(b[40:], "~~")
	copy(b[utmpUser:], name)
	copy(b[utmpHost:], "6.1.0-40-amd64")
	if l.wide {
		le.PutUint64(b[l.seconds:], uint64(at.Unix()))
	} else {
		le.PutUint32(b[l.seconds:], uint32(at.Unix()))
	}
	return b
}

// diary writes records by the letters of a boot's life: B boots, S shuts down, R
// and H are the run levels that restart and halt, L is a person who signs in. Each
// comes an hour after the one before; a dot is a second later instead.
func diary(l layout, letters string) []byte {
	var b []byte
	at := noon
	for i, letter := range letters {
		switch {
		case letter == '.':
			at = at.Add(time.Second)
			continue
		case i > 0 && letters[i-1] != '.':
			at = at.Add(time.Hour)
		}
		switch letter {
		case 'B':
			b = append(b, utmp(l, utmpBoot, 0, "reboot", at)...)
		case 'S':
			b = append(b, utmp(l, utmpRunLevel, 0, "shutdown", at)...)
		case 'R':
			b = append(b, utmp(l, utmpRunLevel, '6', "runlevel", at)...)
		case 'H':
			b = append(b, utmp(l, utmpRunLevel, '0', "runlevel", at)...)
		case 'L':
			b = append(b, utmp(l, 7, 1, "j.bloggs", at)...)
		}
	}
	return b
}

// journalOf writes a header as systemd does.
func journalOf(state byte, boot string, at time.Time) []byte {
	b := make([]byte, journalHeader)
	copy(b, journalSignature)
	b[journalState] = state
	copy(b[journalBoot:journalBoot+16], boot)
	binary.LittleEndian.PutUint64(b[journalEntries:], 7)
	binary.LittleEndian.PutUint64(b[journalTailTime:], uint64(at.UnixMicro()))
	return b
}

// eventXML writes an event as EvtRender does.
func eventXML(provider string, id int, at time.Time, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='%s' Guid='{331c3b3a-2005-44c2-ac5e-77220c37d6b4}'/>`+
		`<EventID Qualifiers='32768'>%d</EventID><Version>8</Version><Level>1</Level><Task>63</Task><Opcode>0</Opcode><Keywords>0x8000400000000002</Keywords>`+
		`<TimeCreated SystemTime='%s'/><EventRecordID>4711</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='8'/>`+
		`<Channel>System</Channel><Computer>PC-0815.county.example</Computer><Security UserID='S-1-5-18'/></System><EventData>`,
		provider, id, at.UTC().Format("2006-01-02T15:04:05.0000000Z"))
	for _, f := range fields {
		name, value, named := strings.Cut(f, "=")
		switch {
		case name == "Binary":
			fmt.Fprintf(&b, "<Binary>%s</Binary>", value)
		case named:
			fmt.Fprintf(&b, "<Data Name='%s'>%s</Data>", name, value)
		default:
			fmt.Fprintf(&b, "<Data>%s</Data>", f)
		}
	}
	b.WriteString("</EventData></Event>")
	return b.String()
}

// systemTimes are the two SYSTEMTIMEs of a 6008, in hexadecimal.
func systemTimes(at time.Time, zone time.Duration) string {
	var b []byte
	for _, t := range []time.Time{at.Add(zone), at} {
		for _, n := range []int{t.Year(), int(t.Month()), int(t.Weekday()), t.Day(), t.Hour(), t.Minute(), t.Second(), 0} {
			b = binary.LittleEndian.AppendUint16(b, uint16(n))
		}
	}
	return fmt.Sprintf("%X", b)
}

func events(t *testing.T, texts ...string) []event {
	t.Helper()
	var all []event
	for _, text := range texts {
		e, err := parseEvent(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}
