package service

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The part of D-Bus that logind takes, in a tenth of what a library weighs: calls
// with texts, answers and signals of any type, open files in answers.

// systemBus is where the bus is when the environment does not say.
const systemBus = "unix:path=/run/dbus/system_bus_socket"

// busBacklog is how many signals may wait; the bus that sends more is left.
const busBacklog = 64

// refusal is an error that the other side answered with.
type refusal struct{ name, text string }

// Error implements error.
func (r *refusal) Error() string { return strings.TrimSpace(r.text + " (" + r.name + ")") }

// bus is a connection to a message bus.
type bus struct {
	conn    *net.UnixConn
	signals chan message // closed when the connection ends
	read    chan struct{}

	mu      sync.Mutex // guards what follows, and the order of writes
	serial  uint32
	waiting map[uint32]chan<- message
	ended   error
}

// dialBus connects and says hello, within a bound: a bus that hangs must not be
// waited for. An empty address is the system bus.
func dialBus(ctx context.Context, address string) (*bus, error) {
	ctx, cancel := context.WithTimeout(ctx, busAnswersIn)
	defer cancel()
	if address == "" {
		address = os.Getenv("DBUS_SYSTEM_BUS_ADDRESS")
	}
	if address == "" {
		address = systemBus
	}
	path, err := socketOf(address)
	if err != nil {
		return nil, err
	}
	raw, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no system bus on this machine")
	case err != nil:
		return nil, fmt.Errorf("cannot reach the system bus: %w", err)
	}
	b := &bus{
		conn: raw.(*net.UnixConn), signals: make(chan message, busBacklog), read: make(chan struct{}),
		waiting: make(map[uint32]chan<- message),
	}
	if err := b.authenticate(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("cannot sign in to the system bus: %w", err)
	}
	go b.receive()
	if _, err := b.call(ctx, busName, busPath, busName, "Hello"); err != nil {
		b.close()
		return nil, fmt.Errorf("cannot sign in to the system bus: %w", err)
	}
	return b, nil
}

// socketOf finds the first socket in a D-Bus address.
func socketOf(address string) (string, error) {
	for one := range strings.SplitSeq(address, ";") {
		keys, ok := strings.CutPrefix(one, "unix:")
		if !ok {
			continue
		}
		for pair := range strings.SplitSeq(keys, ",") {
			key, value, _ := strings.Cut(pair, "=")
			switch {
			case key == "path" && value != "":
				return value, nil
			case key == "abstract" && value != "":
				return "@" + value, nil
			}
		}
	}
	return "", fmt.Errorf("cannot reach the system bus: %.100q names no socket", address)
}

// authenticate shows our user, which the kernel vouches for, and asks for open
// files.
func (b *bus) authenticate(ctx context.Context) error {
	if until, ok := ctx.Deadline(); ok {
		_ = b.conn.SetDeadline(until)
	}
	stop := context.AfterFunc(ctx, func() { _ = b.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	for _, step := range []struct{ say, want string }{
		{"\x00AUTH EXTERNAL " + hex.EncodeToString([]byte(strconv.Itoa(os.Geteuid()))) + "\r\n", "OK "},
		{"NEGOTIATE_UNIX_FD\r\n", "AGREE_UNIX_FD"},
	} {
		if _, err := b.conn.Write([]byte(step.say)); err != nil {
			return err
		}
		line, err := b.line()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, step.want) {
			return fmt.Errorf("it answers %.100q", line)
		}
	}
	if _, err := b.conn.Write([]byte("BEGIN\r\n")); err != nil {
		return err
	}
	return b.conn.SetDeadline(time.Time{})
}

// line reads an answer byte by byte: what comes after belongs to the messages.
func (b *bus) line() (string, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) < 512 {
		if _, err := b.conn.Read(one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		line = append(line, one[0])
	}
	return "", errors.New("its answer has no end")
}

// call calls a method whose arguments are texts. Files in an answer that comes
// after ctx has ended are closed. A *refusal is the other side's own word.
func (b *bus) call(ctx context.Context, to, path, face, method string, texts ...string) (message, error) {
	answer := make(chan message, 1)
	b.mu.Lock()
	if b.ended != nil {
		b.mu.Unlock()
		return message{}, b.ended
	}
	b.serial++
	serial := b.serial
	b.waiting[serial] = answer
	_ = b.conn.SetWriteDeadline(time.Now().Add(busAnswersIn))
	_, err := b.conn.Write(encodeCall(serial, to, path, face, method, texts))
	b.mu.Unlock()
	if err != nil {
		b.forget(serial, answer)
		return message{}, err
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return message{}, errors.New("the bus ended the connection")
		case m.kind == kindError:
			m.close()
			text, _ := first[string](m.body)
			return message{}, &refusal{m.errorName, text}
		}
		return m, nil
	case <-ctx.Done():
		b.forget(serial, answer)
		return message{}, ctx.Err()
	}
}

