package stops

import (
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Bounds of one event as Windows renders it.
const (
	mostEventBytes = 64 << 10
	mostEventText  = 200
	mostFields     = 32
)

// event is what is read of one entry of the System log. Of its fields only those
// that say how a boot ended are kept: others name people.
type event struct {
	provider string
	id       int
	at       time.Time
	fields   map[string]string // by name, or by number from "1" where they have none
	binary   []byte
}

// kept are the fields that are read. param5 of User32's 1074 is the kind of stop
// and param1 of 1001 the code of the crash; the others of 1074 name the program
// and the person who asked for it.
var kept = map[string]bool{
	"BugcheckCode": true, "ShutdownActionType": true, "BootType": true, "param5": true, "5": true, "param1": true, "1": true,
}

// parseEvent reads one event's XML.
func parseEvent(text string) (event, error) {
	if len(text) > mostEventBytes {
		return event{}, fmt.Errorf("cannot read event: %d bytes, the limit is %d", len(text), mostEventBytes)
	}
	p := eventParser{decoder: xml.NewDecoder(strings.NewReader(text)), event: event{fields: make(map[string]string)}}
	if err := p.run(); err != nil {
		return event{}, fmt.Errorf("cannot read event: %w", err)
	}
	e := p.event
	if e.provider == "" || e.id == 0 || e.at.IsZero() {
		return event{}, errors.New("cannot read event: it has no provider, number or time")
	}
	if e.provider == providerUser { // whose it is stays here
		delete(e.fields, "param1")
		delete(e.fields, "1")
	}
	return e, nil
}

// eventParser walks through the elements; the path is of those that are open.
type eventParser struct {
	decoder *xml.Decoder
	event   event
	path    []string
	name    string // of the field that is open
	count   int
}

func (p *eventParser) run() error {
	for {
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			if len(p.path) > 0 {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(p.path) >= 8 {
				return errors.New("nested too deeply")
			}
			p.path = append(p.path, t.Name.Local)
			p.start(t)
		case xml.EndElement:
			if len(p.path) == 0 || p.path[len(p.path)-1] != t.Name.Local {
				return errors.New("its elements do not fit")
			}
			p.path, p.name = p.path[:len(p.path)-1], ""
		case xml.CharData:
			p.text(strings.TrimSpace(string(t)))
		}
	}
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value[:min(len(a.Value), mostEventText)]
		}
	}
	return ""
}

func (p *eventParser) start(t xml.StartElement) {
	switch strings.Join(p.path, "/") {
	case "Event/System/Provider":
		p.event.provider = attribute(t, "Name")
	case "Event/System/TimeCreated":
		if at, err := time.Parse(time.RFC3339Nano, attribute(t, "SystemTime")); err == nil && at.Year() > 1980 && at.Year() < 2300 {
			p.event.at = at.UTC().Truncate(time.Millisecond)
		}
	case "Event/EventData/Data":
		p.count++
		if p.name = attribute(t, "Name"); p.name == "" {
			p.name = strconv.Itoa(p.count)
		}
	}
}

func (p *eventParser) text(text string) {
	switch strings.Join(p.path, "/") {
	case "Event/System/EventID":
		if id, err := strconv.Atoi(text); err == nil && id > 0 && id < 1<<16 {
			p.event.id = id
		}
	case "Event/EventData/Data":
		if kept[p.name] && len(p.event.fields) < mostFields {
			p.event.fields[p.name] = strings.ToValidUTF8(text[:min(len(text), mostEventText)], "")
		}
	case "Event/EventData/Binary":
		if b, err := hex.DecodeString(text[:min(len(text), 2*mostEventText)]); err == nil {
			p.event.binary = b
		}
	}
}
