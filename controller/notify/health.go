package notify

import "time"

// Health is how a sink does.
type Health struct {
	LastSentAt   time.Time `json:"last_sent_at,omitzero"`
	FailingSince time.Time `json:"failing_since,omitzero"` // zero: the last try arrived
	Problem      string    `json:"problem,omitempty"`
}

// after is the health after one more try.
func (h Health) after(now time.Time, err error) Health {
	if err == nil {
		return Health{LastSentAt: now}
	}
	if h.FailingSince.IsZero() {
		h.FailingSince = now
	}
	h.Problem = clip(err.Error(), 500)
	return h
}

// Status is one sink as it is shown.
type Status struct {
	Name    string   `json:"name"`
	Kind    SinkKind `json:"kind"`
	Waiting int      `json:"waiting"` // deliveries on their way
	Health
}

func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return text[:n]
}
