package importer

import (
	"strings"

	"muster/inventory"
)

type staff = inventory.Staff

// names says whose names are not taken.
type names struct {
	drop   bool
	erased map[string]bool // staff numbers
}

func namesOf(options PlanOptions, erased []string) names {
	n := names{drop: options.DropNames, erased: make(map[string]bool, len(erased))}
	for _, number := range erased {
		n.erased[number] = true
	}
	return n
}

func (n names) refuses(number string) bool { return n.drop || n.erased[number] }

func staffSchema(policy names) schema[staff] {
	name := text(Column{
		Name: "name", Example: "Sam Example", Synonyms: []string{"full name", "employee name", "staff name", "person"}, Personal: true,
		Help: "The person's name. It is personal: kept apart, left out where policy says so, and not taken again once erased.",
	}, func(s *staff) *string { return &s.Name })
	set := name.set
	name.set = func(s *staff, value string, r *reading) error {
		if policy.refuses(s.Number) {
			return nil
		}
		return set(s, value, r)
	}
	return schema[staff]{
		keyColumn: "number", parseKey: asItIs,
		columns: []column[staff]{
			text(Column{
				Name: "number", Required: true, Example: "100234", Synonyms: []string{"staff number", "staff no", "staff id", "employee number", "employee no", "employee id", "payroll number", "personnel number"},
				Help: "The staff number, the key.",
			}, func(s *staff) *string { return &s.Number }),
			siteRef(Column{
				Name: "site", Required: true, Example: "E101", Synonyms: []string{"site code", "site id", "site name", "base", "premises", "building", "location"},
				Help: "Code, name or alias of the site where the person is based.",
			}, func(s *staff) *string { return &s.Site }),
			text(Column{
				Name: "role", Example: "library assistant", Synonyms: []string{"job role", "job title", "post", "position title"},
				Help: "The role, by which training is asked for.",
			}, func(s *staff) *string { return &s.Role }),
			date(Column{
				Name: "from", Example: "2024-04-01", Synonyms: []string{"start date", "starts", "joined", "first day"},
				Help: "The first day; blank: always.",
			}, func(s *staff) *inventory.Date { return &s.From }),
			date(Column{
				Name: "to", Example: "2027-03-31", Synonyms: []string{"end date", "ends", "leaver", "leaving date", "last day", "left"},
				Help: "The last day; blank: none. A leaver drops out of every count on the day after.",
			}, func(s *staff) *inventory.Date { return &s.To }),
			name,
		},
		blank:    func(key string) staff { return staff{Number: key} },
		keyOf:    func(s *staff) string { return s.Number },
		title:    func(s *staff) string { return strings.TrimSpace(s.Site + " " + s.Role) },
		validate: func(s *staff) error { return s.Validate() },
	}
}

// noticeNames says which names were sent and not taken: for a whole file once,
// for a person at the cell.
func (p *planner) noticeNames(all []*pending[staff]) {
	said := map[int]bool{}
	for _, w := range all {
		set, ok := w.setBy.of("name")
		switch {
		case !ok || set.cell.cleared || !p.names.refuses(w.entry.key):
		case !p.names.drop:
			p.plan.Notices = append(p.plan.Notices, Problem{
				Place: set.cell.place(), Value: shorten(w.entry.key), Why: "this person's personal values were erased: the name is not taken again",
			})
		case !said[set.source.table]:
			said[set.source.table] = true
			t := p.plan.Tables[set.source.table]
			p.plan.Notices = append(p.plan.Notices, Problem{
				Place: t.place(t.HeaderRow, set.cell.index+1), Why: "names of people are not kept here: the column is ignored",
			})
		}
	}
}

