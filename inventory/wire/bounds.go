package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
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
	MaxText     = 255       // bytes of a name or a version
	MaxMACs     = 64        // network cards of one machine
)

// Errors of reading a body.
var (
	ErrTooLarge = errors.New("too large")                 // a bound on size was passed
	ErrEncoding = errors.New("content encoding not read") // neither gzip nor identity
)

// Inflate reads body, which is gzip when encoding says so, up to limit bytes.
func Inflate(body io.Reader, encoding string, limit int) ([]byte, error) {
	return new(Inflater).Inflate(body, encoding, limit)
}

// Gunzipper reads gzip; gzip.Reader is one.
type Gunzipper interface {
	io.Reader
	Reset(src io.Reader) error
}

// Inflater keeps what inflating needs between bodies: a fresh gzip reader
// allocates 40 kB. It is safe for concurrent use; the zero value works.
type Inflater struct {
	// New makes a reader; nil: the standard library's, which keeps the agent
	// small. A controller has room for a faster one.
	New func() Gunzipper

	readers sync.Pool
}

// Inflate reads body, which is gzip when encoding says so, up to limit bytes.
func (f *Inflater) Inflate(body io.Reader, encoding string, limit int) ([]byte, error) {
	bounded := &io.LimitedReader{R: body, N: MaxBody + 1}
	var src io.Reader = bounded
	if whole, ok := body.(*bytes.Reader); ok && whole.Len() <= MaxBody {
		src = whole // within its bound, and read without a buffer of 4 kB
	}
	var b []byte
	var err error
	switch encoding {
	case "", "identity":
		b, err = readUpTo(src, limit)
	case "gzip":
		b, err = f.gunzip(src, limit)
	default:
		return nil, fmt.Errorf("cannot read body: content encoding %.20q is neither gzip nor identity: %w", encoding, ErrEncoding)
	}
	switch {
	case len(b) > limit:
		return nil, fmt.Errorf("cannot read body: more than %d bytes when decompressed: %w", limit, ErrTooLarge)
	case bounded.N <= 0:
		return nil, fmt.Errorf("cannot read body: more than %d bytes: %w", MaxBody, ErrTooLarge)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("cannot read body: cut short after %d bytes: %w", len(b), err)
	case err != nil:
		return nil, fmt.Errorf("cannot read body: %w", err)
	}
	return b, nil
}

func (f *Inflater) gunzip(src io.Reader, limit int) ([]byte, error) {
	zr, _ := f.readers.Get().(Gunzipper)
	switch {
	case zr != nil:
	case f.New != nil:
		zr = f.New()
	default:
		zr = new(gzip.Reader)
	}
	defer f.readers.Put(zr)
	if err := zr.Reset(src); err != nil {
		return nil, fmt.Errorf("gzip header: %w", err)
	}
	return readUpTo(zr, limit)
}

// readUpTo reads at most limit+1 bytes; the one more shows that there were more.
func readUpTo(r io.Reader, limit int) ([]byte, error) {
	const first = 4096 // a report without lists fits
	b := make([]byte, 0, min(first, limit+1))
	for {
		n, err := r.Read(b[len(b):min(cap(b), limit+1)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil || len(b) > limit:
			return b, err
		case len(b) == cap(b):
			b = slices.Grow(b, len(b))
		}
	}
}

// decode parses JSON of a bounded depth and says where it is wrong.
func decode(what string, b []byte, into any) error {
	if err := checkDepth(b); err != nil {
		return fmt.Errorf("cannot read %s: %w", what, err)
	}
	err := json.Unmarshal(b, into)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("cannot read %s: at byte %d of %d: %w", what, syntax.Offset, len(b), err)
	case errors.As(err, &kind):
		return fmt.Errorf("cannot read %s: %s at byte %d: want %s, got %s", what, kind.Field, kind.Offset, kind.Type, kind.Value)
	default:
		return fmt.Errorf("cannot read %s: %w", what, err)
	}
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

// validToken reports whether s can be a run id, a boot id or a hash: 4 to 64 of
// 0–9, a–z, A–Z, _ and -. It is asked several times a report, hence no regexp.
func validToken(s string) bool {
	if len(s) < 4 || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// ValidID reports whether s can be a run or boot id.
func ValidID(s string) bool { return validToken(s) }

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
