package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"muster/inventory/wire"
)

// A body of at most smallBody bytes that inflates to at most smallReport needs
// no slot: reports without lists are like that. The others wait for one of a few
// slots, so that what may be in memory at once is bounded.
const (
	smallBody   = 64 << 10
	smallReport = 128 << 10
	slotWait    = 5 * time.Second
	// A small body that takes longer has stalled: its machine went to sleep, and
	// must not find its own desk taken when it wakes.
	smallBodyFor = 10 * time.Second
)

// readBody returns the decompressed body of r, at most limit bytes.
func (i *Intake) readBody(w http.ResponseWriter, r *http.Request, limit int) ([]byte, *problem) {
	encoding := r.Header.Get("Content-Encoding")
	if r.ContentLength > wire.MaxBody {
		return nil, problemf(reasonTooLarge, "the body has %d bytes, the limit is %d", r.ContentLength, wire.MaxBody)
	}
	// Not every ResponseWriter can: then the server's own deadlines hold.
	control := http.NewResponseController(w)
	var src io.Reader = r.Body
	if r.ContentLength >= 0 && r.ContentLength <= smallBody {
		_ = control.SetReadDeadline(time.Now().Add(min(smallBodyFor, i.limits.BodyFor)))
		raw := make([]byte, r.ContentLength)
		if n, err := io.ReadFull(r.Body, raw); errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, stalled()
		} else if err != nil {
			return nil, problemf(reasonBody, "the body ends after %d of %d bytes", n, r.ContentLength)
		}
		b, err := i.inflater.Inflate(bytes.NewReader(raw), encoding, min(limit, smallReport))
		if err == nil || limit <= smallReport || !errors.Is(err, wire.ErrTooLarge) {
			return b, bodyProblem(err)
		}
		src = bytes.NewReader(raw)
	}
	leave, p := i.takeSlot(r.Context())
	if p != nil {
		return nil, p
	}
	defer leave()
	_ = control.SetReadDeadline(time.Now().Add(i.limits.BodyFor))
	b, err := i.inflater.Inflate(src, encoding, limit)
	return b, bodyProblem(err)
}

func (i *Intake) takeSlot(ctx context.Context) (leave func(), p *problem) {
	patience := time.NewTimer(slotWait)
	defer patience.Stop()
	select {
	case i.inflating <- struct{}{}:
		return func() { <-i.inflating }, nil
	case <-patience.C:
		return nil, problemf(reasonBusy, "too many large bodies at once; send it again").retry(10 * time.Second)
	case <-ctx.Done():
		return nil, problemf(reasonConnection, "the connection ended")
	}
}

func stalled() *problem {
	return problemf(reasonConnection, "the body came too slowly; nothing was taken, send it again").retry(10 * time.Second)
}

// bodyProblem is how an error of reading or parsing a body is told, nil for nil.
func bodyProblem(err error) *problem {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return stalled()
	case errors.Is(err, wire.ErrTooLarge):
		return problemf(reasonTooLarge, "%s", err)
	case errors.Is(err, wire.ErrEncoding):
		return problemf(reasonEncoding, "%s", err)
	case errors.Is(err, wire.ErrVersion):
		return problemf(reasonVersion, "%s", err)
	default:
		return problemf(reasonBody, "%s", err)
	}
}
