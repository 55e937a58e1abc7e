package refresh

import (
	"fmt"
	"time"

	"muster/inventory"
)

// Evidence is the author of events that nobody said: agents showed them.
const Evidence = "evidence"

// Said is who says something, and about when.
type Said struct {
	By string
	At time.Time // when it happened; zero: now
	// Version is the version of the swap that the writer has read; 0 where they
	// have not looked, as with a scanner at the desk.
	Version int
	Why     string // needed where it is recorded out of its order: late, or before it was planned
}

// Scene is what the register and the other swaps say of what an order names.
type Scene struct {
	Position inventory.Position         // of the swap; needed to plan
	Visit    *inventory.Visit           // that the order names
	Assets   map[string]inventory.Asset // by tag: those of the swap and of the order
	Others   []inventory.Swap           // other swaps of the position, or with one of the assets
	Reported map[string]bool            // by tag: an agent has reported from it, ever
	Zone     *time.Location             // of the site; nil is UTC
}

func (s Scene) day(t time.Time) inventory.Date {
	if s.Zone == nil {
		return inventory.DateOf(t.UTC())
	}
	return inventory.DateOf(t.In(s.Zone))
}

// Order is one action with who orders it and what they stand before.
type Order struct {
	Action
	Said
	Scene
}

// Refusal is why an order is not followed, and what would help.
type Refusal struct {
	Verb    string // plan, schedule, do …
	Subject string // "swap x00000001", "asset A1"
	Why     string
	Help    string
}

// Error implements error.
func (r *Refusal) Error() string {
	return fmt.Sprintf("cannot %s %s: %s", r.Verb, r.Subject, r.Why)
}

// Hint is what would help; it may be empty.
func (r *Refusal) Hint() string { return r.Help }

// Conflict says that somebody else has changed the swap since it was read.
// Nothing is overwritten.
type Conflict struct {
	Swap    string
	By      string
	At      time.Time // when they recorded it
	State   inventory.SwapState
	Read    int // the version that the writer had read
	Version int // the version now
}

// Error implements error.
func (c *Conflict) Error() string {
	return fmt.Sprintf("swap %s was changed since you read it: %s made it %s at %s (version %d, you read %d)",
		c.Swap, c.By, c.State, c.At.UTC().Format(time.RFC3339), c.Version, c.Read)
}

// Hint is what would help.
func (c *Conflict) Hint() string { return "read it again, and say what is still to be said" }
