package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"muster/controller/programme"
	"muster/controller/refresh"
	"muster/inventory"
)

// programmeRoutes is the surface of the refresh and of readiness.
func (a *API) programmeRoutes() []route {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		it, lead, owner     = inventory.RoleIT, inventory.RoleProgramme, inventory.RoleSiteOwner
	)
	none := nobody()
	return []route{
		{get, prefix + "/readiness", anyone(), none, list(a, "List how gates stand, now or as it was known at an instant", readinessColumns(), a.listReadiness)},
		{get, prefix + "/readiness/{site}", anyone(), none, typed(a, "Show how a site stands at every gate", a.showReadiness)},
		{get, prefix + "/readiness/{site}/{gate}", anyone(), none, typed(a, "Show how a site stands at a gate", a.showGateReadiness)},
		{get, prefix + "/readiness/{site}/{gate}/history", anyone(), none, list(a, "List what a gate said of a site, newest first", readinessColumns(), a.listEvaluations)},
		{get, prefix + "/gates", anyone(), none, list(a, "List the gates that are judged", gateColumns(), a.listGates)},
		{get, prefix + "/gates/{gate}", anyone(), none, typed(a, "Show a gate with its criteria", a.showGate)},
		{get, prefix + "/gates/{gate}/explain/{site}", anyone(), none, typed(a, "Explain how a gate stands at a site, in words", a.explainGate)},
		{get, prefix + "/blockers", anyone(), none, list(a, "List what keeps sites from being ready, the oldest first", blockerColumns(), a.listBlockers)},
		{post, prefix + "/blockers/care", none, only(lead, it), typed(a, "Settle a blocker's owner, due date or note", a.careBlocker)},
		{get, prefix + "/sign-offs", anyone(), none, list(a, "List sign-offs", signOffColumns(), a.listSignOffs)},
		{get, prefix + "/sign-offs/{site}/{gate}", anyone(), none, typed(a, "Show a sign-off with how the gate stands now", a.showSignOff)},
		{post, prefix + "/sign-offs/{site}/{gate}/request", none, only(lead), typed(a, "Ask a site's owner to sign", a.requestSignOff)},
		{post, prefix + "/sign-offs/{site}/{gate}/sign", none, only(owner), typed(a, "Sign, with conditions where there are any", a.sign)},
		{post, prefix + "/sign-offs/{site}/{gate}/decline", none, only(owner), typed(a, "Refuse to sign, with a reason", a.decline)},
		{post, prefix + "/sign-offs/{site}/{gate}/withdraw", none, only(owner, lead), typed(a, "Take a signature, or the wish for one, back", a.withdraw)},
		{post, prefix + "/sign-offs/{site}/{gate}/meet", none, only(owner, lead, it), typed(a, "Say that a condition is met", a.meetCondition)},
		{get, prefix + "/waivers", anyone(), none, list(a, "List waivers, the newest first", waiverColumns(), a.listWaivers)},
		{post, prefix + "/waivers", none, only(lead), typed(a, "Waive a criterion, or one thing in it, until a date", a.giveWaiver)},
		{del, prefix + "/waivers/{id}", none, only(lead), typed(a, "End a waiver now", a.endWaiver)},

		{get, prefix + "/swaps", desks(), none, list(a, "List swaps", swapColumns(), a.listSwaps)},
		{get, prefix + "/swaps/{id}", desks(), none, typed(a, "Show a swap by its id, serial, tag or position, with what is missing", a.showSwap)},
		{get, prefix + "/swap-tally", anyone(), none, typed(a, "Count positions by how their swap stands", a.swapTally)},
		{post, prefix + "/swaps", none, only(it, lead), typed(a, "Plan swaps of a wave, a site or positions", a.planSwaps)},
		{post, prefix + "/swaps/{id}/schedule", none, only(it, lead), typed(a, "Put a swap on a visit", a.scheduleSwap)},
		{post, prefix + "/swaps/{id}/do", none, only(it), typed(a, "Say that the new machine stands there", a.doSwap)},
		{post, prefix + "/swaps/{id}/fail", none, only(it), typed(a, "Say that a swap was not done, why, and when it is tried again", a.failSwap)},
		{post, prefix + "/swaps/{id}/undo", none, only(it), typed(a, "Take back the last word: it was a mistake", a.undoSwap)},
		{post, prefix + "/swaps/{id}/roll-back", none, only(it), typed(a, "Say that the old machine stands there again", a.rollBackSwap)},
		{post, prefix + "/swaps/{id}/cancel", none, only(it, lead), typed(a, "Say that a swap will not be done", a.cancelSwap)},
		{post, prefix + "/swaps/{id}/check", none, only(it), typed(a, "Record what a person tried at the desk", a.checkSwap)},
		{post, prefix + "/swaps/{id}/hand-in", none, only(it), typed(a, "Scan the old machine in", a.handInSwap)},
		{post, prefix + "/swaps/{id}/close", none, only(it), typed(a, "Close a verified swap", a.closeSwap)},
		{get, prefix + "/resolve", desks(), none, typed(a, "Say what a typed or scanned number may mean", a.resolve)},
		{get, prefix + "/visits/{code}/report", desks(), none, typed(a, "Say how far a visit came: n of m verified, and why the others are not", a.visitReport)},
		{get, prefix + "/visits/{code}/work-list", desks(), none, typed(a, "Show what a crew takes along", a.workList)},
		{get, prefix + "/visits/{code}/sheet", desks(), none, sheetHandler(a)},
		{post, prefix + "/visits/{code}/sheet", none, only(it), typed(a, "Record a visit's sheet that was filled in; dry_run only says what it would do", a.fillVisit)},
		{post, prefix + "/consignments/{code}/arrive", none, only(it), typed(a, "Book what was scanned of a consignment", a.arrive)},
		{post, prefix + "/assets/{tag}/advance", none, only(it), typed(a, "Move an asset to another state of its life", a.advanceAsset)},
		{post, prefix + "/assets/{tag}/wipe", none, only(it), typed(a, "Record that a drive was erased", a.wipeAsset)},
		{post, prefix + "/assets/{tag}/dispose", none, only(it), typed(a, "Record that an asset left the organisation", a.disposeAsset)},
		{get, prefix + "/wipes", desks(), none, list(a, "List records of erased drives", wipeColumns(), a.listWipes)},
		{get, prefix + "/disposals", desks(), none, list(a, "List records of disposals", disposalColumns(), a.listDisposals)},
		{get, prefix + "/due", desks(), none, list(a, "List machines that are due to be replaced", dueColumns(), a.listDue)},
		{get, prefix + "/review", desks(), none, list(a, "List identities in doubt", reviewColumns(), a.listReview)},
		{post, prefix + "/review/settle", none, only(it), typed(a, "Settle a doubt of the register: keep apart, or merge", a.settleReview)},

		{get, prefix + "/forecast", anyone(), none, typed(a, "Say when a programme will be done, with odds, as planned or with changes", a.forecast)},
		{get, prefix + "/baselines", anyone(), none, list(a, "List what was promised", baselineColumns(), a.listBaselines)},
		{post, prefix + "/baselines", none, only(lead), typed(a, "Freeze what is promised now", a.freezeBaseline)},
		{get, prefix + "/what-ifs", desks(), none, list(a, "List what-ifs", whatIfColumns(), a.listWhatIfs)},
		{get, prefix + "/what-ifs/{name}", desks(), none, typed(a, "Show a what-if as it was saved", a.showWhatIf)},
		{put, prefix + "/what-ifs/{name}", none, only(lead), typed(a, "Play changes and save them under a name", a.saveWhatIf)},
		{get, prefix + "/what-if-comparison", desks(), none, typed(a, "Play what-ifs side by side", a.compareWhatIfs)},
		{get, prefix + "/access", anyone(), none, list(a, "List how each class of workstation reaches each service at each site", accessColumns(), a.listAccess)},
		{get, prefix + "/history/changes", desks(), none, typed(a, "Say what changed between two instants, and why", a.changes)},
		{get, prefix + "/history/burn-up", anyone(), none, list(a, "List scope, swapped, verified and ready sites by day", burnColumns(), a.burnUp)},
		{get, prefix + "/history/export", only(lead), none, programmeExport(a)},
	}
}

