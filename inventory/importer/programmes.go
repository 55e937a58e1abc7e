package importer

import (
	"muster/inventory"
)

// notesColumn is the last column of most nouns.
func notesColumn[N any](example string, field func(*N) *string) column[N] {
	return text(Column{
		Name: "notes", Example: example, Synonyms: []string{"note", "comments", "comment", "remarks", "description"},
		Help: "Anything else.",
	}, field)
}

func programmeSchema() schema[inventory.Programme] {
	type programme = inventory.Programme
	return schema[programme]{
		keyColumn: "code", parseKey: readCode,
		columns: []column[programme]{
			text(Column{
				Name: "code", Required: true, Example: "REFRESH26", Synonyms: []string{"programme code", "programme id", "program"},
				Help: "The programme's short code, its key: 1 to 16 of A-Z, 0-9, - and _. Lower case is raised.",
			}, func(p *programme) *string { return &p.Code }),
			text(Column{
				Name: "name", Required: true, Example: "Workstation refresh 2026", Synonyms: []string{"programme", "programme name", "title"},
				Help: "What people call it.",
			}, func(p *programme) *string { return &p.Name }),
			text(Column{
				Name: "zone", Example: "Europe/London", Synonyms: []string{"time zone", "tz"},
				Help: "IANA time zone in which its days begin; blank is Europe/London.",
			}, func(p *programme) *string { return &p.Zone }),
			date(Column{
				Name: "target", Example: "2027-03-31", Synonyms: []string{"target date", "deadline", "due", "end date", "promised"},
				Help: "The date that was promised.",
			}, func(p *programme) *inventory.Date { return &p.Target }),
			list(Column{
				Name: "freezes", Example: "2026-12-21/2027-01-02 change freeze", Synonyms: []string{"freeze", "change freeze", "change freezes"},
				Help: "Days on which nothing is swapped, each 2026-12-24 or 2026-12-21/2027-01-02 and why, separated by semicolons.",
			}, func(p *programme) *[]string { return &p.Freezes }, asItIs),
			list(Column{
				Name: "holidays", Example: "2027-05-31 county day", Synonyms: []string{"holiday", "closures", "closed days"},
				Help: "Days off beside the bank holidays of England and Wales, written as freezes are.",
			}, func(p *programme) *[]string { return &p.Holidays }, asItIs),
			notesColumn("Owned by the business", func(p *programme) *string { return &p.Notes }),
		},
		blank:    func(key string) programme { return programme{Code: key} },
		keyOf:    func(p *programme) string { return p.Code },
		title:    func(p *programme) string { return p.Name },
		validate: func(p *programme) error { return p.Validate() },
	}
}

func waveSchema() schema[inventory.Wave] {
	type wave = inventory.Wave
	return schema[wave]{
		keyColumn: "code", parseKey: readCode,
		columns: []column[wave]{
			text(Column{
				Name: "code", Required: true, Example: "W1", Synonyms: []string{"wave code", "wave id", "wave number", "wave no"},
				Help: "The wave's short code, its key: 1 to 16 of A-Z, 0-9, - and _. Lower case is raised.",
			}, func(w *wave) *string { return &w.Code }),
			ref(Column{
				Name: "programme", Required: true, Example: "REFRESH26", Synonyms: []string{"programme code", "program"},
				Help: "The code of the programme that it belongs to.",
			}, inventory.NounProgramme, func(w *wave) *string { return &w.Programme }),
			text(Column{
				Name: "name", Required: true, Example: "Libraries first", Synonyms: []string{"wave", "wave name", "title"},
				Help: "What people call it.",
			}, func(w *wave) *string { return &w.Name }),
			siteList(Column{
				Name: "sites", Long: true, Example: "E101", Synonyms: []string{"site", "site codes", "premises"},
				Help: "Codes, names or aliases of the sites that go live together, separated by semicolons.",
			}, func(w *wave) *[]string { return &w.Sites }),
			date(Column{
				Name: "starts", Example: "2026-11-30", Synonyms: []string{"start", "start date", "first visit", "from"},
				Help: "The day of its first visit.",
			}, func(w *wave) *inventory.Date { return &w.Starts }),
			date(Column{
				Name: "ends", Example: "2026-12-11", Synonyms: []string{"end", "end date", "last visit", "to"},
				Help: "The day of its last visit.",
			}, func(w *wave) *inventory.Date { return &w.Ends }),
			date(Column{
				Name: "go_live", Example: "2026-12-14", Synonyms: []string{"go live date", "live", "live date"},
				Help: "The day on which its sites go live.",
			}, func(w *wave) *inventory.Date { return &w.GoLive }),
			whole(Column{
				Name: "crews", Example: "2", Synonyms: []string{"teams", "number of crews"},
				Help: "How many crews are planned for it.",
			}, func(w *wave) *int { return &w.Crews }),
			text(Column{
				Name: "on_hold", Example: "Waiting for the carrier", Synonyms: []string{"hold", "hold reason", "why on hold"},
				Help: "Why nothing moves; blank: it moves.",
			}, func(w *wave) *string { return &w.OnHold }),
			notesColumn("Before the school term", func(w *wave) *string { return &w.Notes }),
		},
		blank:    func(key string) wave { return wave{Code: key} },
		keyOf:    func(w *wave) string { return w.Code },
		title:    func(w *wave) string { return w.Name },
		validate: func(w *wave) error { return w.Validate() },
	}
}
