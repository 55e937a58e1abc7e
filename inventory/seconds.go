package inventory

import "time"

// Seconds is a duration that travels as a whole number of seconds.
type Seconds int

// Duration converts s.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }
