package series

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
)

// Options says how samples are kept. Dir, Log and Now are required.
type Options struct {
	Dir       string
	RetainFor time.Duration // zero: 400 days
	// LateFor is how late evidence may come; zero: 72 hours, as long as an incident
	// may be revised.
	LateFor time.Duration
	// RemoteWrite is a file with Prometheus' own remote_write section; empty: none.
	RemoteWrite string
	Registry    prometheus.Registerer // nil: the TSDB's own metrics are not shown
	Version     string
	Log         *slog.Logger
	Now         func() time.Time
}

// Bounds of one query: a page of a county's links for a month is far below them.
const (
	queryWithin    = 30 * time.Second
	maxSamples     = 20_000_000
	lookback       = 6 * time.Minute // reports come every five
	remoteFlushFor = 3 * time.Second
)

// DB keeps samples. All methods are safe for concurrent use.
type DB struct {
	o      Options
	tsdb   *tsdb.DB
	engine *promql.Engine
	remote *remote.Storage // nil: nothing is written elsewhere

	families map[string]Family

	mu   sync.Mutex // one appender at a time: order within a series is kept
	refs map[string]ref
}

// ref is a series that was written before.
type ref struct {
	labels labels.Labels
	number storage.SeriesRef
	lastAt int64
	last   float64
}

// Open opens or makes the TSDB. A torn end of its log is repaired by it.
func Open(o Options) (*DB, error) {
	if o.Dir == "" || o.Log == nil || o.Now == nil {
		return nil, errors.New("cannot keep series: folder, log and clock are all needed")
	}
	if o.RetainFor == 0 {
		o.RetainFor = 400 * 24 * time.Hour
	}
	if o.LateFor == 0 {
		o.LateFor = 72 * time.Hour
	}
	if o.RetainFor < o.LateFor {
		return nil, fmt.Errorf("cannot keep series: %s is shorter than the %s that evidence may be late", o.RetainFor, o.LateFor)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot keep series: %w", err)
	}
	options := tsdb.DefaultOptions()
	options.RetentionDuration = o.RetainFor.Milliseconds()
	options.OutOfOrderTimeWindow = o.LateFor.Milliseconds()
	options.MaxBlockDuration = min(o.RetainFor/10, 31*24*time.Hour).Milliseconds()
	options.WALSegmentSize = 16 << 20
	options.StripeSize = 1 << 10
	options.HeadChunksWriteBufferSize = 1 << 20
	db, err := tsdb.Open(o.Dir, slog.New(aloud{o.Log.With("component", "tsdb").Handler()}), o.Registry, options, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot open series in %s: %w", o.Dir, err)
	}
	d := &DB{o: o, tsdb: db, refs: map[string]ref{}, families: map[string]Family{}}
	for _, f := range Catalogue() {
		d.families[f.Name] = f
	}
	d.engine = promql.NewEngine(promql.EngineOpts{
		Logger: o.Log, MaxSamples: maxSamples, Timeout: queryWithin, LookbackDelta: lookback, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
	})
	if o.RemoteWrite != "" {
		if err := d.openRemote(); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return d, nil
}

// aloud lets warnings and errors of the TSDB through: it tells of each block and
// each start what nobody asked.
type aloud struct{ slog.Handler }

func (a aloud) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && a.Handler.Enabled(ctx, level)
}

func (a aloud) WithAttrs(attrs []slog.Attr) slog.Handler { return aloud{a.Handler.WithAttrs(attrs)} }
func (a aloud) WithGroup(name string) slog.Handler       { return aloud{a.Handler.WithGroup(name)} }

// noScrapes stands for what Muster does not do: it is told, it does not scrape.
type noScrapes struct{}

func (noScrapes) Get() (*scrape.Manager, error) { return nil, errors.New("nothing is scraped") }

// CheckRemoteWrite says whether a file can be used to write series elsewhere.
func CheckRemoteWrite(path string) error {
	_, err := remoteWrite(path)
	return err
}

func remoteWrite(path string) (*config.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot write series elsewhere: %w", err)
	}
	c, err := config.Load(string(text), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("cannot write series elsewhere: %s: %w", path, err)
	}
	if len(c.RemoteWriteConfigs) == 0 {
		return nil, fmt.Errorf("cannot write series elsewhere: %s has no remote_write", path)
	}
	c.SetDirectory(filepath.Dir(path))
	return c, nil
}

