package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"muster/inventory"
	"muster/inventory/importer"
)

type export struct {
	Kind   string `path:"kind" enum:"sites,subnets,links,assets,workstations,programmes,waves,positions,visits,consignments,staff,courses,training,milestones"`
	Format string `query:"format" enum:"csv,xlsx" doc:"csv where it is not given"`
}

// exported is a file that an import reads back unchanged.
type exported struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func exportHandler(a *API) *handler {
	return &handler{
		summary: "Export a kind as a file that re-imports unchanged",
		query:   queryOf(reflect.TypeFor[export]()),
		typed: func(api huma.API, op huma.Operation) {
			huma.Register(api, op, func(ctx context.Context, in *export) (*exported, error) {
				file, err := a.export(ctx, in)
				if err != nil {
					return nil, a.explain(ctx, op, err)
				}
				return file, nil
			})
		},
	}
}

func (a *API) export(ctx context.Context, in *export) (*exported, error) {
	kind, format := importer.Kind(in.Kind), importer.CSV
	media := "text/csv; charset=utf-8"
	if in.Format == string(importer.XLSX) {
		format, media = importer.XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	role := callerOf(ctx).Role
	if !readsNoun(role, kind.Noun()) {
		return nil, problem(http.StatusForbidden, "urn:muster:role", fmt.Sprintf("a token with the role %s may not read %s", role, kind))
	}
	register, err := a.Store.Register(ctx)
	if err != nil {
		return nil, err
	}
	observed, err := a.observed(ctx, kind)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	err = importer.Export(&file, register, importer.ExportOptions{Kind: kind, Format: format, Observed: observed, WithoutNames: !seesNames(role)})
	if err != nil {
		return nil, fmt.Errorf("cannot export %s: %w", kind, err)
	}
	return &exported{
		Type:        media,
		Disposition: fmt.Sprintf(`attachment; filename="%s.%s"`, kind, format),
		Body:        file.Bytes(),
	}, nil
}

// observed is what agents see of each asset, for the columns that the agent is
// the authority on. Hardware lists are read only where a file would show them.
func (a *API) observed(ctx context.Context, kind importer.Kind) (map[string]importer.Observed, error) {
	if kind.Noun() != inventory.NounAsset {
		return nil, nil // nothing is observed of what has no agent
	}
	seen := map[string]importer.Observed{}
	filter := inventory.WorkstationFilter{Page: inventory.Page{Limit: inventory.MaxPage}}
	for {
		rows, next, err := a.Store.Workstations(ctx, filter)
		if err != nil {
			return nil, fmt.Errorf("cannot read what agents see: %w", err)
		}
		for _, row := range rows {
			if row.AssetTag == "" || !row.Active() {
				continue
			}
			if seen[row.AssetTag], err = a.observe(ctx, row); err != nil {
				return nil, err
			}
		}
		if next == "" {
			return seen, nil
		}
		filter.After = next
	}
}

func (a *API) observe(ctx context.Context, row inventory.Workstation) (importer.Observed, error) {
	seen := importer.Observed{
		Workstation: row.ID, Name: inventory.Known(row.Name), Site: row.Site,
		AgentVersion: row.AgentVersion, LastReportAt: row.LastReportAt,
	}
	lists, err := a.Store.Lists(ctx, row.ID)
	switch {
	case errors.Is(err, inventory.ErrNotFound):
		return seen, nil
	case err != nil:
		return seen, fmt.Errorf("cannot read the lists of %s: %w", row.ID, err)
	}
	if hardware := lists.Hardware; hardware != nil {
		seen.Serial, seen.UUID = hardware.Serial, hardware.UUID
		seen.Maker, seen.Model = hardware.Maker, hardware.Model
	}
	return seen, nil
}
