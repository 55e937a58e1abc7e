package sla

import (
	"errors"
	"fmt"
	"time"

	"muster/inventory"
)

// Terms is what a contract promises of a link. Links name their terms (Link.SLA).
type Terms struct {
	Name        string          `json:"name" yaml:"name"`
	Available   float64         `json:"available_ratio,omitempty" yaml:"available_ratio"` // 0.999; zero promises nothing
	Hours       inventory.Hours `json:"service_hours,omitempty" yaml:"service_hours"`     // empty: round the clock
	FixWithin   Hours           `json:"fix_within_hours,omitempty" yaml:"fix_within_hours"`
	LossAtMost  float64         `json:"loss_at_most_ratio,omitempty" yaml:"loss_at_most_ratio"`
	RTTAtMost   float64         `json:"rtt_at_most_ms,omitempty" yaml:"rtt_at_most_ms"`
	OurWindows  bool            `json:"exclude_our_windows,omitempty" yaml:"exclude_our_windows"`
	TheirWindow bool            `json:"exclude_their_windows,omitempty" yaml:"exclude_their_windows"` // announced works of the carrier
}

// Hours is a duration that contracts write as a number of hours.
type Hours float64

// Duration converts h.
func (h Hours) Duration() time.Duration { return time.Duration(float64(h) * float64(time.Hour)) }

// Validate says what cannot be used in t.
func (t Terms) Validate() error {
	switch {
	case t.Name == "":
		return errors.New("terms have no name: links refer to them by it")
	case t.Available < 0 || t.Available > 1 || t.Available != t.Available:
		return fmt.Errorf("terms %q: available_ratio %v is outside 0 to 1", t.Name, t.Available)
	case t.LossAtMost < 0 || t.LossAtMost > 1 || t.LossAtMost != t.LossAtMost:
		return fmt.Errorf("terms %q: loss_at_most_ratio %v is outside 0 to 1", t.Name, t.LossAtMost)
	case t.FixWithin < 0 || t.FixWithin > 24*90 || t.FixWithin != t.FixWithin:
		return fmt.Errorf("terms %q: fix_within_hours %v is outside 0 to 2160", t.Name, float64(t.FixWithin))
	case t.RTTAtMost < 0 || t.RTTAtMost > 60_000 || t.RTTAtMost != t.RTTAtMost:
		return fmt.Errorf("terms %q: rtt_at_most_ms %v is outside 0 to 60000", t.Name, t.RTTAtMost)
	}
	if err := t.Hours.Validate(); err != nil {
		return fmt.Errorf("terms %q: service_hours: %w", t.Name, err)
	}
	return nil
}
