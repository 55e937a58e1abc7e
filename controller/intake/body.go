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
func (i *Intake) readBody(w http.ResponseWriter, r *http.Request, limit int) (body []byte, p *problem) {
	p = i.decodeBody(w, r, limit, func(b []byte) error {
		body = b
		return nil
	})
	return body, p
}

// decodeBody hands the decompressed body of r, at most limit bytes, to decode,
// whose error it tells.
func (i *Intake) decodeBody(w http.ResponseWriter, r *http.Request, limit int, decode func([]byte) error) *problem {
	encoding := r.Header.Get("Content-Encoding")
	if r.ContentLength > wire.MaxBody {
		return problemf(reasonTooLarge, "the body has %d bytes, the limit is %d", r.ContentLength, wire.MaxBody)
	}
	// Not every ResponseWriter can: then the server's own deadlines hold.
	control := http.NewResponseController(w)
	var src io.Reader = r.Body
	if r.ContentLength >= 0 && r.ContentLength <= smallBody {
		raw, p := i.readSmall(control, r)
		if p != nil {
			return p
		}
		var err error
		i.decoders.do(func() {
			var b []byte
			if b, err = i.inflater.Inflate(bytes.NewReader(raw), encoding, min(limit, smallReport)); err == nil {
				err = decode(b)
			}
		})
		if limit <= smallReport || !errors.Is(err, wire.ErrTooLarge) {
			return bodyProblem(err)
		}
		src = bytes.NewReader(raw)
	}
	leave, p := i.takeSlot(r.Context())
	if p != nil {
		return p
	}
	defer leave()
	_ = control.SetReadDeadline(time.Now().Add(i.limits.BodyFor))
	b, err := i.inflater.Inflate(src, encoding, limit)
	if err == nil {
		err = decode(b)
	}
	return bodyProblem(err)
}

// readSmall reads a small body as it travelled. A deadline of the connection has
// to be told to its goroutine, for HTTP/2 with each report: so none is set until
// a body has in fact taken too long.
func (i *Intake) readSmall(control *http.ResponseController, r *http.Request) ([]byte, *problem) {
	over := make(chan struct{})
	late := time.AfterFunc(min(smallBodyFor, i.limits.BodyFor), func() {
		defer close(over)
		_ = control.SetReadDeadline(time.Unix(1, 0))
	})
	raw := make([]byte, r.ContentLength)
	n, err := io.ReadFull(r.Body, raw)
	if !late.Stop() {
		<-over // control must not be used once this request is answered
	}
	switch {
	case err == nil:
		return raw, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, stalled()
	default:
		return nil, problemf(reasonBody, "the body ends after %d of %d bytes", n, r.ContentLength)
	}
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
