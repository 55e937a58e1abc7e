package stops

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"

	"muster/inventory"
)

// Bounds of one reading.
const (
	mostEvents  = 600
	eventsEach  = 16
	readWithin  = 10 * time.Second
	nextWithin  = 2000 // milliseconds
	begunWithin = 10 * time.Minute
)

// asked is what is read of the System log: the last 90 days of these numbers.
// Others use them too; who wrote an event is looked at afterwards.
const asked = "*[System[(EventID=12 or EventID=13 or EventID=27 or EventID=41 or EventID=109 or EventID=1001" +
	" or EventID=1074 or EventID=6006 or EventID=6008) and TimeCreated[timediff(@SystemTime) <= 7776000000]]]"

// askedBegun is what tells why a stop is under way.
const askedBegun = "*[System[EventID=1074 and TimeCreated[timediff(@SystemTime) <= 600000]]]"

// Flags and kinds of winevt.h.
const (
	queryChannel  = 0x1
	queryBackward = 0x200
	renderXML     = 1
)

// Read lists how the last boots ended, newest first, at most Most. The error says
// why nothing is known.
func Read(ctx context.Context, _ string) ([]inventory.Stop, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	events, err := query(ctx, asked, mostEvents)
	if err != nil && len(events) == 0 {
		return nil, err
	}
	return stopsOfEvents(events), nil
}

// Begun tells what kind of stop has just been asked for; false where nobody has
// said it in words that are known.
func Begun(ctx context.Context) (inventory.StopKind, bool) {
	events, err := query(ctx, askedBegun, eventsEach)
	if err != nil && len(events) == 0 {
		return "", false
	}
	return begun(events, time.Now(), begunWithin)
}

// wevtapi is the part of it that is used.
type wevtapi struct{ query, next, render, close *windows.LazyProc }

func openWevtapi() (wevtapi, error) {
	dll := windows.NewLazySystemDLL("wevtapi.dll")
	w := wevtapi{dll.NewProc("EvtQuery"), dll.NewProc("EvtNext"), dll.NewProc("EvtRender"), dll.NewProc("EvtClose")}
	for _, p := range []*windows.LazyProc{w.query, w.next, w.render, w.close} {
		if err := p.Find(); err != nil {
			return w, fmt.Errorf("cannot read the event log: %w", err)
		}
	}
	return w, nil
}

// query reads events of the System log, newest first, until there are enough or
// ctx ends; then what was read comes with the error.
func query(ctx context.Context, path string, most int) ([]event, error) {
	w, err := openWevtapi()
	if err != nil {
		return nil, err
	}
	channel, err := windows.UTF16PtrFromString("System")
	if err != nil {
		return nil, err
	}
	text, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	result, _, callErr := w.query.Call(0, uintptr(unsafe.Pointer(channel)), uintptr(unsafe.Pointer(text)), queryChannel|queryBackward)
	if result == 0 {
		return nil, fmt.Errorf("cannot query the event log: %w", callErr)
	}
	defer func() { _, _, _ = w.close.Call(result) }()
	var events []event
	for len(events) < most {
		if err := ctx.Err(); err != nil {
			return events, fmt.Errorf("cannot read all of the event log: %w", err)
		}
		var handles [eventsEach]uintptr
		var n uint32
		ok, _, callErr := w.next.Call(result, eventsEach, uintptr(unsafe.Pointer(&handles)), nextWithin, 0, uintptr(unsafe.Pointer(&n)))
		if ok == 0 {
			if errors.Is(callErr, windows.ERROR_NO_MORE_ITEMS) {
				return events, nil
			}
			return events, fmt.Errorf("cannot read the event log: %w", callErr)
		}
		for _, handle := range handles[:min(n, eventsEach)] {
			if e, err := w.event(handle); err == nil { // one that cannot be read tells nothing
				events = append(events, e)
			}
			_, _, _ = w.close.Call(handle)
		}
	}
	return events, nil
}

// event renders one event as XML and reads that.
func (w wevtapi) event(handle uintptr) (event, error) {
	buffer := make([]uint16, 4<<10)
	for {
		var used, properties uint32
		ok, _, callErr := w.render.Call(0, handle, renderXML, uintptr(2*len(buffer)), uintptr(unsafe.Pointer(&buffer[0])),
			uintptr(unsafe.Pointer(&used)), uintptr(unsafe.Pointer(&properties)))
		switch {
		case ok != 0:
			text := string(utf16.Decode(buffer[:min(int(used)/2, len(buffer))]))
			return parseEvent(strings.TrimRight(text, "\x00"))
		case errors.Is(callErr, windows.ERROR_INSUFFICIENT_BUFFER) && int(used)/2 > len(buffer) && used <= 2*mostEventBytes:
			buffer = make([]uint16, used/2+1)
		default:
			return event{}, fmt.Errorf("cannot render event: %w", callErr)
		}
	}
}
