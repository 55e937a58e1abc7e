package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// Bounds of what is decoded. A machine with 3,000 programs sends about 400 kB.
const (
	MaxReport   = 4 << 20   // bytes of a report, decompressed
	MaxBody     = 1 << 20   // bytes of a body as it travels
	MaxEnrol    = 64 << 10  // bytes of an enrolment or renewal
	MaxDepth    = 24        // nesting of JSON
	MaxPrograms = 20_000    // programs in one delta
	MaxRecords  = 2_000     // journal records in one report
	MaxReply    = 256 << 10 // bytes of a reply
)

// ErrTooLarge is wrapped when a bound on size is passed.
var ErrTooLarge = errors.New("too large")

// Inflate reads body, which is gzip when encoding says so, up to limit bytes.
func Inflate(body io.Reader, encoding string, limit int) ([]byte, error) {
	var src io.Reader
	bounded := &io.LimitedReader{R: body, N: MaxBody + 1}
	switch encoding {
	case "", "identity":
		src = bounded
	case "gzip":
		zr, err := gzip.NewReader(bounded)
		if err != nil {
			return nil, fmt.Errorf("cannot read gzip body: %w", err)
		}
		defer zr.Close() //nolint:errcheck // reading: the checksum error comes from Read
		src = zr
	default:
		return nil, fmt.Errorf("cannot read body: content encoding %.20q is neither gzip nor identity", encoding)
	}
	b, err := io.ReadAll(io.LimitReader(src, int64(limit)+1))
	switch {
	case len(b) > limit:
		return nil, fmt.Errorf("cannot read body: more than %d bytes when decompressed: %w", limit, ErrTooLarge)
	case bounded.N <= 0:
		return nil, fmt.Errorf("cannot read body: more than %d bytes: %w", MaxBody, ErrTooLarge)
	case err != nil:
		return nil, fmt.Errorf("cannot read body: %w", err)
	}
	return b, nil
}

// checkDepth refuses JSON nested deeper than MaxDepth without building it.
func checkDepth(b []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		c := b[i]
		if inString {
			switch c {
			case '\\':
				i++
			case '"':
				inString = false
			}
			continue
		}
		switch c {
		case '"':
			inString = true
		case '{', '[':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("nested deeper than %d at byte %d", MaxDepth, i)
			}
		case '}', ']':
			depth--
		}
	}
	return nil
}

var token = regexp.MustCompile(`^[0-9a-zA-Z_-]{4,64}$`)

// validToken reports whether s can be a run or boot id.
func validToken(s string) bool { return token.MatchString(s) }

// Encode returns b, gzipped when that is worth it, and its content encoding.
func Encode(b []byte) ([]byte, string) {
	if len(b) < 1024 {
		return b, ""
	}
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	_, _ = zw.Write(b) // a bytes.Buffer does not fail
	_ = zw.Close()
	return buf.Bytes(), "gzip"
}
