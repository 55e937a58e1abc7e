package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"muster/inventory"
	"muster/inventory/importer"
)

type importFile struct {
	Kind       string `query:"kind" enum:"sites,subnets,links,assets,workstations,programmes,waves,positions,visits,consignments,staff,courses,training,milestones" doc:"what the rows declare; recognised by the headers where it is not given"`
	Name       string `query:"name" maxLength:"200" doc:"the file's name, as problems show it; one that ends in .zip is an archive of up to 16 files, imported together"`
	DryRun     bool   `query:"dry_run" doc:"only say what would change"`
	AcceptGood bool   `query:"accept_good" doc:"apply the good rows although others are wrong"`
	Sheet      string `query:"sheet" maxLength:"100"`
	HeaderRow  int    `query:"header_row" minimum:"0" maximum:"200000"`
	DayFirst   bool   `query:"day_first" doc:"03/04/2026 is the third of April"`
	Map        string `query:"map" maxLength:"65536" doc:"the text of a saved column mapping"`
	MapName    string `query:"map_name" maxLength:"200"`
	RawBody    []byte `contentType:"application/octet-stream"`
}

// Imported is what an import did or, as a dry run, would do.
type Imported struct {
	DryRun    bool               `json:"dry_run"`
	Batch     int64              `json:"batch"` // 0: nothing was applied
	File      string             `json:"file"`
	Sheet     string             `json:"sheet,omitempty"`
	Kind      importer.Kind      `json:"kind,omitempty"`   // empty: several files
	Layout    string             `json:"layout,omitempty"` // whose columns they are
	Made      int                `json:"made"`
	Changed   int                `json:"changed"`
	Unchanged int                `json:"unchanged"`
	Skipped   int                `json:"skipped"`
	Edits     []importer.Edit    `json:"edits"`
	Problems  []importer.Problem `json:"problems"`
	Notices   []importer.Problem `json:"notices"`
	Drift     []importer.Drift   `json:"drift"`
	Text      string             `json:"text"`               // the difference for a person
	Rejected  *RejectedFile      `json:"rejected,omitempty"` // the wrong rows with a problem column
}

// RejectedFile is the rejected rows, ready to correct and send again.
type RejectedFile struct {
	Name    string `json:"name"`
	Rows    int    `json:"rows"`
	Content []byte `json:"content"`
}

// ImportRefused is a problem that carries the whole difference, so that the
// caller can show every wrong row.
type ImportRefused struct {
	Problem
	Import Imported `json:"import"`
}

func (a *API) importFile(ctx context.Context, in *importFile) (Imported, error) {
	plan, err := a.plan(ctx, in)
	if err != nil {
		return Imported{}, err
	}
	result, err := resultOf(plan, in)
	if err != nil || in.DryRun {
		return result, err
	}
	batch, err := plan.Batch(author(callerOf(ctx)), a.clock())
	switch {
	case errors.Is(err, importer.ErrNoChanges):
		return result, nil
	case errors.Is(err, importer.ErrProblems):
		refused := &ImportRefused{Problem: *problem(http.StatusUnprocessableEntity, "urn:muster:import", err.Error()), Import: result}
		return result, refused
	case err != nil:
		return result, unusable(err)
	}
	if result.Batch, err = a.Store.Apply(ctx, batch); err != nil {
		return Imported{}, fmt.Errorf("cannot apply the import of %s: %w", result.File, err)
	}
	a.Operator.RegisterChanged(ctx)
	return result, nil
}

