package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"muster/controller/programme"
	"muster/controller/readiness"
	"muster/inventory"
)

type readinessList struct {
	Paging
	AsOf    string `query:"as_of" maxLength:"40" doc:"a day (its end) or an instant: as it was known then"`
	Site    string `query:"site" maxLength:"16" doc:"only this site, wave or programme"`
	Gate    string `query:"gate" maxLength:"64"`
	Wave    string `query:"wave" maxLength:"16" doc:"only sites of this wave"`
	Verdict string `query:"verdict" enum:"ready,blocked,undecided"`
}

func (a *API) listReadiness(ctx context.Context, in *readinessList) ([]inventory.Evaluation, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	asOf, err := instantOf("as_of", in.AsOf)
	if err != nil {
		return nil, "", err
	}
	all, err := desk.Readiness(ctx, asOf)
	if err != nil {
		return nil, "", err
	}
	var inWave func(string) bool
	if in.Wave != "" {
		inWave = desk.InWave(in.Wave)
	}
	kept := make([]inventory.Evaluation, 0, len(all))
	for _, e := range mine(ctx, all, siteOf) {
		if (in.Site == "" || e.Site == in.Site) && (in.Gate == "" || e.Gate == in.Gate) && (in.Verdict == "" || string(e.Verdict) == in.Verdict) &&
			(inWave == nil || inWave(e.Site)) {
			kept = append(kept, e)
		}
	}
	items, next := pageOf(kept, in.page(), func(e inventory.Evaluation) string { return e.Site + "/" + e.Gate })
	return items, next, nil
}

func siteOf(e inventory.Evaluation) string { return e.Site }

type readinessKey struct {
	Site string `path:"site" maxLength:"16"`
	AsOf string `query:"as_of" maxLength:"40" doc:"a day (its end) or an instant: as it was known then"`
}

func (a *API) showReadiness(ctx context.Context, in *readinessKey) (programme.SiteReadiness, error) {
	desk, err := a.desk()
	if err != nil {
		return programme.SiteReadiness{}, err
	}
	if err := maySee(ctx, in.Site); err != nil {
		return programme.SiteReadiness{}, err
	}
	asOf, err := instantOf("as_of", in.AsOf)
	if err != nil {
		return programme.SiteReadiness{}, err
	}
	return desk.ReadinessOf(ctx, in.Site, asOf)
}

// GateKey names a gate at a site in an address.
type GateKey struct {
	Site string `path:"site" maxLength:"16"`
	Gate string `path:"gate" maxLength:"64"`
}

type gateReadiness struct {
	GateKey
	AsOf string `query:"as_of" maxLength:"40" doc:"a day (its end) or an instant: as it was known then"`
}

func (a *API) showGateReadiness(ctx context.Context, in *gateReadiness) (inventory.Evaluation, error) {
	r, err := a.showReadiness(ctx, &readinessKey{Site: in.Site, AsOf: in.AsOf})
	if err != nil {
		return inventory.Evaluation{}, err
	}
	for _, e := range r.Gates {
		if e.Gate == in.Gate {
			return e, nil
		}
	}
	return inventory.Evaluation{}, fmt.Errorf("gate %q was not judged at %s: %w", in.Gate, in.Site, inventory.ErrNotFound)
}

type evaluationList struct {
	Paging
	GateKey
}

func (a *API) listEvaluations(ctx context.Context, in *evaluationList) ([]inventory.Evaluation, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	if err := maySee(ctx, in.Site); err != nil {
		return nil, "", err
	}
	return desk.History(ctx, in.Site, in.Gate, in.page())
}

// GateView is a gate as it is judged.
type GateView struct {
	Name     string          `json:"name"`
	Title    string          `json:"title,omitempty"`
	Notes    string          `json:"notes,omitempty"`
	Scope    string          `json:"scope"`
	KeepLive bool            `json:"keep_live,omitempty"`
	Main     bool            `json:"main,omitempty"` // sites go live by it
	Version  string          `json:"version"`
	File     string          `json:"file"`
	Signer   string          `json:"signer,omitempty"` // the role that signs; empty: nobody does
	FailFor  string          `json:"weakened_after,omitempty"`
	Criteria []CriterionView `json:"criteria"`
	Tests    int             `json:"tests"`
}