// sheetPath is where a filled sheet is sent: it may be larger than other bodies.
const sheetPath = prefix + "/visits/{code}/sheet"

// desk is the programme's, or why there is none.
func (a *API) desk() (*programme.Desk, error) {
	if a.Programme == nil {
		return nil, problem(http.StatusServiceUnavailable, "urn:muster:programme", "this controller drives no programme")
	}
	return a.Programme, nil
}

// Said is what every word of a person about a swap carries.
type Said struct {
	At      time.Time `json:"at,omitzero" doc:"when it happened; now where it is not given"`
	Why     string    `json:"why,omitempty" maxLength:"500" doc:"why it is recorded out of its order"`
	Version int       `json:"version,omitempty" minimum:"0" doc:"of the swap, as you read it; 0: you did not look"`
	DryRun  bool      `json:"dry_run,omitempty" doc:"only say what it would do"`
}

func (s Said) said(ctx context.Context) refresh.Said {
	return refresh.Said{By: author(callerOf(ctx)), At: s.At, Version: s.Version, Why: s.Why}
}

// refusal is what a desk refuses, as a problem.
func refusal(r *programme.Refusal) *Problem {
	status, kind := http.StatusUnprocessableEntity, "urn:muster:refused"
	if r.Conflict {
		status, kind = http.StatusConflict, "urn:muster:conflict"
	}
	detail := r.Why
	if r.Help != "" {
		detail += ": " + r.Help
	}
	p := problem(status, kind, detail)
	for _, row := range r.Rows {
		where := fmt.Sprintf("body.line.%d", row.Line)
		if row.Column != "" {
			where += "." + row.Column
		}
		message := row.Why
		if row.Help != "" {
			message += ": " + row.Help
		}
		p.Errors = append(p.Errors, FieldProblem{Location: where, Message: message})
	}
	return p
}

