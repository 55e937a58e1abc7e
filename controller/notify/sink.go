package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"muster/inventory"
)

// Sink sends one delivery. An error that wraps ErrRefused is final; every other
// one is tried again.
type Sink interface {
	Send(ctx context.Context, d inventory.Delivery) error
}

// ErrRefused is wrapped where the other side will never take the delivery.
var ErrRefused = errors.New("refused for good")

// sendWithin bounds one try.
const sendWithin = 30 * time.Second

// maxSecret bounds a file with a password, a key or URLs.
const maxSecret = 64 << 10

// readSecret reads a small file without its last line break.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot read secret: %w", err)
	}
	defer f.Close() // opened for reading
	b, err := readBounded(f, maxSecret)
	if err != nil {
		return "", fmt.Errorf("cannot read secret %s: %w", path, err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func readBounded(r io.Reader, limit int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(b) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return b, err
}

// answer judges an HTTP answer: 2xx arrived; 4xx is final but for those that ask
// to come again.
func answer(r *http.Response) error {
	said, _ := io.ReadAll(io.LimitReader(r.Body, 300)) // for the message alone
	text := strings.TrimSpace(strings.Map(printable, string(said)))
	switch {
	case r.StatusCode < 300:
		return nil
	case r.StatusCode == http.StatusRequestTimeout || r.StatusCode == http.StatusTooManyRequests || r.StatusCode >= 500:
		return fmt.Errorf("answered %s %.200s", r.Status, text)
	default:
		return fmt.Errorf("answered %s %.200s: %w", r.Status, text, ErrRefused)
	}
}
