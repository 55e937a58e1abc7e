package store

import (
	"encoding/json"

	"muster/inventory"
)

// refreshKeepers are those of the refresh, what is referred to before what
// refers.
func refreshKeepers() []keeper {
	return []keeper{
		{inventory.NounProgramme, "programmes", "code", nil, readProgramme, true},
		{inventory.NounWave, "waves", "code", []string{"programme"}, readWave, true},
		{inventory.NounPosition, "positions", "code", []string{"site", "role", "class", "asset"}, readPosition, true},
		{inventory.NounVisit, "visits", "code", []string{"site", "day", "crew", "state"}, readVisit, true},
		{inventory.NounConsignment, "consignments", "code", []string{"site"}, readConsignment, true},
		{inventory.NounStaff, "staff", "number", []string{"site", "role", "last_day"}, readStaff, true},
		{inventory.NounCourse, "courses", "code", []string{"programme"}, readCourse, true},
		{inventory.NounTraining, "training", "key", []string{"staff", "course"}, readTraining, true},
		{inventory.NounMilestone, "milestones", "code", []string{"wave", "site", "area"}, readMilestone, true},
	}
}

func readProgramme(raw json.RawMessage) (declared, error) {
	programme, body, err := readNoun[inventory.Programme](raw)
	return declared{key: programme.Code, body: body}, err
}

func readWave(raw json.RawMessage) (declared, error) {
	wave, body, err := readNoun[inventory.Wave](raw)
	refers := refer(nil, inventory.NounProgramme, wave.Programme)
	refers = refer(refers, inventory.NounSite, wave.Sites...)
	return declared{key: wave.Code, refers: refers, values: []any{wave.Programme}, body: body}, err
}

// A position's asset is what stands there as people say: it may be in no
// register yet, so it is no reference.
func readPosition(raw json.RawMessage) (declared, error) {
	p, body, err := readNoun[inventory.Position](raw)
	return declared{key: p.Code, refers: at(p.Site), values: []any{p.Site, p.Role, p.Class, p.Asset}, body: body}, err
}

func readVisit(raw json.RawMessage) (declared, error) {
	visit, body, err := readNoun[inventory.Visit](raw)
	state := visit.State
	if state == "" {
		state = inventory.VisitPlanned
	}
	return declared{key: visit.Code, refers: at(visit.Site), values: []any{visit.Site, string(visit.Date), visit.Crew, state}, body: body}, err
}

// A consignment's assets are announced before they are registered: they are no
// references either.
func readConsignment(raw json.RawMessage) (declared, error) {
	c, body, err := readNoun[inventory.Consignment](raw)
	return declared{key: c.Code, refers: at(c.Site), values: []any{c.Site}, body: body}, err
}

// readStaff parts the name from the rest.
func readStaff(raw json.RawMessage) (declared, error) {
	staff, _, err := readNoun[inventory.Staff](raw)
	if err != nil {
		return declared{}, err
	}
	names := map[string]string{fieldName: staff.Name}
	staff.Name = ""
	body, err := json.Marshal(staff)
	return declared{
		key: staff.Number, refers: at(staff.Site), values: []any{staff.Site, staff.Role, string(staff.To)}, body: body, names: names,
	}, err
}

func readCourse(raw json.RawMessage) (declared, error) {
	course, body, err := readNoun[inventory.Course](raw)
	return declared{
		key: course.Code, refers: refer(nil, inventory.NounProgramme, course.Programme), values: []any{course.Programme}, body: body,
	}, err
}

func readTraining(raw json.RawMessage) (declared, error) {
	training, body, err := readNoun[inventory.Training](raw)
	refers := refer(nil, inventory.NounStaff, training.Staff)
	refers = refer(refers, inventory.NounCourse, training.Course)
	return declared{key: training.Key(), refers: refers, values: []any{training.Staff, training.Course}, body: body}, err
}

func readMilestone(raw json.RawMessage) (declared, error) {
	m, body, err := readNoun[inventory.Milestone](raw)
	refers := refer(at(m.Site), inventory.NounWave, m.Wave)
	refers = refer(refers, inventory.NounMilestone, m.After...)
	return declared{key: m.Code, refers: refers, values: []any{m.Wave, m.Site, m.Area}, body: body}, err
}
