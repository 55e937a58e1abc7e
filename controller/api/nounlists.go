package api

import "muster/inventory"

// What each list of the refresh can be asked for.

type programmeList struct{ Paging }

func (programmeList) filter() inventory.NounFilter { return inventory.NounFilter{} }

type waveList struct {
	Paging
	Programme string `query:"programme" maxLength:"64"`
}

func (l waveList) filter() inventory.NounFilter {
	return inventory.NounFilter{Programme: l.Programme}
}

type positionList struct {
	Paging
	Site  string `query:"site" maxLength:"64"`
	Wave  string `query:"wave" maxLength:"64" doc:"at the sites of this wave"`
	Role  string `query:"role" maxLength:"200"`
	Class string `query:"class" maxLength:"200"`
	Asset string `query:"asset" maxLength:"64" doc:"where this asset stands, as declared"`
}

func (l positionList) filter() inventory.NounFilter {
	return inventory.NounFilter{Site: l.Site, Wave: l.Wave, Role: l.Role, Class: l.Class, Asset: l.Asset}
}

type visitList struct {
	Paging
	Site  string `query:"site" maxLength:"64"`
	Wave  string `query:"wave" maxLength:"64" doc:"at the sites of this wave"`
	Crew  string `query:"crew" maxLength:"64"`
	State string `query:"state" enum:"planned,done,cancelled"`
	From  string `query:"from" format:"date" maxLength:"10" doc:"on or after this day"`
	To    string `query:"to" format:"date" maxLength:"10" doc:"on or before this day"`
}

func (l visitList) filter() inventory.NounFilter {
	return inventory.NounFilter{
		Site: l.Site, Wave: l.Wave, Crew: l.Crew, State: l.State, From: inventory.Date(l.From), To: inventory.Date(l.To),
	}
}

type consignmentList struct {
	Paging
	Site string `query:"site" maxLength:"64"`
}

func (l consignmentList) filter() inventory.NounFilter { return inventory.NounFilter{Site: l.Site} }

type staffList struct {
	Paging
	Site string `query:"site" maxLength:"64"`
	Wave string `query:"wave" maxLength:"64" doc:"at the sites of this wave"`
	Role string `query:"role" maxLength:"200"`
}

func (l staffList) filter() inventory.NounFilter {
	return inventory.NounFilter{Site: l.Site, Wave: l.Wave, Role: l.Role}
}

type courseList struct {
	Paging
	Programme string `query:"programme" maxLength:"64"`
}

func (l courseList) filter() inventory.NounFilter {
	return inventory.NounFilter{Programme: l.Programme}
}

type trainingList struct {
	Paging
	Site   string `query:"site" maxLength:"64" doc:"of the people based at this site"`
	Staff  string `query:"staff" maxLength:"64"`
	Course string `query:"course" maxLength:"64"`
}

func (l trainingList) filter() inventory.NounFilter {
	return inventory.NounFilter{Site: l.Site, Staff: l.Staff, Course: l.Course}
}

type milestoneList struct {
	Paging
	Wave string `query:"wave" maxLength:"64"`
	Site string `query:"site" maxLength:"64"`
	Area string `query:"area" maxLength:"200"`
}

func (l milestoneList) filter() inventory.NounFilter {
	return inventory.NounFilter{Wave: l.Wave, Site: l.Site, Area: l.Area}
}
