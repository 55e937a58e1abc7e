package api

import (
	"context"
	"strconv"
	"strings"

	"muster/controller/programme"
	"muster/controller/refresh"
	"muster/inventory"
)

type swapList struct {
	Paging
	Site     string `query:"site" maxLength:"16"`
	Position string `query:"position" maxLength:"64"`
	Visit    string `query:"visit" maxLength:"64"`
	Wave     string `query:"wave" maxLength:"16"`
	State    string `query:"state" enum:"planned,scheduled,swapped,verified,closed,failed,rolled-back,cancelled"`
}

func (a *API) listSwaps(_ context.Context, in *swapList) ([]inventory.Swap, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	items, next := desk.Swaps(inventory.SwapFilter{
		Site: in.Site, Position: in.Position, Visit: in.Visit, Wave: in.Wave, State: inventory.SwapState(in.State), Page: in.page(),
	})
	return items, next, nil
}

// SwapKey names a swap in an address: by its id, or by the serial, tag or position
// that was typed or scanned.
type SwapKey struct {
	ID string `path:"id" maxLength:"200"`
}

func (a *API) showSwap(_ context.Context, in *SwapKey) (inventory.Swap, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Swap{}, err
	}
	return desk.Swap(in.ID)
}

type tallyQuery struct {
	Site string `query:"site" maxLength:"16"`
	Wave string `query:"wave" maxLength:"16"`
}

func (a *API) swapTally(ctx context.Context, in *tallyQuery) (refresh.Tally, error) {
	desk, err := a.desk()
	if err != nil {
		return refresh.Tally{}, err
	}
	if in.Site != "" {
		if err := maySee(ctx, in.Site); err != nil {
			return refresh.Tally{}, err
		}
	}
	return desk.Tally(in.Site, in.Wave), nil
}

type swapPlan struct {
	Body struct {
		Wave       string              `json:"wave,omitempty" maxLength:"16" doc:"every position in scope of its sites that has no swap"`
		Site       string              `json:"site,omitempty" maxLength:"16" doc:"the same of one site"`
		Swaps      []programme.PlanRow `json:"swaps,omitempty" maxItems:"5000"`
		PlannedFor inventory.Date      `json:"planned_for,omitempty"`
		Visit      string              `json:"visit,omitempty" maxLength:"64" doc:"put them on it at once"`
		Said
	}
}

func (a *API) planSwaps(ctx context.Context, in *swapPlan) (programme.Planned, error) {
	desk, err := a.desk()
	if err != nil {
		return programme.Planned{}, err
	}
	b := in.Body
	return desk.PlanSwaps(ctx, programme.PlanOrder{
		Wave: b.Wave, Site: b.Site, Rows: b.Swaps, PlannedFor: b.PlannedFor, Visit: b.Visit, Said: b.said(ctx), DryRun: b.DryRun,
	})
}

// act does something to a swap.
func (a *API) act(ctx context.Context, id string, said Said, action refresh.Action) (programme.SwapDone, error) {
	desk, err := a.desk()
	if err != nil {
		return programme.SwapDone{}, err
	}
	return desk.Act(ctx, programme.Order{Swap: id, Action: action, Said: said.said(ctx), DryRun: said.DryRun})
}

type swapSchedule struct {
	SwapKey
	Body struct {
		Visit string `json:"visit" minLength:"1" maxLength:"64"`
		Crew  string `json:"crew,omitempty" maxLength:"64"`
		Said
	}
}

func (a *API) scheduleSwap(ctx context.Context, in *swapSchedule) (programme.SwapDone, error) {
	return a.act(ctx, in.ID, in.Body.Said, refresh.Schedule{Visit: in.Body.Visit, Crew: in.Body.Crew})
}

type swapDo struct {
	SwapKey
	Body struct {
		New     string             `json:"new,omitempty" maxLength:"200" doc:"serial or tag as scanned; as planned where it is not given"`
		Old     string             `json:"old,omitempty" maxLength:"200"`
		NoOld   bool               `json:"no_old,omitempty" doc:"nothing stood there"`
		InPlace bool               `json:"in_place,omitempty" doc:"the same machine, installed anew"`
		Crew    string             `json:"crew,omitempty" maxLength:"64"`
		Checks  []refresh.Checking `json:"checks,omitempty" maxItems:"20"`
		Said
	}
}

func (a *API) doSwap(ctx context.Context, in *swapDo) (programme.SwapDone, error) {
	b := in.Body
	return a.act(ctx, in.ID, b.Said, refresh.Do{New: b.New, Old: b.Old, NoOld: b.NoOld, InPlace: b.InPlace, Crew: b.Crew, Checks: b.Checks})
}

