package importer

import (
	"strings"

	"muster/inventory"
)

// snipeAssets reads Snipe-IT's export of assets. To whom something is checked
// out is personal and never read; where it is checked out to counts before where
// it is stored.
func snipeAssets() *layout {
	return &layout{
		name: "snipe-it", title: "a Snipe-IT export of assets", kind: Assets,
		marks:  []string{"assettag", "category", "manufacturer", "location"},
		unless: []string{"tag", "kind"},
		columns: foreignColumns(map[string]binding{
			"assettag":             {column: "tag"},
			"name":                 {column: "name"},
			"assetname":            {column: "name"},
			"category":             {column: "kind", convert: snipeKind},
			"status":               {column: "state", convert: snipeState},
			"statuslabel":          {column: "state", convert: snipeState},
			"supplier":             {column: "supplier"},
			"manufacturer":         {column: "maker"},
			"model":                {column: "model"},
			"modelname":            {column: "model"},
			"serial":               {column: "serial"},
			"serialnumber":         {column: "serial"},
			"checkedouttolocation": {column: "site"},
			"location":             {column: "site", rank: 1},
			"defaultlocation":      {column: "site", rank: 2},
			"ordernumber":          {column: "order"},
			"purchasedate":         {column: "purchased"},
			"purchased":            {column: "purchased"},
			"warrantyexpires":      {column: "warranty_until"},
			"asseteoldate":         {column: "end_of_life"},
			"eoldate":              {column: "end_of_life"},
			"assetnotes":           {column: "notes"},
			"notes":                {column: "notes"},
		}, "id", "company", "modelnotes", "modelnumber", "modelno", "purchasecost", "cost", "currentvalue", "checkouttype", "checkedouttousername", "checkedouttofirstname",
			"checkedouttolastname", "checkedouttoemail", "checkedoutto", "username", "firstname", "lastname", "email", "employeenumber", "title", "checkoutdate", "lastcheckindate",
			"expectedcheckindate", "lastaudit", "nextauditdate", "warranty", "eol", "requestable", "image", "createdat", "updatedat", "byod", "diff", "value"),
	}
}

// snipeKind finds our kind inside a category, which every organisation words
// for itself: "Laptops (staff)".
func snipeKind(category string) (string, error) {
	words := []struct {
		part string
		kind inventory.AssetKind
	}{
		{"laptop", inventory.AssetLaptop},
		{"notebook", inventory.AssetLaptop},
		{"ultrabook", inventory.AssetLaptop},
		{"monitor", inventory.AssetMonitor},
		{"screen", inventory.AssetMonitor},
		{"display", inventory.AssetMonitor},
		{"printer", inventory.AssetPrinter},
		{"mfd", inventory.AssetPrinter},
		{"multifunction", inventory.AssetPrinter},
		{"router", inventory.AssetRouter},
		{"firewall", inventory.AssetRouter},
		{"switch", inventory.AssetSwitch},
		{"desktop", inventory.AssetDesktop},
		{"workstation", inventory.AssetDesktop},
		{"computer", inventory.AssetDesktop},
		{"tower", inventory.AssetDesktop},
		{"all-in-one", inventory.AssetDesktop},
		{"mini pc", inventory.AssetDesktop},
	}
	lower := strings.ToLower(category)
	for _, w := range words {
		if strings.Contains(lower, w.part) {
			return string(w.kind), nil
		}
	}
	if lower == "pc" || lower == "pcs" {
		return string(inventory.AssetDesktop), nil
	}
	return string(inventory.AssetOther), nil
}

// snipeState reads the states that Snipe-IT comes with; a label of the
// organisation's own must be told by a map.
func snipeState(status string) (string, error) {
	label, _, _ := strings.Cut(status, "(") // "Ready to Deploy (deployed)"
	if strings.Contains(strings.ToLower(status), "(deployed)") {
		return string(inventory.AssetInService), nil
	}
	switch squash(label) {
	case "pending":
		return string(inventory.AssetOrdered), nil
	case "readytodeploy", "deployable":
		return string(inventory.AssetStaged), nil
	case "archived":
		return string(inventory.AssetRetired), nil
	case "outforrepair", "outfordiagnostics", "undeployable", "broken", "brokennotfixable":
		return string(inventory.AssetRetired), nil
	case "loststolen", "lost", "stolen":
		return string(inventory.AssetLost), nil
	default:
		return strings.TrimSpace(label), nil
	}
}