func (d *DB) openRemote() error {
	c, err := remoteWrite(d.o.RemoteWrite)
	if err != nil {
		return err
	}
	registry := d.o.Registry
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	d.remote = remote.NewStorage(d.o.Log.With("component", "remote-write"), registry, func() (int64, error) { return 0, nil }, d.o.Dir, remoteFlushFor, noScrapes{})
	if err := d.remote.ApplyConfig(&config.Config{GlobalConfig: c.GlobalConfig, RemoteWriteConfigs: c.RemoteWriteConfigs}); err != nil {
		return errors.Join(fmt.Errorf("cannot write series elsewhere: %w", err), d.remote.Close())
	}
	d.tsdb.SetWriteNotified(d.remote)
	return nil
}

// Close ends the TSDB; what was appended is in its log.
func (d *DB) Close() error {
	var errs []error
	if d.remote != nil {
		errs = append(errs, d.remote.Close())
	}
	errs = append(errs, d.engine.Close(), d.tsdb.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("cannot close series: %w", err)
	}
	return nil
}

// Label is a name and a value.
type Label struct{ Name, Value string }

// Sample is one value of one series at one instant.
type Sample struct {
	Family string
	Labels []Label // those of the family, in any order; empty values are left out
	At     time.Time
	Value  float64
}

// maxValue bounds a label's value in bytes.
const maxValue = 200

// Append keeps samples. One that cannot be kept (too old, from the future, of no
// family, the second of its instant) is counted and left out; the others are kept.
// An error means that nothing of the batch was.
func (d *DB) Append(ctx context.Context, samples []Sample) (left int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	appender := d.tsdb.Appender(ctx)
	soon := d.o.Now().Add(time.Minute)
	written := make(map[string]ref, len(samples))
	for _, s := range samples {
		if s.At.After(soon) {
			left++
			continue
		}
		key, known, err := d.find(s, written)
		if err != nil {
			left++
			continue
		}
		at := s.At.UnixMilli()
		if at == known.lastAt && known.number != 0 { // the same instant twice: the first stands
			if known.last != s.Value {
				left++
			}
			continue
		}
		number, err := appender.Append(known.number, known.labels, at, s.Value)
		switch {
		case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds),
			errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
			left++
			continue
		case err != nil:
			return 0, errors.Join(fmt.Errorf("cannot keep sample of %s: %w", s.Family, err), appender.Rollback())
		}
		known.number = number
		if at > known.lastAt {
			known.lastAt, known.last = at, s.Value
		}
		written[key] = known
	}
	if err := appender.Commit(); err != nil {
		return 0, fmt.Errorf("cannot keep %d samples: %w", len(samples), err)
	}
	maps.Copy(d.refs, written)
	return left, nil
}

// find is the series of a sample: as written in this batch, or before, or new.
func (d *DB) find(s Sample, written map[string]ref) (key string, r ref, err error) {
	f, ok := d.families[s.Family]
	if !ok {
		return "", r, fmt.Errorf("no family %q", s.Family)
	}
	sorted := slices.SortedFunc(slices.Values(s.Labels), func(a, b Label) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	size := len(s.Family)
	for _, l := range sorted {
		if !slices.Contains(f.Labels, l.Name) || len(l.Value) > maxValue {
			return "", r, fmt.Errorf("family %s: label %q with %d bytes", s.Family, l.Name, len(l.Value))
		}
		size += len(l.Value) + 1
	}
	b := make([]byte, 0, size+len(sorted))
	b = append(b, s.Family...)
	for _, l := range sorted {
		b = append(append(append(append(b, 0), l.Name...), 0), l.Value...)
	}
	key = string(b)
	if r, ok = written[key]; ok {
		return key, r, nil
	}
	if r, ok = d.refs[key]; ok {
		return key, r, nil
	}
	builder := labels.NewScratchBuilder(len(sorted) + 1)
	builder.Add(labels.MetricName, s.Family)
	for _, l := range sorted {
		if l.Value != "" {
			builder.Add(l.Name, l.Value)
		}
	}
	builder.Sort()
	return key, ref{labels: builder.Labels(), lastAt: -1}, nil
}

// PersistedUntil is up to when everything is in blocks on disk; zero where
// nothing is. What is later may have to be read from the intake log again after a
// power cut.
func (d *DB) PersistedUntil() time.Time {
	var until int64
	for _, b := range d.tsdb.Blocks() {
		until = max(until, b.MaxTime())
	}
	if until == 0 {
		return time.Time{}
	}
	return time.UnixMilli(until).UTC()
}
