package api

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"muster/controller/programme"
	"muster/controller/refresh"
	"muster/inventory"
)

// VisitKey names a visit in an address. It is exported as SiteKey is.
type VisitKey struct {
	Code string `path:"code" maxLength:"64"`
}

// VisitSummary is how far a visit came, with the same in words.
type VisitSummary struct {
	refresh.VisitReport
	Text string `json:"text"`
}

func (a *API) visitReport(_ context.Context, in *VisitKey) (VisitSummary, error) {
	desk, err := a.desk()
	if err != nil {
		return VisitSummary{}, err
	}
	r, err := desk.VisitReport(in.Code)
	if r.Open == nil {
		r.Open = []refresh.VisitLine{}
	}
	return VisitSummary{VisitReport: r, Text: r.String()}, err
}

func (a *API) workList(_ context.Context, in *VisitKey) (refresh.WorkList, error) {
	desk, err := a.desk()
	if err != nil {
		return refresh.WorkList{}, err
	}
	l, err := desk.WorkList(in.Code)
	if l.Desks == nil {
		l.Desks = []refresh.WorkDesk{}
	}
	return l, err
}

// sheetHandler makes the handler of a visit's work list as a sheet to fill in.
func sheetHandler(a *API) *handler {
	return &handler{
		summary: "Download a visit's work list as a CSV to fill in",
		query:   queryOf(reflect.TypeFor[VisitKey]()),
		typed: func(api huma.API, op huma.Operation) {
			huma.Register(api, op, func(ctx context.Context, in *VisitKey) (*exported, error) {
				l, err := a.workList(ctx, in)
				if err != nil {
					return nil, a.explain(ctx, op, err)
				}
				var file bytes.Buffer
				if err := l.WriteCSV(&file); err != nil {
					return nil, a.explain(ctx, op, err)
				}
				return &exported{
					Type: "text/csv; charset=utf-8", Disposition: fmt.Sprintf(`attachment; filename="visit-%s.csv"`, in.Code), Body: file.Bytes(),
				}, nil
			})
		},
	}
}

type filledSheet struct {
	VisitKey
	DryRun  bool   `query:"dry_run" doc:"only say what it would do"`
	RawBody []byte `contentType:"text/csv"`
}

func (a *API) fillVisit(ctx context.Context, in *filledSheet) (programme.Filled, error) {
	desk, err := a.desk()
	if err != nil {
		return programme.Filled{}, err
	}
	f, err := desk.FillVisit(ctx, in.Code, in.RawBody, author(callerOf(ctx)), in.DryRun)
	if f.Swaps == nil {
		f.Swaps = []inventory.Swap{}
	}
	if f.Skipped == nil {
		f.Skipped = []int{}
	}
	return f, err
}

type arrival struct {
	VisitKey
	Body struct {
		Scanned []string       `json:"scanned" maxItems:"10000" doc:"serials or tags"`
		On      inventory.Date `json:"on,omitempty" doc:"today where it is not given"`
		DryRun  bool           `json:"dry_run,omitempty"`
	}
}

func (a *API) arrive(ctx context.Context, in *arrival) (refresh.Arrival, error) {
	desk, err := a.desk()
	if err != nil {
		return refresh.Arrival{}, err
	}
	return desk.Arrive(ctx, in.Code, in.Body.Scanned, in.Body.On, author(callerOf(ctx)), in.Body.DryRun)
}

// ScannedKey names an asset in an address, by its tag or a serial.
type ScannedKey struct {
	Tag string `path:"tag" maxLength:"200"`
}

type assetAdvance struct {
	ScannedKey
	Body struct {
		State string `json:"state" minLength:"1" maxLength:"40"`
	}
}

func (a *API) advanceAsset(ctx context.Context, in *assetAdvance) (inventory.Asset, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Asset{}, err
	}
	return desk.Advance(ctx, in.Tag, inventory.AssetState(in.Body.State), author(callerOf(ctx)))
}

type assetWipe struct {
	ScannedKey
	Body struct {
		Method      string    `json:"method" enum:"overwrite,crypto-erase,degauss,shred"`
		Tool        string    `json:"tool,omitempty" maxLength:"200"`
		DriveSerial string    `json:"drive_serial" minLength:"1" maxLength:"100"`
		Certificate string    `json:"certificate,omitempty" maxLength:"200"`
		Verifier    string    `json:"verifier" minLength:"1" maxLength:"200" doc:"another person than who wiped it"`
		By          string    `json:"by,omitempty" maxLength:"200" doc:"who wiped it; the caller where it is not given"`
		At          time.Time `json:"at,omitzero"`
	}
}

func (a *API) wipeAsset(ctx context.Context, in *assetWipe) (inventory.Asset, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Asset{}, err
	}
	b := in.Body
	by := strings.TrimSpace(b.By)
	if by == "" {
		by = author(callerOf(ctx))
	}
	return desk.Wipe(ctx, inventory.Wipe{
		Asset: in.Tag, Method: b.Method, Tool: b.Tool, DriveSerial: b.DriveSerial, Certificate: b.Certificate, Verifier: b.Verifier, By: by, At: b.At,
	})
}

type assetDisposal struct {
	ScannedKey
	Body struct {
		Method      string    `json:"method" enum:"recycled,sold,donated,destroyed"`
		Taker       string    `json:"taker" minLength:"1" maxLength:"200"`
		Certificate string    `json:"certificate,omitempty" maxLength:"200"`
		At          time.Time `json:"at,omitzero"`
	}
}