func courseSchema() schema[inventory.Course] {
	type course = inventory.Course
	return schema[course]{
		keyColumn: "code", parseKey: readCourseCode,
		columns: []column[course]{
			text(Column{
				Name: "code", Required: true, Example: "records-basic", Synonyms: []string{"course", "course code", "course id", "module code"},
				Help: "The course's code, its key: 1 to 32 of a-z, 0-9 and -. Capitals are lowered.",
			}, func(c *course) *string { return &c.Code }),
			text(Column{
				Name: "name", Required: true, Example: "Care records: the basics", Synonyms: []string{"course name", "course title", "title"},
				Help: "What people call it.",
			}, func(c *course) *string { return &c.Name }),
			list(Column{
				Name: "roles", Example: "library assistant; social worker", Synonyms: []string{"role", "needed by", "required for", "audience"},
				Help: "The roles that need it, separated by semicolons; blank: everybody.",
			}, func(c *course) *[]string { return &c.Roles }, asItIs),
			whole(Column{
				Name: "valid_months", Example: "24", Synonyms: []string{"validity", "valid for", "valid for months", "expires after months"},
				Help: "For how many months a completion counts; blank: for ever.",
			}, func(c *course) *int { return &c.ValidMonths }),
			ref(Column{
				Name: "programme", Example: "REFRESH26", Synonyms: []string{"programme code", "program"},
				Help: "The code of the programme that asks for it.",
			}, inventory.NounProgramme, func(c *course) *string { return &c.Programme }),
		},
		blank:    func(key string) course { return course{Code: key} },
		keyOf:    func(c *course) string { return c.Code },
		title:    func(c *course) string { return c.Name },
		validate: func(c *course) error { return c.Validate() },
	}
}

func readCourseCode(value string) (string, error) {
	code := strings.ToLower(value)
	if !inventory.ValidServiceName(code) {
		return "", &cellError{why: "not a course's code: want 1 to 32 of a-z, 0-9 and -"}
	}
	return code, nil
}

// trainingSchema is the columns of completions: by staff number, never by name.
func trainingSchema() schema[inventory.Training] {
	type training = inventory.Training
	blank := func(key string) training {
		at := strings.LastIndex(key, "/") // a number may hold one, a course's code does not
		return training{Staff: key[:max(at, 0)], Course: key[at+1:]}
	}
	return schema[training]{
		keys: [][]string{{"staff", "course"}}, parseKey: asItIs, compose: trainingKey,
		columns: []column[training]{
			ref(Column{
				Name: "staff", Required: true, Example: "100234", Synonyms: []string{"staff number", "staff no", "staff id", "employee number", "employee no", "employee id", "payroll number", "personnel number", "number"},
				Help: "Who completed it, by staff number.",
			}, inventory.NounStaff, func(t *training) *string { return &t.Staff }),
			ref(Column{
				Name: "course", Required: true, Example: "records-basic", Synonyms: []string{"course code", "course id", "module", "module code"},
				Help: "The code of the course.",
			}, inventory.NounCourse, func(t *training) *string { return &t.Course }),
			date(Column{
				Name: "on", Required: true, Example: "2026-11-02", Synonyms: []string{"completed", "completed on", "completion date", "date", "date completed"},
				Help: "The day on which it was completed.",
			}, func(t *training) *inventory.Date { return &t.On }),
			date(Column{
				Name: "until", Example: "2028-11-01", Synonyms: []string{"valid until", "expires", "expiry date"},
				Help: "The last day on which it counts; blank: by the course's validity.",
			}, func(t *training) *inventory.Date { return &t.Until }),
			text(Column{
				Name: "source", Example: "learning portal", Synonyms: []string{"recorded in", "system"},
				Help: "Where it was recorded.",
			}, func(t *training) *string { return &t.Source }),
		},
		blank:    blank,
		keyOf:    func(t *training) string { return t.Key() },
		title:    func(t *training) string { return string(t.On) },
		validate: func(t *training) error { return t.Validate() },
	}
}

func trainingKey(cell cellOf, r *reading) (string, error) {
	for _, column := range []string{"staff", "course"} {
		if cell(column) == "" {
			return "", &missingKey{column}
		}
	}
	number, err := r.refs.resolve(inventory.NounStaff, cell("staff"))
	if err != nil {
		return "", wrongRef("staff", cell("staff"), err)
	}
	course, err := r.refs.resolve(inventory.NounCourse, cell("course"))
	if err != nil {
		return "", wrongRef("course", cell("course"), err)
	}
	return number + "/" + course, nil
}

func wrongRef(column, value string, err error) error {
	why, suggestion := explain(err)
	return &cellError{why: column + " " + quoteAll([]string{shorten(value)}) + ": " + why, suggestion: suggestion}
}
