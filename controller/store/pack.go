package store

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// packFrom is the size from which a body is compressed: a usual report of 1 kB
// is not worth the time, a list of programs shrinks to a tenth.
const packFrom = 2048

// maxUnpacked bounds what a packed body may unpack to, against a damaged file.
const maxUnpacked = 64 << 20

// pack compresses a large body. JSON never begins with the bytes of gzip, so
// unpack knows them apart.
func pack(body []byte) ([]byte, error) {
	if body == nil {
		return []byte{}, nil
	}
	if len(body) < packFrom {
		return body, nil
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// unpack is the inverse of pack.
func unpack(body []byte) ([]byte, error) {
	if len(body) < 2 || body[0] != 0x1f || body[1] != 0x8b {
		return body, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("stored body is damaged: %w", err)
	}
	whole, err := io.ReadAll(io.LimitReader(r, maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("stored body is damaged: %w", err)
	}
	return whole, nil
}
