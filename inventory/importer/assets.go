package importer

import (
	"fmt"
	"strings"
	"time"

	"muster/inventory"
)

// Words that other registers use for our kinds and states, squashed.
var (
	kindWords = map[string]inventory.AssetKind{
		"pc": inventory.AssetDesktop, "computer": inventory.AssetDesktop, "workstation": inventory.AssetDesktop,
		"tower": inventory.AssetDesktop, "minipc": inventory.AssetDesktop, "allinone": inventory.AssetDesktop, "aio": inventory.AssetDesktop,
		"notebook": inventory.AssetLaptop, "ultrabook": inventory.AssetLaptop, "mobileworkstation": inventory.AssetLaptop,
		"firewall": inventory.AssetRouter, "cpe": inventory.AssetRouter,
		"networkswitch": inventory.AssetSwitch,
		"mfd":           inventory.AssetPrinter, "multifunction": inventory.AssetPrinter, "copier": inventory.AssetPrinter,
		"screen": inventory.AssetMonitor, "display": inventory.AssetMonitor,
	}
	stateWords = map[string]inventory.AssetState{
		"inuse": inventory.AssetInService, "live": inventory.AssetInService, "deployed": inventory.AssetInService, "active": inventory.AssetInService,
		"onorder": inventory.AssetOrdered, "instock": inventory.AssetDelivered, "received": inventory.AssetDelivered, "stock": inventory.AssetDelivered,
		"built": inventory.AssetImaged, "ready": inventory.AssetStaged, "readytodeploy": inventory.AssetStaged,
		"withdrawn": inventory.AssetRetired, "decommissioned": inventory.AssetRetired, "archived": inventory.AssetRetired,
		"erased": inventory.AssetWiped, "scrapped": inventory.AssetDisposed, "recycled": inventory.AssetDisposed, "sold": inventory.AssetDisposed,
		"doa": inventory.AssetDead, "faultyonarrival": inventory.AssetDead,
		"stolen": inventory.AssetLost, "missing": inventory.AssetLost, "returnedtosupplier": inventory.AssetReturned,
	}
)

type asset = inventory.Asset

// assetSchema is the columns of assets and of workstations.
func assetSchema(kind Kind) schema[asset] {
	s := schema[asset]{
		keyColumn: "tag", columns: append(declaredColumns(), observedColumns()...), parseKey: asItIs,
		blank: func(key string) asset { return asset{Tag: key} },
		keyOf: func(a *asset) string { return a.Tag },
		title: func(a *asset) string {
			return strings.TrimSpace(strings.Join([]string{string(a.Kind), a.Maker, a.Model}, " "))
		},
		validate: func(a *asset) error { return a.Validate() },
	}
	if kind == Workstations {
		s.validate = computersOnly
	}
	return s
}

func computersOnly(a *asset) error {
	if err := a.Validate(); err != nil || a.Kind.Computer() {
		return err
	}
	return inventory.FieldErrors{{
		Field: "kind", Why: fmt.Sprintf("%q is no workstation: import it with the assets", a.Kind),
	}}
}

