package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"muster/controller/refresh"
	"muster/inventory/importer"
)

// handler is one row's last column: a typed one, which is in the OpenAPI
// document, or a plain one, which is not.
type handler struct {
	summary string
	typed   func(api huma.API, op huma.Operation)
	plain   http.Handler
	query   []string        // the query parameters that it knows
	csv     func() *handler // of a list: the same list as CSV
	asks    bool            // whatever its method, it changes nothing
}

// answer is a typed handler's output.
type answer[T any] struct {
	Body T
}

// typed makes a handler of a function that decodes I and answers O.
func typed[I, O any](a *API, summary string, f func(ctx context.Context, in *I) (O, error)) *handler {
	return &handler{
		summary: summary,
		query:   queryOf(reflect.TypeFor[I]()),
		typed: func(api huma.API, op huma.Operation) {
			huma.Register(api, op, func(ctx context.Context, in *I) (*answer[O], error) {
				out, err := f(ctx, in)
				if err != nil {
					return nil, a.explain(ctx, op, err)
				}
				return &answer[O]{Body: out}, nil
			})
		},
	}
}

// explain turns err into an answer and logs what the caller is not told.
func (a *API) explain(ctx context.Context, op huma.Operation, err error) error {
	if refused, ok := errors.AsType[huma.StatusError](err); ok {
		return refused
	}
	p, log := asProblem(err)
	if log && ctx.Err() == nil {
		a.log.Error("request failed", "method", op.Method, "path", op.Path, "error", err)
	}
	return p
}

// plain makes a handler that stands outside the OpenAPI document.
func plain(f http.HandlerFunc) *handler { return &handler{plain: f} }

// queryOf lists the query parameters of an input, embedded ones included.
func queryOf(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			names = append(names, queryOf(field.Type)...)
			continue
		}
		if name, _, _ := strings.Cut(field.Tag.Get("query"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// maxBody bounds a write's body; an import has its own bound and, over a slow
// line, its own time.
const (
	maxBody       = 256 << 10
	maxImport     = importer.MaxFileBytes + 1
	importReadFor = 2 * time.Minute
)

// operation describes the row in the OpenAPI document.
func (r route) operation() huma.Operation {
	op := huma.Operation{
		OperationID:  operationID(r.method, r.path),
		Method:       r.method,
		Path:         r.path,
		Summary:      r.handler.summary,
		Tags:         []string{tagOf(r.path)},
		MaxBodyBytes: maxBody,
		Errors:       []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound},
		Hidden:       strings.HasSuffix(r.path, ".json"),
	}
	if r.path == sheetPath {
		op.MaxBodyBytes = refresh.MaxSheetBytes + 1
	}
	if r.path == importsPath {
		op.MaxBodyBytes, op.BodyReadTimeout = maxImport, importReadFor
	}
	if allowed := r.allowed(); !allowed.public {
		op.Description = "Roles: " + allowed.String() + "."
		op.Security = []map[string][]string{{"bearer": {}}}
	}
	return op
}

// operationID is for example get-sites-code.
func operationID(method, path string) string {
	id := strings.ToLower(method) + strings.TrimPrefix(path, prefix)
	return strings.Trim(strings.NewReplacer("/", "-", "{", "", "}", "", ".", "-").Replace(id), "-")
}

func tagOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, prefix+"/"), "/")
	name, _, _ := strings.Cut(first, ".")
	return name
}

// document is the finished OpenAPI document.
func document(typed huma.API) ([]byte, error) {
	describeFacts(typed.OpenAPI().Components.Schemas)
	return json.Marshal(typed.OpenAPI())
}