// plan reads the file and sets it against the register.
func (a *API) plan(ctx context.Context, in *importFile) (*importer.Plan, error) {
	options := importer.ReadOptions{Sheet: in.Sheet, HeaderRow: in.HeaderRow, DayFirst: in.DayFirst}
	var err error
	if in.Map != "" {
		if options.Map, err = importer.ParseMap(in.MapName, []byte(in.Map)); err != nil {
			return nil, unusable(err)
		}
	}
	tables, err := readTables(in, options)
	if err != nil {
		return nil, unusable(err)
	}
	for _, table := range tables {
		if err := mayChange(callerOf(ctx).Role, table.Kind.Noun()); err != nil {
			return nil, err
		}
	}
	register, err := a.Store.Register(ctx)
	if err != nil {
		return nil, err
	}
	var observed map[string]importer.Observed
	for _, table := range tables {
		if seen, err := a.observed(ctx, table.Kind); err != nil {
			return nil, err
		} else if seen != nil {
			observed = seen
			break // all kinds of asset are observed alike
		}
	}
	return importer.NewPlan(tables, register, importer.PlanOptions{AcceptGood: in.AcceptGood, Observed: observed, DropNames: a.DropNames}), nil
}

// unusable says that the file, and nothing of ours, is at fault.
func unusable(err error) error {
	return problem(http.StatusUnprocessableEntity, "urn:muster:import", err.Error())
}

func fileName(in *importFile) string {
	if in.Name != "" {
		return filepath.Base(strings.ReplaceAll(in.Name, `\`, "/"))
	}
	if in.Kind != "" {
		return in.Kind + ".csv"
	}
	return "import.csv"
}

func resultOf(plan *importer.Plan, in *importFile) (Imported, error) {
	result := Imported{
		DryRun: in.DryRun, File: fileName(in),
		Unchanged: plan.Unchanged, Skipped: plan.Skipped,
		Edits:    append([]importer.Edit{}, plan.Edits...),
		Problems: append([]importer.Problem{}, plan.Problems...),
		Notices:  append([]importer.Problem{}, plan.Notices...),
		Drift:    append([]importer.Drift{}, plan.Drift...),
	}
	if !isBundle(in) {
		table := plan.Tables[0]
		result.Sheet, result.Kind, result.Layout = table.Sheet, table.Kind, table.Layout
	}
	for _, edit := range plan.Edits {
		if edit.New {
			result.Made++
		} else {
			result.Changed++
		}
	}
	var text strings.Builder
	if err := plan.WriteText(&text); err != nil {
		return result, fmt.Errorf("cannot write the difference: %w", err)
	}
	result.Text = text.String()
	var err error
	result.Rejected, err = rejectedOf(plan, in)
	return result, err
}

type batchList struct {
	Paging
}

func (a *API) listBatches(ctx context.Context, in *batchList) ([]inventory.Batch, string, error) {
	return a.Store.Batches(ctx, in.page())
}

type batchKey struct {
	Number int64 `path:"number" minimum:"1"`
}

func (a *API) showBatch(ctx context.Context, in *batchKey) (inventory.Batch, error) {
	batch, err := a.Store.Batch(ctx, in.Number)
	role := callerOf(ctx).Role
	batch.Changes = slices.DeleteFunc(batch.Changes, func(c inventory.Change) bool { return !readsNoun(role, c.Noun) })
	return batch, err
}

func (a *API) undoBatch(ctx context.Context, in *batchKey) (Done, error) {
	batch, err := a.Store.Batch(ctx, in.Number)
	if err != nil {
		return Done{}, err
	}
	for _, change := range batch.Changes {
		if err := mayChange(callerOf(ctx).Role, change.Noun); err != nil {
			return Done{}, err
		}
	}
	if err := a.Store.Undo(ctx, in.Number, author(callerOf(ctx)), a.clock()); err != nil {
		return Done{}, err
	}
	a.Operator.RegisterChanged(ctx)
	return Done{fmt.Sprintf("import %d is undone", in.Number)}, nil
}

func batchColumns() []column[inventory.Batch] {
	type b = inventory.Batch
	return []column[b]{
		{"number", func(b b) string { return fmt.Sprint(b.Number) }},
		{"source", func(b b) string { return b.Source }},
		{"author", func(b b) string { return b.Author }},
		{"made_at", func(b b) string { return instant(b.MadeAt) }},
		{"undone_at", func(b b) string { return instant(b.UndoneAt) }},
	}
}