func declaredColumns() []column[asset] {
	return append([]column[asset]{
		text(Column{
			Name: "tag", Required: true, Example: "A10234", Synonyms: []string{"asset tag", "asset", "asset number", "asset no", "asset id", "pc number", "barcode"},
			Help: "The asset tag, its key.",
		}, func(a *asset) *string { return &a.Tag }),
		choice(Column{
			Name: "kind", Required: true, Example: "laptop", Synonyms: []string{"type", "asset type", "category", "class", "form factor"},
			Help: "desktop, laptop, router, switch, printer, monitor or other.",
		}, func(a *asset) *inventory.AssetKind { return &a.Kind }, inventory.AssetKinds(), kindWords),
		seen(siteRef(Column{
			Name: "site", Example: "E101", Synonyms: []string{"site code", "site id", "site name", "premises", "building", "location"},
			Help: "Code, name or alias of the site where it belongs; blank: in no site.",
		}, func(a *asset) *string { return &a.Site }), func(o Observed) (string, bool) { return o.Site, o.Site != "" }),
		text(Column{
			Name: "position", Example: "Desk 4", Synonyms: []string{"desk", "room", "place", "seat"},
			Help: "The desk or room within the site.",
		}, func(a *asset) *string { return &a.Position }),
		choice(Column{
			Name: "state", Example: "in-service", Synonyms: []string{"status", "asset status", "lifecycle"},
			Help: "planned, ordered, delivered, imaged, staged, in-service, retired, wiped, disposed, dead-on-arrival, lost or returned; blank is in-service.",
		}, func(a *asset) *inventory.AssetState { return &a.State }, inventory.AssetStates(), stateWords),
		seen(text(Column{
			Name: "name", Example: "LIB-0234", Synonyms: []string{"computer name", "asset name", "hostname", "pc name", "machine name"},
			Help: "The computer's own name.",
		}, func(a *asset) *string { return &a.Name }), func(o Observed) (string, bool) { return o.Name.Get() }),
		seen(serial(Column{
			Name: "serial", Example: "5CG0123ABC", Synonyms: []string{"serial number", "serial no", "s/n", "service tag"},
			Help: "The maker's serial number. A number that a spreadsheet has rounded (5.02E+18) is refused.",
		}, func(a *asset) *string { return &a.Serial }), func(o Observed) (string, bool) { return o.Serial.Get() }),
		seen(uuid(), func(o Observed) (string, bool) { return o.UUID.Get() }),
		macs(),
		text(Column{
			Name: "maker", Example: "Dell", Synonyms: []string{"manufacturer", "make", "brand", "vendor"},
			Help: "Who made it.",
		}, func(a *asset) *string { return &a.Maker }),
		text(Column{
			Name: "model", Example: "Latitude 5420", Synonyms: []string{"model name", "product"},
			Help: "The model.",
		}, func(a *asset) *string { return &a.Model }),
	}, purchaseColumns()...)
}

func purchaseColumns() []column[asset] {
	return []column[asset]{
		date(Column{
			Name: "purchased", Example: "2022-03-01", Synonyms: []string{"purchase date", "bought", "date purchased", "acquired"},
			Help: "The day on which it was bought.",
		}, func(a *asset) *inventory.Date { return &a.Purchased }),
		date(Column{
			Name: "warranty_until", Example: "2027-02-28", Synonyms: []string{"warranty", "warranty end", "warranty expires", "warranty expiry", "warranty end date"},
			Help: "The last day of its warranty.",
		}, func(a *asset) *inventory.Date { return &a.WarrantyUntil }),
		date(Column{
			Name: "end_of_life", Example: "2028-03-01", Synonyms: []string{"eol", "eol date", "end of life date", "asset eol date"},
			Help: "The day on which it should be gone.",
		}, func(a *asset) *inventory.Date { return &a.EndOfLife }),
		date(Column{
			Name: "hold_until", Example: "2027-06-30", Synonyms: []string{"hold", "retain until", "legal hold", "keep until", "hold date"},
			Help: "The last day on which it may neither be wiped nor disposed of.",
		}, func(a *asset) *inventory.Date { return &a.HoldUntil }),
		text(Column{
			Name: "order", Example: "PO-4471", Synonyms: []string{"order number", "purchase order", "po", "po number"},
			Help: "The order it came with.",
		}, func(a *asset) *string { return &a.Order }),
		text(Column{
			Name: "supplier", Example: "Softbridge", Synonyms: []string{"reseller", "sold by"},
			Help: "Who sold it.",
		}, func(a *asset) *string { return &a.Supplier }),
		text(Column{
			Name: "notes", Example: "Spare charger in the drawer", Synonyms: []string{"note", "comments", "comment", "remarks", "description", "asset notes"},
			Help: "Anything else.",
		}, func(a *asset) *string { return &a.Notes }),
	}
}

