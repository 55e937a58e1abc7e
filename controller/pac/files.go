package pac

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	retryEvery   = time.Minute // while something is not known
	refreshAfter = 15          // retries
	fetchFor     = 10 * time.Second
	maxFiles     = 32
	maxQuestions = 20_000 // targets × subnets of a large county
)

// Options is what Files is made of; Log and Now are required.
type Options struct {
	Client *http.Client // nil: one of its own, which follows no proxy
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
	Log    *slog.Logger
	Now    func() time.Time
}

// Files fetches PAC files and remembers what they say. What it was asked for once
// it asks anew every quarter of an hour; a file that cannot be had keeps its last
// answers. It is safe for concurrent use.
type Files struct {
	opts   Options
	poke   chan struct{} // holds one: there is something new to find out
	cancel context.CancelFunc
	done   chan struct{}
	files  map[string]*file // belongs to run

	mu         sync.Mutex // guards what follows
	generation uint64
	answers    map[question]answer
}

// question is one thing that is asked of a file.
type question struct {
	file, target string
	from         netip.Addr
}

type answer struct {
	proxy string
	known bool
}

// file is one PAC file.
type file struct {
	text    string
	script  *Script
	stuck   bool
	problem string
}

// New starts fetching; Close ends it.
func New(o Options) (*Files, error) {
	if o.Log == nil || o.Now == nil {
		return nil, errors.New("cannot read PAC files: log and clock are needed")
	}
	if o.Client == nil {
		o.Client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: fetchFor}
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &Files{
		opts: o, poke: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{}),
		files: map[string]*file{}, answers: map[question]answer{},
	}
	go f.run(ctx)
	return f, nil
}

// Close ends the fetching.
func (f *Files) Close() {
	f.cancel()
	<-f.done
}

// Generation grows whenever an answer changed.
func (f *Files) Generation() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.generation
}

// Proxy is what a file says, from memory; what is not known yet is found out.
func (f *Files) Proxy(name, target string, from netip.Addr) (proxy string, ok bool) {
	q := question{name, target, from}
	f.mu.Lock()
	defer f.mu.Unlock()
	a, asked := f.answers[q]
	if !asked && len(f.answers) < maxQuestions {
		f.answers[q] = a
		select {
		case f.poke <- struct{}{}:
		default:
		}
	}
	return a.proxy, a.known
}

func (f *Files) run(ctx context.Context) {
	defer close(f.done)
	again := time.NewTicker(retryEvery)
	defer again.Stop()
	for ticks := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-f.poke:
			f.find(ctx, false)
		case <-again.C:
			ticks++
			f.find(ctx, ticks%refreshAfter == 0)
		}
	}
}

// find answers what is open, or everything anew.
func (f *Files) find(ctx context.Context, anew bool) {
	fetched := map[string]bool{}
	for _, q := range f.open(anew) {
		if ctx.Err() != nil {
			return
		}
		if known := f.files[q.file]; !fetched[q.file] && (anew || known == nil || known.script == nil) {
			fetched[q.file] = true
			f.fetch(ctx, q.file)
		}
		f.ask(ctx, q)
	}
}

// open lists the questions to ask.
func (f *Files) open(anew bool) []question {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due []question
	for q, a := range f.answers {
		if anew || !a.known {
			due = append(due, q)
		}
	}
	return due
}

// fetch brings a file up to date.
func (f *Files) fetch(ctx context.Context, name string) {
	known := f.files[name]
	if known == nil {
		if len(f.files) >= maxFiles {
			return
		}
		known = &file{}
		f.files[name] = known
	}
	text, err := f.get(ctx, name)
	var script *Script
	if err == nil && text != known.text {
		script, err = Compile(text)
	}
	if f.say(known, name, err); err != nil || script == nil {
		return
	}
	known.text, known.script, known.stuck = text, script, false
}

// say logs a new problem with a file once, and its end.
func (f *Files) say(known *file, name string, err error) {
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	switch {
	case problem == known.problem:
	case problem != "":
		f.opts.Log.Warn("a PAC file is of no use now; its last answers stay in force", "file", name, "error", err)
	default:
		f.opts.Log.Info("a PAC file is of use again", "file", name)
	}
	known.problem = problem
}

func (f *Files) get(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchFor)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, name, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("cannot fetch PAC file: %w", err)
	}
	reply, err := f.opts.Client.Do(request)
	if err != nil {
		return "", fmt.Errorf("cannot fetch PAC file: %w", err)
	}
	defer reply.Body.Close() // it was read, or is of no use
	if reply.StatusCode != http.StatusOK {
		return "", fmt.Errorf("cannot fetch PAC file %s: %s", name, reply.Status)
	}
	b, err := io.ReadAll(io.LimitReader(reply.Body, MaxScript+1))
	if err != nil {
		return "", fmt.Errorf("cannot fetch PAC file %s: %w", name, err)
	}
	if len(b) > MaxScript {
		return "", fmt.Errorf("cannot fetch PAC file %s: more than %d bytes: %w", name, MaxScript, ErrTooLarge)
	}
	return string(b), nil
}

// ask puts one question to its file and keeps the answer.
func (f *Files) ask(ctx context.Context, q question) {
	known := f.files[q.file]
	if known == nil || known.script == nil || known.stuck {
		return
	}
	said, err := known.script.Find(ctx, Question{Target: q.target, From: q.from, Now: f.opts.Now(), Lookup: f.opts.Lookup})
	var proxy string
	if err == nil {
		proxy, err = First(said)
	}
	known.stuck = errors.Is(err, ErrStuck)
	if f.say(known, q.file, err); err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if found := (answer{proxy: proxy, known: true}); f.answers[q] != found {
		f.answers[q] = found
		f.generation++
	}
}