// forget takes a call back; an answer that has come meanwhile is closed.
func (b *bus) forget(serial uint32, answer <-chan message) {
	b.mu.Lock()
	delete(b.waiting, serial)
	b.mu.Unlock()
	select {
	case m, ok := <-answer:
		if ok {
			m.close()
		}
	default:
	}
}

// receive hands out what comes until the connection ends.
func (b *bus) receive() {
	defer close(b.read)
	in := reader{conn: b.conn}
	var err error
	for err == nil {
		var m message
		if m, err = in.next(); err == nil {
			err = b.hand(m)
		}
	}
	in.closeFiles()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = fmt.Errorf("the bus ended the connection: %w", err)
	for serial, answer := range b.waiting {
		close(answer)
		delete(b.waiting, serial)
	}
	close(b.signals)
}

func (b *bus) hand(m message) error {
	switch m.kind {
	case kindReply, kindError:
		b.mu.Lock()
		defer b.mu.Unlock()
		if answer := b.waiting[m.replyTo]; answer != nil {
			delete(b.waiting, m.replyTo)
			answer <- m // has room for one
			return nil
		}
	case kindSignal:
		m.close() // no signal that is heard carries files
		select {
		case b.signals <- m:
			return nil
		default:
			return errors.New("more signals came than were heard")
		}
	}
	m.close()
	return nil
}

// end is why the connection ended.
func (b *bus) end() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended
}

// close ends the connection and waits for its goroutine.
func (b *bus) close() {
	_ = b.conn.Close() // nothing is on its way out
	<-b.read
}

// reader reads messages with the files that come along.
type reader struct {
	conn  *net.UnixConn
	files []int
}

func (r *reader) next() (message, error) {
	head := make([]byte, headLeast)
	if err := r.fill(head); err != nil {
		return message{}, err
	}
	rest, err := restOf(head)
	if err != nil {
		return message{}, err
	}
	whole := append(head, make([]byte, rest)...)
	if err := r.fill(whole[headLeast:]); err != nil {
		return message{}, err
	}
	m, err := decodeMessage(whole)
	if err != nil {
		return message{}, err
	}
	if m.fileCount > len(r.files) {
		return message{}, errors.New("a message has fewer files than it says")
	}
	m.files, r.files = r.files[:m.fileCount:m.fileCount], r.files[m.fileCount:]
	return m, nil
}

func (r *reader) fill(b []byte) error {
	control := make([]byte, unix.CmsgSpace(4*mostFiles))
	for len(b) > 0 {
		n, nc, _, _, err := r.conn.ReadMsgUnix(b, control)
		if nc > 0 {
			if err := r.take(control[:nc]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("it said nothing more")
		}
		b = b[n:]
	}
	return nil
}

func (r *reader) take(control []byte) error {
	all, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return err
	}
	for i := range all {
		files, err := unix.ParseUnixRights(&all[i])
		if err != nil {
			continue // not about files
		}
		r.files = append(r.files, files...)
	}
	if len(r.files) > mostFiles {
		return errors.New("too many files came along")
	}
	return nil
}

func (r *reader) closeFiles() {
	for _, fd := range r.files {
		_ = unix.Close(fd)
	}
	r.files = nil
}