func (a *API) disposeAsset(ctx context.Context, in *assetDisposal) (inventory.Asset, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Asset{}, err
	}
	b := in.Body
	return desk.Dispose(ctx, inventory.Disposal{
		Asset: in.Tag, Method: b.Method, Taker: b.Taker, Certificate: b.Certificate, By: author(callerOf(ctx)), At: b.At,
	})
}

type wipeList struct {
	Paging
	Asset string `query:"asset" maxLength:"64"`
}

func (a *API) listWipes(_ context.Context, in *wipeList) ([]inventory.Wipe, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	items, next := pageOf(desk.Wipes(in.Asset), in.page(), func(w inventory.Wipe) string { return w.Asset + "/" + w.DriveSerial })
	return items, next, nil
}

type disposalList struct{ Paging }

func (a *API) listDisposals(_ context.Context, in *disposalList) ([]inventory.Disposal, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	items, next := pageOf(desk.Disposals(), in.page(), func(g inventory.Disposal) string { return g.Asset })
	return items, next, nil
}

type dueList struct {
	Paging
	Site            string `query:"site" maxLength:"16"`
	OlderThanMonths int    `query:"older_than_months" minimum:"0" maximum:"600"`
	WarrantyBy      string `query:"warranty_by" maxLength:"10" doc:"their warranty ends on or before this day"`
	EndOfLifeBy     string `query:"end_of_life_by" maxLength:"10"`
	Windows11       bool   `query:"windows11" doc:"those that cannot run Windows 11"`
	Unknown         bool   `query:"unknown" doc:"those of which nothing is due and something is not known, in the place of those that are due"`
}

func (a *API) listDue(_ context.Context, in *dueList) ([]refresh.Due, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	warranty, err := dayOf("warranty_by", in.WarrantyBy)
	if err != nil {
		return nil, "", err
	}
	life, err := dayOf("end_of_life_by", in.EndOfLifeBy)
	if err != nil {
		return nil, "", err
	}
	due, undetermined := desk.DueList(programme.DueOrder{
		Site: in.Site, OlderThanMonths: in.OlderThanMonths, WarrantyBy: warranty, EndOfLifeBy: life, Windows11: in.Windows11,
	})
	if in.Unknown {
		due = undetermined
	}
	items, next := slicePage(due, in.page(), func(d refresh.Due) string { return d.Asset.Tag })
	return items, next, nil
}

type reviewList struct{ Paging }

func (a *API) listReview(_ context.Context, in *reviewList) ([]programme.ReviewItem, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	items, next := pageOf(desk.Review(), in.page(), func(r programme.ReviewItem) string { return r.ID })
	return items, next, nil
}

type settleReview struct {
	Body struct {
		ID     string `json:"id" minLength:"1" maxLength:"400" doc:"of the doubt; an enrolment is settled at its workstation"`
		Kind   string `json:"kind" enum:"keep-apart,merge"`
		Keep   string `json:"keep,omitempty" maxLength:"64" doc:"the tag that stays, of a merge"`
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *API) settleReview(ctx context.Context, in *settleReview) (inventory.Asset, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Asset{}, err
	}
	b := in.Body
	return desk.Decide(ctx, b.ID, refresh.Decision{Kind: b.Kind, Keep: b.Keep, Reason: b.Reason, By: author(callerOf(ctx))})
}

func wipeColumns() []column[inventory.Wipe] {
	type w = inventory.Wipe
	return []column[w]{
		{"asset", func(v w) string { return v.Asset }},
		{"drive_serial", func(v w) string { return v.DriveSerial }},
		{"method", func(v w) string { return v.Method }},
		{"tool", func(v w) string { return v.Tool }},
		{"certificate", func(v w) string { return v.Certificate }},
		{"by", func(v w) string { return v.By }},
		{"verifier", func(v w) string { return v.Verifier }},
		{"at", func(v w) string { return instant(v.At) }},
	}
}

func disposalColumns() []column[inventory.Disposal] {
	type g = inventory.Disposal
	return []column[g]{
		{"asset", func(v g) string { return v.Asset }},
		{"method", func(v g) string { return v.Method }},
		{"taker", func(v g) string { return v.Taker }},
		{"certificate", func(v g) string { return v.Certificate }},
		{"by", func(v g) string { return v.By }},
		{"at", func(v g) string { return instant(v.At) }},
	}
}

func dueColumns() []column[refresh.Due] {
	type d = refresh.Due
	return []column[d]{
		{"tag", func(v d) string { return v.Asset.Tag }},
		{"serial", func(v d) string { return v.Asset.Serial }},
		{"kind", func(v d) string { return string(v.Asset.Kind) }},
		{"maker", func(v d) string { return v.Asset.Maker }},
		{"model", func(v d) string { return v.Asset.Model }},
		{"site", func(v d) string { return v.Asset.Site }},
		{"position", func(v d) string { return v.Asset.Position }},
		{"since", func(v d) string { return string(v.Since) }},
		{"reasons", func(v d) string { return strings.Join(v.Reasons, "; ") }},
		{"unknown", func(v d) string { return strings.Join(v.Unknown, "; ") }},
	}
}

func reviewColumns() []column[programme.ReviewItem] {
	type r = programme.ReviewItem
	return []column[r]{
		{"id", func(v r) string { return v.ID }},
		{"kind", func(v r) string { return v.Kind }},
		{"value", func(v r) string { return v.Value }},
		{"tags", func(v r) string { return strings.Join(v.Tags, " ") }},
		{"workstation", func(v r) string { return v.Workstation }},
		{"why", func(v r) string { return v.Why }},
	}
}
