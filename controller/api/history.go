package api

import (
	"context"
	"time"

	"muster/controller/programme"
	"muster/inventory"
)

type accessList struct {
	Paging
	Site    string `query:"site" maxLength:"16"`
	Service string `query:"service" maxLength:"32"`
}

func (a *API) listAccess(ctx context.Context, in *accessList) ([]programme.AccessCell, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	var kept []programme.AccessCell
	for _, c := range mine(ctx, desk.Access(in.Site), func(c programme.AccessCell) string { return c.Site }) {
		if in.Service == "" || c.Service == in.Service {
			kept = append(kept, c)
		}
	}
	items, next := pageOf(kept, in.page(), func(c programme.AccessCell) string { return c.Site + "/" + c.Service + "/" + c.Class })
	return items, next, nil
}

type changesQuery struct {
	From string `query:"from" required:"true" maxLength:"40" doc:"a day (its end) or an instant"`
	To   string `query:"to" maxLength:"40" doc:"the same; now where it is not given"`
	Site string `query:"site" maxLength:"16"`
}

func (a *API) changes(ctx context.Context, in *changesQuery) (programme.Changes, error) {
	desk, err := a.desk()
	if err != nil {
		return programme.Changes{}, err
	}
	from, err := instantOf("from", in.From)
	if err != nil {
		return programme.Changes{}, err
	}
	to, err := instantOf("to", in.To)
	if err != nil {
		return programme.Changes{}, err
	}
	if to.IsZero() {
		to = a.clock()
	}
	return desk.Changes(ctx, from, to, in.Site)
}

type burnList struct {
	Paging
	From string `query:"from" maxLength:"10" doc:"a day; ninety days ago where it is not given"`
	To   string `query:"to" maxLength:"10" doc:"a day; today where it is not given"`
}

func (a *API) burnUp(ctx context.Context, in *burnList) ([]inventory.BurnDay, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	from, err := dayOf("from", in.From)
	if err != nil {
		return nil, "", err
	}
	to, err := dayOf("to", in.To)
	if err != nil {
		return nil, "", err
	}
	if !to.Set() {
		to = inventory.DateOf(a.clock())
	}
	if !from.Set() {
		from = inventory.DateOf(to.Time().Add(-90 * 24 * time.Hour))
	}
	days, err := desk.BurnUp(ctx, from, to)
	if err != nil {
		return nil, "", err
	}
	items, next := pageOf(days, in.page(), func(d inventory.BurnDay) string { return string(d.Day) })
	return items, next, nil
}
