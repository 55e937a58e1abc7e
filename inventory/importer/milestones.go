package importer

import "muster/inventory"

type milestone = inventory.Milestone

func milestoneSchema() schema[milestone] {
	return schema[milestone]{
		keyColumn: "code", parseKey: asItIs,
		columns: append([]column[milestone]{
			text(Column{
				Name: "code", Required: true, Example: "ADULTS-W1", Synonyms: []string{"milestone", "milestone code", "milestone id"},
				Help: "The milestone's code, its key.",
			}, func(m *milestone) *string { return &m.Code }),
			text(Column{
				Name: "area", Required: true, Example: "adults' records", Synonyms: []string{"service area", "service", "records"},
				Help: "The service area: adults' records, children's records.",
			}, func(m *milestone) *string { return &m.Area }),
			ref(Column{
				Name: "wave", Example: "W1", Synonyms: []string{"wave code", "wave id"},
				Help: "The code of its wave.",
			}, inventory.NounWave, func(m *milestone) *string { return &m.Wave }),
			siteRef(Column{
				Name: "site", Example: "E101", Synonyms: []string{"site code", "site id", "site name", "premises"},
				Help: "Its site; blank: every site of the wave.",
			}, func(m *milestone) *string { return &m.Site }),
			text(Column{
				Name: "name", Required: true, Example: "Adults' records moved", Synonyms: []string{"title", "milestone name", "step"},
				Help: "What is done.",
			}, func(m *milestone) *string { return &m.Name }),
			list(Column{
				Name: "after", Example: "ADULTS-TRIAL", Synonyms: []string{"depends on", "predecessors", "waits for"},
				Help: "Codes of the milestones that must be done before, separated by semicolons.",
			}, func(m *milestone) *[]string { return &m.After }, asItIs),
		}, milestoneCounts()...),
		blank:    func(key string) milestone { return milestone{Code: key} },
		keyOf:    func(m *milestone) string { return m.Code },
		title:    func(m *milestone) string { return m.Name },
		validate: func(m *milestone) error { return m.Validate() },
	}
}

func milestoneCounts() []column[milestone] {
	return []column[milestone]{
		date(Column{
			Name: "planned", Example: "2026-12-14", Synonyms: []string{"planned date", "due", "due date"},
			Help: "The day for which it is planned.",
		}, func(m *milestone) *inventory.Date { return &m.Planned }),
		date(Column{
			Name: "actual", Example: "2026-12-15", Synonyms: []string{"actual date", "done", "done on", "completed"},
			Help: "The day on which it was done; blank: it is not. Then the counts must add up.",
		}, func(m *milestone) *inventory.Date { return &m.Actual }),
		whole(Column{
			Name: "expected", Example: "1200", Synonyms: []string{"records expected", "to move", "source count"},
			Help: "How many records were to move.",
		}, func(m *milestone) *int { return &m.Expected }),
		whole(Column{
			Name: "moved", Example: "1197", Synonyms: []string{"records moved", "migrated", "target count"},
			Help: "How many moved.",
		}, func(m *milestone) *int { return &m.Moved }),
		whole(Column{
			Name: "rejected", Example: "3", Synonyms: []string{"records rejected", "refused", "failed"},
			Help: "How many were rejected, and are accounted for.",
		}, func(m *milestone) *int { return &m.Rejected }),
		text(Column{
			Name: "owner", Example: "Head of adult care", Synonyms: []string{"owned by", "responsible"},
			Help: "Who answers for it.",
		}, func(m *milestone) *string { return &m.Owner }),
		notesColumn("After the dress rehearsal", func(m *milestone) *string { return &m.Notes }),
	}
}
