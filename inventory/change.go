package inventory

import (
	"encoding/json"
	"time"
)

// Noun names a kind of thing in the register.
type Noun string

// The nouns that files declare.
const (
	NounSite   Noun = "site"
	NounSubnet Noun = "subnet"
	NounLink   Noun = "link"
	NounAsset  Noun = "asset"
)

// Register is what is declared at one moment: the estate and, where they were
// asked for, the nouns of its refresh.
type Register struct {
	Sites        []Site        `json:"sites"`
	Subnets      []Subnet      `json:"subnets"`
	Links        []Link        `json:"links"`
	Assets       []Asset       `json:"assets"`
	Programmes   []Programme   `json:"programmes,omitempty"`
	Waves        []Wave        `json:"waves,omitempty"`
	Positions    []Position    `json:"positions,omitempty"`
	Visits       []Visit       `json:"visits,omitempty"`
	Consignments []Consignment `json:"consignments,omitempty"`
	Staff        []Staff       `json:"staff,omitempty"`
	Courses      []Course      `json:"courses,omitempty"`
	Training     []Training    `json:"training,omitempty"`
	Milestones   []Milestone   `json:"milestones,omitempty"`

	// Erased is the numbers of people whose personal values were erased: none
	// is taken again.
	Erased []string `json:"-"`
}

// Change is one noun before and after; a nil Before makes it, a nil After
// removes it. Both are the noun's JSON.
type Change struct {
	Noun   Noun            `json:"noun"`
	Key    string          `json:"key"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Batch is a numbered import: its changes stand or fall together and can be
// undone while nothing later depends on them.
type Batch struct {
	Number   int64     `json:"number"`
	Source   string    `json:"source"` // file name and sheet
	Author   string    `json:"author"`
	MadeAt   time.Time `json:"made_at"`
	Changes  []Change  `json:"changes"`
	UndoneAt time.Time `json:"undone_at,omitzero"`
}
