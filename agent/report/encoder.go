package report

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"sync"
)

// gzipFrom is the size from which compressing pays: below, the frame costs more.
const gzipFrom = 400

// Encoder compresses bodies with pooled writers: one costs 800 kB, so agents of
// one process share them. It is safe for concurrent use.
type Encoder struct {
	writers sync.Pool
}

// NewEncoder returns an Encoder for any number of agents.
func NewEncoder() *Encoder { return &Encoder{} }

// Body is bytes as they travel.
type Body struct {
	Bytes    []byte `json:"bytes"`
	Encoding string `json:"encoding,omitempty"` // gzip or empty
}

// Encode returns b as it should travel. It does not keep b, but may return it.
func (e *Encoder) Encode(b []byte) (Body, error) {
	if len(b) < gzipFrom {
		return Body{Bytes: b}, nil
	}
	var buf bytes.Buffer
	zw, ok := e.writers.Get().(*gzip.Writer)
	if !ok {
		zw = gzip.NewWriter(nil)
	}
	defer e.writers.Put(zw)
	zw.Reset(&buf)
	if _, err := zw.Write(b); err != nil {
		return Body{}, fmt.Errorf("cannot compress: %w", err)
	}
	if err := zw.Close(); err != nil {
		return Body{}, fmt.Errorf("cannot compress: %w", err)
	}
	if buf.Len() >= len(b) {
		return Body{Bytes: b}, nil
	}
	return Body{Bytes: bytes.Clone(buf.Bytes()), Encoding: "gzip"}, nil
}
