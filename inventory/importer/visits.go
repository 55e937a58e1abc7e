package importer

import (
	"muster/inventory"
)

func visitSchema() schema[inventory.Visit] {
	type visit = inventory.Visit
	return schema[visit]{
		keyColumn: "code", parseKey: asItIs,
		columns: []column[visit]{
			text(Column{
				Name: "code", Required: true, Example: "V-E101-1", Synonyms: []string{"visit", "visit code", "visit id", "job", "job number"},
				Help: "The visit's code, its key.",
			}, func(v *visit) *string { return &v.Code }),
			siteRef(Column{
				Name: "site", Required: true, Example: "E101", Synonyms: []string{"site code", "site id", "site name", "premises", "building", "location"},
				Help: "Code, name or alias of the site that is visited.",
			}, func(v *visit) *string { return &v.Site }),
			date(Column{
				Name: "date", Required: true, Example: "2026-12-01", Synonyms: []string{"day", "visit date", "planned date"},
				Help: "The day.",
			}, func(v *visit) *inventory.Date { return &v.Date }),
			text(Column{
				Name: "from", Example: "08:30", Synonyms: []string{"start", "start time", "from time", "arrives"},
				Help: "When it begins, in the site's zone.",
			}, func(v *visit) *string { return &v.From }),
			text(Column{
				Name: "to", Example: "12:00", Synonyms: []string{"end", "end time", "to time", "until"},
				Help: "When it ends.",
			}, func(v *visit) *string { return &v.To }),
			text(Column{
				Name: "crew", Required: true, Example: "north", Synonyms: []string{"team", "crew name"},
				Help: "Who goes there.",
			}, func(v *visit) *string { return &v.Crew }),
			list(Column{
				Name: "people", Example: "jd; sk", Synonyms: []string{"technicians", "engineers", "members"},
				Help: "The technicians as they sign, separated by semicolons.",
			}, func(v *visit) *[]string { return &v.People }, asItIs),
			choice(Column{
				Name: "state", Example: "planned", Synonyms: []string{"status"},
				Help: "planned, done or cancelled; blank is planned.",
			}, func(v *visit) *string { return &v.State }, []string{inventory.VisitPlanned, inventory.VisitDone, inventory.VisitCancelled},
				map[string]string{"complete": inventory.VisitDone, "completed": inventory.VisitDone, "canceled": inventory.VisitCancelled, "scheduled": inventory.VisitPlanned}),
			text(Column{
				Name: "reason", Example: "Nobody had the key", Synonyms: []string{"why", "cancellation reason"},
				Help: "Why it was cancelled or not finished.",
			}, func(v *visit) *string { return &v.Reason }),
			notesColumn("Park at the rear", func(v *visit) *string { return &v.Notes }),
		},
		blank:    func(key string) visit { return visit{Code: key} },
		keyOf:    func(v *visit) string { return v.Code },
		title:    func(v *visit) string { return v.Site + " " + string(v.Date) },
		validate: func(v *visit) error { return v.Validate() },
	}
}

func consignmentSchema() schema[inventory.Consignment] {
	type consignment = inventory.Consignment
	return schema[consignment]{
		keyColumn: "code", parseKey: asItIs,
		columns: []column[consignment]{
			text(Column{
				Name: "code", Required: true, Example: "DN-88123", Synonyms: []string{"consignment", "consignment code", "delivery", "delivery note", "shipment"},
				Help: "The consignment's code, its key: the delivery note's number.",
			}, func(c *consignment) *string { return &c.Code }),
			text(Column{
				Name: "order", Example: "PO-6010", Synonyms: []string{"order number", "purchase order", "po", "po number"},
				Help: "The order that it belongs to.",
			}, func(c *consignment) *string { return &c.Order }),
			text(Column{
				Name: "supplier", Example: "Softbridge", Synonyms: []string{"vendor", "reseller", "sent by"},
				Help: "Who sends it.",
			}, func(c *consignment) *string { return &c.Supplier }),
			siteRef(Column{
				Name: "site", Example: "E101", Synonyms: []string{"site code", "site id", "site name", "deliver to", "destination"},
				Help: "Where it is delivered; blank: at the depot.",
			}, func(c *consignment) *string { return &c.Site }),
			date(Column{
				Name: "expected", Example: "2026-11-27", Synonyms: []string{"expected date", "due", "eta"},
				Help: "The day on which it should come.",
			}, func(c *consignment) *inventory.Date { return &c.Expected }),
			date(Column{
				Name: "arrived", Example: "2026-11-27", Synonyms: []string{"arrival date", "delivered", "received"},
				Help: "The day on which it came; blank: it has not.",
			}, func(c *consignment) *inventory.Date { return &c.Arrived }),
			whole(Column{
				Name: "count", Example: "40", Synonyms: []string{"quantity", "qty", "pieces", "units"},
				Help: "How many pieces were announced.",
			}, func(c *consignment) *int { return &c.Count }),
			list(Column{
				Name: "assets", Long: true, Example: "N20001; N20002", Synonyms: []string{"asset tags", "tags"},
				Help: "Tags of what is in it, separated by semicolons; they need not be in the register yet.",
			}, func(c *consignment) *[]string { return &c.Assets }, asItIs),
			notesColumn("Two pallets", func(c *consignment) *string { return &c.Notes }),
		},
		blank:    func(key string) consignment { return consignment{Code: key} },
		keyOf:    func(c *consignment) string { return c.Code },
		title:    func(c *consignment) string { return c.Supplier },
		validate: func(c *consignment) error { return c.Validate() },
	}
}
