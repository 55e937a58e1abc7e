package inventory

// Page asks for a piece of a list: at most Limit items behind the cursor After,
// which is the Next of the page before and empty for the first. Cursors are
// opaque and follow the list's key, so a list may change between two pages
// without an item being shown twice.
type Page struct {
	Limit int
	After string
}

// MaxPage bounds Page.Limit.
const MaxPage = 1000

// WorkstationFilter selects workstations; zero fields select all.
type WorkstationFilter struct {
	Site  string   // where they are now, or at home
	Query string   // words: each must begin a word of the id, name, serial, tag or model
	IDs   []string // only these
	Page
}

// AssetFilter selects assets; zero fields select all.
type AssetFilter struct {
	Site  string
	Kind  AssetKind
	State AssetState
	Query string
	Page
}

// LinkFilter selects links; zero fields select all.
type LinkFilter struct {
	Site    string
	Carrier string
	Page
}