// asProgrammeProblem maps what a desk refuses.
func asProgrammeProblem(err error) (*Problem, bool) {
	var refused *programme.Refusal
	switch {
	case errors.As(err, &refused):
		return refusal(refused), true
	case errors.Is(err, programme.ErrClosed):
		return problem(http.StatusServiceUnavailable, "urn:muster:programme", "the controller is starting or stopping: try again in a moment"), true
	default:
		return nil, false
	}
}

// slicePage cuts a list that stands in its order; its cursor is the position in it.
func slicePage[T any](items []T, page inventory.Page, key func(T) string) ([]T, string) {
	if page.After != "" {
		i := slices.IndexFunc(items, func(item T) bool { return key(item) == page.After })
		items = items[i+1:] // what is gone begins anew rather than being left out
	}
	if len(items) <= page.Limit {
		return items, ""
	}
	items = items[:page.Limit]
	return items, key(items[len(items)-1])
}

// mine keeps what a site owner may see.
func mine[T any](ctx context.Context, items []T, site func(T) string) []T {
	caller := callerOf(ctx)
	if caller.Role != inventory.RoleSiteOwner {
		return items
	}
	return slices.DeleteFunc(slices.Clone(items), func(item T) bool { return !caller.MaySee(site(item)) })
}

// dayOf reads a date of a query.
func dayOf(field, text string) (inventory.Date, error) {
	d, err := inventory.ParseDate(text)
	if err != nil {
		return "", inventory.FieldErrors{{Field: field, Why: err.Error()}}
	}
	return d, nil
}

// instantOf reads an instant, or a day: its end, in the given zone.
func instantOf(field, text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	day, err := inventory.ParseDate(text)
	if err != nil || !day.Set() {
		return time.Time{}, inventory.FieldErrors{{Field: field, Why: fmt.Sprintf("%q is neither a day (2026-11-23) nor an instant (2026-11-23T09:00:00Z)", text)}}
	}
	zone, err := time.LoadLocation(inventory.DefaultZone)
	if err != nil {
		zone = time.UTC
	}
	t := day.Time()
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, -1, zone).UTC(), nil
}
