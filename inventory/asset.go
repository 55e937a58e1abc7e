package inventory

import "slices"

// AssetKind is what an asset is.
type AssetKind string

// The kinds of asset. Desktops and laptops are computers: they carry an agent
// and count as expected at their site while in service.
const (
	AssetDesktop AssetKind = "desktop"
	AssetLaptop  AssetKind = "laptop"
	AssetRouter  AssetKind = "router"
	AssetSwitch  AssetKind = "switch"
	AssetPrinter AssetKind = "printer"
	AssetMonitor AssetKind = "monitor"
	AssetOther   AssetKind = "other"
)

// AssetKinds lists every kind.
func AssetKinds() []AssetKind {
	return []AssetKind{AssetDesktop, AssetLaptop, AssetRouter, AssetSwitch, AssetPrinter, AssetMonitor, AssetOther}
}

// Computer reports whether an agent can run on this kind.
func (k AssetKind) Computer() bool { return k == AssetDesktop || k == AssetLaptop }

// AssetState is a step of an asset's life.
type AssetState string

// The life of an asset, in order, then the ways out of it.
const (
	AssetPlanned   AssetState = "planned"
	AssetOrdered   AssetState = "ordered"
	AssetDelivered AssetState = "delivered"
	AssetImaged    AssetState = "imaged"
	AssetStaged    AssetState = "staged"
	AssetInService AssetState = "in-service"
	AssetRetired   AssetState = "retired"
	AssetWiped     AssetState = "wiped"
	AssetDisposed  AssetState = "disposed"
	AssetDead      AssetState = "dead-on-arrival"
	AssetLost      AssetState = "lost"
	AssetReturned  AssetState = "returned"
)

// AssetStates lists every state in the order of a life.
func AssetStates() []AssetState {
	return []AssetState{
		AssetPlanned, AssetOrdered, AssetDelivered, AssetImaged, AssetStaged, AssetInService,
		AssetRetired, AssetWiped, AssetDisposed, AssetDead, AssetLost, AssetReturned,
	}
}

// Asset is a thing the organisation owns, as declared by people and files. What
// an agent observes of it is kept with its Workstation and never written here.
// Tag is its key.
type Asset struct {
	Tag           string     `json:"tag"`
	Serial        string     `json:"serial,omitempty"`
	UUID          string     `json:"uuid,omitempty"` // SMBIOS UUID, canonical lower case
	MACs          []string   `json:"macs,omitempty"` // canonical lower case with colons
	Kind          AssetKind  `json:"kind"`
	Maker         string     `json:"maker,omitempty"`
	Model         string     `json:"model,omitempty"`
	Name          string     `json:"name,omitempty"` // the computer's name, where it is known
	Site          string     `json:"site,omitempty"` // empty: in no site (stock, depot)
	Position      string     `json:"position,omitempty"`
	State         AssetState `json:"state,omitempty"` // empty is in-service
	Purchased     Date       `json:"purchased,omitempty"`
	WarrantyUntil Date       `json:"warranty_until,omitempty"`
	EndOfLife     Date       `json:"end_of_life,omitempty"`
	Order         string     `json:"order,omitempty"`
	Supplier      string     `json:"supplier,omitempty"`
	Notes         string     `json:"notes,omitempty"`
	HoldUntil     Date       `json:"hold_until,omitempty"` // neither wiped nor disposed of before
}

// Expected reports whether the asset counts in its site's expected workstations.
func (a Asset) Expected() bool {
	return a.Kind.Computer() && a.Site != "" && (a.State == "" || a.State == AssetInService)
}

// Identity is what identifies the asset's hardware.
func (a Asset) Identity() Identity {
	return Identity{UUID: a.UUID, Serial: a.Serial, MACs: a.MACs}
}

// Validate returns FieldErrors, or nil.
func (a Asset) Validate() error {
	var es FieldErrors
	es.key("tag", a.Tag, 64)
	if !slices.Contains(AssetKinds(), a.Kind) {
		es.add("kind", "%q is not one of %v", a.Kind, AssetKinds())
	}
	if a.State != "" && !slices.Contains(AssetStates(), a.State) {
		es.add("state", "%q is not one of %v", a.State, AssetStates())
	}
	if a.Site != "" && !ValidSiteCode(a.Site) {
		es.add("site", "%q is not a site code", a.Site)
	}
	if len(a.Serial) > 100 {
		es.add("serial", "longer than 100 characters")
	}
	if DestroyedSerial(a.Serial) {
		es.add("serial", "%q was destroyed by a spreadsheet: its digits are lost, export it as text", a.Serial)
	}
	if a.UUID != "" && CanonicalUUID(a.UUID) != a.UUID {
		es.add("uuid", "%q is not a UUID such as 4c4c4544-0042-3510-8052-c4c04f584e32", a.UUID)
	}
	es.list("macs", a.MACs)
	for _, mac := range a.MACs {
		if CanonicalMAC(mac) != mac {
			es.add("macs", "%q is not a MAC address such as 3c:52:82:0a:1b:2c", mac)
		}
	}
	es.texts(
		"serial", a.Serial, "maker", a.Maker, "model", a.Model, "name", a.Name, "position", a.Position,
		"order", a.Order, "supplier", a.Supplier, "notes", a.Notes,
	)
	es.date("purchased", a.Purchased)
	es.date("warranty_until", a.WarrantyUntil)
	es.date("end_of_life", a.EndOfLife)
	es.date("hold_until", a.HoldUntil)
	return es.err()
}
