package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"muster/inventory"
)

// defaultLimit shows a county's 130 sites whole.
const defaultLimit = 200

// List is a page of a list. Next is the cursor of the page after it; empty: none.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// Paging is the query of every list.
type Paging struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" doc:"items in one page; 200 where it is not given, and a CSV then has them all"`
	After string `query:"after" doc:"the next of the page before"`

	table bool // the answer is a CSV
}

func (p *Paging) paging() *Paging { return p }

func (p *Paging) page() inventory.Page {
	if p.Limit == 0 {
		return inventory.Page{Limit: defaultLimit, After: p.After}
	}
	return inventory.Page{Limit: p.Limit, After: p.After}
}

// paged is an input that embeds Paging.
type paged[I any] interface {
	*I
	paging() *Paging
}

// column is one column of a list's CSV.
type column[T any] struct {
	name string
	text func(T) string
}

// list makes a handler of a function that answers one page; its rows as CSV
// have the columns.
func list[I, T any, P paged[I]](a *API, summary string, columns []column[T], f func(ctx context.Context, in *I) ([]T, string, error)) *handler {
	h := typed(a, summary, func(ctx context.Context, in *I) (List[T], error) {
		items, next, err := f(ctx, in)
		if items == nil {
			items = []T{} // a list is never null
		}
		return List[T]{Items: items, Next: next}, err
	})
	h.csv = func() *handler { return listCSV[I, T, P](a, summary, columns, f) }
	return h
}

// listCSV streams the list, page by page; all of it where no limit is given.
func listCSV[I, T any, P paged[I]](a *API, summary string, columns []column[T], f func(ctx context.Context, in *I) ([]T, string, error)) *handler {
	return &handler{
		summary: summary + " as CSV",
		query:   queryOf(reflect.TypeFor[I]()),
		typed: func(api huma.API, op huma.Operation) {
			op.Responses = map[string]*huma.Response{
				"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/csv": {}}},
			}
			huma.Register(api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
				paging := P(in).paging()
				paging.table = true
				whole := paging.Limit == 0
				if whole {
					paging.Limit = inventory.MaxPage
				}
				items, next, err := f(ctx, in) // before the first byte, so that a refusal is still a problem
				if err != nil {
					return nil, a.explain(ctx, op, err)
				}
				name := strings.TrimPrefix(op.Path, prefix+"/")
				return &huma.StreamResponse{Body: func(hc huma.Context) {
					hc.SetHeader("Content-Type", "text/csv; charset=utf-8")
					hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
					hc.SetStatus(http.StatusOK)
					out := csv.NewWriter(hc.BodyWriter())
					_ = out.Write(headers(columns)) // errors stay in out until Flush
					for {
						for _, item := range items {
							_ = out.Write(cells(columns, item)) // as above
						}
						out.Flush()
						if !whole || next == "" || out.Error() != nil {
							return
						}
						paging.After = next
						if items, next, err = f(hc.Context(), in); err != nil {
							a.log.Error("list broke off", "path", op.Path, "error", err)
							panic(http.ErrAbortHandler) // half a list must not look like a whole one
						}
					}
				}}, nil
			})
		},
	}
}

func headers[T any](columns []column[T]) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

func cells[T any](columns []column[T], item T) []string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = inventory.CSVCell(c.text(item))
	}
	return texts
}
