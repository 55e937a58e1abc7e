package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"muster/inventory/wire"
)

// send posts the pending report once.
func (r *Reporter) send(ctx context.Context) {
	boot, clock := r.opts.Source.Boot()
	header := http.Header{
		wire.HeaderBoot:      {boot},
		wire.HeaderBootClock: {strconv.FormatInt(int64(clock), 10)},
	}
	if r.opts.Process != "" {
		header[wire.HeaderProcess] = []string{r.opts.Process}
	}
	r.tried = time.Now()
	answer, err := r.opts.Poster.Post(ctx, wire.ReportPath, r.pending.Body, header)
	if err != nil {
		r.fail(ctx, err)
		return
	}
	var reply wire.Reply
	if err := json.Unmarshal(answer.Body, &reply); err != nil {
		r.fail(ctx, fmt.Errorf("cannot read the controller's reply: %w", err))
		return
	}
	if reply.Seq != r.pending.Seq {
		r.fail(ctx, fmt.Errorf("cannot take the controller's reply: it acknowledges report %d, sent was %d", reply.Seq, r.pending.Seq))
		return
	}
	r.acknowledge(ctx, reply)
	r.opts.OnReply(reply, answer.Way)
}

// acknowledge takes the pending report as being on the controller's disk.
func (r *Reporter) acknowledge(ctx context.Context, reply wire.Reply) {
	out := r.pending
	if common, err := wire.Spoken().Common(reply.Wire); err == nil {
		r.version = common
	}
	for _, list := range out.Carried {
		switch list {
		case wire.ListHardware:
			r.progress.Lists.Hardware, r.progress.Steady = out.Hashes.Hardware, out.Steady
		case wire.ListFirmware:
			r.progress.Lists.Firmware = out.Hashes.Firmware
		case wire.ListOS:
			r.progress.Lists.OS = out.Hashes.OS
		case wire.ListSoftware:
			r.keepSoftware(ctx, out)
		}
	}
	r.progress.Events = max(r.progress.Events, out.Events)
	if r.progress.Stops != out.Stops {
		r.progress.Stops, r.owesStops = out.Stops, false
	}
	if reply.WantJournal != nil {
		r.progress.owe(*reply.WantJournal)
	}
	for _, list := range reply.Want {
		r.wanted[list] = true
	}
	if r.sent.Hashes == out.Hashes { // not of an earlier process
		r.told, r.hasTold = r.sent, true
	}
	r.pending, r.failures, r.hold, r.refused = nil, 0, time.Time{}, false
	if err := errors.Join(r.folder.store(progressFile, r.progress), r.folder.remove(outboxFile)); err != nil {
		r.opts.Log.WarnContext(ctx, "what is acknowledged may travel again", "error", err)
	}
}

// keepSoftware puts the acknowledged list on disk, from the report's own bytes:
// the report may be of an earlier process.
func (r *Reporter) keepSoftware(ctx context.Context, out *outgoing) {
	r.progress.Lists.Software = out.Hashes.Software
	err := func() error {
		b, err := wire.Inflate(bytes.NewReader(out.Body.Bytes), out.Body.Encoding, wire.MaxReport)
		if err != nil {
			return err
		}
		report, err := wire.DecodeReport(b)
		if err != nil || report.Software == nil {
			return errors.Join(err, errors.New("the report holds no software"))
		}
		var base wire.Software
		if report.Software.Base != "" {
			base, _ = r.keptSoftware(report.Software.Base)
		}
		list, err := report.Software.Apply(base)
		if err != nil {
			return err
		}
		_, body, err := list.Encode()
		if err != nil {
			return err
		}
		return r.folder.store(softwareFile, json.RawMessage(body))
	}()
	if err != nil {
		r.opts.Log.WarnContext(ctx, "next software list travels whole", "error", err)
	}
}

// fail decides what a failed post means and when to try again.
func (r *Reporter) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // stopping: nothing is wrong
	}
	now := time.Now()
	r.failures++
	v := judge(err, r.failures, rand.Float64())
	r.hold, r.refused = now.Add(v.wait), v.refused
	if v.drop {
		r.forget(ctx)
	}
	r.opts.OnFailure(err)
}

// forget gives up a report that the controller will never take, and lets
// everything in it travel anew.
func (r *Reporter) forget(ctx context.Context) {
	r.pending, r.hasTold, r.wrote = nil, false, time.Time{}
	r.progress.Lists, r.progress.Steady = wire.Hashes{}, ""
	r.nextInventory, r.nextSoftware, r.nextHealth = time.Time{}, time.Time{}, time.Time{}
	if err := r.folder.remove(outboxFile); err != nil {
		r.opts.Log.WarnContext(ctx, "refused report stays on disk", "error", err)
	}
}

// verdict is what to do about a failed post.
type verdict struct {
	wait    time.Duration // before the next try
	drop    bool          // the report will never be taken
	refused bool          // a nudge does not shorten the wait
}

// judge tells refusals that time cures from those that it does not.
func judge(err error, failures int, jitter float64) verdict {
	backoff := retryAfter(failures, jitter)
	var problem *wire.Problem
	if !errors.As(err, &problem) {
		return verdict{wait: backoff}
	}
	slow := refusedRetry + time.Duration(float64(refusedRetry)*jitter/2)
	switch problem.Type {
	case wire.ProblemIdentity:
		return verdict{wait: conflictRetry + time.Duration(float64(conflictRetry)*jitter/4), refused: true}
	case wire.ProblemCert:
		return verdict{wait: slow, refused: true}
	case wire.ProblemVersion:
		return verdict{wait: slow, refused: true, drop: true}
	case wire.ProblemBody:
		if failures > 1 {
			backoff = slow
		}
		return verdict{wait: backoff, refused: true, drop: true}
	}
	if later, ok := errors.AsType[*RetryLater](err); ok {
		return verdict{wait: max(backoff, later.After+time.Duration(float64(later.After)*jitter/4)), refused: true}
	}
	if problem.Status >= 500 || problem.Status == http.StatusTooManyRequests {
		return verdict{wait: backoff, refused: true}
	}
	return verdict{wait: slow, refused: true}
}
