package inventory

import (
	"encoding/json"
	"time"
)

// State is what the events of one worked noun (a swap, a sign-off, a waiver …)
// add up to. Version rises by one with each change: a writer says the version
// that it makes, and is refused where another was faster.
type State struct {
	Noun      Noun            `json:"noun"`
	Key       string          `json:"key"`
	Site      string          `json:"site,omitempty"` // empty: of no site
	Version   int             `json:"version"`
	ChangedAt time.Time       `json:"changed_at"`
	ChangedBy string          `json:"changed_by,omitempty"`
	Body      json.RawMessage `json:"body"`
}

// StateFilter selects states of one noun; zero fields select all.
type StateFilter struct {
	Noun Noun
	Site string
	Keys []string // only these
	Page
}

// NounFilter selects declared nouns of the refresh; zero fields select all.
// Which field fits which noun is for the store to say.
type NounFilter struct {
	Site      string
	Wave      string // of a milestone its own, of what has a site the site's
	Programme string
	State     string
	Role      string
	Class     string
	Asset     string
	Crew      string
	Staff     string
	Course    string
	Area      string
	From, To  Date // of a visit its day, both included
	Names     bool // with the names of people
	Page
}

// Erasure is what erasing a person takes away and what stays: counts and
// history.
type Erasure struct {
	Number   string    `json:"number"`
	Fields   []string  `json:"fields"` // personal values, without their content
	Training int       `json:"training"`
	Events   int       `json:"events"`
	Imports  int       `json:"imports"`
	ErasedAt time.Time `json:"erased_at,omitzero"` // zero: not erased
}
