package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"muster/inventory"
)

// Problem is a refusal for a person and a program (RFC 9457).
type Problem struct {
	Type   string         `json:"type,omitempty"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Errors []FieldProblem `json:"errors,omitempty"`
}

// FieldProblem is what is wrong with one field or parameter.
type FieldProblem struct {
	Location string `json:"location"` // body.field or query.name
	Message  string `json:"message"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus makes a Problem an answer of a typed handler.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes it application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func problem(status int, kind, detail string) *Problem {
	return &Problem{Type: kind, Title: http.StatusText(status), Status: status, Detail: detail}
}

// asProblem maps an error of the rooms behind the API to what the caller sees.
// What is not the caller's to know stays in the log.
func asProblem(err error) (p *Problem, log bool) {
	var fields inventory.FieldErrors
	if refused, is := asProgrammeProblem(err); is {
		return refused, false
	}
	switch {
	case errors.As(err, &p):
		return p, false
	case errors.As(err, &fields):
		p = problem(http.StatusUnprocessableEntity, "urn:muster:field", err.Error())
		for _, field := range fields {
			p.Errors = append(p.Errors, FieldProblem{Location: "body." + field.Field, Message: field.Why})
		}
		return p, false
	case errors.Is(err, inventory.ErrNotFound):
		return problem(http.StatusNotFound, "urn:muster:not-found", err.Error()), false
	case errors.Is(err, inventory.ErrDependent):
		return problem(http.StatusConflict, "urn:muster:dependent", err.Error()), false
	case errors.Is(err, inventory.ErrConflict):
		return problem(http.StatusConflict, "urn:muster:conflict", err.Error()), false
	case errors.Is(err, inventory.ErrFull):
		return problem(http.StatusInsufficientStorage, "urn:muster:full",
			"the controller's disk is full: nothing was changed; make room and try again"), true
	}
	return problem(http.StatusInternalServerError, "", "the controller could not answer; its log says why"), true
}

// refuse writes err as a problem.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p, log := asProblem(err)
	if log && r.Context().Err() == nil {
		a.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers only: cannot happen
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // the reader may be gone
}

// unknownQuery explains a query parameter that the row does not know: a filter
// with a typing error would otherwise select everything in silence.
func (r route) unknownQuery(req *http.Request) *Problem {
	if r.handler.asks {
		return nil // Prometheus says what it takes
	}
	known := r.handler.query
	for name := range req.URL.Query() {
		if slices.Contains(known, name) {
			continue
		}
		detail := fmt.Sprintf("unknown query parameter %q", name)
		switch near := nearest(name, known); {
		case len(known) == 0:
			detail += ": " + r.path + " takes none"
		case near != "":
			detail += fmt.Sprintf(": did you mean %q? %s takes %s", near, r.path, strings.Join(known, ", "))
		default:
			detail += ": " + r.path + " takes " + strings.Join(known, ", ")
		}
		p := problem(http.StatusBadRequest, "urn:muster:query", detail)
		p.Errors = []FieldProblem{{Location: "query." + name, Message: "unknown"}}
		return p
	}
	return nil
}

// nearest is the word that differs least from name, or empty where none is near.
func nearest(name string, words []string) string {
	best, least := "", 3
	for _, word := range words {
		if d := distance(name, word); d < least && d < len(word) {
			best, least = word, d
		}
	}
	return best
}

// distance counts the insertions, deletions and replacements from a to b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
