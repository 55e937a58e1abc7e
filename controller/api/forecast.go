package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"muster/controller/programme"
	"muster/inventory"
)

type forecastQuery struct {
	Programme string   `query:"programme" maxLength:"16" doc:"the first of the register where it is not given"`
	Change    []string `query:"change,explode" maxItems:"50" doc:"a what-if, such as crews=6 or wave W3 not before 2027-02-01; may be given several times"`
}

func (a *API) forecast(ctx context.Context, in *forecastQuery) (inventory.Forecast, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Forecast{}, err
	}
	return desk.Forecast(ctx, in.Programme, in.Change)
}

type baselineList struct {
	Paging
	Programme string `query:"programme" maxLength:"16"`
}

func (a *API) listBaselines(_ context.Context, in *baselineList) ([]inventory.Baseline, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	items, next := slicePage(desk.Baselines(in.Programme), in.page(), baselineKey)
	return items, next, nil
}

func baselineKey(b inventory.Baseline) string {
	return b.Programme + "/" + b.At.UTC().Format("20060102T150405.000")
}

type baselineFreeze struct {
	Body struct {
		Programme string `json:"programme,omitempty" maxLength:"16" doc:"the first of the register where it is not given"`
		Approver  string `json:"approver" minLength:"1" maxLength:"200"`
		Reason    string `json:"reason,omitempty" maxLength:"500" doc:"needed where there is a baseline already"`
	}
}

func (a *API) freezeBaseline(ctx context.Context, in *baselineFreeze) (inventory.Baseline, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.Baseline{}, err
	}
	return desk.FreezeBaseline(ctx, in.Body.Programme, in.Body.Approver, in.Body.Reason, author(callerOf(ctx)))
}

type whatIfList struct{ Paging }

func (a *API) listWhatIfs(_ context.Context, in *whatIfList) ([]programme.WhatIf, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	items, next := pageOf(desk.WhatIfs(), in.page(), func(w programme.WhatIf) string { return w.Name })
	return items, next, nil
}

// WhatIfKey names a what-if in an address.
type WhatIfKey struct {
	Name string `path:"name" maxLength:"64"`
}

func (a *API) showWhatIf(_ context.Context, in *WhatIfKey) (programme.WhatIf, error) {
	desk, err := a.desk()
	if err != nil {
		return programme.WhatIf{}, err
	}
	return desk.WhatIf(in.Name)
}

type whatIfSave struct {
	WhatIfKey
	Body struct {
		Programme string   `json:"programme,omitempty" maxLength:"16"`
		Changes   []string `json:"changes" maxItems:"50"`
	}
}

func (a *API) saveWhatIf(ctx context.Context, in *whatIfSave) (programme.WhatIf, error) {
	desk, err := a.desk()
	if err != nil {
		return programme.WhatIf{}, err
	}
	return desk.SaveWhatIf(ctx, in.Name, in.Body.Programme, in.Body.Changes, author(callerOf(ctx)))
}

type comparison struct {
	Name []string `query:"name,explode" required:"true" maxItems:"10" doc:"may be given several times"`
}

func (a *API) compareWhatIfs(ctx context.Context, in *comparison) (programme.Comparison, error) {
	desk, err := a.desk()
	if err != nil {
		return programme.Comparison{}, err
	}
	return desk.Compare(ctx, in.Name)
}

// programmeExport makes the handler of an export of everything, as JSON lines.
func programmeExport(a *API) *handler {
	return &handler{
		summary: "Export everything about the programme as JSON lines",
		typed: func(api huma.API, op huma.Operation) {
			op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/x-ndjson": {}}}}
			huma.Register(api, op, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
				desk, err := a.desk()
				if err != nil {
					return nil, a.explain(ctx, op, err)
				}
				return &huma.StreamResponse{Body: func(hc huma.Context) {
					hc.SetHeader("Content-Type", "application/x-ndjson")
					hc.SetHeader("Content-Disposition", `attachment; filename="programme.jsonl"`)
					hc.SetStatus(http.StatusOK)
					if err := desk.Export(hc.Context(), hc.BodyWriter()); err != nil {
						a.log.Error("export broke off", "error", err)
						panic(http.ErrAbortHandler) // half an export must not look like a whole one
					}
				}}, nil
			})
		},
	}
}
