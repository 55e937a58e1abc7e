package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/godbus/dbus/v5"

	"muster/inventory"
)

// Names on the bus.
const (
	loginName    = "org.freedesktop.login1"
	loginPath    = dbus.ObjectPath("/org/freedesktop/login1")
	loginManager = "org.freedesktop.login1.Manager"
	busName      = "org.freedesktop.DBus"
	ownerChanged = busName + ".NameOwnerChanged"
)

const (
	busAnswersIn = 10 * time.Second
	busAgain     = time.Minute // between two tries to reach the bus
)

// watchPower listens to systemd-logind, or to elogind, which speaks the same.
func watchPower(ctx context.Context, o PowerOptions, t *teller) {
	told := ""
	for ctx.Err() == nil {
		err := listen(ctx, o, t)
		if ctx.Err() != nil {
			return
		}
		if text := err.Error(); text != told {
			told = text
			o.Log.InfoContext(ctx, "sleep and shutdown cannot be announced beforehand", "why", text)
		}
		again := time.NewTimer(busAgain)
		select {
		case <-ctx.Done():
		case <-again.C:
		}
		again.Stop()
	}
}

// listen follows the bus until it is lost or ctx ends.
func listen(ctx context.Context, o PowerOptions, t *teller) error {
	conn, err := dialBus(ctx, o.Bus)
	if err != nil {
		return err
	}
	defer conn.Close() // nothing is on its way out
	l := &login{conn: conn, log: o.Log, tell: t.tell}
	defer l.release()
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	if err := l.subscribe(ctx); err != nil {
		return err
	}
	if err := l.take(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s, ok := <-signals:
			if !ok {
				return errors.New("the system bus ended the connection")
			}
			if err := l.signal(ctx, s); err != nil {
				return err
			}
		}
	}
}

// dialBus connects, within a bound: a bus that hangs must not be waited for. The
// connection lives until it is closed, not until ctx ends: see take.
func dialBus(ctx context.Context, address string) (*dbus.Conn, error) {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer context.AfterFunc(ctx, cancel)()
	defer time.AfterFunc(busAnswersIn, cancel).Stop()
	// In sequence, so that waking never overtakes falling asleep.
	options := []dbus.ConnOption{dbus.WithContext(life), dbus.WithSignalHandler(dbus.NewSequentialSignalHandler())}
	connect := dbus.ConnectSystemBus
	if address != "" {
		connect = func(o ...dbus.ConnOption) (*dbus.Conn, error) { return dbus.Connect(address, o...) }
	}
	conn, err := connect(options...)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		cancel()
		return nil, errors.New("there is no system bus on this machine")
	case err != nil:
		cancel()
		return nil, fmt.Errorf("cannot reach the system bus: %w", err)
	}
	context.AfterFunc(conn.Context(), cancel)
	return conn, nil
}

// login is one connection to logind. It belongs to one goroutine.
type login struct {
	conn  *dbus.Conn
	log   *slog.Logger
	tell  func(context.Context, Notice)
	owner string   // logind's own name on the bus; empty while it does not run
	lock  *os.File // keeps the machine from going until it is closed; nil: none
	going bool     // a stop was told
	told  string   // last trouble that was logged
}

// subscribe asks for the signals that are heard and for no other: logind also
// tells who signs in, which is none of the agent's business.
func (l *login) subscribe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busAnswersIn)
	defer cancel()
	for _, member := range []string{"PrepareForSleep", "PrepareForShutdown", "PrepareForShutdownWithMetadata"} {
		if err := l.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(loginName), dbus.WithMatchObjectPath(loginPath),
			dbus.WithMatchInterface(loginManager), dbus.WithMatchMember(member)); err != nil {
			return fmt.Errorf("cannot listen on the system bus: %w", err)
		}
	}
	if err := l.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, loginName)); err != nil {
		return fmt.Errorf("cannot listen on the system bus: %w", err)
	}
	return nil
}

