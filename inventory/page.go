package inventory

import "time"

// Page asks for a piece of a list. After is the cursor that the previous piece
// ended with; empty begins at the start. Limit is held to 1 … MaxPage, and 0 is
// DefaultPage.
type Page struct {
	Limit int
	After string
}

// Bounds of a page.
const (
	DefaultPage = 100
	MaxPage     = 1000
)

// Size is the number of items that the page asks for.
func (p Page) Size() int {
	if p.Limit <= 0 {
		return DefaultPage
	}
	return min(p.Limit, MaxPage)
}

// LinkFilter chooses links; an empty field chooses all.
type LinkFilter struct {
	Site    string
	Carrier string
	Page
}

// AssetFilter chooses assets; an empty field chooses all. Query holds words of
// which each must begin a word of tag, serial, name, maker, model or a MAC.
type AssetFilter struct {
	Site  string
	Kind  AssetKind
	State AssetState
	Query string
	Page
}

// WorkstationFilter chooses workstations; an empty field chooses all. Site is
// where they are now. Query holds words of which each must begin a word of name,
// id, serial, asset tag or a MAC.
type WorkstationFilter struct {
	Site     string
	HomeSite string
	Query    string
	IDs      []string // nil chooses all, empty none
	Page
}

// EventFilter chooses events, newest first. RecordedUntil, where set, shows what
// was known then.
type EventFilter struct {
	Kind          string
	Subject       Subject
	OccurredFrom  time.Time
	OccurredTo    time.Time
	RecordedUntil time.Time
	Page
}
