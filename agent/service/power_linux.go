package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"muster/inventory"
)

// Names on the bus.
const (
	loginName    = "org.freedesktop.login1"
	loginPath    = "/org/freedesktop/login1"
	loginManager = "org.freedesktop.login1.Manager"
	busName      = "org.freedesktop.DBus"
	busPath      = "/org/freedesktop/DBus"
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
	b, err := dialBus(ctx, o.Bus)
	if err != nil {
		return err
	}
	defer b.close()
	l := &login{bus: b, log: o.Log, tell: t.tell}
	defer l.release()
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
		case s, ok := <-b.signals:
			if !ok {
				return b.end()
			}
			if err := l.signal(ctx, s); err != nil {
				return err
			}
		}
	}
}

// login is one connection to logind. It belongs to one goroutine.
type login struct {
	bus   *bus
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
	rules := []string{"type='signal',sender='" + busName + "',member='NameOwnerChanged',arg0='" + loginName + "'"}
	for _, member := range []string{"PrepareForSleep", "PrepareForShutdown", "PrepareForShutdownWithMetadata"} {
		rules = append(rules, "type='signal',sender='"+loginName+"',path='"+loginPath+"',interface='"+loginManager+"',member='"+member+"'")
	}
	for _, rule := range rules {
		if _, err := l.bus.call(ctx, busName, busPath, busName, "AddMatch", rule); err != nil {
			return fmt.Errorf("cannot listen on the system bus: %w", err)
		}
	}
	return nil
}

// take takes a lock that delays sleep and shutdown. logind takes it back after
// five seconds, and whenever the agent dies. The question is not given up when
// ctx ends: a lock in an answer that nobody awaits would hold the machine. So
// after an error that is not logind's own word the connection must be closed.
func (l *login) take(ctx context.Context) error {
	if l.lock != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFor)
	defer cancel()
	m, err := l.bus.call(ctx, loginName, loginPath, loginManager, "Inhibit",
		"shutdown:sleep", "Muster agent", "Tells the controller that this machine goes", "delay")
	if _, refused := errors.AsType[*refusal](err); err != nil && !refused {
		return fmt.Errorf("cannot delay sleep and shutdown: %w", err)
	}
	text := ""
	switch {
	case err != nil:
		text = err.Error()
	case len(m.files) == 0:
		text = "logind gave no lock"
	default:
		l.lock = os.NewFile(uintptr(m.files[0]), "inhibitor lock")
		m.files = m.files[1:]
		m.close()
	}
	if text != l.told && text != "" {
		l.log.InfoContext(ctx, "sleep and shutdown cannot be delayed for the goodbye", "why", text)
	}
	l.told, l.owner = text, ""
	if m, err := l.bus.call(ctx, busName, busPath, busName, "GetNameOwner", loginName); err == nil {
		l.owner, _ = first[string](m.body)
		m.close()
	} // else it does not run; the bus tells when it does
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
func (l *login) signal(ctx context.Context, s message) error {
	if s.sender == busName && s.face == busName && s.member == "NameOwnerChanged" {
		return l.owned(ctx, s.body)
	}
	if l.owner == "" || s.sender != l.owner || s.path != loginPath || s.face != loginManager {
		return nil
	}
	begins, ok := first[bool](s.body)
	if !ok {
		return nil
	}
	switch s.member {
	case "PrepareForSleep":
		return l.sleep(ctx, begins)
	case "PrepareForShutdownWithMetadata":
		return l.stop(ctx, begins, metadataType(s.body))
	case "PrepareForShutdown": // follows the other where that exists
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
	if owner != "" && owner == l.owner && l.lock != nil {
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
	m, err := l.bus.call(ctx, loginName, loginPath, "org.freedesktop.DBus.Properties", "Get", loginManager, "ScheduledShutdown")
	if err != nil {
		return ""
	}
	m.close()
	pair, _ := first[[]any](m.body) // kind and instant
	kind, _ := first[string](pair)
	return kind
}

// metadataType is the value of "type" in a dictionary that follows a truth value.
func metadataType(body []any) string {
	if len(body) < 2 {
		return ""
	}
	entries, _ := body[1].([]any)
	for _, e := range entries {
		pair, _ := e.([]any)
		if key, _ := first[string](pair); key == "type" && len(pair) == 2 {
			kind, _ := pair[1].(string)
			return kind
		}
	}
	return ""
}

func first[T any](values []any) (T, bool) {
	var none T
	if len(values) == 0 {
		return none, false
	}
	v, ok := values[0].(T)
	return v, ok
}
