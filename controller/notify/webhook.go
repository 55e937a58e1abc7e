package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"muster/inventory"
)

// Webhook posts a delivery as JSON. With a secret, the header
// Muster-Signature carries t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">.
type Webhook struct {
	URL    string
	Client *http.Client
	Secret func() (string, error) // nil: bodies are not signed
	Now    func() time.Time
}

// posted is the body of a webhook.
type posted struct {
	Version  int                    `json:"version"`
	ID       string                 `json:"id"`
	Kind     inventory.DeliveryKind `json:"kind"`
	Incident string                 `json:"incident,omitempty"`
	Thread   string                 `json:"thread,omitempty"`
	Title    string                 `json:"title"`
	Body     string                 `json:"body"`
	At       time.Time              `json:"at"`
}

// Send posts d.
func (w *Webhook) Send(ctx context.Context, d inventory.Delivery) error {
	body, err := json.Marshal(posted{
		Version: 1, ID: d.ID, Kind: d.Kind, Incident: d.Incident, Thread: d.Thread, Title: d.Title, Body: d.Body, At: d.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("cannot write webhook: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("cannot post webhook: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", d.ID)
	if w.Secret != nil {
		secret, err := w.Secret()
		if err != nil {
			return err
		}
		request.Header.Set("Muster-Signature", sign(secret, w.Now(), body))
	}
	response, err := w.Client.Do(request)
	if err != nil {
		return fmt.Errorf("cannot post webhook: %w", err)
	}
	defer response.Body.Close() // read already
	return answer(response)
}

func sign(secret string, at time.Time, body []byte) string {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(stamp + ".")) // a hash never fails
	_, _ = mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
