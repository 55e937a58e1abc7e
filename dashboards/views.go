package dashboards

import (
	"time"

	"muster/inventory"
)

// Frame is what every page has around its content.
type Frame struct {
	Title   string
	Section string // which entry of the menu is this page's
	Who     string // who is signed in; empty on the sign-in page
	Open    bool   // reading without signing in, on this machine
	Version string
	Now     time.Time
	// Live is the address that the page asks for changes, and how often.
	Live        string
	RefreshMSec int64
	// CSV and JSON are the same list for programs; empty where there is none.
	CSV, JSON string
}

// Tally is how a number of machines stand.
type Tally struct {
	inventory.SiteCounts

	Bar []Segment
}

// Banner says that the picture is not whole yet.
type Banner struct {
	Heard int
	Of    int
}

// Partial reports whether the banner is to be shown.
func (b Banner) Partial() bool { return b.Heard < b.Of }

// SitesPage is the list of sites.
type SitesPage struct {
	Frame

	Banner  Banner
	Tally   Tally
	Rows    []SiteRow
	Total   int // sites that match, on all pages
	Query   string
	Status  string
	Heads   []Head
	NextURL string
	AllURL  string // without filters
}

// Head is a column's heading. URL sorts by it; empty: it does not sort.
type Head struct {
	Text string
	URL  string
	Sort string // aria-sort: ascending or descending; empty: not sorted by
	Num  bool
}

// SiteRow is one site of a list. What stands in Cells changes in place.
type SiteRow struct {
	Code     string
	Name     string
	District string
	Cells    SiteCells
}

// SiteCells is the part of a site's row that changes.
type SiteCells struct {
	Status   Status    `json:"status"`
	Present  int       `json:"present"`
	Expected int       `json:"expected"`
	Rest     string    `json:"rest"`
	Bar      []Segment `json:"bar"`
	Link     Status    `json:"link"`
	LinkText string    `json:"link_text"`
	// Incident is what goes on there as a whole; nil: nothing.
	Incident *IncidentCells `json:"incident,omitempty"`
}

// SitePage is one site with its workstations.
type SitePage struct {
	Frame

	Site       inventory.Site
	Cells      SiteCells
	Tally      Tally
	Rows       []WorkstationRow
	Unreported []inventory.Asset // expected, never enrolled
	NextURL    string
	FirstURL   string // where this is not the first page
}

// WorkstationsPage is a list of workstations.
type WorkstationsPage struct {
	Frame

	Rows      []WorkstationRow
	Query     string
	Site      string
	Presence  string
	Presences []inventory.Presence
	NextURL   string
	FirstURL  string
	AllURL    string
}

// WorkstationRow is one workstation of a list.
type WorkstationRow struct {
	inventory.WorkstationStanding

	Cells WorkstationCells
}

// WorkstationCells is the part of a workstation's row that changes.
type WorkstationCells struct {
	Status       Status    `json:"status"`
	Since        time.Time `json:"since,omitzero"`
	LastReportAt time.Time `json:"last_report_at,omitzero"`
}

// WorkstationPage is everything about one workstation.
type WorkstationPage struct {
	Frame

	Workstation inventory.WorkstationDetail
	Status      Status
	Mark        string   // see markOf
	Remarks     []string // what a person must know before the facts
	Sections    []Section
}

// Section is a group of facts, with when they were read.
type Section struct {
	Title  string
	ReadAt time.Time // zero: nothing has arrived
	Empty  string    // why there is nothing to show
	Facts  []FactRow
	Tables []FactTable
}

// FactRow is one fact. Unknown says why there is no text; it is then drawn as
// unknown, never as empty.
type FactRow struct {
	Label   string
	Text    string
	Unknown string
}

// FactTable is several of a kind, such as disks.
type FactTable struct {
	Caption string
	Heads   []string
	Rows    [][]FactRow // Label is unused in a cell
	Unknown string
	None    string // looked, there is none
	More    int    // rows left out
}

// SignInPage asks for an API token.
type SignInPage struct {
	Frame

	Problem string
	To      string // where to go afterwards
}

// ProblemPage says what could not be done and what to do next.
type ProblemPage struct {
	Frame

	Status int
	What   string
	Next   string
}
