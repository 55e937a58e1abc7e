package inventory

import "time"

// DeliveryKind is what a delivery is about.
type DeliveryKind string

// The kinds. A notice is of no incident: a sign-off to give, a waiver to expire.
const (
	DeliverOpening    DeliveryKind = "opening"
	DeliverUpdate     DeliveryKind = "update"
	DeliverEscalation DeliveryKind = "escalation"
	DeliverEnd        DeliveryKind = "end"
	DeliverDigest     DeliveryKind = "digest"
	DeliverNotice     DeliveryKind = "notice"
)

// Delivery is one message on its way to one address over one sink. ID is its key.
type Delivery struct {
	ID       string       `json:"id"`
	Kind     DeliveryKind `json:"kind"`
	Incident string       `json:"incident,omitempty"`
	Sink     string       `json:"sink"`
	Address  string       `json:"address,omitempty"` // where the sink needs one
	Title    string       `json:"title"`
	Body     string       `json:"body"`
	Thread   string       `json:"thread,omitempty"` // the ID of the first message, in those that follow it

	CreatedAt time.Time `json:"created_at"`
	NextAt    time.Time `json:"next_at"` // of the next try
	Attempts  int       `json:"attempts"`
	SentAt    time.Time `json:"sent_at,omitzero"`
	GivenUpAt time.Time `json:"given_up_at,omitzero"`
	Problem   string    `json:"problem,omitempty"` // of the last try
}

// Waiting reports whether the delivery has neither arrived nor been given up.
func (d Delivery) Waiting() bool { return d.SentAt.IsZero() && d.GivenUpAt.IsZero() }

// DeliveryFilter selects deliveries, newest first; zero fields select all.
type DeliveryFilter struct {
	Incident string
	Sink     string
	Waiting  bool
	Page
}