// take takes a lock that delays sleep and shutdown. logind takes it back after
// five seconds, and whenever the agent dies. The question is not given up when
// ctx ends, for a lock in an answer that nobody awaits would never be released.
// So after an error that is not logind's own the connection must be closed.
func (l *login) take(ctx context.Context) error {
	if l.lock != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFor)
	defer cancel()
	var fd dbus.UnixFD
	err := l.conn.Object(loginName, loginPath).CallWithContext(ctx, loginManager+".Inhibit", 0,
		"shutdown:sleep", "Muster agent", "Tells the controller that this machine goes", "delay").Store(&fd)
	if _, refused := errors.AsType[dbus.Error](err); err != nil && !refused {
		return fmt.Errorf("cannot delay sleep and shutdown: %w", err)
	}
	text := ""
	if err == nil {
		l.lock = os.NewFile(uintptr(fd), "inhibitor lock")
	} else if text = err.Error(); text != l.told {
		l.log.InfoContext(ctx, "sleep and shutdown cannot be delayed for the goodbye", "why", text)
	}
	l.told = text
	if l.conn.BusObject().CallWithContext(ctx, busName+".GetNameOwner", 0, loginName).Store(&l.owner) != nil {
		l.owner = "" // it does not run; the bus tells when it does
	}
	return nil
}

// release lets the machine go.
func (l *login) release() {
	if l.lock != nil {
		_ = l.lock.Close() // logind hears the end in any case
		l.lock = nil
	}
}

// signal takes one signal. One that logind did not send counts for nothing: on
// the bus anybody may send anything straight to the agent.
func (l *login) signal(ctx context.Context, s *dbus.Signal) error {
	if s.Name == ownerChanged && s.Sender == busName {
		return l.owned(ctx, s.Body)
	}
	if l.owner == "" || s.Sender != l.owner || s.Path != loginPath {
		return nil
	}
	begins, ok := first[bool](s.Body)
	if !ok {
		return nil
	}
	switch s.Name {
	case loginManager + ".PrepareForSleep":
		return l.sleep(ctx, begins)
	case loginManager + ".PrepareForShutdownWithMetadata":
		return l.stop(ctx, begins, metadataType(s.Body))
	case loginManager + ".PrepareForShutdown": // follows the other where that exists
		return l.stop(ctx, begins, "")
	}
	return nil
}

// owned hears that logind started or ended.
func (l *login) owned(ctx context.Context, body []any) error {
	if name, ok := first[string](body); !ok || name != loginName || len(body) != 3 {
		return nil
	}
	owner, _ := body[2].(string)
	if owner != "" && owner == l.owner {
		return nil // it is the one that gave the lock
	}
	l.release()
	l.owner, l.going = owner, false
	if owner == "" {
		return nil
	}
	return l.take(ctx)
}

func (l *login) sleep(ctx context.Context, begins bool) error {
	if begins {
		l.tell(ctx, Notice{Turn: Sleeping, Reason: inventory.LeaveSleep})
		l.release()
		return nil
	}
	l.tell(ctx, Notice{Turn: Woke})
	return l.take(ctx)
}

// stop tells of a shutdown once, though logind tells it by two signals.
func (l *login) stop(ctx context.Context, begins bool, kind string) error {
	switch {
	case begins && !l.going:
		l.going = true
		if kind == "" {
			kind = l.scheduled(ctx)
		}
		l.tell(ctx, Notice{Turn: Stopping, Reason: reasonOfType(kind)})
		l.release()
	case !begins && l.going:
		l.going = false
		l.tell(ctx, Notice{Turn: Staying})
		return l.take(ctx)
	}
	return nil
}

// scheduled is the kind of the shutdown that `shutdown` has put into the diary.
func (l *login) scheduled(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	var value dbus.Variant
	if err := l.conn.Object(loginName, loginPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		loginManager, "ScheduledShutdown").Store(&value); err != nil {
		return ""
	}
	pair, _ := value.Value().([]any) // (st): kind and instant
	kind, _ := first[string](pair)
	return kind
}

func metadataType(body []any) string {
	if len(body) < 2 {
		return ""
	}
	metadata, _ := body[1].(map[string]dbus.Variant)
	kind, _ := metadata["type"].Value().(string)
	return kind
}

func first[T any](values []any) (T, bool) {
	var none T
	if len(values) == 0 {
		return none, false
	}
	v, ok := values[0].(T)
	return v, ok
}