// observedColumns are the agent's: exported to be read, never written.
func observedColumns() []column[asset] {
	return []column[asset]{
		agents("workstation", "The id of the agent's install.", func(o Observed) (string, bool) { return o.Workstation, o.Workstation != "" }),
		agents("observed_name", "The name that the machine gives itself.", func(o Observed) (string, bool) { return o.Name.Get() }),
		agents("observed_serial", "The serial number in its firmware.", func(o Observed) (string, bool) { return o.Serial.Get() }),
		agents("observed_uuid", "The SMBIOS UUID in its firmware.", func(o Observed) (string, bool) { return o.UUID.Get() }),
		agents("observed_maker", "The maker in its firmware.", func(o Observed) (string, bool) { return o.Maker.Get() }),
		agents("observed_model", "The model in its firmware.", func(o Observed) (string, bool) { return o.Model.Get() }),
		agents("observed_site", "The site where it is now.", func(o Observed) (string, bool) { return o.Site, o.Site != "" }),
		moving(agents("agent_version", "The agent's version.", func(o Observed) (string, bool) { return o.AgentVersion, o.AgentVersion != "" })),
		moving(agents("last_report_at", "When it last reported.", func(o Observed) (string, bool) {
			return o.LastReportAt.UTC().Format(time.RFC3339), !o.LastReportAt.IsZero()
		})),
	}
}

func agents(name, help string, observed func(Observed) (string, bool)) column[asset] {
	return column[asset]{Column: Column{Name: name, Help: help, Authority: AgentAuthority}, observed: observed}
}

func moving(col column[asset]) column[asset] {
	col.volatile = true
	return col
}

// seen adds what the agent says beside a declared column: a difference is drift.
func seen(col column[asset], observed func(Observed) (string, bool)) column[asset] {
	col.observed = observed
	return col
}

func serial(c Column, field func(*asset) *string) column[asset] {
	col := text(c, field)
	col.set = func(a *asset, value string, _ *reading) error {
		if inventory.DestroyedSerial(value) {
			return &cellError{
				why:        "a spreadsheet has rounded this serial number and its digits are lost",
				suggestion: "export it again from its source with the column formatted as text",
			}
		}
		*field(a) = value
		return nil
	}
	return col
}

func uuid() column[asset] {
	col := text(Column{
		Name: "uuid", Example: "4c4c4544-0042-3510-8052-c4c04f584e32", Synonyms: []string{"smbios uuid", "system uuid", "bios uuid"},
		Help: "The SMBIOS UUID.",
	}, func(a *asset) *string { return &a.UUID })
	col.set = func(a *asset, value string, _ *reading) error {
		if a.UUID = inventory.CanonicalUUID(value); a.UUID == "" {
			return &cellError{why: "not a UUID such as 4c4c4544-0042-3510-8052-c4c04f584e32"}
		}
		return nil
	}
	return col
}

func macs() column[asset] {
	col := list(Column{
		Name: "macs", Example: "3c:52:82:0a:1b:2c", Synonyms: []string{"mac", "mac address", "mac addresses"},
		Help: "Addresses of its built-in network cards, separated by semicolons, commas or spaces.",
	}, func(a *asset) *[]string { return &a.MACs }, func(value string) (string, error) {
		mac := inventory.CanonicalMAC(value)
		if mac == "" {
			return "", &cellError{why: fmt.Sprintf("%q is not a MAC address such as 3c:52:82:0a:1b:2c", shorten(value))}
		}
		return mac, nil
	})
	set := col.set
	separators := strings.NewReplacer(",", ";", " ", ";", "\n", ";", "\t", ";")
	col.set = func(a *asset, value string, r *reading) error { return set(a, separators.Replace(value), r) }
	return col
}