type swapFail struct {
	SwapKey
	Body struct {
		Reason string         `json:"reason" minLength:"1" maxLength:"500"`
		Next   inventory.Date `json:"next" doc:"when it is tried again"`
		Said
	}
}

func (a *API) failSwap(ctx context.Context, in *swapFail) (programme.SwapDone, error) {
	return a.act(ctx, in.ID, in.Body.Said, refresh.Fail{Reason: in.Body.Reason, Next: in.Body.Next})
}

type swapReason struct {
	SwapKey
	Body struct {
		Reason string         `json:"reason" minLength:"1" maxLength:"500"`
		Next   inventory.Date `json:"next,omitempty" doc:"of a swap that is rolled back: when it is tried again"`
		Said
	}
}

func (a *API) undoSwap(ctx context.Context, in *swapReason) (programme.SwapDone, error) {
	return a.act(ctx, in.ID, in.Body.Said, refresh.Undo{Reason: in.Body.Reason})
}

func (a *API) rollBackSwap(ctx context.Context, in *swapReason) (programme.SwapDone, error) {
	return a.act(ctx, in.ID, in.Body.Said, refresh.RollBack{Reason: in.Body.Reason, Next: in.Body.Next})
}

func (a *API) cancelSwap(ctx context.Context, in *swapReason) (programme.SwapDone, error) {
	return a.act(ctx, in.ID, in.Body.Said, refresh.Cancel{Reason: in.Body.Reason})
}

type swapCheck struct {
	SwapKey
	Body struct {
		Checks []refresh.Checking `json:"checks" minItems:"1" maxItems:"20"`
		Said
	}
}

func (a *API) checkSwap(ctx context.Context, in *swapCheck) (programme.SwapDone, error) {
	return a.act(ctx, in.ID, in.Body.Said, refresh.Check{Checks: in.Body.Checks})
}

type swapHandIn struct {
	SwapKey
	Body struct {
		Asset string `json:"asset,omitempty" maxLength:"200" doc:"the serial or tag that was scanned; the old machine of the swap where it is not given"`
		Where string `json:"where,omitempty" maxLength:"200"`
		Said
	}
}

func (a *API) handInSwap(ctx context.Context, in *swapHandIn) (programme.SwapDone, error) {
	return a.act(ctx, in.ID, in.Body.Said, refresh.HandIn{Asset: in.Body.Asset, Where: in.Body.Where})
}

type swapClose struct {
	SwapKey
	Body struct {
		Said
	}
}

func (a *API) closeSwap(ctx context.Context, in *swapClose) (programme.SwapDone, error) {
	return a.act(ctx, in.ID, in.Body.Said, refresh.Close{})
}

type resolveQuery struct {
	Typed string `query:"typed" required:"true" maxLength:"200"`
}

func (a *API) resolve(_ context.Context, in *resolveQuery) (refresh.Found, error) {
	desk, err := a.desk()
	if err != nil {
		return refresh.Found{}, err
	}
	f := desk.Resolve(in.Typed)
	if f.Candidates == nil {
		f.Candidates = []refresh.Candidate{}
	}
	return f, nil
}

func swapColumns() []column[inventory.Swap] {
	type s = inventory.Swap
	return []column[s]{
		{"id", func(v s) string { return v.ID }},
		{"position", func(v s) string { return v.Position }},
		{"site", func(v s) string { return v.Site }},
		{"state", func(v s) string { return string(v.State) }},
		{"old", func(v s) string { return v.Old }},
		{"new", func(v s) string { return v.New }},
		{"visit", func(v s) string { return v.Visit }},
		{"crew", func(v s) string { return v.Crew }},
		{"planned_for", func(v s) string { return string(v.PlannedFor) }},
		{"done_at", func(v s) string { return instant(v.DoneAt) }},
		{"done_by", func(v s) string { return v.DoneBy }},
		{"verified_at", func(v s) string { return instant(v.VerifiedAt) }},
		{"declared", func(v s) string { return strconv.FormatBool(v.Declared) }},
		{"handed_in_at", func(v s) string { return instant(v.HandedInAt) }},
		{"reason", func(v s) string { return v.Reason }},
		{"next", func(v s) string { return string(v.Next) }},
		{"missing", func(v s) string { return strings.Join(v.Missing, "; ") }},
		{"version", func(v s) string { return strconv.Itoa(v.Version) }},
	}
}