// CriterionView is one criterion of a gate.
type CriterionView struct {
	ID      string `json:"id"`
	Title   string `json:"title,omitempty"`
	Over    string `json:"over"`
	Where   string `json:"where,omitempty"`
	Pass    string `json:"pass"`
	Fresh   string `json:"fresh,omitempty"`
	Need    string `json:"need"`
	Unknown string `json:"unknown"`
	Owner   string `json:"owner,omitempty"`
}

func gateView(g *readiness.Gate, main string) GateView {
	v := GateView{
		Name: g.Name, Title: g.Title, Notes: g.Notes, Scope: string(g.Scope), KeepLive: g.KeepLive, Main: g.Name == main,
		Version: g.Version, File: g.File, Tests: len(g.Tests), Criteria: []CriterionView{},
	}
	if g.SignOff != nil {
		v.Signer, v.FailFor = g.SignOff.Role, g.SignOff.FailFor.String()
	}
	for i := range g.Criteria {
		c := &g.Criteria[i]
		view := CriterionView{
			ID: c.ID, Title: c.Title, Over: string(c.Over), Where: c.Where, Pass: c.Pass, Need: c.Need.String(), Unknown: string(c.Unknown), Owner: c.Owner,
		}
		if c.Fresh.Set() {
			view.Fresh = c.Fresh.String()
		}
		v.Criteria = append(v.Criteria, view)
	}
	return v
}

type gateList struct {
	Paging
	Scope string `query:"scope" enum:"site,wave,programme"`
}

func (a *API) listGates(_ context.Context, in *gateList) ([]GateView, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	var views []GateView
	for _, g := range desk.Gates() {
		if in.Scope == "" || string(g.Scope) == in.Scope {
			views = append(views, gateView(g, desk.MainGate()))
		}
	}
	items, next := pageOf(views, in.page(), func(v GateView) string { return v.Name })
	return items, next, nil
}

type gateName struct {
	Gate string `path:"gate" maxLength:"64"`
}

func (a *API) showGate(_ context.Context, in *gateName) (GateView, error) {
	desk, err := a.desk()
	if err != nil {
		return GateView{}, err
	}
	g, err := desk.Gate(in.Gate)
	if err != nil {
		return GateView{}, err
	}
	return gateView(g, desk.MainGate()), nil
}

// Explained is how a gate stands, in lines for a person.
type Explained struct {
	Site  string   `json:"site"`
	Gate  string   `json:"gate"`
	Lines []string `json:"lines"`
}

func (a *API) explainGate(ctx context.Context, in *GateKey) (Explained, error) {
	desk, err := a.desk()
	if err != nil {
		return Explained{}, err
	}
	if err := maySee(ctx, in.Site); err != nil {
		return Explained{}, err
	}
	lines, err := desk.Explain(in.Site, in.Gate)
	return Explained{Site: in.Site, Gate: in.Gate, Lines: lines}, err
}

type blockerList struct {
	Paging
	Site      string `query:"site" maxLength:"16"`
	Gate      string `query:"gate" maxLength:"64"`
	Criterion string `query:"criterion" maxLength:"64"`
	Owner     string `query:"owner" maxLength:"200"`
	Wave      string `query:"wave" maxLength:"16"`
	Overdue   bool   `query:"overdue" doc:"only those whose due date is over"`
}

func (a *API) listBlockers(ctx context.Context, in *blockerList) ([]inventory.Blocker, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	found := desk.Blockers(programme.BlockerFilter{
		Site: in.Site, Gate: in.Gate, Criterion: in.Criterion, Owner: in.Owner, Wave: in.Wave, Overdue: in.Overdue,
	})
	items, next := slicePage(mine(ctx, found, func(b inventory.Blocker) string { return b.Site }), in.page(), func(b inventory.Blocker) string { return b.ID })
	return items, next, nil
}

