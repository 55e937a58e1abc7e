package pac

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"runtime/metrics"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// Bounds of one file and one question.
const (
	MaxScript  = 1 << 20 // bytes
	runFor     = 500 * time.Millisecond
	stuckAfter = 5 * time.Second
	maxHeap    = 64 << 20 // bytes by which the program may grow meanwhile
	lookEvery  = 5 * time.Millisecond
	maxStack   = 512
	maxAnswer  = 1024
	maxLookups = 20
)

// Errors of a script.
var (
	ErrTooLarge = errors.New("the PAC file is too large")
	ErrTooLong  = errors.New("the PAC file takes too long, or too much memory")
	// ErrStuck is returned once a script did not even stop when told to: its file is
	// not run again until it changes.
	ErrStuck = errors.New("the PAC file does not stop")
)

// Script is a compiled PAC file. It is immutable and safe for concurrent use.
type Script struct{ program *goja.Program }

// Compile reads the text of a PAC file.
func Compile(text string) (*Script, error) {
	if len(text) > MaxScript {
		return nil, fmt.Errorf("cannot read PAC file: %d bytes, the limit is %d: %w", len(text), MaxScript, ErrTooLarge)
	}
	program, err := goja.Compile("proxy.pac", strings.TrimPrefix(text, "\ufeff"), false)
	if err != nil {
		return nil, fmt.Errorf("cannot read PAC file: %w", err)
	}
	return &Script{program: program}, nil
}

// Question is what a PAC file is asked.
type Question struct {
	Target string     // an address such as https://records.example.org/
	From   netip.Addr // what myIpAddress() is
	Now    time.Time
	// Lookup resolves names for the script; nil: none resolves.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
}

// Find asks the script for a proxy. It returns what FindProxyForURL did, after at
// most half a second and a little: a script that does not stop even then is left
// behind with ErrStuck.
func (s *Script) Find(ctx context.Context, q Question) (string, error) {
	target, err := url.Parse(q.Target)
	if err != nil || target.Hostname() == "" {
		return "", fmt.Errorf("cannot ask a PAC file for %.80q: not an address", q.Target)
	}
	ctx, cancel := context.WithTimeout(ctx, runFor)
	defer cancel()
	vm := goja.New()
	vm.SetMaxCallStackSize(maxStack)
	type outcome struct {
		answer string
		err    error
	}
	done := make(chan outcome, 1) // nobody may be left to read it
	go func() {
		answer, err := s.run(ctx, vm, q, target)
		done <- outcome{answer, err}
	}()
	grace := time.NewTimer(stuckAfter)
	defer grace.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	begun := heap()
	for ended := ctx.Done(); ; {
		select {
		case o := <-done:
			return o.answer, o.err
		case <-look.C:
			if heap() > begun+maxHeap {
				vm.Interrupt(ErrTooLong)
			}
		case <-ended:
			vm.Interrupt(ErrTooLong)
			ended = nil
		case <-grace.C:
			return "", ErrStuck
		}
	}
}

// run evaluates the script and calls its one function.
func (s *Script) run(ctx context.Context, vm *goja.Runtime, q Question, target *url.URL) (answer string, err error) {
	defer func() {
		if fault := recover(); fault != nil { // a fault of the interpreter is one of the file
			err = fmt.Errorf("cannot run PAC file: %v", fault)
		}
	}()
	if err := furnish(ctx, vm, q); err != nil {
		return "", err
	}
	if _, err := vm.RunProgram(s.program); err != nil {
		return "", explain(err)
	}
	find, ok := goja.AssertFunction(vm.Get("FindProxyForURL"))
	if !ok {
		return "", errors.New("cannot run PAC file: it has no function FindProxyForURL")
	}
	value, err := find(goja.Undefined(), vm.ToValue(stripped(target)), vm.ToValue(target.Hostname()))
	if err != nil {
		return "", explain(err)
	}
	if goja.IsUndefined(value) || goja.IsNull(value) {
		return "", nil
	}
	text, ok := value.Export().(string)
	if !ok || len(text) > maxAnswer {
		return "", errors.New("cannot use the PAC file's answer: it is no text, or a long one")
	}
	return text, nil
}

// stripped is what browsers show a PAC file of an address over TLS: no path.
func stripped(target *url.URL) string {
	if target.Scheme != "https" {
		return target.String()
	}
	return target.Scheme + "://" + target.Host + "/"
}

func explain(err error) error {
	if _, ok := errors.AsType[*goja.InterruptedError](err); ok {
		return fmt.Errorf("cannot run PAC file: %w", ErrTooLong)
	}
	text := err.Error()
	return fmt.Errorf("cannot run PAC file: %.200s", text)
}

// heap is how many bytes of objects the program holds, dead ones included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// First is the first entry of an answer that an agent can use: name:port, or
// empty for DIRECT. SOCKS and proxies spoken to over TLS are passed over, and an
// answer that names nothing else is an error. An empty answer is DIRECT.
func First(answer string) (proxy string, err error) {
	if strings.TrimSpace(answer) == "" {
		return "", nil
	}
	for entry := range strings.SplitSeq(answer, ";") {
		words := strings.Fields(entry)
		switch {
		case len(words) == 1 && strings.EqualFold(words[0], "DIRECT"):
			return "", nil
		case len(words) == 2 && (strings.EqualFold(words[0], "PROXY") || strings.EqualFold(words[0], "HTTP")):
			if name, port, err := net.SplitHostPort(words[1]); err == nil && name != "" && port != "" {
				return words[1], nil
			}
		}
	}
	return "", fmt.Errorf("cannot use the PAC file's answer %.80q: it names neither DIRECT nor a PROXY", answer)
}