type blockerCare struct {
	Body struct {
		ID    string          `json:"id" minLength:"1" maxLength:"400" doc:"site/gate/criterion/row, as the blocker says"`
		Owner *string         `json:"owner,omitempty" maxLength:"200"`
		Due   *inventory.Date `json:"due,omitempty" doc:"empty takes it away"`
		Note  *string         `json:"note,omitempty" maxLength:"1000"`
	}
}

func (a *API) careBlocker(ctx context.Context, in *blockerCare) (inventory.BlockerCare, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.BlockerCare{}, err
	}
	b := in.Body
	return desk.CareBlocker(ctx, b.ID, readiness.CareChange{Owner: b.Owner, Due: b.Due, Note: b.Note, By: author(callerOf(ctx))})
}

type waiverList struct {
	Paging
	Site string `query:"site" maxLength:"16"`
	All  bool   `query:"all" doc:"also those that ended"`
}

func (a *API) listWaivers(ctx context.Context, in *waiverList) ([]inventory.Waiver, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	found := mine(ctx, desk.Waivers(in.Site, in.All), func(w inventory.Waiver) string { return w.Site })
	items, next := slicePage(found, in.page(), func(w inventory.Waiver) string { return w.ID })
	return items, next, nil
}

type waiverGiven struct {
	Body struct {
		Site      string         `json:"site" minLength:"1" maxLength:"16"`
		Gate      string         `json:"gate" minLength:"1" maxLength:"64"`
		Criterion string         `json:"criterion" minLength:"1" maxLength:"64"`
		Subject   string         `json:"subject,omitempty" maxLength:"200" doc:"a row's key; empty: the whole criterion"`
		Owner     string         `json:"owner" minLength:"1" maxLength:"200" doc:"who answers for it"`
		Reason    string         `json:"reason" minLength:"1" maxLength:"1000"`
		Until     inventory.Date `json:"until" doc:"the last day on which it holds"`
	}
}

func (a *API) giveWaiver(ctx context.Context, in *waiverGiven) (inventory.Waiver, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Waiver{}, err
	}
	b := in.Body
	if _, err := dayOf("until", string(b.Until)); err != nil {
		return inventory.Waiver{}, err
	}
	return desk.Waive(ctx, inventory.Waiver{
		Site: b.Site, Gate: b.Gate, Criterion: b.Criterion, Subject: b.Subject, Owner: strings.TrimSpace(b.Owner),
		Reason: strings.TrimSpace(b.Reason), Until: b.Until, By: author(callerOf(ctx)),
	})
}

type waiverKey struct {
	ID string `path:"id" maxLength:"32"`
}

func (a *API) endWaiver(ctx context.Context, in *waiverKey) (inventory.Waiver, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Waiver{}, err
	}
	return desk.EndWaiver(ctx, in.ID, author(callerOf(ctx)))
}

func readinessColumns() []column[inventory.Evaluation] {
	type e = inventory.Evaluation
	count := func(of func(inventory.CriterionResult) int) func(e) string {
		return func(v e) string {
			n := 0
			for _, c := range v.Criteria {
				n += of(c)
			}
			return strconv.Itoa(n)
		}
	}
	return []column[e]{
		{"site", func(v e) string { return v.Site }},
		{"gate", func(v e) string { return v.Gate }},
		{"verdict", func(v e) string { return string(v.Verdict) }},
		{"in_scope", count(func(c inventory.CriterionResult) int { return c.InScope })},
		{"pass", count(func(c inventory.CriterionResult) int { return c.Pass })},
		{"fail", count(func(c inventory.CriterionResult) int { return c.Fail })},
		{"unknown", count(func(c inventory.CriterionResult) int { return c.Unknown })},
		{"stale", count(func(c inventory.CriterionResult) int { return c.Stale })},
		{"waived", count(func(c inventory.CriterionResult) int { return c.Waived })},
		{"blockers", func(v e) string { return strconv.Itoa(len(v.Blockers) + v.MoreBlockers) }},
		{"at", func(v e) string { return instant(v.At) }},
		{"as_of", func(v e) string { return instant(v.AsOf) }},
		{"gate_version", func(v e) string { return v.GateVersion }},
		{"id", func(v e) string { return v.ID }},
	}
}
